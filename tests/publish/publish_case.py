# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of gvlpublish share: an element in a pipeline of this process that is given events one by one."""

import json
import os
import shutil
import socket
import sys
import tempfile
import time
import unittest

try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
except (ImportError, ValueError):
    print("Debian's python3-gst-1.0 is not installed")
    sys.exit(77)

Gst.init(None)


def event(number, filling=0):
    """A line as the pad events has it."""
    return json.dumps({"id": number, "state": "closed", "query": "a ball", "text": "x" * filling})


def ids(lines):
    return [json.loads(line)["id"] for line in lines]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(condition, what, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("not within %d s: %s" % (seconds, what))
        time.sleep(0.01)


class Publishing:
    """A running gvlpublish."""

    def __init__(self, uri, **properties):
        self.pipeline = Gst.parse_launch("appsrc name=source caps=application/x-json format=time ! gvlpublish name=publish")
        self.source, self.element = (self.pipeline.get_by_name(name) for name in ("source", "publish"))
        self.element.set_property("uri", uri)
        for name, value in {"drain_timeout": 60 * Gst.SECOND, **properties}.items():
            self.element.set_property(name.replace("_", "-"), value)
        self.said = []  # (type of message, text, its details)
        self.ended = False

    def play(self):
        if self.pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            self.hear()
            return False
        return True

    def give(self, *lines):
        for line in lines:
            self.source.emit("push-buffer", Gst.Buffer.new_wrapped(line.encode() if isinstance(line, str) else line))

    def hear(self):
        bus = self.pipeline.get_bus()
        while message := bus.pop():
            if message.type == Gst.MessageType.EOS:
                self.ended = True
            elif message.type in (Gst.MessageType.WARNING, Gst.MessageType.ERROR, Gst.MessageType.INFO):
                parse = {Gst.MessageType.WARNING: message.parse_warning, Gst.MessageType.ERROR: message.parse_error,
                         Gst.MessageType.INFO: message.parse_info}[message.type]
                details = message.parse_warning_details() if message.type == Gst.MessageType.WARNING else None
                self.said.append((message.type.first_value_nick, parse()[0].message,
                                  details.to_string() if details else ""))

    def heard(self, text, kind="warning"):
        self.hear()
        return any(text in said[1] and said[0] == kind for said in self.said)

    def wait_heard(self, text, kind="warning"):
        wait_for(lambda: self.heard(text, kind), "%s: %s; said: %s" % (kind, text, self.said))

    def stats(self):
        stats = self.element.get_property("stats")
        return {stats.nth_field_name(i): stats.get_value(stats.nth_field_name(i)) for i in range(stats.n_fields())}

    def wait_stat(self, name, value):
        wait_for(lambda: self.stats()[name] == value, "%s=%s: %s, said: %s" % (name, value, self.stats(), self.said))

    def end(self, seconds=60):
        """EOS, and how long it took to be posted."""
        began = time.monotonic()
        self.source.emit("end-of-stream")

        def ended():
            self.hear()
            return self.ended

        wait_for(ended, "EOS; stats: %s, said: %s" % (self.stats(), self.said), seconds)
        return time.monotonic() - began

    def stop(self):
        # A bus forgets what was said when its pipeline goes to NULL.
        self.pipeline.set_state(Gst.State.READY)
        self.hear()
        self.pipeline.set_state(Gst.State.NULL)


class PublishCase(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="gvl-publish-")
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        for name in [name for name in os.environ if name.startswith("GVL_PUBLISH_") or name.lower().endswith("_proxy")]:
            del os.environ[name]

    def file(self, name):
        return os.path.join(self.work, name)

    def publish(self, uri, **properties):
        publishing = Publishing(uri, **properties)
        self.addCleanup(publishing.stop)
        self.assertTrue(publishing.play(), publishing.said)
        return publishing

    def refuses(self, uri, *parts, **properties):
        """It does not start, and one error says why."""
        publishing = Publishing(uri, **properties)
        self.addCleanup(publishing.stop)
        self.assertFalse(publishing.play(), "it starts")
        errors = [text for kind, text, _ in publishing.said if kind == "error"]
        self.assertEqual(len(errors), 1, publishing.said)
        for part in parts:
            self.assertIn(part, errors[0])
        return errors[0]

    def assert_at_least_once(self, found, expected):
        """In order, as they come first."""
        self.assertEqual(list(dict.fromkeys(found)), list(expected))
