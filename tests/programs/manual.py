# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each command has a manual page that says what the program says, and that can be shown."""

import shutil
import unittest

from programs import *

PAGES = SOURCE / "docs/man"
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
OPTIONAL = {"ENVIRONMENT", "FILES"}


def page_of(command):
    return PAGES / ("-".join(command) + ".1")


def section(page, name):
    """The lines of a section."""
    text = page.read_text()
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    return found[1] if found else ""


def documented(page):
    """Each option of a page, and its one letter or None."""
    rows = re.findall(r"^\.It (?:Fl (\S) , )?Fl -([\w-]+)(?: Ar \S+)?$", section(page, "OPTIONS"), re.M)
    return {f"--{name}": letter and f"-{letter}" for letter, name in rows}


class Manual(Programs):
    def test_options(self):
        def check(command):
            page = page_of(command)
            self.assertEqual(documented(page), options_of(command))
            items = section(page, "OPTIONS").count("\n.It ") + section(page, "OPTIONS").startswith(".It ")
            self.assertEqual(items, len(documented(page)), "an option in another form")

        self.for_each(check)

    def test_sections(self):
        def check(command):
            page = page_of(command)
            found = re.findall(r"^\.Sh (.*)$", page.read_text(), re.M)
            self.assertEqual(found, [name for name in SECTIONS if name in found])
            self.assertLessEqual(set(SECTIONS) - OPTIONAL, set(found))

        self.for_each(check)

    def test_exit_status(self):
        table = dict(re.findall(r"^\| `(gvl-\w+)` \|(.*)$", (SOURCE / "docs/programs.md").read_text(), re.M))
        for program in built():
            said = set()
            for command in commands(program):
                said |= set(re.findall(r"^\.It (\d+)$", section(page_of(command), "EXIT STATUS"), re.M))
            others = re.findall(r"(\d+):", table[program])
            self.assertEqual(said, {"0", "1", "2", *others}, program)

    def test_examples(self):
        """Each line is a command with options that there are."""
        def check(command):
            page = page_of(command)
            lines = [line for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", section(page, "EXAMPLES"), re.M | re.S)
                     for line in block.splitlines()]
            self.assertTrue(lines)
            for line in lines:
                self.assertTrue(line.startswith(" ".join(command) + " "), line)
                given = re.findall(r"(?<= )(--[\w-]+|-\w)\b", line)
                known = set(options_of(command)) | {letter for letter in options_of(command).values() if letter}
                self.assertLessEqual(set(given), known, line)

        self.for_each(check)

    def test_names_what_there_is(self):
        def check(command):
            page = page_of(command)
            for name in re.findall(r"^\.Xr (gvl-\S+) 1", section(page, "SEE ALSO"), re.M):
                self.assertTrue((PAGES / f"{name}.1").exists(), name)

        self.for_each(check)

    def test_can_be_shown(self):
        if not shutil.which("groff"):
            self.skipTest("there is no groff")
        def check(command):
            page = page_of(command)
            shown = subprocess.run(["groff", "-ww", "-mdoc", "-Tutf8", "-P-cbou", str(page)], capture_output=True, text=True)
            self.assertEqual((shown.returncode, shown.stderr), (0, ""))
            for option in options_of(command):
                self.assertIn(option, shown.stdout)

        self.for_each(check)

    def test_lint(self):
        if not shutil.which("mandoc"):
            self.skipTest("there is no mandoc")
        def check(command):
            page = page_of(command)
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

        self.for_each(check)


if __name__ == "__main__":
    unittest.main(verbosity=2)
