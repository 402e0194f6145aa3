#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-annotate and what a language model answers: good questions, bad ones, and answers that are none."""

import collections
import json
import re
import socket
import unittest

from annotate_case import Annotating, made_up, says
from models import answer_of, questions_about

NONE = "the answer is not what was asked for"


class Answers(Annotating):
    def fail_now_and_then(self, handler, request):
        """One request in nine fails, each in another way."""
        number = len(self.models.requests)
        if number % 9:
            return False
        way = number // 9 % 5
        if way == 4:
            handler.send_json(b'{"choices": [{"mess')
        elif way == 3:
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        else:
            handler.refuse((429, 500, 503)[way], Retry_After="0")
        return True

    def test_records_are_what_the_model_said(self):
        videos = made_up(20)
        self.annotate()
        captions = sum(len(video["sentences"]) for video in videos.values())
        report = self.report()
        self.assertEqual(report["videos"], 20)
        self.assertEqual(report["questions"], captions)
        self.assertEqual(report["records"] + sum(report["rejected"].values()), captions)
        self.assertGreater(report["records"], captions / 2)
        answers = {text.rstrip(".") for video in videos.values() for text in video["sentences"]}
        for record in self.records():
            video = videos[record["video_id"]]
            self.assertEqual((record["video_file"], record["dataset_name"]),
                             (record["video_id"] + ".mp4", "activitynet-captions"))
            choice, right, when, time = (turn["value"] for turn in record["conversation"])
            options = dict(re.findall(r"^\(([A-E])\) (.*)$", choice, re.M))
            self.assertEqual("".join(options), "ABCDE")
            self.assertEqual(len(set(options.values())), 5)
            self.assertLessEqual(set(options.values()), answers)
            letter, text = re.fullmatch(r"Answer: \((.)\) (.*)", right).groups()
            self.assertEqual(options[letter], text)
            place = video["sentences"].index(text + ".")
            start, stop = map(float, re.fullmatch(r"From <([\d.]+)> to <([\d.]+)>\.", time).groups())
            self.assertIn([start, stop], [[round(time, 2) for time in times] for times in video["timestamps"]])
            self.assertIn(f"scene {place + 1} " if video["sentences"].count(text + ".") == 1 else "scene", choice)
            self.assertIn("<timestamp_grounding>", when)
        self.assertEqual(len({record["question_id"] for record in self.records()}), len(self.records()))

    def test_requests_ask_for_the_form(self):
        self.annotate("--temperature", 0.5, "--seed", 9, "--questions", 3, "--max-answer-tokens", 700)
        for request in self.models.chats:
            self.assertEqual(request.json["response_format"]["type"], "json_schema")
            self.assertEqual([request.json[name] for name in ("model", "temperature", "seed", "max_tokens")],
                             ["talker", 0.5, 9, 700])
            self.assertIn("up to 3 questions", request.json["messages"][1]["content"])
            self.assertNotIn("Authorization", request.headers)
        texts = collections.Counter(text for request in self.models.requests if not request.is_chat
                                    for text in request.json["input"])
        self.assertEqual(set(texts.values()), {1})
        self.annotate("--no-schema", out="plain")
        self.assertNotIn("response_format", self.models.chats[-1].json)

    def test_five_hundred_videos_are_reproducible(self):
        videos = self.write("many.json", made_up(500))
        self.annotate("--connections", 8, videos=videos)
        self.assertEqual(len(self.models.chats), 500)
        self.assertGreater(self.report()["records"], 500)
        self.models.first, self.models.requests, self.models.most_busy = [self.fail_now_and_then], [], 0
        done = self.annotate("--connections", 3, videos=videos, out="again")
        self.assertEqual(self.made("again"), self.made())
        self.assertGreater(done.stderr.count("again in"), 50)
        self.assertLessEqual(self.models.most_busy, 3)
        self.models.first = []
        self.annotate("--seed", 1, videos=videos, out="other")
        self.assertNotEqual(self.made("other")["conversations.json"], self.made()["conversations.json"])

    def test_answers_that_are_none_are_asked_for_again(self):
        good = {"questions": []}
        bad = (("malformed", "stop", '{"questions": [', "ends early"), ("prose", "stop", "Here are some questions:", ""),
               ("wrong schema", "stop", '{"items": []}', "items"), ("another type", "stop", '{"questions": {}}', "array"),
               ("a fence", "stop", "```json\n{}\n```", ""), ("missing", "stop", '{"questions": [{"question": "Q"}]}', "answer"),
               ("not a number", "stop", '{"questions": [{"start": NaN}]}', ""), ("nothing", "stop", "", "empty"),
               ("truncated", "length", '{"questions": []}', "cut off"), ("filtered", "content_filter", "{}", "ended"))
        for name, finish, content, fault in bad:
            with self.subTest(name):
                def answer(handler, request, finish=finish, content=content):
                    return request.is_chat and not request.is_again and says(handler, content, finish)
                self.models.first, self.models.requests = [answer], []
                self.annotate(out=name)
                self.assertEqual(len(self.models.chats), 40)
                last = self.models.chats[-1].json
                self.assertIn(fault, last["messages"][-1]["content"])
                self.assertEqual(last["seed"], 1)
                self.assertEqual(self.report(name)["questions"], self.report(bad[0][0])["questions"])
        self.assertGreater(self.report(bad[0][0])["questions"], 20)
        self.models.first = [lambda handler, request: request.is_chat and says(handler, good)]
        self.annotate(out="empty")
        self.assertEqual(self.report("empty")["records"], 0)

    def test_what_stays_wrong_is_rejected_with_its_reason(self):
        def answer(handler, request):
            return request.is_chat and request.captions[0][3].startswith("A man") and says(handler, "{", "stop")
        self.models.first = [answer]
        self.annotate("--attempts", 3)
        men = [name for name, video in made_up(20).items() if video["sentences"][0].startswith("A man")]
        self.assertTrue(men)
        found = [(video, what) for video, reason, what in self.rejected() if reason == NONE]
        self.assertEqual([video for video, _ in found], men)
        for _, what in found:
            self.assertIn("the text ends early", what)
        self.assertEqual(len(self.models.chats), 20 + 2 * len(men))
        self.assertEqual(self.report()["rejected"][NONE], len(men))

    def test_faults_of_questions(self):
        def asked(request):
            number, start, stop, text = request.captions[0]
            good = questions_about([request.captions[0]])[0]
            return [good, {**good, "question": good["question"].upper()}, {**good, "question": "Then what?"},
                    {**good, "question": "Q1?", "stop": 1e9}, {**good, "question": "Q2?", "start": -1},
                    {**good, "question": "Q3?", "captions": []}, {**good, "question": "Q4?", "captions": [999]},
                    {**good, "question": "Is it so that " + text + "?"}, {**good, "question": "<image> What?"},
                    {**good, "question": "Q5?", "answer": "no"}, {**good, "question": "Q6?", "answer": ""},
                    {**good, "question": "What is there at 5 seconds?"},
                    {**good, "question": "Q7?", "start": stop + 1, "stop": stop + 2},
                    {**good, "question": "Q8?", "start": stop, "stop": start}]
        self.models.asked = asked
        self.annotate("--questions", 50)
        counts = self.report()["rejected"]
        counts.pop("there are too few wrong options", None)
        self.assertEqual(counts, {reason: 20 * times for reason, times in {
            "the question was asked before": 1, "the answer and its interval were given before": 1,
            "the interval leaves the video": 2, "no captions are named": 1, "a caption is named that is not there": 1,
            "the question has the answer in it": 1, "the question has angle brackets": 1,
            "the answer is yes or no": 1, "the answer is empty": 1, "the question says a time": 1,
            "the interval does not touch a caption that is named": 1, "the interval has no length": 1}.items()})
        self.assertEqual(self.report()["questions"], 20)

    def test_equal_answers_are_no_five_options(self):
        self.models.asked = lambda request: [{**question, "answer": "a thing"}
                                             for question in questions_about(request.captions)]
        self.annotate()
        self.assertEqual(self.records(), [])
        self.assertEqual(set(self.report()["rejected"]), {"there are too few wrong options"})

    def test_tokens_are_counted(self):
        self.models.first = [lambda handler, request: request.is_chat and not request.is_again and
                             (handler.send_json(answer_of("", tokens=(7, 3))) or True)]
        done = self.annotate()
        report = self.report()
        self.assertEqual((report["prompt_tokens"], report["completion_tokens"]), (20 * 107, 20 * 23))
        texts = sum(len(request.json["input"]) for request in self.models.requests if not request.is_chat)
        self.assertEqual(report["embedding_tokens"], 5 * texts)
        self.assertIn(f"{len(self.models.requests)} requests in this run", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
