#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-fetch on servers that refuse, hang, lie and lead astray."""

import os
import shutil
import signal
import subprocess
import time
import unittest

from fetch_case import CHECKPOINT, VISION, Fetching
from hub import contents_of
from web import once


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
        self.fails("401", "the token in the variable HF_TOKEN is not enough", HF_TOKEN="wrong")
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
        # Each connection tries a part so often, unless another has given up before.
        tries = len([request for request in self.asked(VISION) if not request[0]])
        self.assertGreaterEqual(tries, 4)
        self.assertLessEqual(tries, 3 * 4)

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
                held.append(time.monotonic())
                time.sleep(5)
                handler.close_connection = True
                return True
            return False

        self.hub.first.append(hang)
        self.fails(VISION, "time", arguments=["--timeout", "1", "--retries", "1", "--connections", "1"])
        self.assertEqual(len(held), 2)
        self.assertLess(held[1] - held[0], 4)

    def test_waits_longer_than_can_be_are_cut(self):
        self.answer(VISION, 429, times=1, Retry_After="86400")
        process = subprocess.Popen(self.command("--no-convert"), env=self.environment(), stderr=subprocess.PIPE, text=True)
        while "again in" not in process.stderr.readline():
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertIn("interrupted", process.communicate(timeout=300)[1])
        self.assertEqual(process.returncode, 130)

    def test_what_a_server_says_is_printed_on_one_line_without_controls(self):
        self.answer(VISION, 302, Location="http://%1b%5b31mRED%0a/")
        done = self.fails("RED", arguments=["--retries", "0"])
        self.assertNotIn("\x1b", done.stderr)

    def test_addresses_without_a_host(self):
        self.answer(VISION, 302, Location="http:///?signature=secret")
        self.assertNotIn("secret", self.fails("not an address of http").stderr)
        self.fails("not an address of http", HF_ENDPOINT="http:///x")
        self.assertNotIn("pa55", self.fails("/nothing", HF_ENDPOINT=self.hub.uri.replace("//", "//user:pa55@") + "/nothing").stderr)

    def test_headers_and_lists_that_are_long_or_deep(self):
        def answer(handler, path):
            if "/tree/" not in path:
                return False
            handler.send_json(b"[" * 2_000_000)
            return True
        self.hub.first = [answer]
        self.fails("nested deeper than 64 levels")

        def with_link(handler, path):
            if "/tree/" not in path:
                return False
            handler.send_json(self.hub.listing, Link="<" + "a" * 60000)
            return True
        self.hub.first = [with_link]
        self.fetch("--no-convert")

    def test_what_fails_for_good_ends_the_other_connections(self):
        self.hub.slow = 5
        start = []

        def refuse(handler, path):
            if not path.endswith(CHECKPOINT) or handler.headers.get("Range") != "bytes=65536-131071":
                return False
            start.append(time.monotonic())
            handler.refuse(410)
            return True
        self.hub.first = [refuse]
        self.hub.fast = set(self.hub.contents) - {CHECKPOINT}
        self.fails(CHECKPOINT, "410")
        self.assertLess(time.monotonic() - start[0], 15)

    def test_a_token_from_a_file_ends_with_a_new_line(self):
        self.hub.token = "hf_secret"
        self.fetch("--dry-run", HF_TOKEN="hf_secret\r\n")
        self.assertIn("HF_TOKEN", self.fetch(code=1, HF_TOKEN="hf secret").stderr)

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
        for wrong, says in ((b"{", "the text ends early"), ({}, "expected an array"), ([1], "[0]: expected an object"), ([{}], "[0].type: is missing"),
                            ([{"type": "file", "path": CHECKPOINT, "oid": "0" * 40}], "[0].size: is missing"),
                            ([{"type": "file", "path": CHECKPOINT, "size": -1, "oid": "0" * 40}], "[0].size: -1 is not within"),
                            ([{"type": "file", "path": CHECKPOINT, "size": 1, "oid": "x" * 40}], "[0].oid: is no checksum of 40 digits"),
                            ([{"type": "file", "path": CHECKPOINT, "size": 1, "lfs": {"oid": "0", "size": 1}}], "[0].lfs.oid: is no checksum of 64 digits"),
                            ([{"type": "file", "path": CHECKPOINT, "size": 1, "lfs": []}], "[0].lfs: expected an object"),
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
        self.fails("one page of too many")

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
        self.fails("hub.invalid", HF_ENDPOINT="http://hub.invalid", arguments=["--retries", "0"])
        for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
            shutil.rmtree(self.model, ignore_errors=True)
            self.fetch("--no-convert", HF_ENDPOINT="http://hub.invalid", no_proxy="127.0.0.1",
                       **{name: f"http://127.0.0.1:{port}"})
            self.assert_loaded()
        self.fails("hub.invalid", HF_ENDPOINT="http://hub.invalid", http_proxy=f"http://127.0.0.1:{port}",
                   no_proxy="example.org, hub.invalid", arguments=["--retries", "0"])

    def test_a_folder_that_cannot_be_written(self):
        with open(self.model, "w") as file:
            file.write("a file")
        self.fails(self.model)
        self.fails(self.model, arguments=["--release", os.path.join(self.work, "elsewhere")])
        self.assertFalse(self.asked(VISION))


if __name__ == "__main__":
    unittest.main(verbosity=2)
