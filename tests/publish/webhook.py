#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvlpublish to web servers that refuse, hang, break off, lead astray and never end."""

import base64
import socket
import ssl
import struct
import subprocess
import threading
import time
import unittest

from publish_case import *
from web import Handler, Server


class Hook(Server):
    """Takes events, unless the next of its misbehaviours comes first."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), HookHandler)
        self.taken, self.headers = [], []
        self.misbehaviours = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def uri(self):
        return "http://127.0.0.1:%d/hook?key=5ecret" % self.server_address[1]


class HookHandler(Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.headers.append(dict(self.headers))
        if self.server.misbehaviours:
            return self.server.misbehaviours.pop(0)(self, body)
        self.server.taken.append(body)
        self.refuse(204)


def answers(status, **headers):
    return lambda handler, _: handler.refuse(status, **headers)


def hangs(handler, _):
    time.sleep(3)
    handler.close_connection = True


def resets(handler, _):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def drips(text):
    """Says something now and then, without an end."""
    def drip(handler, _):
        handler.close_connection = True
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(200):
                handler.wfile.write(text)
                time.sleep(0.1)
        except OSError:
            pass
    return drip


def floods(handler, _):
    handler.close_connection = True
    try:
        handler.wfile.write(b"HTTP/1.1 500 Broken\r\n\r\n")
        for _ in range(200):
            handler.wfile.write(b"x" * 100000)
    except OSError:
        pass


def takes_and_resets(handler, body):
    """The event is there, and its acknowledgement is lost."""
    handler.server.taken.append(body)
    resets(handler, body)


def acknowledges_and_drips(handler, body):
    handler.server.taken.append(body)
    drips(b"Content-Length: 1000\r\n\r\n")(handler, body)


class Webhook(PublishCase):
    def setUp(self):
        super().setUp()
        self.hook = Hook()
        self.addCleanup(self.hook.server_close)
        self.addCleanup(self.hook.shutdown)

    def delivers_in_spite_of(self, *misbehaviours, said=(), **properties):
        self.hook.misbehaviours = list(misbehaviours)
        publishing = self.publish(self.hook.uri, **properties)
        publishing.give(*[event(number) for number in range(4)])
        publishing.end()
        self.assert_at_least_once(ids(self.hook.taken), range(4))
        for text in said:
            self.assertTrue(publishing.heard(text), publishing.said)
        self.assertNotIn("5ecret", str(publishing.said))
        return publishing

    def test_events_are_posted_in_order(self):
        publishing = self.publish(self.hook.uri)
        given = [event(number) for number in range(50)] + ['{"id":50,"text":"é 画"}']
        publishing.give(*given)
        publishing.end()
        self.assertEqual(self.hook.taken, given)
        self.assertEqual({headers["Content-Type"] for headers in self.hook.headers}, {"application/json"})
        self.assertNotIn("Authorization", self.hook.headers[0])

    def test_servers_that_fail(self):
        publishing = self.delivers_in_spite_of(answers(500), answers(503), said=["500"])
        self.assertEqual(publishing.stats()["retries"], 2)
        # A streak is told of once, and when it is over.
        self.assertEqual([kind for kind, *_ in publishing.said], ["warning", "info"])

    def test_servers_that_break_off(self):
        self.delivers_in_spite_of(resets, takes_and_resets, said=["/hook: "])
        self.assertEqual(len(self.hook.taken), 5)

    def test_servers_that_hang(self):
        self.delivers_in_spite_of(hangs, timeout=1, said=["/hook: "])

    def test_headers_without_an_end(self):
        self.delivers_in_spite_of(drips(b"X-Header: more\r\n"), drips(b"x"), timeout=1, said=["does not answer within 1 s"])

    def test_answers_without_an_end(self):
        self.delivers_in_spite_of(floods, timeout=1, said=["500"])
        # The event is taken before the rest comes.
        self.hook.taken.clear()
        publishing = self.delivers_in_spite_of(acknowledges_and_drips, timeout=1)
        self.assertEqual(publishing.stats()["retries"], 0)

    def test_servers_that_want_to_be_left_alone(self):
        began = time.monotonic()
        self.delivers_in_spite_of(answers(429, Retry_After="2"), said=["429"])
        self.assertGreater(time.monotonic() - began, 2)

    def test_servers_that_do_not_like_an_event(self):
        publishing = self.publish(self.hook.uri)
        for refused, status in enumerate((400, 413, 422)):
            self.hook.misbehaviours = [answers(status)]
            publishing.give(event(status))
            publishing.wait_stat("refused", refused + 1)
            publishing.give(event(0))
            publishing.wait_stat("delivered", refused + 1)
        publishing.end()
        self.assertEqual(ids(self.hook.taken), [0, 0, 0])
        self.assertEqual(publishing.stats()["refused"], 3)
        self.assertTrue(publishing.heard("422"))
        self.assertTrue(publishing.heard("given up"))

    def test_nobody_is_led_elsewhere(self):
        elsewhere = Hook()
        self.addCleanup(elsewhere.server_close)
        self.addCleanup(elsewhere.shutdown)
        self.delivers_in_spite_of(answers(307, Location=elsewhere.uri), said=["it is another address"])
        self.assertEqual(elsewhere.taken, [])

    def test_a_server_that_is_down(self):
        address, uri = self.hook.server_address, self.hook.uri
        self.hook.shutdown()
        self.hook.server_close()
        publishing = self.publish(uri)
        publishing.give(event(0), event(1))
        publishing.wait_heard("Connection refused")
        publishing.wait_stat("waiting", 2)

        class Late(Hook):
            def __init__(self):
                Server.__init__(self, address, HookHandler)
                self.taken, self.headers, self.misbehaviours = [], [], []
                threading.Thread(target=self.serve_forever, daemon=True).start()

        late = Late()
        self.addCleanup(late.server_close)
        self.addCleanup(late.shutdown)
        publishing.end()
        self.assertEqual(ids(late.taken), [0, 1])

    def test_going_to_ready_waits_for_no_server(self):
        self.hook.misbehaviours = [hangs]
        publishing = self.publish(self.hook.uri, spool_location=self.file("spool"))
        publishing.give(event(0))
        wait_for(lambda: self.hook.headers, "a request")
        began = time.monotonic()
        publishing.stop()
        self.assertLess(time.monotonic() - began, 2)
        self.assertTrue(publishing.heard("1 event could not be delivered"), publishing.said)

    def test_the_end_waits_no_longer_than_it_may(self):
        self.hook.misbehaviours = [hangs]
        publishing = self.publish(self.hook.uri, drain_timeout=Gst.SECOND // 2)
        publishing.give(event(0))
        took = publishing.end()
        self.assertGreater(took, 0.4)
        self.assertLess(took, 2.5)

    def test_a_stream_never_waits_for_a_server(self):
        """While one hangs, all that comes is taken."""
        self.hook.misbehaviours = [hangs]
        publishing = self.publish(self.hook.uri)
        publishing.give(event(0))
        wait_for(lambda: self.hook.headers, "a request")
        publishing.give(*[event(number) for number in range(1, 500)])
        publishing.wait_stat("received", 500)
        self.assertEqual(self.hook.taken, [])

    def test_credentials(self):
        def authorization(**properties):
            self.hook.headers.clear()
            publishing = self.publish(self.hook.uri, **properties)
            publishing.give(event(0))
            publishing.end()
            return self.hook.headers[0].get("Authorization")

        with open(self.file("token"), "w") as file:
            file.write("[credentials]\ntoken = t0ken\n")
        with open(self.file("user"), "w") as file:
            file.write("[credentials]\nuser = anna\npassword = pä55\n")
        basic = "Basic " + base64.b64encode("anna:pä55".encode()).decode()
        self.assertEqual(authorization(credentials_file=self.file("token")), "Bearer t0ken")
        self.assertEqual(authorization(credentials_file=self.file("user")), basic)
        os.environ["GVL_PUBLISH_TOKEN"] = "0ther"
        self.assertEqual(authorization(), "Bearer 0ther")

    def test_who_is_not_let_in_keeps_the_events(self):
        os.environ["GVL_PUBLISH_TOKEN"] = "t0ken"
        publishing = self.delivers_in_spite_of(answers(401), said=["401", "the variable GVL_PUBLISH_TOKEN is not enough"])
        self.assertNotIn("t0ken", str(publishing.said))

    def test_certificates(self):
        key, certificate = self.file("key.pem"), self.file("certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.hook.socket = context.wrap_socket(self.hook.socket, server_side=True)
        uri = self.hook.uri.replace("http:", "https:")
        stranger = self.publish(uri, drain_timeout=0)
        stranger.give(event(0))
        stranger.wait_heard("certificate")
        self.assertEqual(self.hook.taken, [])
        stranger.stop()
        publishing = self.publish(uri, ca_file=certificate)
        publishing.give(event(1))
        publishing.end()
        self.assertEqual(ids(self.hook.taken), [1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
