# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server with OpenAI's interface, whose models answer by a rule: the same question has the same answer. What it does
wrong is set by a test."""

import hashlib
import json
import re
import threading

import web

WIDTH = 16


def questions_about(captions):
    """A question about each caption, (number, start, stop, text), as a good model would write it."""
    return [{"question": f"What is shown in scene {number} of the story about {words(text)[1]}s?",
             "answer": text.rstrip("."), "start": start, "stop": stop, "captions": [number]}
            for number, start, stop, text in captions]


def words(text):
    return re.findall(r"\w+", text.lower())


def vector_of(text):
    """Texts with common words are alike; all are a little."""
    vector = [0.35] * WIDTH
    for word in words(text):
        digest = hashlib.sha256(word.encode()).digest()
        for i in range(WIDTH):
            vector[i] += digest[i] / 255 - 0.5
    return vector


def answer_of(content, finish="stop", tokens=(100, 20)):
    """What the interface answers where a model says `content`."""
    return {"object": "chat.completion", "model": "talker",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}],
            "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}}


class Request:
    """What is asked of a model."""

    def __init__(self, handler):
        self.path, self.headers = handler.path, dict(handler.headers)
        self.json = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))

    @property
    def is_chat(self):
        return self.path.endswith("/chat/completions")

    @property
    def captions(self):
        """(number, start, stop, text) of each, of a question for the language model."""
        told = re.findall(r"^(\d+)\. ([\d.]+) to ([\d.]+): (.*)$", self.json["messages"][1]["content"], re.M)
        return [(int(number), float(start), float(stop), text) for number, start, stop, text in told]

    @property
    def is_again(self):
        """Whether it was told what was wrong."""
        return "cannot be used" in self.json["messages"][-1]["content"]


class Handler(web.Handler):
    def do_POST(self):
        models = self.server.models
        request = Request(self)
        with models.lock:
            models.requests.append(request)
            models.busy.add(request)
            models.most_busy = max(models.most_busy, len(models.busy))
        self.request_in_work = request
        try:
            self.answer(models, request)
        finally:
            self.finish()

    def send_response(self, *arguments):
        # Who has the answer may ask again at once.
        self.finish()
        super().send_response(*arguments)

    def finish(self):
        with self.server.models.lock:
            self.server.models.busy.discard(self.request_in_work)

    def answer(self, models, request):
        if any(function(self, request) for function in list(models.first)):
            return
        if models.token and self.headers.get("Authorization") != "Bearer " + models.token:
            return self.refuse(401)
        if request.path == "/v1/chat/completions":
            return self.send_json(answer_of(json.dumps({"questions": models.asked(request)})))
        if request.path == "/v1/embeddings":
            data = [{"object": "embedding", "index": index, "embedding": vector_of(text)}
                    for index, text in enumerate(request.json["input"])]
            return self.send_json({"object": "list", "data": data, "usage": {"prompt_tokens": 5 * len(data)}})
        self.refuse(404)


class Models:
    """The server. `first`: functions of handler and request, which may answer instead of it."""

    def __init__(self, port=0):
        self.token, self.first, self.requests = None, [], []
        self.busy, self.most_busy = set(), 0  # requests at a time
        self.asked = lambda request: questions_about(request.captions)
        self.lock = threading.Lock()
        self.server = web.Server(("127.0.0.1", port), Handler)
        self.server.models = self
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    @property
    def chats(self):
        return [request for request in self.requests if request.is_chat]
