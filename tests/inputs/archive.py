# SPDX-License-Identifier: LGPL-2.1-or-later
"""Indexes: what gvl-index keeps and gvl-ask answers; indexes that mean ill, are damaged, or are being written."""

import fcntl
import glob
import random
import signal
import sqlite3
import time

from inputs import *

INDEX = os.path.join(BUILD, "tools", "gvl-index")
ASK = os.path.join(BUILD, "tools", "gvl-ask")
MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models")
VIDEO = None


def video():
    """Eight seconds, black from two to five."""
    global VIDEO
    if not VIDEO:
        VIDEO = ffmpeg(*picture(8, black=(2, 5)), os.path.join(tempfile.mkdtemp(prefix="gvl-inputs-"), "gate.mkv"))
    return VIDEO


def tearDownModule():
    if VIDEO:
        shutil.rmtree(os.path.dirname(VIDEO))


class Archive(Inputs):
    """A test with an index of the video, a copy of one that is made once."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.mkdtemp(prefix="gvl-inputs-")
        cls.addClassCleanup(shutil.rmtree, cls.made)
        run([INDEX, "--index", os.path.join(cls.made, "index"), "--utc", "2026-01-31T12:00:00+01:00", video()])

    def setUp(self):
        super().setUp()
        self.index = self.file("index")
        shutil.copytree(os.path.join(self.made, "index"), self.index)
        self.day = glob.glob(self.index + "/streams/*/*.gvlseg")[0]
        self.database = os.path.join(self.index, "index.sqlite")

    def ask(self, *arguments, check=True, query=BLACK):
        done = run([ASK, "--index", self.index, *([query] if query else []), *arguments], check=check, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()] if "--json" in arguments else done

    def refused(self, *words, code=2, arguments=(), query=BLACK):
        """One line says why."""
        done = self.ask(*arguments, check=False, query=query)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line]
        self.assertEqual(len(lines), 1 if code == 2 else 2, done.stderr)
        for each in words:
            self.assertIn(each, lines[0])
        self.assertEqual(done.stdout, "")

    def rewrite(self, change):
        with open(self.day, "rb") as stream:
            content = bytearray(stream.read())
        content = change(content) or content
        with open(self.day, "wb") as stream:
            stream.write(content)


class Asking(Archive):
    def test_same_as_the_video(self):
        now = events(video(), BLACK)
        later = [in_seconds(event) for event in self.ask("--json")]
        self.assertEqual(len(now), 1)
        for name in ("query", "text", "start", "stop", "window-start", "window-stop"):
            self.assertEqual([event[name] for event in now], [event[name] for event in later])
        self.assertEqual(later[0]["source"], "gate")
        self.assertTrue(later[0]["utc-start"].startswith("2026-01-31T11:00:0"), later)
        self.assertNotEqual(later[0]["utc-start"], later[0]["utc-stop"])

    def test_stretches(self):
        self.assertEqual(len(self.ask("--json", "--from", "2026-01-31T11:00:00Z", "--to", "2026-01-31T11:00:04Z")), 1)
        self.assertEqual(len(self.ask("--json", "--from", "0:00:03", "--stream", "gate")), 1)
        self.assertEqual(self.ask("--json", "--from", "7"), [])
        done = self.ask("--from", "2026-02-03T00:00:00Z")
        self.assertIn("nothing of that time", done.stderr)

    def test_report_and_list(self):
        report = self.file("report.html")
        self.ask("--report", report)
        with open(report, encoding="utf-8") as stream:
            page = stream.read()
        self.assertIn("data:image/jpeg;base64,", page)
        self.assertIn("2026-01-31T11:00:0", page)
        self.refused("report.html", arguments=["--report", report])
        done = self.ask("--list", query=None)
        self.assertRegex(done.stdout, r"^gate  2026-01-31  12 segments  \d+ bytes\n$")

    def test_search_of_what_was_told(self):
        run(["gst-launch-1.0", "-q", "filesrc", "location=" + video(), "!", "decodebin", "!", "videoconvert", "!",
             "gvlground", "index=" + self.index, "source-id=yard", "query=" + BLACK, "!", "fakesink"])
        for words, count in (("black", 1), ("white", 0), ('" OR black', 0)):
            done = self.ask("--search", words, query=None)
            found = [line for line in done.stdout.splitlines() if line.startswith("yard")]
            self.assertEqual(len(found), count, done.stdout)

    def test_usage(self):
        for arguments, query, words in [
                (["--from", "noon"], BLACK, "--from noon"), (["--task", "referring"], BLACK, "--task referring"),
                (["--from", "5", "--to", "2026-01-31T12:00:00Z"], BLACK, "--from and --to"), ([], None, "a query is needed")]:
            self.refused(words, code=1, arguments=arguments, query=query)
        for arguments, words in [([], "--index is needed"), (["--index", "a", "--utc", "noon", "b"], "--utc noon")]:
            done = run([INDEX, *arguments], check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_other_streams_and_models(self):
        self.refused("no stream yard", "gate", arguments=["--stream", "yard"])
        self.refused("another model", self.day, arguments=["--model", os.path.join(MODELS, "things")], query="a car")
        done = run([INDEX, "--index", self.index, "--model", os.path.join(MODELS, "things"), video()], check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("index.sqlite: the index is of another model", done.stderr)


class Damaged(Archive):
    def test_no_index(self):
        shutil.rmtree(os.path.join(self.index, "streams"))
        self.refused("is no index")

    def test_other_file(self):
        self.rewrite(lambda content: b"something else")
        self.refused(self.day, "no file of an index")

    def test_no_file(self):
        os.remove(self.day)
        os.mkfifo(self.day)
        self.refused(self.day, "no regular file")

    def test_damaged_frame(self):
        def change(content):
            content[8 + 9] ^= 1
        self.rewrite(change)
        self.refused(self.day, "byte 8 begins no record")

    def test_damaged_tokens(self):
        def change(content):
            content[2000] ^= 1
        self.rewrite(change)
        self.refused(self.day, "is damaged")

    def test_cut_at_the_end(self):
        """A writer was killed: all but the last segment is there."""
        self.rewrite(lambda content: content[:-200])
        self.ask("--json")
        run([INDEX, "--index", self.index, "--utc", "2026-01-31T18:00:00+01:00", video()])
        self.assertEqual(len(self.ask("--json", "--from", "2026-01-31T15:00:00Z")), 1)

    def test_random_damage(self):
        """An answer or one line that says why there is none; never a signal, never silence."""
        draw = random.Random(5)
        with open(self.day, "rb") as stream:
            whole = stream.read()
        for _ in range(3):
            content = bytearray(whole)
            for _ in range(draw.randint(1, 5)):
                content[draw.randrange(len(content))] = draw.randrange(256)
            if draw.random() < 0.3:
                content += bytes(draw.randrange(256) for _ in range(draw.randrange(500)))
            self.rewrite(lambda _, content=content: content)
            done = self.ask(check=False)
            self.assertIn(done.returncode, (0, 2), done.stderr)
            if done.returncode:
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(self.day, done.stderr)


class Databases(Archive):
    def refused_by_both(self, *words):
        self.refused("index.sqlite", *words, arguments=["--list"], query=None)
        done = run([INDEX, "--index", self.index, video()], check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("index.sqlite", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def make(self, script):
        os.remove(self.database)
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.executescript(script)

    def test_no_database(self):
        with open(self.database, "wb") as stream:
            stream.write(b"SQLite format 4\0" + b"x" * 5000)
        self.refused_by_both("not a database")

    def test_other_schema(self):
        self.make("CREATE TABLE days(stream, day); INSERT INTO days VALUES (1, 2);")
        self.refused_by_both("no database of an index")

    def test_endless_view(self):
        """What it would do is not run."""
        self.make("CREATE VIEW days AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
                  "SELECT n AS stream, n AS day, n AS segments, n AS bytes FROM r;")
        self.refused_by_both("no database of an index")

    def test_random_damage(self):
        draw = random.Random(3)
        with open(self.database, "rb") as stream:
            whole = stream.read()
        for _ in range(3):
            content = bytearray(whole)
            for _ in range(draw.randint(1, 40)):
                content[draw.randrange(len(content))] = draw.randrange(256)
            with open(self.database, "wb") as stream:
                stream.write(content[:draw.randrange(len(content))] if draw.random() < 0.3 else content)
            done = self.ask("--search", "black", check=False, query=None)
            self.assertIn(done.returncode, (0, 2), done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1 if done.returncode else 0, done.stderr)

    def test_asking_needs_none(self):
        os.remove(self.database)
        self.assertEqual(len(self.ask("--json")), 1)


class Writing(Archive):
    def test_two_writers(self):
        with open(os.path.join(os.path.dirname(self.day), "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = run([INDEX, "--index", self.index, video()], check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("another writer indexes the stream gate", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_kills(self):
        draw = random.Random()
        for _ in range(2):
            process = subprocess.Popen([INDEX, "--index", self.index, "--utc", "2026-01-31T12:00:00+01:00", video()])
            before = os.path.getsize(self.day)
            # Until it writes, and a little more.
            for _ in range(600):
                if os.path.getsize(self.day) != before or process.poll() is not None:
                    break
                time.sleep(0.05)
            time.sleep(draw.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertGreaterEqual(len(self.ask("--json")), 1)
            self.assertRegex(self.ask("--list", query=None).stdout, "^gate ")


if __name__ == "__main__":
    main()
