# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gvl-ground is given and what it writes: no input is lost, nothing fails in silence, names may be anything."""

import base64
import fcntl
import functools
import glob
import http.server
import pty
import resource
import signal
import struct
import termios
import threading
import time
import unicodedata

from inputs import *

MODEL = os.path.join(BUILD, "models", "default")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def at_most(size):
    """For preexec_fn: no file may grow beyond `size` bytes, as on a disk that is full then."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def size_of(file):
    """Width and height of a video or picture, and how it is to be turned."""
    entries = "stream=width,height:stream_side_data=rotation:stream_tags=rotate"
    shown = run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", entries, "-of", "json", file])
    stream = json.loads(shown.stdout)["streams"][0]
    turned = stream.get("tags", {}).get("rotate") or stream.get("side_data_list", [{}])[0].get("rotation", 0)
    return stream["width"], stream["height"], int(turned) % 360


def turned(video, file):
    """A copy that is to be shown turned by a quarter: newer FFmpegs have an option for it, older ones a tag."""
    if "display_rotation" in run(["ffmpeg", "-v", "error", "-h", "long"]).stdout:
        return ffmpeg("-display_rotation", 90, "-i", video, "-c", "copy", file)
    return ffmpeg("-i", video, "-c", "copy", "-metadata:s:v", "rotate=90", file)


class Outputs(Inputs):
    """self.video: a few seconds with an event in them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="gvl-inputs-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.kept = ffmpeg(*picture(10, size="160x120", black=(3, 6)), os.path.join(cls.folder, "kept.mkv"))

    def setUp(self):
        super().setUp()
        self.video = shutil.copy(self.kept, self.file("video.mkv"))

    def fails(self, code, patterns, *arguments, **options):
        """gvl-ground exits with this code, and says a line for each of the patterns."""
        done = ground(*arguments, check=False, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.splitlines()
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            self.assertEqual(len([line for line in lines if re.search(pattern, line)]), 1, (pattern, done.stderr))
        return done

    def refused(self, patterns, *arguments, **options):
        """The same, before anything was looked at."""
        done = self.fails(2, patterns, *arguments, self.video, BLACK, **options)
        self.assertEqual(done.stdout, "")

    def left_over(self):
        return [name for name in os.listdir(self.work) if name.startswith(".gvl") or name.endswith(".part")]


class NothingIsLost(Outputs):
    def test_inputs(self):
        before = read(self.video)
        link, other = self.file("link.html"), self.file("other.vtt")
        os.symlink(self.video, link)
        os.link(self.video, other)
        outputs = {"--overlay": self.video, "--events": self.file("./video.mkv"), "--report": link, "--vtt": other}
        self.refused([f"{option} .* is .*video.mkv, which is read" for option in outputs], "--force",
                     *[part for item in outputs.items() for part in item])
        self.assertEqual(read(self.video), before)

    def test_inputs_by_other_names(self):
        before = read(self.video)
        for uri in (f"pushfile://{self.video}", f"file://{self.video}#t=1"):
            self.fails(2, "which is read", "--force", "--events", self.video, uri, BLACK)
        with open(self.video, "rb") as video:
            self.fails(2, "which is read", "--force", "--events", self.video, "fd://0", BLACK, stdin=video)
        self.assertEqual(read(self.video), before)

    def test_one_file_by_name_and_descriptor(self):
        with open(self.file("x"), "w") as file:
            self.refused("two outputs", "--force", "--events", self.file("x"), "--vtt", f"/dev/fd/{file.fileno()}",
                         pass_fds=[file.fileno()])

    def test_model_and_descriptors(self):
        before = read(self.video)
        model = shutil.copytree(MODEL, self.file("model"))
        config = read(model + "/config.json")
        with open(self.video, "r+b") as video:
            self.refused(["--vtt .*config.json, which is read", "--events /dev/fd/.*video.mkv, which is read"],
                         "--force", "--model", model, "--vtt", model + "/config.json",
                         "--events", f"/dev/fd/{video.fileno()}", pass_fds=[video.fileno()])
        self.assertEqual(read(self.video), before)
        self.assertEqual(read(model + "/config.json"), config)

    def test_standard_output(self):
        before = read(self.video)
        with open(self.video, "ab") as video:
            done = subprocess.run([GROUND, self.video, BLACK], stdout=video, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr, f"gvl-ground: standard output: is {self.video}, which is read\n")
        self.assertEqual(read(self.video), before)

    def test_what_exists(self):
        outputs = {"--events": "e.jsonl", "--vtt": "e.vtt", "--report": "r.html", "--overlay": "o.mkv"}
        command = [part for option, name in outputs.items() for part in (option, self.file(name))]
        for name in outputs.values():
            with open(self.file(name), "w") as file:
                file.write("mine")
        self.refused([f"{name}: exists.*--force" for name in outputs.values()], *command)
        for name in outputs.values():
            self.assertEqual(read(self.file(name)), b"mine")
        os.chmod(self.file("e.jsonl"), 0o600)
        ground("--force", *command, self.video, BLACK)
        self.assertIn(b"start", read(self.file("e.jsonl")))
        self.assertEqual(os.stat(self.file("e.jsonl")).st_mode & 0o777, 0o600)
        self.assertTrue(read(self.file("e.vtt")).startswith(b"WEBVTT"))
        self.assertIn(b"<table>", read(self.file("r.html")))
        self.assertEqual(size_of(self.file("o.mkv"))[:2], (160, 120))
        self.assertEqual(self.left_over(), [])

    def test_the_same_twice(self):
        self.refused("two outputs", "--events", self.file("x"), "--report", self.work + "/./x")
        for clips in ("x", "x/clips"):
            self.refused("is to be a file", "--events", self.file("x"), "--clips", self.file(clips))

    def test_links_are_not_followed(self):
        nowhere, existing = self.file("nowhere.jsonl"), self.file("existing.jsonl")
        os.symlink(self.file("target"), nowhere)
        shutil.copy(self.video, self.file("other"))
        os.symlink(self.file("other"), existing)
        self.refused([f"{option}.*symbolic link" for option in ("--events", "--vtt", "--clips")], "--force",
                     "--events", nowhere, "--vtt", existing, "--clips", nowhere)
        self.assertTrue(os.path.islink(nowhere) and os.path.islink(existing))
        self.assertFalse(os.path.exists(self.file("target")))
        self.assertEqual(read(self.file("other")), read(self.video))

    def test_pipes_and_descriptors(self):
        pipe, overlay = self.file("pipe.vtt"), self.file("pipe.mkv")
        got = {}
        for name in (pipe, overlay):
            os.mkfifo(name)
            threading.Thread(target=lambda name=name: got.update({name: read(name)}), daemon=True).start()
        with open(self.file("report"), "wb") as report:
            done = ground("--vtt", pipe, "--overlay", overlay, "--events", "/dev/stdout", "--report",
                          f"/dev/fd/{report.fileno()}", self.video, BLACK, pass_fds=[report.fileno()])
        self.assertTrue(got[pipe].startswith(b"WEBVTT"))
        self.assertTrue(stat_is_fifo(pipe) and stat_is_fifo(overlay))
        with open(self.file("got.mkv"), "wb") as file:
            file.write(got[overlay])
        self.assertEqual(size_of(self.file("got.mkv"))[:2], (160, 120))
        self.assertIn(b"<table>", read(self.file("report")))
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["query"], BLACK)


