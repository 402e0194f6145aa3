#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-fetch against a server that serves small models in the published repository's form, well and badly."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from hub import Hub, contents_of, once

BUILD, DATA = os.environ["GVL_BUILD"], os.environ["GVL_TEST_DATA"]
FETCH, CONVERT = (os.path.join(BUILD, "tools", name) for name in ("gvl-fetch", "gvl-convert"))
PHI, LLAMA = "grounded-videollm-phi3.5", "grounded-videollm-llama3"
CHECKPOINT = "ckpt/sft_llava_next_video_phi3.5_mix_sft_multi_modal_projector_video_projecter_language_model.pth"
VISION = "Phi-3.5-vision-instruct-seperated/vision_model.pth"


def published(sizes="phi_c"):
    """Both models in one repository, with files that nobody needs. The sizes of small models stand in a file that the
    official release does not have."""
    contents = {"README.md": b"not needed", "ckpt/pretrained.pth": b"not needed"}
    models = {"phi_c": "Phi-3.5-mini-instruct", "llama_c": "llama3-llava-next-8b"}
    # Both have a file of internvideo; that of the model in question is the one that stays.
    for name, tokenizer in sorted(models.items(), key=lambda model: model[0] == sizes):
        for path, content in contents_of(os.path.join(DATA, name)).items():
            folder, _, rest = path.partition("/")
            if folder == "tokenizer":
                contents[f"{tokenizer}/{rest}"] = content
            elif rest or (path == "model.json" and name == sizes):
                contents[path] = content
    return contents


