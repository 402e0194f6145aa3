#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-annotate without a server: files as people, programs and attackers write them."""

import json
import os
import signal
import subprocess
import time
import unittest

from annotate_case import ANNOTATE, Annotating, made_up


class Files(Annotating):
    def offline(self, form, file, *arguments, code=0, out="out"):
        return self.run_program([ANNOTATE, "--offline", *map(str, arguments), form, file, self.file(out)], code)

    def assert_refused(self, form, content, *parts):
        """It is one error of one line, and nothing is made."""
        file = content if os.path.exists(content) else self.write("hostile.json", content)
        done = self.offline(form, file, code=2, out="refused")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for part in ("gvl-annotate: ", os.path.basename(file), *parts):
            self.assertIn(part, done.stderr)
        self.assertLess(len(done.stderr), 1000)
        self.assertFalse(os.path.exists(self.file("refused")))

    def test_offline_is_reproducible(self):
        videos = self.write("many.json", made_up(500))
        done = self.offline("activitynet-captions", videos)
        self.assertEqual(self.models.requests, [])
        report = self.report()
        self.assertIn(f"{report['records']} records of {report['questions']} questions about 500 videos", done.stdout)
        self.assertGreater(report["records"], 900)
        self.offline("activitynet-captions", videos, out="again")
        self.assertEqual(self.made("again"), self.made())
        self.offline("activitynet-captions", videos, "--seed", 2, out="other")
        self.assertNotEqual(self.made("other")["conversations.json"], self.made()["conversations.json"])
        self.offline("activitynet-captions", videos, "--count", 50, "--release", "--dataset", "mine", out="some")
        self.assertEqual(self.report("some")["videos"], 50)
        kept = [record["video_id"] for record in self.records("some")]
        self.assertEqual(kept, sorted(kept))
        self.assertNotEqual(kept[-1], "v_0049")
        for record in self.records("some"):
            self.assertEqual(record["dataset_name"], "mine")
            self.assertNotIn("timestamp_grounding", json.dumps(record))

    def test_formats_are_one(self):
        videos = made_up(60)
        self.offline("activitynet-captions", self.write("a.json", videos), "--dataset", "d")
        lines = [{"video": name, "duration": video["duration"], "captions": [
            {"start": start, "stop": stop, "text": text}
            for (start, stop), text in zip(video["timestamps"], video["sentences"])]} for name, video in videos.items()]
        self.offline("captions", self.write("c.jsonl", "\n".join(map(json.dumps, lines))), "--dataset", "d", out="own")
        self.assertEqual(self.made("own"), self.made())
        queries = [{"qid": number, "vid": name, "duration": video["duration"], "query": text, "relevant_windows": [time]}
                   for number, (name, video, time, text) in enumerate(
                       (name, video, time, text) for name, video in videos.items()
                       for time, text in zip(video["timestamps"], video["sentences"]))]
        self.offline("qvhighlights", self.write("q.jsonl", "\n".join(map(json.dumps, queries))), "--dataset", "d",
                     out="queries")
        self.assertEqual(self.made("queries"), self.made())

    def test_only_videos_that_are_there(self):
        os.makedirs(self.file("videos/in"))
        names = sorted(made_up(20))
        for name in names[:15]:
            self.write(f"videos/in/{name}.mkv", "")
        self.offline("activitynet-captions", self.videos, "--videos", self.file("videos"))
        self.assertLessEqual({record["video_file"] for record in self.records()}, {f"in/{name}.mkv" for name in names[:15]})
        missing = [video for video, reason, _ in self.rejected() if reason == "there is no such video"]
        self.assertEqual(missing, names[15:])
        done = self.offline("activitynet-captions", self.videos, "--videos", self.file("nowhere"), code=2)
        self.assertIn("nowhere: is no folder", done.stderr)

    def test_hostile_files(self):
        entry = lambda **changes: json.dumps({"v": {"duration": 9, "timestamps": [[1, 2]], "sentences": ["a"], **changes}})
        for content, part in ((entry(duration=1e300), "v.duration"), (entry(duration=float("nan")), "byte"),
                              (entry(timestamps=[[-1, 2]]), "v.timestamps[0][0]"), (entry(timestamps=[[1, "2"]]), "v.timestamps[0][1]"),
                              (entry(timestamps=[[1]]), "v.timestamps[0]"), (entry(sentences=None), "v.sentences"),
                              ('{"v": {"duration": 9}}', "v.timestamps: is missing"), ("[" * 10000, "nested deeper"),
                              (entry().replace('"v"', '"../../etc/passwd"'), "leads out"), (entry() + "x", "byte"),
                              (entry().replace("9", "9" * 400), "v.duration")):
            with self.subTest(content[:80]):
                self.assert_refused("activitynet-captions", content, part)
        line = json.dumps({"video": "a", "duration": 9, "captions": [{"start": 1, "stop": 2, "text": "a"}]})
        for content, part in ((line.replace('"a", "d', '"/etc/passwd", "d'), "line 1: video"), (line + "\n" + line, "line 2"),
                              (line + "\n{}", "line 2: "), (line + "\nnull", "line 2"), (line.replace("1,", "1e999,"), "line 1: captions[0].start")):
            with self.subTest(content[:80]):
                self.assert_refused("captions", content, part)
        self.assert_refused("captions", self.work, "folder")

    def test_lines_of_two_hundred_megabytes(self):
        size = 200 << 20
        for form, head, part in (("captions", '{"video": "', "line 1: is longer than 1048576 bytes"),
                                 ("qvhighlights", '{"qid": "', "line 1: is longer"),
                                 ("activitynet-captions", "", "byte")):
            with open(self.file("long.json"), "wb") as file:
                file.write(head.encode())
                file.truncate(size)
            self.assert_refused(form, self.file("long.json"), part)
        with open(self.file("long.json"), "wb") as file:
            file.write(b'{"v": {"duration": 9, "timestamps": [[1, 2]], "sentences": ["')
            block = b"a" * (1 << 20)
            for _ in range(200):
                file.write(block)
            file.write(b'"]}}')
        self.assert_refused("activitynet-captions", self.file("long.json"), "v.sentences[0]: is longer than 8 KiB")
        self.assertIn("is longer", self.run_program([ANNOTATE, "--from-events", self.file("long.json"), self.file("x")], 2).stderr)

    def test_events_as_labels(self):
        events = [{"task": "grounding", "query": "the picture goes black", "text": "From 3.00 seconds to 6.00 seconds.",
                   "start": 3_000_000_000, "stop": 6_000_000_000, "confidence": confidence, "state": "closed",
                   "file": f"/videos/{name}.mkv"} for name, confidence in (("a", 0.9), ("b", 0.3), ("c", 0.8))]
        file = self.write("events.jsonl", "\n".join(map(json.dumps, events)))
        self.run_program([ANNOTATE, "--from-events", file, "--min-confidence", "0.5", self.file("out")])
        self.assertEqual([record["video_file"] for record in self.records()], ["a.mkv", "c.mkv"])
        turns = self.records()[0]["conversation"]
        self.assertIn("'the picture goes black'", turns[0]["value"])
        self.assertEqual(turns[1]["value"], "From <3.00> to <6.00>.")
        self.assertEqual(self.report()["rejected"], {"the event is too unsure": 1, "the video has no moments": 1})
        dense = {**events[0], "task": "dense", "file": "/videos/d.mkv"}
        empty = [{**events[0], "query": "<>"}, {**dense, "text": "..."}, {**events[0], "query": "a"}, {**dense, "text": "b"}]
        self.run_program([ANNOTATE, "--from-events", self.write("empty.jsonl", "\n".join(map(json.dumps, empty))),
                          self.file("some")])
        self.assertEqual(self.report("some")["rejected"], {"the caption is empty": 2})
        self.assertEqual([len(record["conversation"]) for record in self.records("some")], [2, 2])
        nameless = self.write("nameless.jsonl", json.dumps({name: events[0][name] for name in ("query", "start", "stop")}))
        self.assertIn("line 1: '../..' leads out", self.run_program(
            [ANNOTATE, "--from-events", nameless, "--video", "../..", self.file("x")], 2).stderr)
        done = self.run_program([ANNOTATE, "--from-events", self.write("x.jsonl", '{"query": "a", "file": "a", "start": -1}'),
                                 self.file("x")], 2)
        self.assertIn("x.jsonl: line 1: start", done.stderr)

    def test_statistics(self):
        self.offline("activitynet-captions", self.videos)
        numbers = self.file("stats.json")
        done = self.run_program([ANNOTATE, "--stats", self.file("out/conversations.json"), "--json", numbers])
        records = self.report()["records"]
        self.assertIn(f"{records} records about ", done.stdout)
        with open(numbers, encoding="utf-8") as file:
            stats = json.load(file)
        self.assertEqual((stats["records"], stats["turns"], stats["options"]), (records, 2 * records, {"5": records}))
        self.assertEqual(sum(stats["letters"].values()), records)
        # As published: ids that are numbers, no mark of the video.
        published = [{"question_id": 7, "video_id": 3, "video_file": "activitynet/v_3.mp4", "dataset_name": "activitynet",
                      "conversation": [{"from": "human", "value": "What is peeled?"},
                                       {"from": "gpt", "value": "An apple, from <3.5> to <8>."}]}]
        done = self.run_program([ANNOTATE, "--stats", self.write("p.json", published)])
        self.assertIn("1 records about 1 videos, 1 questions with answers", done.stdout)
        self.assertIn("median 4.5 s", done.stdout)
        for content, part in (("{}", "p.json"), ('[{"video_file": 7}]', "[0].video_file"), ("[NaN]", "byte"), ("", "p.json")):
            self.assertIn(part, self.run_program([ANNOTATE, "--stats", self.write("p.json", content)], 2).stderr)

    def test_statistics_of_hostile_files(self):
        records = [{"video_file": "a", "dataset_name": "\x1b[2Jx", "conversation": [
            {"from": "human", "value": "What?"}, {"from": "gpt", "value": f"From <{start}> to <{stop}>."}]}
            for start, stop in [("1", "nan"), ("inf", "2"), ("-inf", "inf")] * 100 + [("1", "3.5")]]
        file, numbers = self.write("hostile.json", records), self.file("stats.json")
        done = self.run_program([ANNOTATE, "--stats", file, "--json", numbers])
        self.assertIn("1 intervals, 0 of them reversed", done.stdout)
        self.assertIn("median 2.5 s", done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        with open(numbers, encoding="utf-8") as made:
            self.assertNotIn("nan", made.read())

    def test_what_is_read_is_not_overwritten(self):
        self.offline("activitynet-captions", self.videos)
        records = self.made()["conversations.json"]
        file = self.file("out/conversations.json")
        done = self.run_program([ANNOTATE, "--stats", file, "--json", self.file("out/../out/conversations.json")], 2)
        self.assertIn("is what is read", done.stderr)
        os.symlink(self.file("out"), self.file("link"))
        for name in ("conversations.json", "rejected.jsonl", "report.json"):
            with self.subTest(name):
                os.makedirs(self.file("in"), exist_ok=True)
                annotations = self.write("in/" + name, made_up(20))
                self.assertIn("is what is read", self.offline("activitynet-captions", annotations, code=2, out="in").stderr)
                with open(annotations, encoding="utf-8") as kept:
                    self.assertEqual(json.load(kept), json.loads(json.dumps(made_up(20))))
                os.remove(annotations)
        self.assertEqual(self.made()["conversations.json"], records)
        done = self.run_program([ANNOTATE, "--from-events", self.file("link/rejected.jsonl"), self.file("out")], 2)
        self.assertIn("is what is read", done.stderr)

    def test_statistics_that_cannot_be_told(self):
        self.offline("activitynet-captions", self.videos)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([ANNOTATE, "--stats", self.file("out/conversations.json")], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output: cannot be written", done.stderr)

    def test_an_interrupt_ends_it(self):
        many = self.write("many.json", made_up(8000))
        with subprocess.Popen([ANNOTATE, "--offline", "activitynet-captions", many, self.file("out")]) as process:
            # From then on it draws.
            while not os.path.exists(self.file("out")):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            try:
                self.assertEqual(process.wait(timeout=20), -signal.SIGINT)
            finally:
                process.kill()
        self.assertEqual(os.listdir(self.file("out")), [])

    def test_wrong_usage(self):
        out = self.file("out")
        for arguments, part in (([], "a format, a file"), (["captions", "x"], "a format, a file"),
                                (["--offline", "srt", "x", out], "none of activitynet-captions, qvhighlights, captions"),
                                (["captions", "x", out], "--endpoint, --model and --embedding-model"),
                                (["--offline", "--model", "m", "captions", "x", out], "--offline asks no models"),
                                (["--offline", "--questions", "0", "captions", "x", out], "--questions 0"),
                                (["--offline", "--seed", "-1", "captions", "x", out], "--seed -1"),
                                (["--offline", "--min-confidence", "nan", "captions", "x", out], "--min-confidence"),
                                (["--stats", "a", "b"], "--stats"), (["--from-events", "a"], "--from-events"),
                                (["--offline", "--json", "x", "captions", "x", out], "--json needs --stats"),
                                (["--offline", "--video", "x", "captions", "x", out], "--video needs --from-events"),
                                (["--offline", "--from-events", "x", out], "--from-events asks no models"),
                                (["--from-events", "x", "--count", "1", out], "--count needs annotations"),
                                (["--nonsense"], "--nonsense"), (["--offline", "captions", "x", ""], "OUT: is empty")):
            with self.subTest(arguments):
                done = self.run_program([ANNOTATE, *arguments], 1)
                self.assertIn(part, done.stderr)
                self.assertLessEqual(len(done.stderr.splitlines()), 2)
                self.assertIn("usage:", done.stderr)
        self.assertIn("none.json", self.offline("captions", self.file("none.json"), code=2).stderr)
        self.write("file", "")
        self.assertIn("file", self.offline("activitynet-captions", self.videos, code=2, out="file").stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
