#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-fetch on a server that does its best: what is loaded and made, over connections that break, and by several runs."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from fetch_case import CHECKPOINT, CONVERT, DATA, LLAMA, PHI, VISION, Fetching, published
from hub import Hub, contents_of


class Models(Fetching):
    def serve(self, contents):
        self.hub = Hub(contents)
        self.addCleanup(self.hub.close)

    def test_a_model_is_what_gvl_convert_makes(self):
        for model, fixture in ((PHI, "phi_c"), (LLAMA, "llama_c")):
            with self.subTest(model):
                self.serve(published(fixture))
                self.model = os.path.join(self.work, fixture)
                self.fetch(model=model)
                expected = os.path.join(self.work, "expected-" + fixture)
                subprocess.run([CONVERT, "--dtype", "bfloat16", os.path.join(DATA, fixture), expected], check=True,
                               capture_output=True)
                made = contents_of(self.model)
                for path, content in contents_of(expected).items():
                    self.assertEqual(made[path], content, path)
                done = subprocess.run([CONVERT, "--verify", self.model], check=True, capture_output=True, text=True)
                self.assertRegex(done.stdout, "a model of type (phi3|llama), bfloat16, [0-9]+ tensors")

    def test_a_clip_is_what_gvl_convert_makes(self):
        for model, repository, fixture in (("clip-vit-b-32", "openai/clip-vit-base-patch32", "quick-gelu"),
                                           ("tinyclip-40m-32", "wkcn/TinyCLIP-ViT-40M-32-Text-19M-LAION400M", "gelu")):
            with self.subTest(model):
                folder = os.path.join(DATA, "clip", fixture)
                contents = {**contents_of(folder), "README.md": b"not needed", "flax_model.msgpack": b"not needed",
                            "LICENSE": b"MIT"}
                self.hub = Hub(contents, repository)
                self.addCleanup(self.hub.close)
                self.model, self.release = (os.path.join(self.work, name) for name in (fixture, "release-" + fixture))
                self.fetch("--dtype", "float32", "--release", self.release, model=model)
                loaded = contents_of(self.release)
                self.assertEqual(set(contents) - set(loaded), {"README.md", "flax_model.msgpack", "expected.json"})
                expected = os.path.join(self.work, "expected-" + fixture)
                subprocess.run([CONVERT, folder, expected], check=True, capture_output=True)
                self.assertEqual(contents_of(self.model), {**contents_of(expected), "LICENSE": b"MIT"})

    def test_a_clip_has_no_base_weights(self):
        self.assertIn("--base: clip-vit-b-32 has no", self.fetch("--base", code=1, model="clip-vit-b-32").stderr)

    def test_only_what_is_needed_is_loaded(self):
        self.fetch("--no-convert")
        loaded = self.assert_loaded()
        self.assertEqual(sorted(loaded), sorted([
            CHECKPOINT, VISION, "model.json", "internvideo/vision-encoder-InternVideo2-stage2_1b-224p-f4.pt",
            "Phi-3.5-vision-instruct-seperated/image_newlines.pth", "Phi-3.5-mini-instruct/tokenizer.json",
            "Phi-3.5-vision-instruct-seperated/language_model_seperated/config.json",
            "Phi-3.5-vision-instruct-seperated/language_model_seperated/model.safetensors"]))
        self.assertEqual(sorted(os.listdir(self.model)), ["release"])

    def test_base_weights_have_no_checkpoint(self):
        self.fetch("--base", "--no-convert")
        loaded = contents_of(self.release)
        self.assertNotIn(CHECKPOINT, loaded)
        self.assertIn("Phi-3.5-vision-instruct-seperated/multi_modal_projector.pth", loaded)

    def test_the_release_is_deleted_when_told_but_not_what_others_put_there(self):
        self.fetch("--delete-release")
        self.assertEqual(sorted(os.listdir(self.model)), ["config.json", "model.safetensors", "tokenizer.json"])
        os.makedirs(os.path.join(self.release, "ckpt"))
        with open(os.path.join(self.release, "ckpt", "mine.txt"), "w") as file:
            file.write("mine")
        self.fetch("--delete-release")
        self.assertEqual(list(contents_of(self.release)), ["ckpt/mine.txt"])

    def test_dry_run_lists_and_loads_nothing(self):
        done = self.fetch("--dry-run")
        self.assertFalse(os.path.exists(self.model))
        self.assertRegex(done.stdout, rf"{len(self.hub.contents[CHECKPOINT])}  {CHECKPOINT}\n")
        self.assertRegex(done.stdout, r"8 files, 1\.\d MB, of which 1\.\d MB are not in .*/release\n$")
        self.assertFalse(self.asked(VISION))

    def test_a_second_run_loads_nothing(self):
        self.fetch("--no-convert")
        sent = self.hub.bytes_sent
        done = self.fetch("--no-convert")
        self.assertEqual(self.hub.bytes_sent, sent)
        self.assertEqual(done.stderr.count("was there"), 8)

    def test_what_was_changed_since_is_loaded_again(self):
        self.fetch("--no-convert")
        with open(os.path.join(self.release, VISION), "r+b") as file:
            file.write(bytes(4))
        self.fetch("--no-convert")
        self.assert_loaded()

    def test_lists_come_in_pages(self):
        self.hub.page = 3
        self.fetch("--no-convert")
        self.assert_loaded()

    def test_wrong_usage(self):
        for arguments in (["--connections", "0"], ["--no-convert", "--delete-release"], ["--timeout", "x"], ["--dtype", "int3"], ["--part-size", "1"]):
            self.assertIn("usage:", self.fetch(*arguments, code=1).stderr)
        done = self.fetch(model="grounded-videollm-gpt", code=1)
        self.assertIn(f"grounded-videollm-gpt: no published model (there are {PHI}, {LLAMA}, clip-vit-b-32, ", done.stderr)


