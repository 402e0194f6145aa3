#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvlpublish to Debian's mosquitto, which is killed, restarted and particular; and to one that knows no MQTT 5."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from publish_case import *

MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
if not MOSQUITTO or not shutil.which("mosquitto_sub"):
    print("Debian's mosquitto and mosquitto-clients are not installed")
    sys.exit(77)

TOPIC = "studio/events"


def answers_at(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """mosquitto on a port of its own, with what it knows on disk."""

    def __init__(self, folder, *settings):
        self.port, self.folder, self.process = free_port(), folder, None
        self.configuration = os.path.join(folder, "mosquitto.conf")
        with open(self.configuration, "w") as file:
            file.write("\n".join(["listener %d 127.0.0.1" % self.port, "persistence true", "autosave_interval 1",
                                  "autosave_on_changes true", "persistence_location %s/" % folder, "user root",
                                  *(settings or ("allow_anonymous true",))]) + "\n")
        self.start()

    def start(self):
        with open(os.path.join(self.folder, "broker.log"), "a") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-v", "-c", self.configuration], stdout=log, stderr=log)
        wait_for(lambda: answers_at(self.port), "the broker listens")

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()

    def uri(self, topic=TOPIC, scheme="mqtt"):
        return "%s://127.0.0.1:%d/%s" % (scheme, self.port, topic)


class Subscriber:
    """mosquitto_sub, for which a broker keeps what it misses."""

    def __init__(self, broker, *options):
        self.path = os.path.join(broker.folder, "subscriber.log")
        self.command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-c", "-i", "subscriber", "-t",
                        TOPIC, *options]
        # Once, so that the broker knows it before the first event.
        subprocess.run([*self.command, "-E"], check=True, timeout=60)
        self.log = open(self.path, "w")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=subprocess.DEVNULL)

    def ids(self):
        with open(self.path) as file:
            return ids(line for line in file if line.endswith("\n"))  # the last one may be half written

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Brokers(PublishCase):
    def broker(self, *settings):
        broker = Broker(self.work, *settings)
        self.addCleanup(lambda: broker.kill())
        return broker

    def subscriber(self, broker, *options):
        subscriber = Subscriber(broker, *options)
        self.addCleanup(subscriber.close)
        return subscriber

    def test_events_come_in_order(self):
        broker = self.broker()
        subscriber = self.subscriber(broker)
        publishing = self.publish(broker.uri())
        publishing.give(*[event(number, number * 10) for number in range(200)])
        publishing.end()
        self.assertEqual(publishing.said, [])
        wait_for(lambda: len(subscriber.ids()) == 200, "all events")
        self.assertEqual(subscriber.ids(), list(range(200)))

    def dies_in_the_middle(self, how):
        broker = self.broker()
        subscriber = self.subscriber(broker)
        publishing = self.publish(broker.uri(), spool_location=self.file("spool"))
        publishing.give(*[event(number) for number in range(100)])
        wait_for(lambda: len(subscriber.ids()) >= 20, "some events")
        broker.kill(how)
        publishing.give(*[event(number) for number in range(100, 200)])
        publishing.wait_stat("received", 200)
        wait_for(lambda: publishing.stats()["retries"] >= 1 or publishing.stats()["waiting"] == 0, "a failure")
        publishing.wait_heard("events are kept")
        stats = publishing.stats()
        self.assertEqual(stats["delivered"] + stats["waiting"], 200)
        self.assertFalse(stats["reachable"])
        broker.start()
        publishing.give(*[event(number) for number in range(200, 300)])
        publishing.end()
        self.assertTrue(publishing.heard("delivered again", "info"))
        self.assertEqual(publishing.stats()["delivered"], 300)
        self.assertEqual(publishing.stats()["dropped"], 0)
        wait_for(lambda: 299 in subscriber.ids(), "the last event")
        self.assert_at_least_once(subscriber.ids(), range(300))

    def test_a_broker_that_is_restarted(self):
        self.dies_in_the_middle(signal.SIGTERM)

    def test_a_broker_that_is_killed(self):
        self.dies_in_the_middle(signal.SIGKILL)

    def test_a_broker_that_hangs(self):
        broker = self.broker()
        subscriber = self.subscriber(broker)
        publishing = self.publish(broker.uri(), timeout=1)
        publishing.give(event(0))
        publishing.wait_stat("delivered", 1)
        broker.process.send_signal(signal.SIGSTOP)
        self.addCleanup(broker.process.send_signal, signal.SIGCONT)
        publishing.give(event(1))
        publishing.wait_heard("the broker does not answer within 1 s")
        broker.process.send_signal(signal.SIGCONT)
        publishing.end()
        wait_for(lambda: 1 in subscriber.ids(), "the event")
        self.assert_at_least_once(subscriber.ids(), range(2))

    def test_going_to_ready_waits_for_no_broker(self):
        broker = self.broker()
        publishing = self.publish(broker.uri())
        broker.process.send_signal(signal.SIGSTOP)
        self.addCleanup(broker.process.send_signal, signal.SIGCONT)
        publishing.give(event(0))
        publishing.wait_stat("waiting", 1)
        began = time.monotonic()
        publishing.stop()
        self.assertLess(time.monotonic() - began, 2)

    def test_users(self):
        passwords = self.file("passwords")
        subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "anna", "pa55"], check=True)
        os.chmod(passwords, 0o600)
        with open(self.file("acl"), "w") as file:
            file.write("user anna\ntopic readwrite %s\n" % TOPIC)
        broker = self.broker("password_file " + passwords, "acl_file " + self.file("acl"))
        subscriber = self.subscriber(broker, "-u", "anna", "-P", "pa55")
        stranger = self.publish(broker.uri(), drain_timeout=0)
        stranger.give(event(0))
        stranger.wait_heard(broker.uri() + ": Not authorized")
        # A topic that is denied: the broker would throw the event away.
        os.environ["GVL_PUBLISH_USER"], os.environ["GVL_PUBLISH_PASSWORD"] = "anna", "pa55"
        denied = self.publish(broker.uri("other"), drain_timeout=0)
        denied.give(event(1))
        denied.wait_heard("/other: Not authorized")
        self.assertEqual(denied.stats()["waiting"], 1)
        publishing = self.publish(broker.uri())
        publishing.give(event(2))
        publishing.end()
        self.assertNotIn("pa55", str(publishing.said + denied.said))
        wait_for(lambda: subscriber.ids() == [2], "the event")

    def test_secrets_are_in_no_log(self):
        broker = self.broker()
        with open(self.file("credentials"), "w") as file:
            file.write("[credentials]\nuser = anna\npassword = pa55\n")
        launch = ["gst-launch-1.0", "-v", "fakesrc", "num-buffers=1", "sizetype=fixed", "sizemax=2", "filltype=zero", "!",
                  "application/x-json", "!", "gvlpublish", "uri=" + broker.uri(), "credentials-file=" + self.file("credentials")]
        done = subprocess.run(launch, env={**os.environ, "GST_DEBUG": "5,gvlpublish:9", "G_MESSAGES_DEBUG": "all"}, capture_output=True,
                              timeout=200, check=True)
        self.assertIn(b"credentials-file", done.stdout + done.stderr)
        self.assertNotIn(b"pa55", done.stdout + done.stderr)

    def test_certificates(self):
        key, certificate = self.file("key.pem"), self.file("certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        broker = self.broker("allow_anonymous true", "certfile " + certificate, "keyfile " + key)
        subscriber = self.subscriber(broker, "--cafile", certificate)
        stranger = self.publish(broker.uri(scheme="mqtts"), drain_timeout=0)
        stranger.give(event(0))
        stranger.wait_heard(broker.uri(scheme="mqtts"))
        nobody = self.publish(broker.uri(scheme="mqtts"), drain_timeout=0, ca_file=self.file("missing"))
        nobody.give(event(0))
        nobody.wait_heard(self.file("missing"))
        publishing = self.publish(broker.uri(scheme="mqtts"), ca_file=certificate)
        publishing.give(event(1), event(2, 100000))
        publishing.end()
        wait_for(lambda: len(subscriber.ids()) == 2, "the events")
        self.assertEqual(subscriber.ids(), [1, 2])

    def test_an_event_that_is_too_long(self):
        broker = self.broker("allow_anonymous true", "max_packet_size 2000")
        subscriber = self.subscriber(broker)
        publishing = self.publish(broker.uri())
        publishing.give(event(0), event(1, 5000), event(2))
        publishing.end()
        wait_for(lambda: subscriber.ids() == [0, 2], "the others")
        self.assertEqual(publishing.stats()["refused"], 1)
        self.assertTrue(publishing.heard("longer than the broker takes"), publishing.said)

    def test_a_silent_hour(self):
        """Nothing is sent for long: the connection is looked after, and one that broke is noticed with the next event."""
        broker = self.broker()
        subscriber = self.subscriber(broker)
        publishing = self.publish(broker.uri())
        publishing.give(event(0))
        wait_for(subscriber.ids, "the first event")
        broker.kill(signal.SIGTERM)
        broker.start()
        publishing.give(event(1))
        publishing.end()
        wait_for(lambda: 1 in subscriber.ids(), "the event")
        self.assert_at_least_once(subscriber.ids(), range(2))


class OldBroker:
    """Knows MQTT 3.1.1 alone, and acknowledges what is published."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.published, self.versions = [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                while packet := self.read(stream):
                    answer = self.answer(*packet)
                    connection.sendall(answer)
                    if answer == b"\x20\x02\x00\x01":
                        break

    @staticmethod
    def read(stream):
        first = stream.read(1)
        length = shift = 0
        while first:
            digit = stream.read(1)[0]
            length, shift = length | (digit & 127) << shift, shift + 7
            if digit < 128:
                return first[0], stream.read(length)
        return None

    def answer(self, kind, body):
        if kind >> 4 == 1:  # CONNECT
            self.versions.append(body[6])
            return b"\x20\x02\x00\x00" if body[6] == 4 else b"\x20\x02\x00\x01"
        if kind >> 4 == 3:  # PUBLISH
            end = 2 + int.from_bytes(body[:2], "big")
            self.published.append(body[end + 2:].decode())
            return b"\x40\x02" + body[end:end + 2]
        return b""


class OldBrokers(PublishCase):
    def test_one_that_knows_no_version_5(self):
        broker = OldBroker()
        self.addCleanup(broker.listener.close)
        publishing = self.publish("mqtt://127.0.0.1:%d/%s" % (broker.listener.getsockname()[1], TOPIC))
        publishing.give(event(0), event(1))
        publishing.end()
        self.assertEqual(ids(broker.published), [0, 1])
        self.assertEqual(broker.versions, [5, 4])
        self.assertEqual(publishing.stats()["retries"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
