# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bash completes is what the programs say that they take."""

import shlex
import unittest

from programs import *

COMPLETION = SOURCE / "tools/completion/gvl"


def completed(*words, folder="."):
    """What bash offers for the last of the words."""
    script = f"""
source {shlex.quote(str(COMPLETION))}
COMP_WORDS=({" ".join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1} COMPREPLY=()
$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [word for word in done.stdout.splitlines() if word]


class Completion(Programs):
    def setUp(self):
        super().setUp()
        (self.work / "folder").mkdir()
        (self.work / "file.mkv").touch()

    def here(self, *words):
        return set(completed(*words, folder=self.work))

    def test_options(self):
        self.for_each(lambda command: self.assertEqual(sorted(completed(*command, "--")), sorted(options_of(command))))

    def test_options_with_values_take_something(self):
        """Where help names a value the next word is none of the options, and else it is."""
        def check(command):
            for option in options_of(command):
                takes_one = f"{option}=" in help_of(command)
                self.assertEqual(completed(*command, option, "--") == [], takes_one, option)

        self.for_each(check)

    @unittest.skipUnless("gvl-ground" in built(), "built without elements")
    def test_tasks(self):
        tasks = [line.split()[0] for line in run(("gvl-ground",), "--list-tasks").stdout.splitlines()]
        self.assertEqual(completed("gvl-ground", "--task", ""), tasks)
        self.assertEqual(completed("gvl-ask", "--task", "=", "gr"), ["grounding"])
        self.assertEqual(completed("gvl-ask", "--task", "="), tasks)

    def test_values(self):
        types = re.search(r"Type of the weights written \(([^)]*)\)", help_of(("gvl-convert",)))[1].split(", ")
        self.assertEqual(completed("gvl-convert", "--dtype", ""), types)
        published = re.search(r"MODEL is one of (.*?)\.\n", help_of(("gvl-fetch",)), re.S)[1].split(", ")
        self.assertEqual(completed("gvl-fetch", ""), published)
        self.assertEqual(completed("gvl-ground", "--window", ""), [])

    @unittest.skipUnless("gvl-eval" in built(), "built without training")
    def test_benchmarks(self):
        run_benchmarks = re.search(r"BENCHMARK is (.*?)\.\n", help_of(("gvl-eval", "run")), re.S)[1]
        self.assertEqual(completed("gvl-eval", "run", ""), re.split(r",\s+|\s+or\s+", run_benchmarks))
        scored = re.findall(r"^(\S+) .*\n    --rules", help_of(("gvl-eval", "score")), re.M)
        self.assertEqual(completed("gvl-eval", "score", ""), scored)
        self.assertLessEqual({"run", "score"}, self.here("gvl-eval", ""))

    def test_files_and_folders(self):
        self.assertEqual(self.here("gvl-ground", ""), {"folder", "file.mkv"})
        self.assertEqual(self.here("gvl-ground", "--events", "fi"), {"file.mkv"})
        self.assertEqual(self.here("gvl-ground", "--clips", "f"), {"folder"})
        self.assertEqual(self.here("gvl-ground", "--model", ""), {"folder", "default", "faults", "things"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
