# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gvl-ground is asked: arguments, queries and names of any kind, many files, and what a terminal shows."""

import fcntl
import functools
import glob
import http.server
import pty
import signal
import struct
import termios
import threading
import time
import unicodedata

from outputs_case import *


# What a run came to.
ACCOUNT = r"^(\d+) (?:event|answer)s? in (?:\d+ of )?(\d+) files?, (\d+ s|\d+ min|[0-9.]+ h), ([0-9.]+) x real time$"


class CommandLine(Outputs):
    def test_other_languages_and_dashes(self):
        shutil.copy(self.video, self.file("-v.mkv"))
        for locale, arguments in (("C", ["-q", "das Bild wird schwärz", "--", "-v.mkv"]),
                                  ("C.UTF-8", ["--", "-v.mkv", "画面が黒くなる"])):
            env = {**os.environ, "LC_ALL": locale}
            found = ground("--json", "--min-confidence", 0, *arguments, cwd=self.work, env=env)
            for line in found.stdout.splitlines():
                self.assertIn(json.loads(line)["query"], arguments)
                self.assertEqual(json.loads(line)["file"], "-v.mkv")
        self.fails(1, "UTF-8", "-q", os.fsdecode(b"caf\xe9"), self.video, env={**os.environ, "LC_ALL": "C"})

    def test_confidence(self):
        for wrong in ("nan", "-0.5", "-1", "1.5", "0.5x", ""):
            self.fails(1, "min-confidence", f"--min-confidence={wrong}", self.video, BLACK)

    def test_empty_values(self):
        self.fails(1, "query is empty", self.video, " ")
        self.fails(1, "--device: the value is empty", "--device", "", self.video, BLACK)

    def test_nothing_controls_the_terminal(self):
        for control in ("\x1b[31m", "\x07", "\u009b31m"):
            done = ground("--min-confidence", 0, self.video, "it is " + control + " zzyzx", check=False)
            for text in (done.stdout, done.stderr):
                self.assertIn("zzyzx", text)
                self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
            done = self.fails(2, "No such file", self.file("none" + control), BLACK)
            self.assertNotRegex(done.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        odd = shutil.copy(self.video, self.file("a\nb\x1b\u009bc.mkv"))
        ground("--clips", self.file("clips"), odd, BLACK)
        self.assertTrue(all(name.startswith("a_b__c-") for name in os.listdir(self.file("clips"))))

    def test_long_queries_are_shortened(self):
        """In what is said about them, not in what programs read."""
        query = BLACK + " zzyzx bläh" + ", ".join([BLACK] * 30)
        done = ground("--min-confidence", 0, "--explain", self.video, query)
        self.assertIn("zzyzx", done.stderr)
        self.assertTrue(done.stdout)
        for line in done.stdout.splitlines() + done.stderr.splitlines():
            self.assertLess(len(line), 400)
        found = ground("--json", "--min-confidence", 0, self.video, query).stdout.splitlines()
        self.assertEqual(json.loads(found[0])["query"], query)
        words = self.fails(2, "too long", self.video, "x" * 100000).stderr
        self.assertLess(len(words), 1000)

    def test_batch(self):
        sound = ffmpeg("-f", "lavfi", "-i", "sine=duration=1", self.file("sound.wav"))
        missing = self.file("missing.mkv")
        broken = self.file("broken.mkv")
        with open(broken, "wb") as file:
            file.write(bytes(range(1, 256)) * 20)
        done = self.fails(2, ["missing.mkv: No such file", "sound.wav: has no video", "broken.mkv: "], "-q", BLACK,
                          "--json", "--events", self.file("e.jsonl"), "--report", self.file("r.html"), "--clips",
                          self.file("clips"), missing, sound, broken, self.video)
        self.assertEqual([json.loads(line)["file"] for line in done.stdout.splitlines()], [self.video])
        self.assertEqual(read(self.file("e.jsonl")).decode(), done.stdout)
        self.assertEqual(len(glob.glob(self.file("clips/*.mkv"))), 1)
        report = read(self.file("r.html")).decode()
        for name in ("missing.mkv: No such file", "sound.wav: has no video", "video.mkv"):
            self.assertIn(name, report)
        self.assertIn("data:image/jpeg", report)

    def test_nothing_answered_writes_nothing(self):
        self.fails(2, "missing.mkv", "--events", self.file("e.jsonl"), self.file("missing.mkv"), BLACK)
        self.fails(2, "none", "--model", self.file("none"), "--events", self.file("e.jsonl"), self.video, BLACK)
        self.assertFalse(os.path.exists(self.file("e.jsonl")))

    def test_errors_of_elements_name_the_file(self):
        self.fails(2, "video.mkv: .*too long", self.video, "x" * 100000)

    def test_interrupted(self):
        for name in ("unopened", "unwritten"):
            pipe = self.file(name)
            os.mkfifo(pipe)
            if name == "unwritten":
                self.addCleanup(os.close, os.open(pipe, os.O_RDWR))
            command = [GROUND, "--json", "-q", BLACK, "--events", self.file(name + ".jsonl"), self.video, pipe,
                       self.video]
            with self.subTest(name), subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                                      text=True) as program:
                printed = program.stdout.readline()
                time.sleep(1)  # by then it mostly waits for the pipe
                program.send_signal(signal.SIGINT)
                program.communicate(timeout=60)
                self.assertEqual(program.returncode, 2)
                self.assertEqual(read(self.file(name + ".jsonl")).decode(), printed)

    def pipe(self, name):
        """A pipe that another process writes the video into, when it is read."""
        pipe = self.file(name)
        os.mkfifo(pipe)
        writer = subprocess.Popen(["cp", self.video, pipe])
        self.addCleanup(writer.wait)
        self.addCleanup(writer.kill)
        return pipe

    def test_pipe_as_video(self):
        done = ground("--json", "--report", self.file("r.html"), self.pipe("pipe.mkv"), BLACK)
        self.assertEqual(json.loads(done.stdout)["query"], BLACK)
        self.assertIn(b"<table>", read(self.file("r.html")))
        pipe = self.pipe("other.mkv")
        for option in ("--clips", "--overlay"):
            self.fails(2, "other.mkv: can be read only once.*" + option, option, self.file("o.mkv"), pipe, BLACK)
        self.fails(2, "other.mkv, which is read", "--vtt", pipe, pipe, BLACK)

    def test_empty_names(self):
        self.fails(1, "--events", "--events", "", self.video, BLACK)
        self.fails(1, "video", "-q", BLACK, "")

    def test_missing_decoder(self):
        video = ffmpeg(*picture(2), "-f", "lavfi", "-i", "sine=duration=2", "-c:v", "libvpx", self.file("v.webm"))
        silent = ffmpeg(*picture(2), "-c:v", "libvpx", self.file("s.webm"))
        env = {**os.environ, "GST_PLUGIN_FEATURE_RANK": "vp8dec:NONE,avdec_vp8:NONE,vp8alphadecodebin:NONE"}
        for file in (video, silent):
            self.fails(2, r"\.webm: .*lacks: .*VP8", file, BLACK, env=env)

    def test_uris(self):
        found = ground("--json", "--clips", self.file("clips"), "file://" + self.video, BLACK).stdout
        self.assertEqual(json.loads(found)["file"], "file://" + self.video)
        self.assertEqual(len(glob.glob(self.file("clips/video-*.mkv"))), 1)
        self.fails(2, ["nothing.mkv: No such file", "nonsense://a.mkv: "], "-q", BLACK, "file:///nothing.mkv",
                   "nonsense://a.mkv")
        before = read(self.video)
        self.fails(2, "which is read", "--force", "--events", self.video, "file://" + self.video, BLACK)
        self.assertEqual(read(self.video), before)
        handler = functools.partial(QuietHandler, directory=self.work)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            uri = f"http://127.0.0.1:{server.server_address[1]}/video.mkv"
            found = ground("--json", uri, BLACK).stdout
            server.shutdown()
        self.assertEqual(json.loads(found)["file"], uri)


