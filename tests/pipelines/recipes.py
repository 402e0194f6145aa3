#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/recipes: events arrive in what they are for, which is asked by its own means. Those whose programs are not
installed are skipped."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree
from pathlib import Path

RECIPES = Path(__file__).parents[2] / "examples/recipes"
EVENTS = [
    {"id": 0, "task": "grounding", "query": "it's <1> & \"two\" = ;#\\ é\t'); DROP TABLE events; --", "text": "From 1 s", "start": 1000000000,
     "stop": 2500000000, "confidence": 0.75, "source": "cam1", "utc-start": "2026-01-31T12:00:00.123Z"},
    {"id": 1, "task": "dense-caption", "query": "", "text": "a ball --> moves", "start": 2000000000, "stop": 2900000000,
     "confidence": 0.5, "source": "cam1"},
    {"id": 7, "task": "grounding", "query": "later", "text": "", "start": 3661001000000, "stop": 3662000000000, "confidence": 1.0,
     "source": "cam1"},
]
QUERY = EVENTS[0]["query"]


def needs(*programs, also=()):
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *also])
    missing = [program for program in programs if not shutil.which(program, path=path)]
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")


def postgresql_folder():
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))


class Recipes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gvl-recipes-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)
        self.events = self.work / "events.jsonl"
        self.events.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))

    def run_it(self, *command, **options):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=200, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @needs("jq", "sqlite3")
    def test_sqlite(self):
        self.run_it(RECIPES / "to-sqlite.sh", self.work / "events.db", self.events)
        self.run_it(RECIPES / "to-sqlite.sh", self.work / "events.db", input=self.events.read_text())
        with sqlite3.connect(self.work / "events.db") as database:
            rows = database.execute("SELECT query, start, stop, confidence, event FROM events ORDER BY start").fetchall()
        self.assertEqual([row[:4] for row in rows],
                         [(event["query"], event["start"] / 1e9, event["stop"] / 1e9, event["confidence"]) for event in EVENTS])
        self.assertEqual([json.loads(row[4]) for row in rows], EVENTS)

    def start_postgresql(self):
        """A server of its own, on a socket in the folder; it does not run as root."""
        binaries = postgresql_folder()
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        base = self.work / "base"
        base.mkdir()
        if as_user:
            self.work.chmod(0o755)
            shutil.chown(base, "postgres")
        self.run_it(*as_user, binaries / "initdb", "-A", "trust", "-U", "tester", "-N", "-D", base / "data", cwd=base)
        options = f"-c listen_addresses= -c unix_socket_directories={base} -c fsync=off"
        control = [*as_user, binaries / "pg_ctl", "-D", base / "data", "-w", "-l", base / "log"]
        self.run_it(*control, "-o", options, "start", cwd=base)
        self.addCleanup(self.run_it, *control, "-m", "immediate", "stop", cwd=base)
        return f"host={base} user=tester dbname=postgres"

    @needs("jq", "psql", "initdb", also=[str(postgresql_folder())])
    def test_postgresql(self):
        connection = self.start_postgresql()
        self.run_it(RECIPES / "to-postgresql.sh", connection, self.events)
        self.run_it(RECIPES / "to-postgresql.sh", connection, input=self.events.read_text())
        found = self.run_it("psql", "-At", "-c", "SELECT event FROM events ORDER BY start", connection).splitlines()
        self.assertEqual([json.loads(line) for line in found], EVENTS)
        times = self.run_it("psql", "-At", "-c", "SELECT start, utc_start AT TIME ZONE 'UTC' FROM events ORDER BY start LIMIT 1",
                            connection)
        self.assertEqual(times.strip(), "1|2026-01-31 12:00:00.123")

    @needs("jq", "logger", "rsyslogd")
    def test_syslog(self):
        log, sock = self.work / "log", self.work / "socket"
        (self.work / "rsyslog.conf").write_text(
            f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{sock}")\n'
            f'template(name="plain" type="string" string="%syslogtag% %msg%\\n")\naction(type="omfile" file="{log}" template="plain")\n')
        server = subprocess.Popen([shutil.which("rsyslogd", path="/usr/sbin:" + os.environ["PATH"]), "-n", "-f",
                                   self.work / "rsyslog.conf", "-i", self.work / "pid"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.send_signal, signal.SIGTERM)
        self.wait_for(sock.exists)
        self.run_it(RECIPES / "to-syslog.sh", self.events, env={**os.environ, "LOGGER": f"--socket {sock}"})
        self.wait_for(lambda: log.exists() and len(log.read_text().splitlines()) >= 3)
        lines = log.read_text().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("gvl: ", lines[0])
        self.assertIn("cam1 " + QUERY.replace("\t", " ") + ": 1 s to 2.5 s, confidence 0.75", lines[0])

    def wait_for(self, condition):
        until = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    @needs("jq", "ffmpeg", "ffprobe", "gst-launch-1.0")
    def test_subtitles(self):
        for ending in ("vtt", "ttml", "srt"):
            self.run_it(RECIPES / "to-subtitles.sh", self.work / f"events.{ending}", self.events)
        self.assertIn("01:01:01.001 --> 01:01:02.000", (self.work / "events.vtt").read_text())
        words = [QUERY.replace("\t", " "), "a ball --> moves", "later"]
        root = xml.etree.ElementTree.parse(self.work / "events.ttml").getroot()
        paragraphs = root.findall(".//{http://www.w3.org/ns/ttml}p")
        self.assertEqual(["".join(one.itertext()).strip() for one in paragraphs], words)
        self.assertEqual([one.get("begin") for one in paragraphs], ["00:00:01.000", "00:00:02.000", "01:01:01.001"])
        # Others read the same: GStreamer's parser of WebVTT.
        read = self.run_it("gst-launch-1.0", "-q", "filesrc", f"location={self.work / 'events.vtt'}", "!", "subparse", "!",
                           "text/x-raw,format=utf8", "!", "filesink", "location=/dev/stdout")
        self.assertIn("later", read)

    @needs("jq", "ffmpeg", "mkvextract", "gst-launch-1.0")
    def test_chapters(self):
        video, out = self.work / "video.mkv", self.work / "out.mkv"
        self.run_it("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=s=64x48:r=5:d=4", video)
        self.run_it(RECIPES / "to-chapters.sh", video, out, self.events)
        chapters = xml.etree.ElementTree.fromstring(self.run_it("mkvextract", out, "chapters", "-"))
        found = [(atom.findtext(".//ChapterString"), atom.findtext("ChapterTimeStart"), atom.findtext("ChapterTimeEnd"))
                 for atom in chapters.iter("ChapterAtom")]
        self.assertEqual(found[0], (QUERY.replace("\t", " "), "00:00:01.000000000", "00:00:02.000000000"))
        self.assertEqual(found[1], ("a ball --> moves", "00:00:02.000000000", "00:00:02.900000000"))
        # GStreamer sees them, and a file that exists is not replaced.
        self.assertIn("a ball --> moves", self.run_it("gst-launch-1.0", "-c", "filesrc", f"location={out}", "!", "matroskademux", "!", "fakesink"))
        self.assertNotEqual(subprocess.run([RECIPES / "to-chapters.sh", video, out, self.events], capture_output=True).returncode, 0)

    @needs("ffmpeg", "ffprobe")
    def test_scte35(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import gi; gi.require_version('GstMpegts', '1.0')"], capture_output=True).returncode:
            self.skipTest("not installed: gir1.2-gst-plugins-bad-1.0")
        video, out = self.work / "in.ts", self.work / "out.ts"
        self.run_it("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=4", "-c:v", "mpeg2video", video)
        self.run_it("/usr/bin/python3", RECIPES / "scte35.py", video, self.events, out)
        streams = json.loads(self.run_it("ffprobe", "-v", "error", "-show_streams", "-show_packets", "-of", "json", out))
        self.assertIn("scte_35", [stream.get("codec_name") for stream in streams["streams"]])
        packets = out.read_bytes()
        first = self.first_time(streams)
        sections = [section for section in sections_of(packets, 500) if section[13] == 5]  # splice_insert
        found = [(int.from_bytes(section[14:18], "big"), bool(section[19] & 0x80), splice_time(section)) for section in sections]
        expected = [(0, True, 1.0), (1, True, 2.0), (0, False, 2.5), (1, False, 2.9)]
        self.assertEqual([one[:2] for one in found], [one[:2] for one in expected])
        for one, wanted in zip(found, expected):
            self.assertAlmostEqual(one[2] - first, wanted[2], delta=0.001)

    @staticmethod
    def first_time(streams):
        index = next(stream["index"] for stream in streams["streams"] if stream.get("codec_type") == "video")
        return min(float(packet["pts_time"]) for packet in streams["packets"] if packet["stream_index"] == index)


def sections_of(packets, pid):
    """The sections of a stream, of which each fits into a packet."""
    for at in range(0, len(packets), 188):
        packet = packets[at:at + 188]
        if int.from_bytes(packet[1:3], "big") & 0x1fff != pid or not packet[1] & 0x40:
            continue
        payload = packet[5 + packet[4]:] if packet[3] & 0x20 else packet[4:]
        yield payload[1 + payload[0]:]


def splice_time(section):
    """Of splice_insert, in seconds: the time of the whole program, with the adjustment of the section."""
    adjustment = int.from_bytes(section[4:9], "big") & 0x1ffffffff
    return (int.from_bytes(section[20:25], "big") + adjustment & 0x1ffffffff) / 90000


if __name__ == "__main__":
    unittest.main(verbosity=2)