def stat_is_fifo(path):
    return os.stat(path).st_mode & 0o170000 == 0o010000


class WhatCannotBeWritten(Outputs):
    def test_is_known_before(self):
        self.refused(["--events .*nowhere", "--overlay .*nowhere", "--vtt .*is a folder", "--report .*too long",
                      "--clips .*is not a folder"],
                     "--events", self.file("nowhere/e.jsonl"), "--overlay", self.file("nowhere/o.mkv"), "--vtt",
                     self.work, "--report", self.file("x" * 300), "--clips", self.video)
        self.refused(["/dev/fd/77: is not open", "--vtt .*[Nn]ot a directory", "--clips .*[Nn]ot a directory"],
                     "--events", "/dev/fd/77", "--vtt", self.video + "/x", "--clips", self.video + "/clips")
        if os.geteuid():
            os.mkdir(self.file("locked"), 0o500)
            self.refused(["--events .*locked", "--clips .*locked"], "--events", self.file("locked/x"), "--clips",
                         self.file("locked/x"))
        self.assertEqual(set(os.listdir(self.work)) - {"locked"}, {"video.mkv"})

    def test_full_disk(self):
        # One fault does not keep the other outputs from being written.
        self.fails(2, ["o.mkv: ", "--report /dev/full: No space", "--vtt /dev/full: No space"],
                   "--events", self.file("e.jsonl"), "--overlay", self.file("o.mkv"), "--report", "/dev/full",
                   "--vtt", "/dev/full", self.video, BLACK, preexec_fn=at_most(8192))
        self.assertEqual(json.loads(read(self.file("e.jsonl")))["query"], BLACK)
        self.assertFalse(os.path.exists(self.file("o.mkv")))
        self.assertEqual(self.left_over(), [])

    def test_lost_clips(self):
        self.fails(2, "1 of 1 clips", "--clips", self.file("clips"), self.video, BLACK, preexec_fn=at_most(2048))

    def test_full_standard_output(self):
        for arguments in (["--events", self.file("e.jsonl"), self.video, BLACK], ["--json", self.video, BLACK],
                          ["--help"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([GROUND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(done.stderr.splitlines(), ["gvl-ground: standard output: No space left on device"])
        self.assertEqual(json.loads(read(self.file("e.jsonl")))["query"], BLACK)

    def test_no_folder_for_temporaries(self):
        ground("--clips", self.file("clips"), self.video, BLACK, env={**os.environ, "TMPDIR": "/nonexistent"})
        self.assertEqual(len(glob.glob(self.file("clips/*.mkv"))), 1)


class Overlays(Outputs):
    def test_turned(self):
        upright = ffmpeg(*picture(10, size="160x120", black=(3, 6)), "-pix_fmt", "yuv420p", self.file("upright.mp4"))
        video = turned(upright, self.file("turned.mp4"))
        self.assertEqual(size_of(video)[:2], (160, 120))
        self.assertIn(size_of(video)[2], (90, 270))
        ground("--overlay", self.file("o.mkv"), "--report", self.file("r.html"), video, BLACK)
        self.assertEqual(size_of(self.file("o.mkv")), (120, 160, 0))
        images = re.findall(rb"data:image/jpeg;base64,([^\"]+)", read(self.file("r.html")))
        self.assertTrue(images)
        with open(self.file("image.jpg"), "wb") as image:
            image.write(base64.b64decode(images[0]))
        width, height, _ = size_of(self.file("image.jpg"))
        self.assertLess(width, height)

    def test_odd_size_and_capitals(self):
        video = ffmpeg(*picture(4, size="161x121"), "-c:v", "libvpx", "-pix_fmt", "yuv420p", self.file("ODD.WEBM"))
        ground("--overlay", self.file("O.MP4"), video, BLACK)
        width, height, _ = size_of(self.file("O.MP4"))
        self.assertTrue(abs(width - 161) <= 1 and abs(height - 121) <= 1)

    def plugins_but(self, *left_out):
        """The environment of a GStreamer without these plugins."""
        system = run(["pkg-config", "--variable=pluginsdir", "gstreamer-1.0"]).stdout.strip()
        shutil.rmtree(self.file("plugins"), ignore_errors=True)
        os.makedirs(self.file("plugins"))
        wanted = ("coreelements", "playback", "typefindfunctions", "videoconvert*", "videoscale", "videofilter",
                  "videotestsrc", "matroska", "isomp4", "vpx", "libav", "x264", "openh264", "x265", "encoding",
                  "videorate", "jpeg", "videoparsersbad", "pango", "overlaycomposition")
        for pattern in wanted:
            for plugin in glob.glob(os.path.join(system, f"libgst{pattern}.so")):
                if pattern not in left_out:
                    os.symlink(plugin, os.path.join(self.file("plugins"), os.path.basename(plugin)))
        return {**os.environ, "GST_PLUGIN_SYSTEM_PATH_1_0": self.file("plugins"),
                "GST_REGISTRY": self.file("-".join(("registry", *left_out)))}

    def test_other_encoders(self):
        video = ffmpeg(*picture(2, size="160x120"), "-c:v", "libvpx", self.file("video.webm"))
        # The last one is found by encodebin.
        named = ("x264", "openh264", "libav")
        for number, encoder in enumerate((*named[1:], "x265")):
            with self.subTest(encoder):
                environment = self.plugins_but(*named[:number + 1])
                if not os.path.exists(self.file(f"plugins/libgst{encoder}.so")):
                    self.skipTest(encoder + " is not installed")
                overlay = self.file(encoder + ".mp4")
                ground("--overlay", overlay, video, BLACK, env=environment)
                self.assertEqual(size_of(overlay)[:2], (160, 120))

    def test_too_large_for_the_encoder_is_known_before(self):
        ffmpeg(*picture(1, rate=2, size="4200x2400"), "-c:v", "mjpeg", self.video)
        self.refused("o.mp4: cannot be encoded here: ", "--overlay", self.file("o.mp4"),
                     env=self.plugins_but("x264", "x265", "libav"))

    def test_no_encoder_is_known_before(self):
        self.refused("o.webm: cannot be encoded here: vp8enc", "--overlay", self.file("o.webm"),
                     env=self.plugins_but("vpx"))


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
        """What stood on a terminal's line, each time that it was written anew."""
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
        return shown.decode().replace("\x1b[K", "").split("\r")

    def test_is_never_wider_than_the_terminal(self):
        video = self.file("画" * 40 + "name.mkv")
        ffmpeg(*picture(15, size="160x120", rate=25, black=(3, 6)), video)
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
