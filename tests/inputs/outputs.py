# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gvl-ground writes: no input is lost, nothing fails in silence."""

import base64
import glob
import resource
import threading

from outputs_case import *

MODEL = os.path.join(BUILD, "models", "default")


def at_most(size):
    """For preexec_fn: no file may grow beyond `size` bytes, as on a disk that is full then."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def turned(video, file):
    """A copy that is to be shown turned by a quarter: newer FFmpegs have an option for it, older ones a tag."""
    if "display_rotation" in run(["ffmpeg", "-v", "error", "-h", "long"]).stdout:
        return ffmpeg("-display_rotation", 90, "-i", video, "-c", "copy", file)
    return ffmpeg("-i", video, "-c", "copy", "-metadata:s:v", "rotate=90", file)


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

    def test_parts_of_a_model(self):
        for part in ("default", "faults", "things"):
            shutil.copytree(os.path.join(BUILD, "models", part), self.file(part))
        for name in ("faults/model.safetensors", "things/things.json"):
            before = read(self.file(name))
            self.refused(f"--events .*{name}, which is read", "--force", "--model", self.file("default"), "--events",
                         self.file(name))
            self.assertEqual(read(self.file(name)), before)

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

    def test_sound_that_cannot_be_kept_is_told(self):
        video = ffmpeg("-i", self.video, "-f", "lavfi", "-i", "sine=duration=10", "-map", 0, "-map", 1, "-c:v", "copy",
                       "-c:a", "ac3", self.file("sound.mkv"))
        # Without what encodes sound, and without what decodes it.
        for left_out, why in ("opus", "audio/x-raw, is left out"), ("libav", "GStreamer lacks: .*AC-?3"):
            with self.subTest(left_out):
                done = ground("--force", "--overlay", self.file("o.webm"), video, BLACK, env=self.plugins_but(left_out))
                self.assertEqual(len(re.findall(f"^gvl-ground: .*sound.mkv: .*{why}", done.stderr, re.M)), 1, done.stderr)

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
                  "videorate", "jpeg", "videoparsersbad", "pango", "overlaycomposition", "audioconvert", "audioresample",
                  "audiorate", "opus")
        for pattern in wanted:
            for plugin in glob.glob(os.path.join(system, f"libgst{pattern}.so")):
                if pattern not in left_out:
                    os.symlink(plugin, os.path.join(self.file("plugins"), os.path.basename(plugin)))
        return {**os.environ, "GST_PLUGIN_SYSTEM_PATH_1_0": self.file("plugins"),
                "GST_REGISTRY": self.file("-".join(("registry", *left_out)))}

    def test_other_encoders(self):
        video = ffmpeg(*picture(2, size="160x120"), "-f", "lavfi", "-i", "sine=duration=2", "-c:v", "libvpx", "-c:a",
                       "libopus", self.file("video.webm"))
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
                self.assertEqual(sound_of(overlay), ["opus"])

    def test_too_large_for_the_encoder_is_known_before(self):
        ffmpeg(*picture(1, rate=2, size="4200x2400"), "-c:v", "mjpeg", self.video)
        self.refused("o.mp4: cannot be encoded here: ", "--overlay", self.file("o.mp4"),
                     env=self.plugins_but("x264", "x265", "libav"))

    def test_no_encoder_is_known_before(self):
        self.refused("o.webm: cannot be encoded here: vp8enc", "--overlay", self.file("o.webm"),
                     env=self.plugins_but("vpx"))


if __name__ == "__main__":
    main()
