#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each element opens with launch lines, and they run, as those of docs/scale.md do; gst-inspect-1.0 says what it has to."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for path in ROOT.glob("elements/*/gvl*.cpp") if path.stem == path.parent.name)

# What a line stands for, and what a machine of tests has instead.
INSTEAD = {"VIDEO.mkv": "video.mkv", "VIDEO": "video.mkv", "MODEL_DIR": "model", "autovideosink": "fakesink",
           "mqtt://localhost/studio/events": "file://published.jsonl",
           "rtspsrc location=rtsp://CAMERA-1/STREAM": "filesrc location=video.mkv",
           "rtspsrc location=rtsp://CAMERA-2/STREAM": "filesrc location=video.mkv"}


def lines_of(source):
    for text in re.findall(r"\|\[\n(.*?)\n \* \]\|", source.read_text(), re.S):
        yield re.sub(r"^ \* ?", "", text, flags=re.M)


class LaunchLines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gvl-lines-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.work = Path(cls.folder.name)
        cls.run_in(cls.work, str(Path(os.environ["GVL_BUILD"], "tools/gvl-convert")), str(ROOT / "tests/data/phi_c"), "model")
        caps = "video/x-raw,width=160,height=96,framerate=15/1"
        cls.run_in(cls.work, "gst-launch-1.0", "-q", "videotestsrc", "pattern=ball", "num-buffers=30", "!", caps, "!", "vp8enc",
                   "deadline=1", "!", "matroskamux", "!", "filesink", "location=video.mkv")
        (cls.work / "events.jsonl").write_text('{"start":0,"stop":1000000000,"text":"a ball"}\n')
        (cls.work / "clips").mkdir()

    @staticmethod
    def run_in(folder, *command):
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300,
                              env={**os.environ, "GVL_MODEL_PATH": str(Path(folder, "model"))})

    def run_line(self, line):
        for name, value in INSTEAD.items():
            line = line.replace(name, str(value).replace("file://", f"file://{self.work}/"))
        done = subprocess.run(["bash", "-c", line], cwd=self.work, capture_output=True, text=True, timeout=300,
                              env={**os.environ, "GVL_MODEL_PATH": str(self.work / "model")})
        self.assertEqual(done.returncode, 0, done.stdout[-1000:] + done.stderr[-1000:])
        self.assertNotIn("WARNING", done.stdout + done.stderr)
        return done.stdout

    def test_each_element_has_one_that_runs(self):
        ran = set()
        for source in SOURCES:
            lines = list(lines_of(source))
            self.assertTrue(any(source.stem in line for line in lines), f"{source}: no launch line with it")
            for line in lines:
                if line in ran:
                    continue
                ran.add(line)
                with self.subTest(source.stem, line=line):
                    self.run_line(line)

    def test_cameras_of_one_pipeline(self):
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/scale.md").read_text(), re.S)
        lines = [block for block in blocks if block.startswith("gst-launch-1.0")]
        self.assertTrue(lines)
        for line in lines:
            said = self.run_line(line)
            for source in re.findall(r"source-id=([\w-]+)", line):
                self.assertRegex(said, rf'gvl-(event|answer).*source=\(string\){source}')

    def test_what_gst_inspect_says(self):
        for source in SOURCES:
            with self.subTest(source.stem):
                said = self.run_in(self.work, "gst-inspect-1.0", source.stem).stdout
                self.assertRegex(said, r"Author +The gst-grounded-video developers")
                self.assertRegex(said, r"Source module +gst-grounded-video")
                self.assertRegex(said, r"License +LGPL")
                self.assertNotIn("freedesktop.org", said)
                for name, blurb in re.findall(r"^  ([\w-]+) +: (.*)$", said, re.M):
                    self.assertGreater(len(blurb), 3, name)

    def test_arguments_that_are_lists(self):
        """As the property's description writes them."""
        said = self.run_in(self.work, "gst-inspect-1.0", "gvlground").stdout
        quoted = re.search(r"""queries='(.*?)', or queries="(.*?)" where""", said)
        for queries, expected in ((quoted[1], 2), (quoted[2], 2)):
            line = ["gst-launch-1.0", "-m", "filesrc", "location=video.mkv", "!", "decodebin", "!", "gvlground",
                    "min-confidence=0", "queries=" + queries, "!", "fakesink"]
            found = set(re.findall(r'gvl-event.*?query=\(string\)("[^"]*"|\w+)', self.run_in(self.work, *line).stdout))
            self.assertEqual(len(found), expected, found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