class Fetching(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="gvl-fetch-")
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.hub = Hub(published())
        self.addCleanup(self.hub.close)
        self.model = os.path.join(self.work, "model")
        self.release = os.path.join(self.model, "release")

    def command(self, *arguments, model=PHI):
        return [FETCH, "--retry-wait", "0.01", "--part-size", "65536", *arguments, model, self.model]

    def environment(self, **variables):
        kept = {name: value for name, value in os.environ.items()
                if not name.lower().endswith("_proxy") and not name.startswith("HF_")}
        return {**kept, "HF_ENDPOINT": self.hub.uri, **variables}

    def fetch(self, *arguments, code=0, model=PHI, **variables):
        done = subprocess.run(self.command(*arguments, model=model), env=self.environment(**variables), text=True,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def fails(self, *parts, arguments=(), code=2, **variables):
        """It says so in one line, which has all of these parts."""
        done = self.fetch(*arguments, code=code, **variables)
        last = done.stderr.splitlines()[-1]
        for part in parts:
            self.assertIn(part, last)
        self.assertTrue(last.startswith("gvl-fetch: "), last)
        return done

    def assert_loaded(self, folder=None):
        """What is there is what the server has."""
        loaded = contents_of(folder or self.release)
        self.assertIn(CHECKPOINT, loaded)
        for path, content in loaded.items():
            self.assertEqual(content, self.hub.contents[path], path)
        return loaded

    def asked(self, ending):
        return [request for request in self.hub.requests if request[1].endswith(ending)]


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
            file.write(b"XXXX")
        self.fetch("--no-convert")
        self.assert_loaded()

    def test_lists_come_in_pages(self):
        self.hub.page = 3
        self.fetch("--no-convert")
        self.assert_loaded()

    def test_wrong_usage(self):
        for arguments in (["--connections", "0"], ["--timeout", "x"], ["--dtype", "int3"], ["--part-size", "1"]):
            self.assertIn("usage:", self.fetch(*arguments, code=1).stderr)
        done = self.fetch(model="grounded-videollm-gpt", code=1)
        self.assertIn(f"grounded-videollm-gpt: no published model (there are {PHI}, {LLAMA})", done.stderr)


class Connections(Fetching):
    def test_parts_come_over_several_connections(self):
        self.hub.slow = 0.01
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
            while not self.hub.bytes_sent:
                time.sleep(0.01)
            self.fails("another gvl-fetch", self.release, arguments=["--no-convert"])
            self.hub.slow = 0
            self.assertEqual(first.wait(timeout=60), 0)
        self.assert_loaded()


class Servers(Fetching):
    def answer(self, ending, status, times=10**9, **headers):
        """The next requests for what ends so are answered with this status."""
        def refuse(handler, path):
            if not path.endswith(ending):
                return False
            handler.refuse(status, **headers)
            return True
        self.hub.first.append(once(times, refuse))

    def test_a_token_is_told_to_the_server_alone(self):
        self.hub.token = "hf_secret"
        self.fails("401", "a token is wanted, in the variable HF_TOKEN")
        self.fails("401", "the token in HF_TOKEN is not enough", HF_TOKEN="wrong")
        done = self.fetch("--no-convert", HF_TOKEN="hf_secret")
        self.assert_loaded()
        elsewhere = [headers for large, _, headers, _ in self.hub.requests if large]
        self.assertTrue(elsewhere)
        for headers in elsewhere:
            self.assertNotIn("Authorization", headers)
        self.assertNotIn("hf_secret", done.stderr)

    def test_what_is_answered_is_said(self):
        self.answer("/revision/main", 404, times=1)
        self.fails("/revision/main", "404", "it is not there")
        self.answer(VISION, 403, times=1)
        self.fails(VISION, "403")
        self.answer(VISION, 410, times=1)
        self.fails(VISION, "410")

    def test_failures_that_pass_are_waited_for(self):
        self.answer("/revision/main", 500, times=2)
        self.answer(VISION, 503, times=3)
        done = self.fetch("--no-convert")
        self.assert_loaded()
        self.assertEqual(done.stderr.count("again in"), 5)

    def test_failures_that_stay_are_given_up(self):
        self.answer(VISION, 502)
        self.fails(VISION, "502", arguments=["--retries", "3"])
        self.assertEqual(len([request for request in self.asked(VISION) if not request[0]]) % 4, 0)

    def test_a_server_is_left_alone_for_as_long_as_it_asks(self):
        self.answer(VISION, 429, times=1, Retry_After="1")
        began = time.monotonic()
        self.assertIn("again in 1 s", self.fetch("--no-convert").stderr)
        self.assertGreater(time.monotonic() - began, 1)
        self.assert_loaded()

    def test_a_server_that_hangs(self):
        held = []

        def hang(handler, path):
            if path.endswith(VISION):
                held.append(handler)
                time.sleep(5)
                handler.close_connection = True
                return True
            return False

        self.hub.first.append(hang)
        began = time.monotonic()
        self.fails(VISION, "time", arguments=["--timeout", "1", "--retries", "1"])
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(len(held) > 1, True)

    def test_redirections(self):
        self.answer(VISION, 302, Location="file:///etc/passwd")
        self.fails("file:///etc/passwd", "not an address of http")
        self.hub.first.clear()
        self.answer(VISION, 302, Location=self.hub.uri + "/" + VISION)
        self.fails("redirects more than 10 times")
        self.hub.first.clear()
        self.answer(VISION, 302)
        self.fails("redirects to nowhere")

    def test_addresses_that_carry_signatures_are_cut(self):
        self.hub.sent[CHECKPOINT] = b"short"
        self.assertNotIn("signature", self.fails(CHECKPOINT).stderr)

    def test_lies_about_sizes(self):
        self.hub.sent[CHECKPOINT] = self.hub.contents[CHECKPOINT][:-1]
        self.fails(CHECKPOINT, "bytes there, its repository lists")
        self.hub.sent[CHECKPOINT] = self.hub.contents[CHECKPOINT] + b"x"
        self.fails(CHECKPOINT, "bytes there, its repository lists")
        self.hub.has_ranges = False
        self.fails(CHECKPOINT, "bytes there, its repository lists")
        self.assertFalse(os.path.exists(os.path.join(self.release, CHECKPOINT)))

    def test_other_content_is_never_taken(self):
        for path in (CHECKPOINT, "Phi-3.5-mini-instruct/tokenizer.json"):
            content = bytearray(self.hub.contents[path])
            content[len(content) // 2] ^= 1
            self.hub.sent = {path: bytes(content)}
            shutil.rmtree(self.model, ignore_errors=True)
            self.fails(path, "its checksum is another")
            left = [name for name in contents_of(self.release) if name.startswith(path)]
            self.assertEqual(left, [])

    def test_a_disk_without_room_is_known_before(self):
        entry = self.hub.entry(CHECKPOINT)
        entry["size"] = entry["lfs"]["size"] = 1 << 43
        self.fails(self.release, "needs", "GB, its disk has")
        self.assertFalse(self.asked(VISION))

    def test_lists_that_no_hub_makes(self):
        good = self.hub.listing
        for wrong, says in ((b"{", "no JSON"), ({}, "no list of files"), ([1], "another form"), ([{}], "no text 'type'"),
                            ([{"type": "file", "path": CHECKPOINT, "oid": "0" * 40}], "without a size"),
                            ([{"type": "file", "path": CHECKPOINT, "size": -1, "oid": "0" * 40}], "without a size"),
                            ([{"type": "file", "path": CHECKPOINT, "size": 1, "oid": "x" * 40}], "none of git's"),
                            ([{"type": "file", "path": CHECKPOINT, "size": 1, "lfs": {"oid": "0", "size": 1}}], "no SHA-256"),
                            ([{"type": "file", "path": CHECKPOINT, "size": 1, "lfs": []}], "another form"),
                            ([], "not among the release's files")):
            with self.subTest(says):
                def answer(handler, path, wrong=wrong):
                    if "/tree/" not in path:
                        return False
                    handler.send_json(wrong)
                    return True
                self.hub.first = [answer]
                self.fails(says)
        self.hub.first = []
        # Names that lead out of the folder are none.
        folder = "Phi-3.5-vision-instruct-seperated/language_model_seperated/"
        for name in ("../../../../evil.safetensors", "a/../b.safetensors", "\n.safetensors"):
            good.append({"type": "file", "path": folder + name, "size": 1, "oid": "0" * 40})
        self.fetch("--no-convert")
        self.assert_loaded()

    def test_a_list_without_end(self):
        def answer(handler, path):
            if "/tree/" not in path:
                return False
            handler.send_json([], Link=f'<{self.hub.uri}{path}>; rel="next"')
            return True
        self.hub.first = [answer]
        self.fails("not among the release's files")

    def test_proxies(self):
        # The hub is reached under a name that only the proxy knows.
        hub, port = self.hub, self.hub.main.server_address[1]

        def proxied(handler, path):
            if handler.path.startswith("http://hub.invalid/"):
                handler.path = handler.path[len("http://hub.invalid"):]
                handler.do_GET()
                return True
            return False

        hub.first = [proxied]
        self.fails("hub.invalid", HF_ENDPOINT="http://hub.invalid")
        for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
            shutil.rmtree(self.model, ignore_errors=True)
            self.fetch("--no-convert", HF_ENDPOINT="http://hub.invalid", no_proxy="127.0.0.1",
                       **{name: f"http://127.0.0.1:{port}"})
            self.assert_loaded()
        self.fails("hub.invalid", HF_ENDPOINT="http://hub.invalid", http_proxy=f"http://127.0.0.1:{port}",
                   no_proxy="example.org, hub.invalid")

    def test_a_folder_that_cannot_be_written(self):
        with open(self.model, "w") as file:
            file.write("a file")
        self.fails(self.model)


if __name__ == "__main__":
    unittest.main(verbosity=2)
