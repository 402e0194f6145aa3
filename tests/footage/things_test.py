#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The labels of everyday things fit the clips, nothing trains on these, and things.py makes what it says."""
import collections
import contextlib
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import things  # noqa: E402

RECIPES = HERE.parent.parent / "models" / "recipes"

# The 80 classes of COCO, in its words, so that what a detector knows can be compared.
CLASSES = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign, parking
meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella, handbag, tie,
suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis
racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog,
pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard, cell
phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush
"""
COCO = {name.strip() for name in CLASSES.replace("\n", " ").split(",")}


def lists_of_clips(value, held_out=False):
    """The clips that a recipe trains on, wherever it names them."""
    if isinstance(value, dict):
        held_out = held_out or value.get("held_out", False)
        if not held_out:
            yield from value.get("clips", [])
        for member in value.values():
            yield from lists_of_clips(member, held_out)
    elif isinstance(value, list):
        for member in value:
            yield from lists_of_clips(member, held_out)


class Labels(unittest.TestCase):
    def setUp(self):
        self.recipes = json.loads((HERE / "clips.json").read_text())
        self.queries = json.loads((HERE / "things.json").read_text())

    def test_they_are_enough(self):
        present = [query for query in self.queries if "start" in query]
        self.assertGreaterEqual(len(present), 60)
        self.assertGreaterEqual(len(self.queries) - len(present), 40)
        self.assertGreaterEqual(len({query["video"] for query in present}), 20)
        self.assertGreaterEqual(len({query["kind"] for query in present} & COCO), 15)

    def test_plain_words_ask_whether_each_kind_is_there(self):
        plain = things.plainly(self.queries)
        kinds = {(query["video"], query["kind"]) for query in self.queries if query["kind"] != "other"}
        happen = {(query["video"], query["kind"]) for query in self.queries if "start" in query}
        self.assertEqual(sorted((query["video"], query["kind"]) for query in plain), sorted(kinds))
        for query in plain:
            self.assertEqual("start" in query, (query["video"], query["kind"]) in happen)
        self.assertIn("an airplane is in the picture", {query["query"] for query in plain})

    def test_each_is_in_its_clip(self):
        for query in self.queries:
            with self.subTest(query=query):
                self.assertIn(query["kind"], COCO | {"other"})
                parts = self.recipes["clips"][query["video"]]
                length = sum(part["stop"] - part["start"] for part in parts)
                if "start" in query:
                    self.assertLess(query["start"], query["stop"])
                    self.assertLessEqual(query["stop"], length + 0.001)

    def test_a_query_has_one_moment(self):
        asked = collections.Counter((query["video"], query["query"]) for query in self.queries)
        self.assertEqual([question for question, times in asked.items() if times > 1], [])

    def test_clips_and_sources_are_used(self):
        self.assertEqual({query["video"] for query in self.queries}, set(self.recipes["clips"]))
        named = {part["source"] for parts in self.recipes["clips"].values() for part in parts}
        self.assertEqual(named, set(self.recipes["sources"]))

    def test_a_file_is_pinned_once(self):
        pins = {}
        for part in (part for parts in self.recipes["clips"].values() for part in parts):
            pins.setdefault((part["source"], part["file"]), set()).add(part["sha256"])
        self.assertEqual([file for file, sums in pins.items() if len(sums) > 1], [])

    def test_nothing_trains_on_them(self):
        trained = [clip for file in RECIPES.glob("*.json") for clip in lists_of_clips(json.loads(file.read_text()))]
        self.assertTrue(trained)
        for part in (part for parts in self.recipes["clips"].values() for part in parts):
            source = self.recipes["sources"][part["source"]]
            name = "/".join(filter(None, [source.get("repository"), part["file"]]))
            self.assertEqual([clip for clip in trained if ("/" + clip).endswith("/" + name)], [])


class Making(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.clips, self.out = self.folder / "clips", self.folder / "out"
        self.out.mkdir()
        self.clip = self.clips / "someone" / "footage" / "a.mkv"
        self.clip.parent.mkdir(parents=True)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x240:r=10:d=4", "-c:v", "ffv1",
                        str(self.clip)], check=True)

    def part(self, start, stop, **changes):
        digest = hashlib.sha256(self.clip.read_bytes()).hexdigest()
        return {"source": "some", "file": "a.mkv", "sha256": digest, "start": start, "stop": stop, **changes}

    def build(self, clips, out=None):
        """(exit code, what is said of what is missing, the queries written)."""
        recipes = {"sources": {"some": {"repository": "someone/footage"}, "packed": {"package": "gvl-no-such-package"}},
                   "clips": clips}
        queries = [{"video": name, "query": "a cat", "kind": "cat"} for name in clips]
        said, out = io.StringIO(), out or self.out
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = things.build(recipes, queries, [self.clips], out)
        return code, said.getvalue(), json.loads((out / "queries.json").read_text())

    def test_parts_are_joined_in_their_lengths(self):
        code, said, queries = self.build({"b.mkv": [self.part(0.4, 2), self.part(3, 3.6)]})
        self.assertEqual((code, said, len(queries)), (0, "", 1))
        asked = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                 "stream=width,height,nb_read_frames", "-of", "csv=p=0", str(self.out / "b.mkv")]
        shown = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
        self.assertEqual(shown, f"{things.WIDTH},{things.HEIGHT},{round(2.2 * things.RATE)}")

    def test_the_same_files_give_the_same_bytes(self):
        again = self.folder / "again"
        again.mkdir()
        for out in (self.out, again):
            self.build({"b.mkv": [self.part(0, 2)]}, out)
        self.assertEqual((self.out / "b.mkv").read_bytes(), (again / "b.mkv").read_bytes())

    def test_what_is_not_there_is_named_and_not_asked_about(self):
        code, said, queries = self.build({"b.mkv": [self.part(0, 1)], "c.mkv": [self.part(0, 1, file="gone.mkv")]})
        self.assertEqual(code, 1)
        self.assertIn("no c.mkv: no gone.mkv (repository someone/footage)", said)
        self.assertEqual([query["video"] for query in queries], ["b.mkv"])

    def test_another_file_is_not_taken(self):
        code, said, queries = self.build({"b.mkv": [self.part(0, 1, sha256="0" * 64)]})
        self.assertEqual((code, queries), (1, []))
        self.assertIn(f"{self.clip} is another file than the one that was labelled", said)
        self.assertFalse((self.out / "b.mkv").exists())

    def test_a_file_that_is_no_video_leaves_none(self):
        self.clip.write_text("no video")
        code, said, _ = self.build({"b.mkv": [self.part(0, 1)]})
        self.assertEqual(code, 1)
        self.assertIn("no b.mkv: ffmpeg: ", said)
        self.assertIn(str(self.clip), said)
        self.assertFalse((self.out / "b.mkv").exists())

    def test_a_package_that_is_not_to_be_had_is_named(self):
        code, said, _ = self.build({"b.mkv": [self.part(0, 1, source="packed")]})
        self.assertEqual(code, 1)
        self.assertIn("no b.mkv: package gvl-no-such-package: ", said)

    def test_a_folder_that_is_none_is_named(self):
        made = subprocess.run([sys.executable, HERE / "things.py", self.out, "--clips", self.clip], capture_output=True,
                              text=True)
        self.assertEqual(made.returncode, 1)
        self.assertEqual(made.stderr, f"things.py: --clips {self.clip} is no folder\n")


if __name__ == "__main__":
    unittest.main()
