# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of inputs share: files made on the fly, gvl-ground and gst-launch-1.0 run on them.

Each test file is a unittest module that ends with `inputs.main()`. GVL_BUILD names the build tree.
"""

import contextlib
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ["GVL_BUILD"]
GROUND = os.path.join(BUILD, "tools", "gvl-ground")
# What these tests ask for is a fault: nobody need look for things besides, which takes several times as long.
os.environ["GVL_MODEL_PATH"] = os.path.join(BUILD, "models", "faults")
BLACK = "the picture goes black"
FREEZE = "the picture freezes"
SKIPPED = 77  # meson's word for a test that cannot run here


def ffmpeg(*arguments):
    """Runs ffmpeg; the last argument is the file that it writes, which is returned."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)
    return str(arguments[-1])


def picture(seconds, rate=10, size="320x240", black=None):
    """An input of ffmpeg's: a moving test pattern, black within the seconds `black` = (from, to)."""
    graph = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
    if black:
        graph += f",drawbox=t=fill:color=black:enable='between(t,{black[0]},{black[1]}-0.001)'"
    return ["-f", "lavfi", "-i", graph]


def run(command, check=True, timeout=120, **options):
    """Runs a command; stdout and stderr are text. `check`: it has to exit with 0."""
    done = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", timeout=timeout, **options)
    if check and done.returncode:
        raise AssertionError(f"{command}: exit code {done.returncode}: {done.stderr}")
    return done


def ground(*arguments, **options):
    """gvl-ground with these arguments."""
    return run([GROUND, *map(str, arguments)], **options)


def events(video, *queries, options=()):
    """The events that gvl-ground finds in a file, with start and stop in seconds."""
    lines = ground("--json", *options, *[part for query in queries for part in ("-q", query)], video).stdout.splitlines()
    return [in_seconds(json.loads(line)) for line in lines]


def events_of_each(videos, *queries):
    """Likewise of several files, by one run: a list for each."""
    found = {video: [] for video in videos}
    if len(videos) == 1:
        return {videos[0]: events(videos[0], *queries)}
    for event in events(videos[0], *queries, options=videos[1:]):
        found[event["file"]].append(event)
    return found


def in_seconds(event):
    times = ("start", "stop", "window-start", "window-stop")
    return {name: value / 1e9 if name in times else value for name, value in event.items()}


def launch(pipeline, check=True, **options):
    """The gvl-event messages of a pipeline run by gst-launch-1.0, with start and stop in seconds."""
    words = shlex.split(pipeline) if isinstance(pipeline, str) else pipeline
    done = run(["gst-launch-1.0", "-m", *words], check=check, **options)
    return [fields_of(line) for line in done.stdout.splitlines() if "gvl-event," in line]


def fields_of(line):
    """The fields of a gvl-event as gst-launch-1.0 prints it."""
    fields = {}
    for name, kind, value in re.findall(r'([a-z-]+)=\((\w+)\)("(?:[^"\\]|\\.)*"|[^,;]*)', line):
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        fields[name] = int(value) if kind == "guint64" else float(value) if kind == "double" else value
    return in_seconds(fields)


class Inputs(unittest.TestCase):
    """A test with a folder of its own, `self.work`, that is gone at its end."""

    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="gvl-inputs-")
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.work, name)

    def assert_found(self, found, start, stop, within=0.6, query=BLACK):
        """One event of the query, with these times in seconds."""
        times = [(event["start"], event["stop"]) for event in found if event["query"] == query]
        self.assertEqual(len(times), 1, found)
        self.assertAlmostEqual(times[0][0], start, delta=within, msg=str(found))
        self.assertAlmostEqual(times[0][1], stop, delta=within, msg=str(found))

    def assert_within(self, found, end, slack=0.001):
        """No event or window reaches behind the last frame's end."""
        for event in found:
            for name in ("start", "stop", "window-start", "window-stop"):
                if name in event:
                    self.assertLessEqual(event[name], end + slack, str(event))


def main():
    if not shutil.which("ffmpeg"):
        print("skipped: ffmpeg, which makes the input files, is not installed")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