class Verbosity(Outputs):
    def assert_told(self, line, about, parts):
        files = [file for part in parts for file in glob.glob(os.path.join(BUILD, "models", part, "*.safetensors"))]
        size = sum(map(os.path.getsize, files))
        self.assertRegex(line, rf"^gvl-ground: the model {about}, {size / 1e6:.1f} MB of \w+, on \w+")

    def test_verbose_of_a_composite(self):
        done = ground("--verbose", "--model", "default", "-q", BLACK, self.video)
        self.assert_told(done.stderr.splitlines()[0], r"default in \S*default: a composite", ["faults", "things"])

    def test_verbose(self):
        other = shutil.copy(self.video, self.file("other.mkv"))
        done = ground("--verbose", "--json", "-q", BLACK, self.video, other)
        model, first, second, account = done.stderr.splitlines()
        self.assert_told(model, r"default in \S*faults: a Grounded-VideoLLM", ["faults"])
        self.assertEqual(first, f"gvl-ground: looking at {self.video}, 1 of 2")
        self.assertEqual(second, f"gvl-ground: looking at {other}, 2 of 2")
        count, files, *_ = re.fullmatch(ACCOUNT, account).groups()
        self.assertEqual((int(count), int(files)), (len(done.stdout.splitlines()), 2))
        self.assertEqual(int(count), 2)
        self.assert_speed(account, 20)

    def assert_speed(self, account, video):
        """The two numbers fit so many seconds of video, as far as they are rounded."""
        _, _, took, speed = re.fullmatch(ACCOUNT, account).groups()
        if took.endswith(" s"):  # not where a slow machine took minutes
            seconds, speed = int(took[:-2]), float(speed)
            half = 0.05 if speed < 10 else 0.5
            self.assertLessEqual((seconds - 0.51) * (speed - half), video)
            self.assertGreaterEqual((seconds + 0.51) * (speed + half), video)

    def test_part_of_a_video(self):
        for seconds, options in ((10, []), (0.5, ["--for", 0.5])):
            self.assert_speed(ground("-v", *options, self.video, BLACK).stderr.splitlines()[-1], seconds)

    def test_what_fails_is_counted(self):
        done = ground("-v", "--json", "-q", BLACK, self.video, self.file("missing.mkv"), check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.splitlines()[-1], "^1 event in 1 of 2 files, ")
        done = ground("-v", self.file("missing.mkv"), BLACK, check=False)
        self.assertNotRegex(done.stderr, "(?m)^[0-9]+ event")

    def test_nothing_is_told_that_is_no_fault(self):
        """To a program that reads stderr, without --verbose."""
        self.assertEqual(ground(self.video, BLACK).stderr, "")
        unknown = "the picture goes zzyzx"
        self.assertIn("zzyzx", ground(self.video, unknown).stderr)
        self.assertEqual(ground("--quiet", self.video, unknown).stderr, "")
        self.fails(2, "missing.mkv: ", "--quiet", self.file("missing.mkv"), BLACK)
        self.fails(1, "--quiet and --verbose", "--quiet", "-v", self.video, BLACK)


