#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvlpublish to files and sockets of this machine; its spool, and what it does not start with."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

from publish_case import *


def in_another_process(script):
    """The command that runs it, with what this file imports."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return [sys.executable, "-c", "import sys; sys.path.insert(0, %r); from publish_case import *\n%s" % (folder, script)]


def content(path):
    if os.path.isdir(path) or not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


class Reader:
    """A program that listens on a socket and reads lines, or does not."""

    def __init__(self, path, reads=True):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.lines, self.reads = [], reads
        self.connections = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            if self.reads:
                threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        with connection.makefile("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    self.lines.append(line.decode())


class Files(PublishCase):
    def lines(self):
        with open(self.file("events.jsonl"), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_lines_are_appended_as_they_are(self):
        with open(self.file("events.jsonl"), "w") as file:
            file.write(event(0) + "\n" + '{"id": 1, "half')
        given = [event(number) for number in range(2, 6)] + ['{"id":6,"text":"é 画"}']
        publishing = self.publish("file://" + self.file("events.jsonl"))
        publishing.give(*given[:2], given[2] + "\n" + given[3] + "\r\n\n", given[4])
        publishing.end()
        # What another has left is ended, never changed.
        self.assertEqual(self.lines(), [event(0), '{"id": 1, "half'] + given)
        self.assertEqual(publishing.stats()["delivered"], 5)

    def test_a_file_may_be_renamed(self):
        publishing = self.publish("file://" + self.file("events.jsonl"))
        publishing.give(event(0))
        publishing.wait_stat("delivered", 1)
        os.rename(self.file("events.jsonl"), self.file("old.jsonl"))
        publishing.give(event(1))
        publishing.end()
        self.assertEqual(self.lines(), [event(1)])

    def test_what_is_no_json_is_not_published(self):
        publishing = self.publish("file://" + self.file("events.jsonl"))
        publishing.give("{", event(1), b"\xff\xfe", "[1]", '{"a":1} x', event(2))
        publishing.end()
        self.assertEqual(self.lines(), [event(1), event(2)])
        self.assertEqual(publishing.stats()["malformed"], 4)
        self.assertTrue(publishing.heard("no event"))

    def test_a_place_that_is_made_later(self):
        publishing = self.publish("file://" + self.file("later/events.jsonl"))
        publishing.give(event(0), event(1))
        publishing.wait_heard("later/events.jsonl: No such file")
        os.mkdir(self.file("later"))
        publishing.end()
        with open(self.file("later/events.jsonl")) as file:
            self.assertEqual(ids(file), [0, 1])
        self.assertTrue(publishing.heard("delivered again", "info"))
        self.assertGreaterEqual(publishing.stats()["retries"], 1)

    def test_what_is_no_file(self):
        os.mkfifo(self.file("events.jsonl"))
        publishing = self.publish("file://" + self.file("events.jsonl"), drain_timeout=0)
        publishing.give(event(0))
        publishing.wait_heard("no regular file")

    def test_a_full_disk_gets_no_part_of_a_line(self):
        """A disk of 128 kB, in a namespace of its own, as far as one may make one."""
        in_namespace = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=128k none "$0" && exec "$@"', self.work]
        if subprocess.run([*in_namespace, "true"], capture_output=True).returncode:
            self.skipTest("no file system can be mounted here")
        script = ("p = Publishing('file://' + sys.argv[1], drain_timeout=0); p.play()\n"
                  "p.give(*[event(i, 30000) for i in range(6)]); p.wait_heard('No space left'); p.stop()\n"
                  "print(ids(open(sys.argv[1])))\n")
        done = subprocess.run([*in_namespace, *in_another_process(script), self.file("events.jsonl")], check=True,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.stdout, "[0, 1, 2, 3]\n")

    def test_a_line_that_broke_off_is_ended(self):
        """As where a file may not be longer: Python ignores the signal that comes with it."""
        script = ("import resource; limit = lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, -1)); limit(100000)\n"
                  "p = Publishing('file://' + sys.argv[1]); p.play()\n"
                  "p.give(*[event(i, 30000) for i in range(5)]); p.wait_heard('File too large'); limit(-1); p.end(); p.stop()\n")
        subprocess.run([*in_another_process(script), self.file("events.jsonl")], check=True, timeout=120)
        whole = [line for line in self.lines() if line.endswith("}")]
        self.assertEqual(ids(whole), list(range(5)))


class Sockets(PublishCase):
    def test_lines_are_read(self):
        reader = Reader(self.file("socket"))
        publishing = self.publish("unix:" + self.file("socket"))
        publishing.give(*[event(number, 10000) for number in range(50)])
        publishing.end()
        self.assertEqual(ids(reader.lines), list(range(50)))

    def test_a_reader_that_ends_is_waited_for(self):
        """What it had not read is sent to the next one."""
        reader = Reader(self.file("socket"), reads=False)
        publishing = self.publish("unix://" + self.file("socket"), timeout=5)
        publishing.give(*[event(number) for number in range(5)])
        wait_for(lambda: reader.connections, "a connection")
        time.sleep(0.2)
        self.assertEqual(publishing.stats()["delivered"], 0)
        reader.listener.close()
        reader.connections[0].close()
        publishing.wait_heard("unix:" + self.file("socket") + ": ")
        os.unlink(self.file("socket"))
        following = Reader(self.file("socket"))
        publishing.end()
        self.assert_at_least_once(ids(following.lines), range(5))

    def test_a_reader_that_does_not_read_ends_nothing(self):
        Reader(self.file("socket"), reads=False)
        publishing = self.publish("unix:" + self.file("socket"), timeout=1)
        publishing.give(event(0), event(1, 1000000))
        publishing.wait_heard("does not read")
        publishing.wait_stat("waiting", 2)


class SpoolFiles(PublishCase):
    def test_events_wait_for_the_next_start(self):
        nowhere = "unix:" + self.file("nobody")
        spool = self.file("spool")
        first = self.publish(nowhere, spool_location=spool, drain_timeout=Gst.SECOND // 5)
        first.give(*[event(number) for number in range(10)])
        self.assertLess(first.end(), 5)
        self.assertTrue(first.heard("10 events could not be delivered to " + nowhere + ": kept in " + spool), first.said)
        first.stop()
        following = self.publish("file://" + self.file("events.jsonl"), spool_location=spool)
        following.give(event(10))
        following.end()
        with open(self.file("events.jsonl")) as file:
            self.assertEqual(ids(file), list(range(11)))
        following.stop()
        # Each was taken out: nothing is delivered a third time.
        again = self.publish("file://" + self.file("again.jsonl"), spool_location=spool)
        again.end()
        self.assertFalse(os.path.exists(self.file("again.jsonl")))

    def test_a_process_that_is_killed_loses_nothing(self):
        script = ("p = Publishing('unix:' + sys.argv[1] + '/nobody', spool_location=sys.argv[1] + '/spool'); p.play()\n"
                  "p.give(*[event(i) for i in range(100)]); p.wait_stat('waiting', 100)\n"
                  "print('there', flush=True); time.sleep(100)\n")
        process = subprocess.Popen([*in_another_process(script), self.work], stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "there\n")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        following = self.publish("file://" + self.file("events.jsonl"), spool_location=self.file("spool"))
        following.end()
        with open(self.file("events.jsonl")) as file:
            self.assertEqual(ids(file), list(range(100)))

    def test_it_has_a_limit_and_says_what_is_dropped(self):
        for spool in ({}, {"spool_location": self.file("spool")}):
            with self.subTest(spool):
                most = 20 * len(event(100, 1000))
                publishing = self.publish("file://" + self.file("later/events.jsonl"), spool_max_bytes=most, **spool)
                publishing.give(*[event(number, 1000) for number in range(100, 150)])
                publishing.wait_stat("received", 50)
                publishing.wait_stat("waiting", 20)
                publishing.wait_heard("spool-max-bytes=%d" % most)
                publishing.wait_stat("dropped", 30)
                self.assertLessEqual(publishing.stats()["waiting-bytes"], most)
                self.assertIn("events-dropped=(guint64)1", [said[2] for said in publishing.said if "spool" in said[1]][0])
                # Larger than all of it.
                publishing.give(event(1, most))
                publishing.wait_stat("dropped", 31)
                os.mkdir(self.file("later"))
                publishing.end()
                with open(self.file("later/events.jsonl")) as file:
                    kept = ids(file)
                # One may have been on its way when it should have been dropped.
                self.assertEqual((len(kept), kept[1:]), (20, list(range(131, 150))))
                stats = publishing.stats()
                self.assertEqual(stats["received"], stats["delivered"] + stats["dropped"])
                publishing.stop()
                shutil.rmtree(self.file("later"))

    def test_one_in_memory_says_what_is_lost(self):
        publishing = self.publish("unix:" + self.file("nobody"))
        publishing.give(event(0))
        publishing.wait_stat("waiting", 1)
        began = time.monotonic()
        publishing.stop()
        self.assertLess(time.monotonic() - began, 5)
        self.assertTrue(publishing.heard("1 event could not be delivered"), publishing.said)
        self.assertTrue(publishing.heard("spool-location names no file"), publishing.said)

    def test_files_that_are_no_spool_stay_as_they_are(self):
        with open(self.file("text"), "w") as file:
            file.write("precious" * 1000)
        database = sqlite3.connect(self.file("database"))
        database.execute("CREATE TABLE events (precious TEXT)")
        database.commit()
        database.close()
        for name, why in (("text", "not a database"), ("database", "no spool of events"), (".", "unable to open"),
                          ("missing/spool", "unable to open")):
            with self.subTest(name):
                before = content(self.file(name))
                self.refuses("file://" + self.file("e"), self.file(name), why, spool_location=self.file(name))
                self.assertEqual(content(self.file(name)), before)

    def test_a_damaged_spool_is_named(self):
        publishing = self.publish("unix:" + self.file("nobody"), spool_location=self.file("spool"))
        publishing.give(*[event(number, 2000) for number in range(20)])
        publishing.wait_stat("waiting", 20)
        publishing.stop()
        with open(self.file("spool"), "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
        self.refuses("file://" + self.file("e"), self.file("spool"), "malformed", spool_location=self.file("spool"))

    def test_why_a_delivered_event_stays_is_said(self):
        publishing = self.publish("file://" + self.file("e"), spool_location=self.file("spool"))
        publishing.stop()
        with contextlib.closing(sqlite3.connect(self.file("spool"))) as spool:
            spool.execute("CREATE TRIGGER kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'nothing goes'); END")
        publishing = self.publish("file://" + self.file("e"), spool_location=self.file("spool"))
        publishing.give(event(0))
        publishing.wait_heard("a delivered event cannot be taken out: nothing goes")

    def test_two_elements_do_not_share_one(self):
        self.publish("unix:" + self.file("nobody"), spool_location=self.file("spool"))
        self.refuses("file://" + self.file("e"), self.file("spool"), "another program has this spool open",
                     spool_location=self.file("spool"))


class Settings(PublishCase):
    def test_addresses_that_are_none(self):
        for uri, why in (("", "nowhere"), ("ftp://host/x", "ftp://host/x: the property uri begins with none of"),
                         ("mqtt://host", "names no topic"), ("mqtt://host/", "names no topic"), ("mqtt:///topic", "no host"),
                         ("mqtt://host/a/+/b", "nobody can publish to"), ("mqtt://host/a?b", "more than a host and a topic"),
                         ("http:///x", "not an address"), ("file://elsewhere/x", "another machine"), ("file:x", "file:x"),
                         ("unix:relative", "whole path"), ("unix:/" + "x" * 120, "too long"),
                         ("mqtt://host:99999/a", "mqtt://host:99999/a")):
            with self.subTest(uri):
                self.refuses(uri, why)

    def test_secrets_are_refused_in_addresses(self):
        for uri in ("mqtt://user:pa55@host/topic", "https://user:pa55@host/", "http://pa55@host/",
                    # One whose slash or hash is not escaped is no less one.
                    "mqtt://user:a/pa55@host/topic", "http://user:pa55/@host/", "mqtt://user:a#pa55@host/topic",
                    "mqtt:user:pa55@host/topic"):
            with self.subTest(uri):
                self.assertNotIn("pa55", self.refuses(uri, "credentials-file"))
        for uri, why in (("mqtt://host/topic?password=pa55", "more than a host and a topic"),
                         ("ftp:/user:pa55@host/", "begins with none of")):
            with self.subTest(uri):
                self.assertNotIn("pa55", self.refuses(uri, why))
        # These are no secrets: a topic with a sign, a port.
        self.refuses("mqtt://host:99999/a@b", "mqtt://host:99999/a@b")

    def test_credentials_files(self):
        with open(self.file("bad"), "w") as file:
            file.write("password = pa55\n")
        with open(self.file("other"), "w") as file:
            file.write("[mqtt]\npassword = pa55\n")
        with open(self.file("control"), "w") as file:
            file.write("[credentials]\ntoken = pa55\\nX-Header: y\n")
        for name, why in (("missing", "No such file"), ("bad", "[credentials]"), ("other", "[credentials]"),
                          ("control", "token has a control character")):
            with self.subTest(name):
                said = self.refuses("http://localhost/", self.file(name), why, credentials_file=self.file(name))
                self.assertNotIn("pa55", said)
        self.refuses("https://localhost/", self.file("bad"), ca_file=self.file("bad"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
