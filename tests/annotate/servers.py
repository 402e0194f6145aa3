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

from annotate_case import Annotating, made_up
from models import Models, questions_about, vector_of
from web import once


def refuse_with(handler, status, body):
    """It is refused with an answer that says why."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


class Servers(Annotating):
    def setUp(self):
        super().setUp()
        self.annotate(out="whole")
        self.asked = len(self.models.requests)
        self.models.requests.clear()

    def assert_whole(self, out="out"):
        """What was made is what a server without fault makes."""
        self.assertEqual(self.made(out), self.made("whole"))

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

    def test_an_answer_that_does_not_end(self):
        dripped = []

        def drip(handler, request):
            with self.models.lock:
                dripped.append(request)
                if len(dripped) > 1:
                    return False
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            while True:  # until nobody listens
                handler.wfile.write(b"1\r\n \r\n")
                time.sleep(0.2)
        self.models.first = [drip]
        self.assertIn("the answer does not end; again in", self.annotate("--timeout", 1).stderr)
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

    def test_tokens(self):
        self.models.token = "sk-secret"
        self.fails("401", "a token is wanted, in the variable OPENAI_API_KEY", out="a")
        self.fails("the token in the variable OPENAI_API_KEY is not enough", out="b", OPENAI_API_KEY="sk-wrong")
        self.annotate(OPENAI_API_KEY="sk-secret\n")
        self.assert_whole()
        token = self.write("token", "sk-secret\r\n")
        self.annotate("--token-file", token, out="from-file", OPENAI_API_KEY="sk-wrong")
        self.assert_whole("from-file")
        self.assertIn("OPENAI_API_KEY: not a token", self.annotate(out="c", code=1, OPENAI_API_KEY="a b").stderr)
        empty = self.write("empty", "\n")
        self.assertIn("empty: has no token", self.annotate("--token-file", empty, out="c", code=1).stderr)
        self.assertIn("none", self.annotate("--token-file", self.file("none"), out="c", code=1).stderr)

    def test_tokens_are_never_told(self):
        def echo(handler, request):
            body = json.dumps({"error": {"message": "no such key: " + request.headers["Authorization"]}}).encode()
            handler.send_response(401)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return True
        self.models.first = [lambda handler, request: handler.send_json(
            {"error": {"message": "busy with " + request.headers["Authorization"]}}) or True]
        done = self.fails("busy with Bearer ...", arguments=["--retries", 1], out="failing", OPENAI_API_KEY="sk-secret")
        self.assertNotIn("sk-secret", done.stderr + done.stdout)
        self.models.first = [echo]
        done = self.fails("no such key: Bearer ...", OPENAI_API_KEY="sk-secret")
        self.assertNotIn("sk-secret", done.stderr + done.stdout)
        # Another server is told nothing, unless it has a token of its own.
        other = Models()
        self.addCleanup(other.close)
        self.models.first = [lambda handler, request: not request.is_chat and (handler.refuse(500) or True)]
        self.annotate("--embedding-endpoint", other.uri, "--resume", OPENAI_API_KEY="sk-secret")
        self.assert_whole()
        for request in other.requests:
            self.assertNotIn("Authorization", request.headers)
        other.token = "sk-other"
        self.fails("a token is wanted, in --embedding-token-file", out="none", OPENAI_API_KEY="sk-secret",
                   arguments=["--embedding-endpoint", other.uri])
        self.annotate("--embedding-endpoint", other.uri, "--embedding-token-file", self.write("token", "sk-other"),
                      out="own", OPENAI_API_KEY="sk-secret")
        self.assert_whole("own")
        self.models.first = [lambda handler, request: handler.refuse(307, Location=other.uri) or True]
        other.requests.clear()
        self.fails("307", "it is another address", out="elsewhere", OPENAI_API_KEY="sk-secret")
        self.assertEqual(other.requests, [])
        for folder, _, names in os.walk(self.work):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.assertNotIn("sk-secret", file.read(), name)

    def test_tokens_are_not_told_in_part(self):
        token = "sk-" + "secret" * 4

        def refuse(handler, request):
            return refuse_with(handler, 401, json.dumps({"error": {"message": "x" * 285 + token}}).encode())
        self.models.first = [refuse]
        done = self.fails("x" * 285 + "...", out="refused", OPENAI_API_KEY=token)
        self.assertNotIn("sk-s", done.stderr + done.stdout)
        self.models.first = [lambda handler, _: handler.send_json({"error": {"message": "x" * 190 + token}}) or True]
        done = self.fails("x" * 190 + "...", arguments=["--retries", 0], out="failing", OPENAI_API_KEY=token)
        self.assertNotIn("sk-s", done.stderr + done.stdout)

    def test_tokens_that_a_model_says(self):
        token = "sk-" + "secret" * 4
        self.models.asked = lambda request: [{**question, "answer": token + " " + question["answer"]}
                                             for question in questions_about(request.captions)]
        self.annotate(OPENAI_API_KEY=token)
        self.assertGreater(self.report()["questions"], 0)
        for name in os.listdir(self.file("out")):
            with open(self.file("out/" + name), encoding="utf-8") as file:
                self.assertNotIn("secret", file.read(), name)
        self.assertNotIn("secret", json.dumps([request.json for request in self.models.requests]))

    def test_a_token_that_is_the_mark_of_one(self):
        self.models.first = [lambda handler, _: handler.send_json({"error": {"message": "none like ..."}}) or True]
        for token in ("...", "."):
            self.fails("none like", arguments=["--retries", 0], out=token * 3 + "out", OPENAI_API_KEY=token)

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