class Connections(Fetching):
    def test_parts_come_over_several_connections(self):
        self.hub.slow = 0.1
        self.fetch("--connections", "3", "--no-convert")
        self.assert_loaded()
        parts = [request for request in self.asked(CHECKPOINT) if request[0]]
        self.assertEqual(len({headers["Range"] for _, _, headers, _ in parts}),
                         -(-len(self.hub.contents[CHECKPOINT]) // 65536))
        self.assertEqual(len({client for _, _, _, client in parts}), 3)

    def test_connections_that_break_go_on_where_they_broke(self):
        self.hub.breaks_after = [20000, 0, 5000, 40000, 1, 30000]
        self.fetch("--no-convert")
        self.assert_loaded()
        self.assertLess(self.hub.bytes_sent, 1.1 * sum(map(len, contents_of(self.release).values())))

    def test_a_server_without_parts_of_files(self):
        self.hub.has_ranges = False
        self.fetch("--no-convert")
        self.assert_loaded()
        # The first answer is to a request for a part, and not read.
        self.hub.breaks_after = [1 << 20, 100]
        shutil.rmtree(self.model)
        self.assertIn("from the beginning", self.fetch("--no-convert").stderr)
        self.assert_loaded()

    def test_an_interrupted_run_goes_on(self):
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(stop.name):
                shutil.rmtree(self.model, ignore_errors=True)
                self.hub.bytes_sent, self.hub.slow = 0, 0.02
                process = subprocess.Popen(self.command("--no-convert", "--connections", "2"), env=self.environment(),
                                           stderr=subprocess.PIPE, text=True)
                deadline = time.monotonic() + 30
                while self.hub.bytes_sent < 400_000 and time.monotonic() < deadline:
                    time.sleep(0.01)
                process.send_signal(stop)
                said = process.communicate(timeout=30)[1]
                if stop != signal.SIGKILL:
                    self.assertEqual(process.returncode, 130)
                    self.assertIn("interrupted; the same command goes on from here", said)
                self.hub.slow = 0
                # What a connection that was cut off still sends is not counted with the second run's.
                time.sleep(0.3)
                before = self.hub.bytes_sent
                self.fetch("--no-convert")
                total = sum(map(len, self.assert_loaded().values()))
                # Of each connection a part may be lost.
                self.assertLess(self.hub.bytes_sent - before, total - 400_000 + 4 * 65536)

    def test_a_record_that_makes_no_sense_is_no_record(self):
        for record in ("", "[]", "{", '["x",1,2,[true]]', '["' + "0" * 64 + '",-1,0,[]]', "\0\xff"):
            shutil.rmtree(self.model, ignore_errors=True)
            os.makedirs(os.path.dirname(os.path.join(self.release, CHECKPOINT)))
            part = os.path.join(self.release, CHECKPOINT + ".part")
            with open(part, "wb") as file:
                file.write(bytes(len(self.hub.contents[CHECKPOINT])))
            with open(part + ".json", "w", encoding="latin-1") as file:
                file.write(record)
            self.fetch("--no-convert")
            self.assert_loaded()
            self.assertFalse(os.path.exists(part) or os.path.exists(part + ".json"))

    def test_what_an_earlier_run_left_wrong_is_loaded_anew(self):
        content = self.hub.contents[CHECKPOINT]
        part = os.path.join(self.release, CHECKPOINT + ".part")
        os.makedirs(os.path.dirname(part))
        with open(part, "wb") as file:
            file.write(bytes(len(content)))
        parts = -(-len(content) // 65536)
        record = [self.hub.entry(CHECKPOINT)["lfs"]["oid"], len(content), 65536, [True] * parts]
        with open(part + ".json", "w") as file:
            json.dump(record, file)
        self.assertIn("was not right", self.fetch("--no-convert").stderr)
        self.assert_loaded()

    def test_two_at_a_time_are_refused(self):
        self.hub.slow = 0.5
        with subprocess.Popen(self.command("--no-convert"), env=self.environment(), stderr=subprocess.DEVNULL) as first:
            while not self.hub.bytes_sent and first.poll() is None:
                time.sleep(0.01)
            self.fails("another gvl-fetch", self.release, arguments=["--no-convert"])
            self.hub.slow = 0
            self.assertEqual(first.wait(timeout=300), 0)
        self.assert_loaded()


if __name__ == "__main__":
    unittest.main(verbosity=2)
