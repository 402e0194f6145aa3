# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all programs do: --version, exit codes as docs/programs.md has them, messages that name what is wrong."""

import re
import unittest

from programs import *

# What a program cannot use, though its usage is right.
UNUSABLE = {
    "gvl-annotate": ["--stats", "nowhere.json"],
    "gvl-ask": ["--index", "nowhere", "a query"],
    "gvl-convert": ["nowhere", "out"],
    "gvl-eval": ["nowhere.json"],
    "gvl-eval run": ["charades-sta", "nowhere", "nowhere", "out"],
    "gvl-eval score": ["charades-sta", "nowhere", "nowhere"],
    "gvl-fetch": ["clip-vit-b-32", "out", "--endpoint", "http://127.0.0.1:1/nowhere", "--retries", "0"],
    "gvl-ground": ["nowhere.mkv", "a query"],
    "gvl-index": ["--index", "index", "nowhere.mkv"],
    "gvl-scenes": ["--config", "nowhere.json", "out"],
    "gvl-train": ["nowhere.json"],
}


def table():
    """The rows of the table of exit codes: program, and the texts of 0, 1, 2 and others."""
    rows = re.findall(r"^\| `(gvl-\w+)` \| (.*) \| (.*) \| (.*) \|(.*)\|$", (SOURCE / "docs/programs.md").read_text(), re.M)
    return {program: codes for program, *codes in rows}


class Manners(Programs):
    def test_the_table_has_each_program(self):
        self.assertTrue(built())
        self.assertLessEqual(set(built()), set(table()))
        for program, codes in table().items():
            for code in codes[:3]:
                self.assertTrue(code.strip(), program)

    def test_version(self):
        version = os.environ["GVL_VERSION"]
        self.assertRegex(version, r"^\d+\.\d+\.\d+$")

        def check(command):
            done = run(command, "--version")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, f"{' '.join(command)} {version}\n")

        self.for_each(check)

    def test_documents_name_the_version(self):
        version = os.environ["GVL_VERSION"]
        citation = (SOURCE / "CITATION.cff").read_text()
        released = re.search(rf"^## \[{re.escape(version)}\] - (\S+)$", (SOURCE / "CHANGELOG.md").read_text(), re.M)
        self.assertTrue(released, "CHANGELOG.md has no such version")
        self.assertIn(f"\nversion: {version}\n", citation)
        self.assertIn(f"\ndate-released: {released[1]}\n", citation)

    def test_help(self):
        def check(command):
            done = run(command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"{' '.join(command)} [OPTION", done.stdout)
            self.assertIn("--version", done.stdout)

        self.for_each(check)

    def test_wrong_usage(self):
        def check(command):
            done = run(command, "--no-such-option", cwd=self.work)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            lines = done.stderr.splitlines()
            self.assertLessEqual(len(lines), 2)
            self.assertTrue(lines[0].startswith(command[0]), lines)
            self.assertIn("--no-such-option", lines[0])
            self.assertRegex(done.stderr, r"usage: gvl-|--help")

        self.for_each(check)
        self.assertEqual(list(self.work.iterdir()), [])

    def test_what_cannot_be_used(self):
        def check(command):
            done = run(command, *UNUSABLE[" ".join(command)], cwd=self.work)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertRegex(done.stderr, rf"^{command[0]}: .*nowhere")

        self.for_each(check)

    @unittest.skipUnless("gvl-ground" in built(), "built without elements")
    def test_tasks(self):
        tasks = run(("gvl-ground",), "--list-tasks")
        self.assertEqual((tasks.returncode, tasks.stderr), (0, ""))
        names = [line.split()[0] for line in tasks.stdout.splitlines()]
        self.assertEqual(names, ["grounding", "dense-caption", "referring", "qa"])
        for name, code in [*((name, 2) for name in names), ("guess", 1)]:
            self.assertEqual(run(("gvl-ground",), "--task", name, "nowhere.mkv", "a query").returncode, code, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