class Converting(Outputs):
    def test_what_fails_has_not_succeeded_before(self):
        convert, model = os.path.join(BUILD, "tools", "gvl-convert"), self.file("model")
        shutil.copytree(os.path.join(BUILD, "models", "faults"), model)
        done = run([convert, "--dtype", "int8", model, self.file("good")])
        self.assertIn("a model of type", done.stdout)
        self.assertEqual(done.stderr, "")
        weights = os.path.join(model, "model.safetensors")
        with open(weights, "r+b") as file:  # no number in any type
            file.seek(-4, os.SEEK_END)
            file.write(b"\xff" * 4)
        for dtype in ("float16", "bfloat16", "float32", "int8", "int4"):
            done = run([convert, "--dtype", dtype, model, self.file("bad")], check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, rf"^gvl-convert: {re.escape(weights)}: tensor '[^']*': .*finite[^\n]*\n$")
            self.assertFalse(os.path.exists(self.file("bad")))


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Names(Outputs):
    def test_not_utf8(self):
        name = os.fsencode(self.work) + b"/caf\xe9.mkv"
        os.rename(self.video, name)
        events, report = self.file("e.jsonl"), self.file("r.html")
        done = ground("--json", "--events", events, "--report", report, "--clips", self.file("clips"),
                      os.fsdecode(name), BLACK)
        uri = "file://" + self.work + "/caf%E9.mkv"
        for line in (done.stdout, read(events).decode("utf-8")):
            self.assertEqual(json.loads(line)["file"], uri)
        self.assertIn(uri, read(report).decode("utf-8"))
        clips = os.listdir(os.fsencode(self.file("clips")))
        self.assertEqual([name.decode("utf-8")[:5] for name in clips], ["caf_-"] * 2)
        self.assertEqual(json.loads(ground("--json", uri, BLACK).stdout)["file"], uri)

    def test_long(self):
        name = self.file("ä" * 120 + ".mkv")
        os.rename(self.video, name)
        ground("--clips", self.file("clips"), name, BLACK)
        self.assertEqual(len(glob.glob(self.file("clips/ä*.mkv"))), 1)

    def test_ends_of_lines_in_a_query(self):
        query = "the picture\rgoes black\r\n\n00:00:00.000 --> 00:00:01.000\nX"
        done = ground("--min-confidence", 0, "--vtt", self.file("e.vtt"), self.video, query)
        cues = [cue for cue in re.split("(?:\r\n|\r|\n){2,}", read(self.file("e.vtt")).decode()) if cue.strip()]
        self.assertEqual(len(cues), 1 + len(done.stdout.splitlines()), cues)
        self.assertEqual(cues[0], "WEBVTT")
        self.assertGreater(len(cues), 1)
        for cue in cues[1:]:
            self.assertRegex(cue, r"\A[0-9:.]+ --> [0-9:.]+\n[^\r\n]*the picture goes black[^\r\n]*\n?\Z")


class Progress(Outputs):
    def lines_shown(self, columns, video):
        """What was on a terminal's line, each time that it was written anew."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen([GROUND, video, BLACK], stdout=subprocess.DEVNULL, stderr=theirs) as program:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    more = os.read(ours, 4096)
                except OSError:
                    break
                if not more:
                    break
                shown += more
        os.close(ours)
        self.assertEqual(program.returncode, 0, shown)
        *lines, account, end = shown.decode().replace("\x1b[K", "").split("\r")
        self.assertRegex(account, ACCOUNT)
        self.assertEqual(end, "\n")
        return lines

    def test_is_never_wider_than_the_terminal(self):
        video = self.file("画" * 40 + "name.mkv")
        ffmpeg(*picture(60, size="160x120", rate=25, black=(3, 6)), video)
        for columns in (100, 30):
            lines = [line for line in self.lines_shown(columns, video) if line]
            self.assertTrue(lines)
            for line in lines:
                self.assertNotIn("\n", line)
                width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
                self.assertLess(width, columns, line)
            if columns == 100:
                self.assertRegex(lines[-1], r"^\[[# ]+\] +\d+ % .*looking at .*\.\.\..*name\.mkv$")


if __name__ == "__main__":
    main()
