#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of docs/tutorial.md, as they stand there, with the shipped model: they do what the tutorial says."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ["GVL_BUILD"])


def sections():
    """{number: commands of its blocks} of the tutorial."""
    parts = re.split(r"^## (\d+)\. .*$", (ROOT / "docs/tutorial.md").read_text(), flags=re.M)
    return {int(number): re.findall(r"^```sh\n(.*?)^```", text.split("\n## ")[0], re.M | re.S)
            for number, text in zip(parts[1::2], parts[2::2])}


class Tutorial(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="gvl-tutorial-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = Path(folder.name)
        # What the reader's clone has. Files are written beside it, so that the clone stays as it is.
        (cls.work / "examples").symlink_to(ROOT / "examples")
        cls.sections = sections()
        environment = {name: value for name, value in os.environ.items() if name not in ("GST_PLUGIN_PATH", "GVL_MODEL_PATH")}
        cls.environment = {**environment, "GVL_BUILD": str(BUILD)}
        cls.said = {}
        for number in sorted(cls.sections):
            if number > 1:
                cls.said[number] = [cls.run_block(number, block) for block in cls.sections[number]]

    @classmethod
    def run_block(cls, number, block):
        start = "" if number == 2 else "source examples/environment.sh\n"
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", start + block], cwd=cls.work, capture_output=True, text=True,
                              timeout=300, env=cls.environment)
        if done.returncode:
            raise AssertionError(f"section {number}: exit code {done.returncode}\n{block}\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done.stdout, done.stderr

    def near(self, start, stop):
        self.assertAlmostEqual(start, 8, delta=1)
        self.assertAlmostEqual(stop, 12, delta=1)

    def test_all_sections_have_commands(self):
        self.assertEqual(sorted(self.sections), [1, 2, 3, 4, 5, 6])
        self.assertTrue(all(self.sections.values()))

    def test_build_is_that_of_the_contributors(self):
        """Section 1 is not run: the build that is tested was made so."""
        for line in self.sections[1][0].splitlines():
            self.assertIn(line, (ROOT / "CONTRIBUTING.md").read_text())

    def test_element_is_found(self):
        self.assertRegex(self.said[2][0][0], r"(?m)^  gvlground: ")

    def test_event(self):
        found = re.fullmatch(r"([\d.]+) s - ([\d.]+) s  [\d.]+  the picture goes black: .*\n", self.said[4][0][0])
        self.assertTrue(found, self.said[4][0])
        self.near(float(found[1]), float(found[2]))

    def test_no_event_and_why(self):
        self.assertEqual(self.said[4][1][0], "nothing was found\n")
        self.assertIn("colour bars are shown", self.said[4][1][1])

    def test_files(self):
        folder = self.work / "build/tutorial"
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        self.assertEqual(len(events), 1)
        self.near(events[0]["start"] / 1e9, events[0]["stop"] / 1e9)
        self.assertEqual(sorted(path.suffix for path in (folder / "clips").iterdir()), [".json", ".mkv"])
        self.assertIn("the picture goes black", (folder / "report.html").read_text())

    def test_messages(self):
        self.assertRegex(self.said[6][0][0], r'gvl-event.*query=\(string\)"the\\ picture')
        self.assertRegex(self.said[6][1][0], r'gvl-event.*query=\(string\)"colour\\ bars')


if __name__ == "__main__":
    unittest.main(verbosity=2)
