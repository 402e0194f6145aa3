# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers that tests make: what those of gvl-fetch and of gvl-annotate have in common."""

import http.server
import json
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def refuse(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_json(self, value, **headers):
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(200)
        for name, content in headers.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who breaks connections off is told nothing, and the tests do."""


def once(times, answer):
    """A function that may answer instead of a server: it does so many times."""
    left = [times]
    lock = threading.Lock()

    def function(handler, path):
        with lock:
            if left[0] == 0 or not answer(handler, path):
                return False
            left[0] -= 1
            return True

    return function
