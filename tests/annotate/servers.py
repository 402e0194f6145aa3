#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-annotate on servers that refuse, hang, break and die, and after kills."""

import base64
import json
import math
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from annotate_case import Compared, made_up, refuse_with
from models import Models, vector_of
from web import once


class Servers(Compared):
    def misbehave(self, times, function, chats=True):
        def answer(handler, request):
            if request.is_chat != chats:
                return False
            function(handler)
            return True
        self.models.first.append(once(times, answer))

    def test_failures_that_pass_are_waited_for(self):
        def broken(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b'{"choices": [')
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        faults = (lambda handler: handler.refuse(500), lambda handler: handler.refuse(503),
                  lambda handler: handler.refuse(408), broken, lambda handler: handler.send_json(b"<html>"),
                  lambda handler: handler.send_json({"choices": []}),
                  lambda handler: handler.send_json({"data": [{"embedding": [0, 0]}]}),
                  lambda handler: handler.send_json(b"[" * 100000))
        for fault in faults:
            for chats in (True, False):
                self.misbehave(2, fault, chats)
        done = self.annotate()
        self.assertEqual(done.stderr.count("again in"), 4 * len(faults))
        self.assert_whole()

    def test_a_server_is_left_alone_for_as_long_as_it_asks(self):
        self.misbehave(1, lambda handler: handler.refuse(429, Retry_After="1"))
        began = time.monotonic()
        self.assertIn("again in 1 s", self.annotate().stderr)
        self.assertGreater(time.monotonic() - began, 1)
        self.assert_whole()

    def test_a_server_that_hangs(self):
        hung = []

        def hang(handler, request):
            with self.models.lock:
                hung.append(request)
                hangs = len(hung) <= 2
            if hangs:
                time.sleep(60)
                handler.close_connection = True
            return hangs
        self.models.first = [hang]
        began = time.monotonic()
        self.assertGreaterEqual(self.annotate("--timeout", 2).stderr.count("again in"), 2)
        self.assertLess(time.monotonic() - began, 60)
        self.assert_whole()

    def test_answers_that_do_not_end(self):
        # A body, a header and the length of a part, each by and by: to all at once.
        starts = [(b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), (b"", b"A: b\r\n"),
                  (b"Transfer-Encoding: chunked\r\n\r\n", b"0")]
        left = list(starts)

        def drip(handler, request):
            with self.models.lock:
                if not left:
                    return False
                start, drop = left.pop()
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + start)
            while True:  # until nobody listens
                handler.wfile.write(drop)
                time.sleep(0.2)
        self.models.first = [drip]
        done = self.annotate("--timeout", 1)
        self.assertEqual(done.stderr.count("the answer does not end; again in"), len(starts))
        self.assert_whole()

    def test_a_server_that_dies_half_way(self):
        port = self.models.server.server_address[1]

        def die(handler):
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        served = []

        def answer(handler, request):
            with self.models.lock:
                served.append(request)
                is_dead = len(served) > 10
            if is_dead:
                die(handler)
            return is_dead
        self.models.first = [answer]
        self.fails(f"127.0.0.1:{port}", arguments=["--retries", 1])
        self.assertFalse(os.path.exists(self.file("out/conversations.json")))
        other = Models()
        self.addCleanup(other.close)
        self.annotate("--resume", models=other)
        self.assert_whole()
        # What the others were about to receive when one gave up may be lost.
        self.assertIn(len(other.chats), range(10, 10 + 4))
        # All is there now.
        other.requests.clear()
        self.annotate("--resume", models=other)
        self.assert_whole()
        self.assertEqual(other.requests, [])

    def test_a_killed_run_goes_on(self):
        videos = self.write("more.json", made_up(60))
        self.annotate(videos=videos, out="all")
        for stop in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(stop.name):
                out = stop.name
                self.models.requests.clear()
                self.models.first = [lambda *_: time.sleep(0.02)]
                process = subprocess.Popen(self.command("--connections", 2, out=out, videos=videos),
                                           env=self.environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                           text=True)
                while len(self.models.requests) < 30:
                    time.sleep(0.005)
                process.send_signal(stop)
                said = process.communicate(timeout=30)[1]
                self.assertEqual(process.returncode, -signal.SIGKILL if stop == signal.SIGKILL else 130)
                self.assertEqual("--resume goes on from here" in said, stop == signal.SIGINT)
                self.models.first = []
                with open(self.file(out + "/answers.jsonl"), encoding="utf-8") as file:
                    kept = len(file.readlines())
                # As if it had been killed while it wrote.
                with open(self.file(out + "/answers.jsonl"), "a", encoding="utf-8") as file:
                    file.write('{"id": "v_0')
                self.models.requests.clear()
                self.annotate("--resume", out=out, videos=videos)
                self.assertEqual(self.made(out), self.made("all"))
                # Of each connection one answer may be lost.
                self.assertGreaterEqual(kept, 30 - 2 - 2)
                self.assertEqual(len(self.models.chats), 60 - kept)

    def test_a_video_that_a_server_cannot_take(self):
        def refuse(handler, request):
            if not request.is_chat or request.captions[0][3] != first:
                return False
            body = json.dumps({"error": {"message": "context too \x1b[31m long"}}).encode()
            handler.send_response(400)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return True
        first = made_up(20)["v_0007"]["sentences"][0]
        self.models.first = [refuse]
        done = self.annotate()
        self.assertIn("--resume asks again about 1 videos", done.stdout)
        refused = [(video, what) for video, reason, what in self.rejected() if reason == "the server did not answer"]
        self.assertEqual([video for video, _ in refused], ["v_0007"])
        self.assertIn("400 (Bad Request): context too  [31m long", refused[0][1])
        self.models.first, self.models.requests = [], []
        self.annotate("--resume")
        self.assertEqual(len(self.models.chats), 1)
        self.assert_whole()

    def test_a_server_that_takes_nothing(self):
        self.misbehave(10**9, lambda handler: handler.refuse(400))
        self.fails("400", arguments=["--connections", 1])
        self.assertEqual(len(self.models.chats), 5)
        self.models.first, self.models.requests = [], []
        self.misbehave(10**9, lambda handler: handler.refuse(404))
        self.fails("404", "it is not there", arguments=["--connections", 1, "--resume"])
        self.assertEqual(len(self.models.chats), 1)
        self.misbehave(10**9, lambda handler: handler.refuse(502), chats=False)
        self.models.first.pop(0)
        self.fails("/embeddings", "502", arguments=["--resume", "--retries", 2])

    def test_vectors_of_another_width(self):
        def answer(handler, request):
            """By another model behind the same name."""
            if request.is_chat:
                return False
            data = [{"index": i, "embedding": vector_of(text)[:8]} for i, text in enumerate(request.json["input"])]
            handler.send_json({"data": data})
            return True
        # It is asked again: of several servers behind an address one may be another.
        self.models.first = [lambda handler, request: not self.kept_vectors() == 0 and once_wrong(handler, request)]
        once_wrong = once(1, answer)
        self.assertIn("a vector has 8 dimensions, others have 16", self.annotate("--connections", 1).stderr)
        self.assert_whole()
        # Where it stays so, nothing of it is kept.
        self.models.first = [lambda handler, request: not self.kept_vectors("out2") == 0 and answer(handler, request)]
        self.fails("8 dimensions", "without", "embeddings.jsonl", "--resume", out="out2",
                   arguments=["--connections", 1, "--retries", 1])
        self.models.first = []
        self.annotate("--resume", out="out2")
        self.assert_whole("out2")
        # One that was edited is named.
        journal = self.file("out2/embeddings.jsonl")
        with open(journal, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        lines.sort(key=lambda line: line["id"])
        vector = base64.b64encode(struct.pack("<8f", *[8 ** -0.5] * 8)).decode()
        changed = json.dumps({**lines[-1], "vector": vector})
        self.write("out2/embeddings.jsonl", "".join(json.dumps(line) + "\n" for line in lines[:-1]) + changed + "\n")
        self.fails("embeddings.jsonl", lines[-1]["id"], "8 dimensions", "--resume asks for it anew", out="out2",
                   arguments=["--resume"])
        self.write("out2/embeddings.jsonl", "".join(json.dumps(line) + "\n" for line in lines[:-1]))
        self.annotate("--resume", out="out2")
        self.assertEqual(self.records("out2"), self.records("whole"))

    def kept_vectors(self, out="out"):
        """How many the journal has."""
        try:
            with open(self.file(out + "/embeddings.jsonl"), encoding="utf-8") as file:
                return len(file.readlines())
        except FileNotFoundError:
            return 0

    def test_a_long_refusal_that_passes(self):
        self.misbehave(2, lambda handler: refuse_with(handler, 503, b"x" * (2 << 20)))
        self.assertIn("503", self.annotate().stderr)
        self.assert_whole()

    def test_a_budget_is_kept(self):
        self.fails("the budget of requests is spent", "--resume", arguments=["--max-requests", 7])
        self.assertEqual(len(self.models.requests), 7)
        runs = 1
        while not os.path.exists(self.file("out/report.json")):
            self.annotate("--resume", "--max-requests", 7, code=2 if runs * 7 + 7 < self.asked else 0)
            runs += 1
        self.assertEqual(len(self.models.requests), self.asked)
        self.assert_whole()
        # Retries are requests, too.
        self.models.requests.clear()
        self.misbehave(10**9, lambda handler: handler.refuse(503))
        self.fails("the budget", out="retried", arguments=["--max-requests", 4])
        self.assertEqual(len(self.models.requests), 4)

    def test_answers_to_other_questions_are_not_mixed(self):
        self.annotate()
        self.fails("answers.jsonl", "--resume")
        for arguments in (["--seed", 1], ["--questions", 4], ["--model", "other"], ["--temperature", 1]):
            self.fails("answers.jsonl", "other settings", arguments=["--resume", *arguments])
        self.fails("embeddings.jsonl", "other settings", arguments=["--resume", "--embedding-model", "other"])
        other = self.write("other.json", made_up(20, seed=2))
        self.fails("answers.jsonl", "other settings", arguments=["--resume"], videos=other)

    def test_two_at_a_time_are_refused(self):
        gate = threading.Event()
        self.models.first = [lambda *_: gate.wait(60) and False]
        with subprocess.Popen(self.command(), env=self.environment(), stderr=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL) as first:
            while not self.models.requests:
                time.sleep(0.01)
            self.fails("another process writes it", arguments=["--resume"])
            gate.set()
            self.assertEqual(first.wait(timeout=60), 0)
        self.assert_whole()

    def test_journals_that_were_edited(self):
        self.annotate()
        vectors = ([math.nan] * 16, [math.inf] * 16, [0.0] * 16, [1.0] * 16)
        edits = [("embeddings.jsonl", "vector", base64.b64encode(struct.pack("<16f", *vector)).decode())
                 for vector in vectors]
        for name, member, value in [*edits, ("embeddings.jsonl", "vector", "!"), ("answers.jsonl", "content", 7),
                                    ("answers.jsonl", "prompt_tokens", 2**63 - 1), ("answers.jsonl", "prompt_tokens", -1),
                                    ("embeddings.jsonl", "prompt_tokens", 2**63 - 1)]:
            with self.subTest(f"{name} {member} {value}"):
                with open(self.file("out/" + name), encoding="utf-8") as file:
                    content = file.read()
                lines = [json.dumps({**json.loads(line), member: value}) + "\n" for line in content.splitlines()]
                self.write("out/" + name, "".join(lines))
                self.fails(name, member, arguments=["--resume"])
                self.write("out/" + name, content)

    def test_vectors_of_any_length(self):
        for power in (150, -100):
            def answer(handler, request, power=power):
                if request.is_chat:
                    return False
                handler.send_json({"data": [{"embedding": [value * 10.0**power for value in vector_of(text)]}
                                            for text in request.json["input"]]})
                return True
            self.models.first = [answer]
            self.annotate(out=str(power))
            self.assertEqual(self.records(str(power)), self.records("whole"))

    def test_vectors_of_different_widths(self):
        sent = []

        def answer(handler, request):
            if request.is_chat:
                return False
            sent.append(len(sent))
            handler.send_json({"data": [{"index": i, "embedding": [1.0] * (2 + sent[-1])}
                                        for i in range(len(request.json["input"]))]})
            return True
        self.models.first = [answer]
        self.fails("dimensions, others have", arguments=["--connections", 1])

    def test_addresses(self):
        for wrong in ("http:///v1", "ftp://a/v1", "nothing"):
            done = self.annotate("--endpoint", wrong, out="wrong", code=2)
            self.assertIn("not an address of http or https", done.stderr)
        refused = self.annotate("--endpoint", "http://user:pa55@127.0.0.1:1/v1", "--retries", 0, "--connections", 1,
                                out="refused", code=2)
        self.assertNotIn("pa55", refused.stderr)
        for chats in (True, False):
            self.models.first = [lambda handler, request, chats=chats: request.is_chat == chats
                                 and (handler.send_json(b"<html>") or True)]
            done = self.fails("not valid JSON", out=f"html-{chats}", arguments=[
                "--retries", 0, "--endpoint", self.models.uri.replace("//", "//user:pa55@")])
            self.assertNotIn("pa55", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
