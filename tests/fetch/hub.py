# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server with the interface of Hugging Face's, as far as gvl-fetch uses it, and a second one that it redirects to, as
large files are. What it does wrong is set by a test."""

import hashlib
import json
import os
import socket
import threading
import time
import urllib.parse

import web

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 100_000  # bytes, from which on a file is listed by its SHA-256 and lies on the other server


def git_sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry_of(path, content):
    entry = {"type": "file", "path": path, "size": len(content), "oid": git_sha1(content)}
    if len(content) >= LARGE:
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return entry


def contents_of(folder):
    """The content of each file in a folder, by its path."""
    contents = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                contents[os.path.relpath(path, folder)] = file.read()
    return contents


class Handler(web.Handler):
    def do_GET(self):
        hub = self.server.hub
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        hub.note(self, path)
        # A proxy is asked for whole addresses.
        if hub.answers_first(self, path):
            return
        if self.server is hub.large:
            return self.send_file(hub, path[1:])
        if hub.token and self.headers.get("Authorization") != "Bearer " + hub.token:
            return self.refuse(401)
        if path == f"/api/models/{hub.name}/revision/main":
            return self.send_json({"sha": COMMIT})
        if path == f"/api/models/{hub.name}/tree/{COMMIT}":
            return self.send_page(hub, urllib.parse.parse_qs(url.query))
        resolve = f"/{hub.name}/resolve/{COMMIT}/"
        if not path.startswith(resolve) or path[len(resolve):] not in hub.contents:
            return self.refuse(404)
        path = path[len(resolve):]
        if len(hub.contents[path]) < LARGE:
            return self.send_file(hub, path)
        self.refuse(302, Location=hub.uri_of(hub.large) + "/" + path + "?signature=secret")

    def send_page(self, hub, query):
        """Some files at a time, as the hub does."""
        start = int(query.get("cursor", ["0"])[0])
        page = hub.listing[start:start + hub.page]
        more = start + hub.page < len(hub.listing)
        link = {"Link": f'<{hub.uri}/api/models/{hub.name}/tree/{COMMIT}?recursive=true&cursor={start + hub.page}>; '
                        'rel="next"'} if more else {}
        self.send_json(page, **link)

    def send_file(self, hub, path):
        content = hub.sent.get(path, hub.contents[path])
        asked = self.headers.get("Range")
        start, stop = 0, len(content)
        if asked and hub.has_ranges:
            first, last = asked[len("bytes="):].split("-")
            start, stop = int(first), min(int(last) + 1, len(content))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        hub.send(self, path, content[start:stop])


class Hub:
    """The two servers and what they hold: `contents` by path, `listing` of them, what is `sent` instead."""

    def __init__(self, contents, name="WHB139426/Grounded-Video-LLM"):
        self.name, self.contents, self.sent = name, dict(contents), {}
        self.listing = [entry_of(path, content) for path, content in sorted(contents.items())]
        self.listing.insert(0, {"type": "directory", "path": "ckpt", "size": 0, "oid": "0" * 40})
        self.page, self.has_ranges, self.token = 1000, True, None
        self.first = []         # functions of handler and path, which may answer instead of it
        self.breaks_after = []  # bytes of the next files' bodies, behind which the connection breaks
        self.slow = 0           # seconds behind each block
        self.fast = set()       # files for which that does not hold
        self.requests, self.bytes_sent = [], 0
        self.lock = threading.Lock()
        self.main, self.large = (web.Server(("127.0.0.1", 0), Handler) for _ in range(2))
        for server in (self.main, self.large):
            server.hub = self
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self):
        for server in (self.main, self.large):
            server.shutdown()
            server.server_close()

    @staticmethod
    def uri_of(server):
        return f"http://127.0.0.1:{server.server_address[1]}"

    @property
    def uri(self):
        return self.uri_of(self.main)

    def entry(self, ending):
        """The listed file whose path ends so."""
        return next(entry for entry in self.listing if entry["path"].endswith(ending))

    def note(self, handler, path):
        with self.lock:
            self.requests.append((handler.server is self.large, path, dict(handler.headers), handler.client_address))

    def answers_first(self, handler, path):
        with self.lock:
            functions = list(self.first)
        return any(function(handler, path) for function in functions)

    def send(self, handler, path, body):
        block = 1 << 14
        with self.lock:
            broken = self.breaks_after.pop(0) if self.breaks_after else None
        for start in range(0, len(body), block):
            part = body[start:start + block]
            if broken is not None and start + len(part) > broken:
                handler.wfile.write(part[:broken - start])
                handler.wfile.flush()
                handler.connection.shutdown(socket.SHUT_RDWR)
                handler.close_connection = True
                return
            handler.wfile.write(part)
            with self.lock:
                self.bytes_sent += len(part)
            time.sleep(0 if path in self.fast else self.slow)
