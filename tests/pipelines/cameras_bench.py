#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-cameras-bench: small and short streams, what it says of them, and what it refuses."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SMALL = ["--window", "2", "--minutes", "0.0666667", "--width", "64", "--height", "48"]
WINDOWS = 2
SEGMENTS = 24  # of them


class CamerasBench(unittest.TestCase):
    def bench(self, *arguments, code=0):
        done = subprocess.run([os.environ["GVL_CAMERAS_BENCH"], *map(str, arguments)], capture_output=True, text=True,
                              timeout=250)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def report(self, *arguments):
        with tempfile.TemporaryDirectory(prefix="gvl-cameras-") as folder:
            file = Path(folder, "report.json")
            said = self.bench(*SMALL, "--json", file, *arguments).stdout
            return json.loads(file.read_text()), said

    def test_each_camera_is_accounted_for(self):
        report, said = self.report("--cameras", 2)
        self.assertEqual(report["cameras"], 2)
        self.assertEqual([each["name"] for each in report["each"]], ["camera-0", "camera-1"])
        for each in report["each"]:
            self.assertEqual(each["segments"] + each["dropped"], SEGMENTS)
            self.assertIn(each["name"], said)
            latency = each["latency"]
            self.assertLessEqual(latency["median"], latency["p95"])
            self.assertLessEqual(latency["p95"], latency["worst"])
            if each["dropped"] == 0:
                self.assertEqual(each["windows"], WINDOWS)
                self.assertGreater(each["events"], 0)
                self.assertGreater(latency["count"], 0)
                self.assertGreater(latency["median"], 0)
        self.assertEqual(report["dropped"], sum(each["dropped"] for each in report["each"]))
        self.assertEqual(report["latency"]["count"], sum(each["latency"]["count"] for each in report["each"]))
        self.assertEqual(report["bytes-per-further"], report["resident-bytes"] - report["resident-bytes-of-one"])
        self.assertGreater(report["model-alone-seconds"], 0)
        parts = report["model-percent-each"] + report["pictures-percent-each"]
        self.assertLessEqual(parts, report["processor-percent-each"] + 2)  # clocks of other ticks

    def test_the_most_are_looked_for(self):
        report, _ = self.report("--cameras", 1, "--most", 2)
        self.assertIn(report["tried"], ([1], [1, 2]))
        self.assertIn(report["cameras"], report["tried"])

    def test_what_is_refused(self):
        for arguments, why in ((["--cameras", 0], "--cameras"), (["--minutes", 0.5], "--minutes"),
                               (["--cameras", 4, "--most", 2], "--most"), (["--overlap", 2], "--overlap")):
            self.assertIn(why, self.bench(*arguments, code=1).stderr)
        self.assertIn("no-such-model", self.bench("--model", "no-such-model", code=2).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
