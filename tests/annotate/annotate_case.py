# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of gvl-annotate share: made-up videos, a server with models, and the program run on them."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

from models import Models, answer_of

ANNOTATE = os.path.join(os.environ["GVL_BUILD"], "tools", "gvl-annotate")
MADE = ("conversations.json", "rejected.jsonl", "report.json")


def made_up(count, seed=1):
    """Videos with captions: {"v_0001": {"duration", "timestamps", "sentences"}}."""
    draw = random.Random(seed)
    parts = (("A man", "A woman", "A child", "A dog", "The girl", "An officer"),
             ("peels", "throws", "carries", "paints", "washes", "hides", "drops"),
             ("an apple", "a red ball", "the chair", "a wall", "a bicycle", "that hat", "one shoe"),
             ("in the kitchen", "on a street", "near the lake", "at night", "behind a bus"))
    videos = {}
    for number in range(count):
        times = sorted(round(draw.uniform(0, 100), 2) for _ in range(draw.randint(2, 6)))
        times = [time + i for i, time in enumerate(times)]
        videos[f"v_{number:04}"] = {
            "duration": round(times[-1] + 5, 2), "timestamps": [list(pair) for pair in zip(times, times[1:])],
            "sentences": [" ".join(map(draw.choice, parts)) + "." for _ in times[1:]]}
    return videos


def says(handler, content, finish="stop"):
    """The model says this, and its answer is sent."""
    handler.send_json(answer_of(content if isinstance(content, str) else json.dumps(content), finish))
    return True


def refuse_with(handler, status, body):
    """It is refused with an answer that says why."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


class Annotating(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="gvl-annotate-")
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.models = Models()
        self.addCleanup(self.models.close)
        self.videos = self.write("videos.json", made_up(20))

    def file(self, name):
        return os.path.join(self.work, name)

    def write(self, name, value):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(value if isinstance(value, str) else json.dumps(value))
        return self.file(name)

    def command(self, *arguments, out="out", videos=None, models=None):
        models = models or self.models
        return [ANNOTATE, "--endpoint", models.uri, "--model", "talker", "--embedding-model", "embedder",
                "--retry-wait", "0.01", *map(str, arguments), "activitynet-captions", videos or self.videos,
                self.file(out)]

    def environment(self, **variables):
        kept = {name: value for name, value in os.environ.items()
                if not name.lower().endswith("_proxy") and name != "OPENAI_API_KEY"}
        return {**kept, **variables}

    def run_program(self, command, code=0, **variables):
        done = subprocess.run(command, env=self.environment(**variables), text=True, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def annotate(self, *arguments, code=0, out="out", videos=None, models=None, **variables):
        return self.run_program(self.command(*arguments, out=out, videos=videos, models=models), code, **variables)

    def fails(self, *parts, arguments=(), code=2, **options):
        """It says so in one line, which has all of these parts."""
        done = self.annotate(*arguments, code=code, **options)
        last = done.stderr.splitlines()[-1]
        for part in parts:
            self.assertIn(part, last)
        self.assertTrue(last.startswith("gvl-annotate: "), last)
        return done

    def made(self, out="out"):
        """The files that must be the same whenever the answers are."""
        contents = {}
        for name in MADE:
            with open(os.path.join(self.file(out), name), "rb") as file:
                contents[name] = file.read()
        return contents

    def records(self, out="out"):
        return json.loads(self.made(out)["conversations.json"])

    def rejected(self, out="out"):
        """(video, reason, what) of each."""
        lines = map(json.loads, self.made(out)["rejected.jsonl"].splitlines())
        return [(line["video"], line["reason"], line["what"]) for line in lines]

    def report(self, out="out"):
        return json.loads(self.made(out)["report.json"])


class Compared(Annotating):
    """What is made in spite of faults is compared with what is made without any."""

    def setUp(self):
        super().setUp()
        self.annotate(out="whole")
        self.asked = len(self.models.requests)
        self.models.requests.clear()

    def assert_whole(self, out="out"):
        """What was made is what a server without fault makes."""
        self.assertEqual(self.made(out), self.made("whole"))
