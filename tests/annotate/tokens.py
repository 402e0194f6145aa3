#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-annotate's tokens and other secrets: who is told them, and that nobody else is."""

import json
import os
import unittest

from annotate_case import Compared, refuse_with
from models import Models, questions_about


class Tokens(Compared):
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

    def test_secrets_of_addresses_and_short_tokens_are_not_told_in_part(self):
        secrets = ("sk-short", "pass-word", "key-of-mine")
        address = self.models.uri.replace("//", "//me:pass-word@") + "/?key=key-of-mine&v=1#part"
        options = ["--endpoint", address, "--retries", 0]
        number = 0
        for before in ("busy ", "x" * 190, "x" * 195):  # what is quoted is cut somewhere there
            for secret in secrets:
                message, number = {"error": {"message": before + secret}}, number + 1
                self.models.first = [lambda handler, _, message=message: handler.send_json(message) or True]
                done = self.fails(arguments=options, out=f"failing-{number}", OPENAI_API_KEY="sk-short")
                self.assertIn(before[:5], done.stderr)
                for part in ("sk-", "pas", "key"):
                    self.assertNotIn(part, done.stderr + done.stdout)

    def test_addresses_with_a_query(self):
        paths = []

        def strip(handler, request):
            paths.append(request.path)
            request.path = request.path.split("?")[0]
            return False
        self.models.first = [strip]
        self.annotate("--endpoint", self.models.uri + "/?api-version=2026-01&x=y#part")
        self.assert_whole()
        self.assertEqual(set(paths), {"/v1/chat/completions?api-version=2026-01&x=y",
                                      "/v1/embeddings?api-version=2026-01&x=y"})

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
