# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clips show what the video shows, whatever its codec and container, and nothing that exists is lost for them."""

import pathlib
import signal
import stat
import time

from inputs import *

RATE = 10
MATROSKA = "matroskademux"
H264_IN_MP4 = "qtdemux ! h264parse"


def probe(file, entries):
    done = run(["ffprobe", "-v", "error", "-show_entries", entries, "-of", "csv=p=0", str(file)])
    return done.stdout, done.stderr


def times(file):
    """When the frames of a file are shown, in the order in which they are; it has to decode without a complaint."""
    out, err = probe(file, "frame=pts_time")
    if err:
        raise AssertionError(f"{file}: {err}")
    return [float(line.split(",")[0]) for line in out.split()]


@functools.lru_cache(maxsize=None)
def pixels(file, width=32, height=24):
    """The frames of a file as it is to be shown, small and grey."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-vf", f"scale={width}:{height}",
                           "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
                          capture_output=True, check=True)
    whole = width * height
    return [done.stdout[at:at + whole] for at in range(0, len(done.stdout), whole)]


def difference(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def size_of(file):
    """Width and height as it is shown."""
    done = run(["ffmpeg", "-nostdin", "-v", "info", "-i", str(file), "-frames:v", "1", "-f", "rawvideo", "-y",
                "/dev/null"])
    output = done.stderr[done.stderr.index("Output #0"):]
    return re.search(r"(\d{2,})x(\d{2,})", re.search(r"Video:.*", output).group()).groups()


class Clips(Inputs):
    def events_file(self, *intervals):
        lines = [json.dumps({"id": number, "query": "q", "start": int(start * 1e9), "stop": int(stop * 1e9)})
                 for number, (start, stop) in enumerate(intervals, 1)]
        handle, name = tempfile.mkstemp(suffix=".jsonl", dir=self.work)
        os.write(handle, ("\n".join(lines) + "\n").encode())
        os.close(handle)
        return name

    def clipper(self, *intervals, location="clips/%{id}.mkv", options=()):
        return ["gvlclipper", f"events={self.events_file(*intervals)}", f"location={self.file(location)}", "pre-roll=0",
                "post-roll=0", *options]

    def cutting(self, video, *intervals, chain=MATROSKA, **options):
        """A part of a launch line: clips of a file as it is encoded."""
        return ["filesrc", f"location={video}", "!", *chain.split(), "!", *self.clipper(*intervals, **options)]

    def cut(self, *arguments, **options):
        return self.cut_all(self.cutting(*arguments, **options))

    def cut_all(self, *parts):
        """The warnings of all these in one process: to load the plugin takes longer than to cut."""
        done = run(["gst-launch-1.0", "-m", *[word for part in parts for word in part]])
        return [line for line in done.stdout.splitlines() + done.stderr.splitlines()
                if line.startswith("WARNING: from element") or line.startswith("ERROR: from element")]

    def about(self, clip):
        return json.loads(pathlib.Path(clip).with_suffix(".json").read_text())

    def assert_shows(self, clip, source, rate=RATE, early=0, within=6.0):
        """The clip's frames are the source's, at the times that its description says, or up to `early` frames before
        them, all alike."""
        about, shown, frames, original = self.about(clip), times(clip), pixels(clip), pixels(source)
        self.assertEqual(shown, sorted(shown))
        self.assertAlmostEqual(shown[0], 0, delta=0.002)
        promised = (about["clip-stop"] - about["clip-start"]) * rate / 1e9
        self.assertAlmostEqual(len(shown), promised, delta=1.01, msg=f"{shown} {about}")
        first = int(about["clip-start"] / 1e9 * rate + 0.001)
        numbers = [first + round(at * rate) for at in shown]
        differences = [[difference(frame, original[max(number - by, 0)]) for number, frame in zip(numbers, frames)]
                       for by in range(early + 1)]
        self.assertLess(min(map(max, differences)), within, f"{clip}: {differences}")


class Codecs(Clips):
    """Every codec that the clipper takes."""

    KINDS = [
        # encoder, file, chain
        ("libx264 -bf 2 -g 20", "a.mp4", "qtdemux ! h264parse"),
        ("libx264 -bf 2 -g 20", "a.ts", "tsdemux ! h264parse"),
        ("libx264 -bf 2 -g 20", "a.mkv", "matroskademux ! h264parse"),
        ("libx264 -bf 0 -g 20", "a.flv", "flvdemux ! h264parse"),
        ("libx264 -bf 0 -g 20", "a.avi", "avidemux ! h264parse"),
        ("libx265 -g 20 -x265-params log-level=none", "b.mp4", "qtdemux ! h265parse"),
        ("libx265 -g 20 -x265-params log-level=none", "b.ts", "tsdemux ! h265parse"),
        ("libvpx -g 20 -deadline realtime", "c.webm", "matroskademux"),
        ("libvpx-vp9 -g 20 -deadline realtime -cpu-used 8", "d.webm", "matroskademux"),
        ("libvpx-vp9 -g 20 -deadline realtime -cpu-used 8", "d.mp4", "qtdemux"),
        ("libaom-av1 -g 20 -usage realtime -cpu-used 8", "e.mkv", "matroskademux ! av1parse"),
        ("libaom-av1 -g 20 -usage realtime -cpu-used 8", "e.mp4", "qtdemux"),
        ("mjpeg -q:v 2 -pix_fmt yuvj420p", "f.avi", "avidemux"),
        ("mjpeg -q:v 2 -pix_fmt yuvj420p", "f.mkv", "matroskademux"),
        ("mpeg1video -q:v 2 -g 20", "g.mpg", "mpegpsdemux ! mpegvideoparse"),
        # Frames so small that a packet holds several, of which one has a time.
        ("mpeg1video -q:v 20 -s 48x32 -g 20", "g2.mpg", "mpegpsdemux ! mpegvideoparse"),
        ("mpeg1video -q:v 2 -g 20", "g.mkv", "matroskademux ! mpegvideoparse"),
        ("mpeg2video -q:v 2 -g 20 -bf 2", "h.ts", "tsdemux ! mpegvideoparse"),
        ("mpeg2video -q:v 2 -g 20 -bf 2", "h.mpg", "mpegpsdemux ! mpegvideoparse"),
        ("mpeg2video -q:v 2 -g 20", "h.mkv", "matroskademux ! mpegvideoparse"),
        ("mpeg4 -q:v 2 -g 20", "i.avi", "avidemux ! mpeg4videoparse"),
        ("mpeg4 -q:v 2 -g 20 -bf 2", "i2.avi", "avidemux ! mpeg4videoparse"),
        ("libx264 -bf 2 -g 20", "a2.avi", "avidemux ! h264parse"),
        ("mpeg4 -q:v 2 -g 20 -bf 2", "i.mp4", "qtdemux ! mpeg4videoparse"),
    ]

    def test_each_decodes(self):
        encoders = run(["ffmpeg", "-hide_banner", "-encoders"]).stdout.split()
        kinds = [kind for kind in self.KINDS if kind[0].split()[0] in encoders]
        for missing in {kind[0].split()[0] for kind in self.KINDS} - {kind[0].split()[0] for kind in kinds}:
            print("not tried: ffmpeg has no", missing)
        # Old formats know few rates.
        rates = {name: 25 if encoder.startswith("mpeg") else RATE for encoder, name, _ in kinds}
        videos = [ffmpeg(*picture(4, rates[name], size="160x120"), "-c:v", *encoder.split(), self.file(name))
                  for encoder, name, _ in kinds]
        originals = {rate: ffmpeg(*picture(4, rate, size="160x120"), "-c:v", "huffyuv", self.file(f"{rate}.avi"))
                     for rate in (RATE, 25)}
        warnings = self.cut_all(*[self.cutting(video, (2.5, 3.5), chain=chain, location=f"clips/{name}.mkv")
                                  for video, (_, name, chain) in zip(videos, kinds)])
        self.assertEqual(warnings, [])
        for encoder, name, _ in kinds:
            with self.subTest(name, encoder=encoder.split()[0]):
                clip = self.file(f"clips/{name}.mkv")
                self.assertLessEqual(self.about(clip)["clip-start"], 2.5e9)
                self.assertGreaterEqual(self.about(clip)["clip-stop"], 3.4e9)
                # The first frame of these is shown up to some seconds after their clock's first time.
                early = 2 * rates[name] if name.endswith((".ts", ".mpg")) else 0
                # Nothing says when B-frames in AVI are shown: GStreamer's decoder may take one for the next.
                self.assert_shows(clip, originals[rates[name]], rate=rates[name], early=early,
                                  within=9 if name in ("a2.avi", "g2.mpg") else 6)

    def test_what_cannot_be_written_leaves_no_file(self):
        # AVI cannot hold it.
        video = ffmpeg(*picture(3, size="160x120"), "-c:v", "libvpx-vp9", "-deadline", "realtime", self.file("a.webm"))
        warnings = self.cut(video, (1, 2), location="clips/a.avi", options=("muxer=avimux",))
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn("a.avi", warnings[0])
        self.assertFalse(os.path.exists(self.file("clips/a.avi")))


class EditLists(Clips):
    def edited(self, start, name="e1.mp4", codec=("libx264",)):
        """What is shown begins between keyframes."""
        whole = ffmpeg(*picture(8, size="160x120"), "-c:v", *codec, self.file("e0-" + name))
        return ffmpeg("-ss", start, "-i", whole, "-c", "copy", self.file(name))

    def test_only_what_is_shown_is_in_a_clip(self):
        videos = [self.edited(3.3, "a.mp4"), self.edited(1.0, "b.mov"), self.edited(2.7, "c.mp4", ("libx265", "-x265-params", "log-level=none"))]
        cases = [(video, accurate, video + accurate + ".mkv") for video in videos for accurate in ("false", "true")]
        chains = {video: "qtdemux ! " + ("h265parse" if "c.mp4" in video else "h264parse") for video in videos}
        self.assertEqual(self.cut_all(*[self.cutting(video, (0, 2), chain=chains[video], location=clip,
                                                     options=("accurate=" + accurate,))
                                        for video, accurate, clip in cases]), [])
        for video, _, clip in cases:
            with self.subTest(clip):
                self.assertEqual(self.about(clip)["clip-start"], 0)
                self.assertEqual(len(times(clip)), 20)
                self.assert_shows(clip, video)

    def test_behind_the_next_keyframe_it_is_copied(self):
        video = self.edited(1.3, codec=("libx264", "-g", "20"))
        self.cut(video, (3, 4), chain=H264_IN_MP4)
        clip = self.file("clips/00001.mkv")
        self.assertIn("h264", probe(clip, "stream=codec_name")[0])
        self.assert_shows(clip, video)

    def test_gvl_ground(self):
        whole = ffmpeg(*picture(14, black=(7, 10)), "-c:v", "libx264", self.file("e0.mp4"))
        video = ffmpeg("-ss", 3.3, "-i", whole, "-c", "copy", self.file("e1.mp4"))
        ground(video, BLACK, "--clips", self.file("clips"))
        clips = sorted(pathlib.Path(self.file("clips")).glob("*.mkv"))
        self.assertEqual(len(clips), 1)
        self.assert_shows(clips[0], video)


class Turned(Clips):
    def turned(self, degrees):
        plain = ffmpeg(*picture(3), "-c:v", "libx264", self.file("plain.mp4"))
        name = self.file(f"{degrees}.mp4")
        if "display_rotation" in run(["ffmpeg", "-v", "error", "-h", "long"]).stdout:
            return ffmpeg("-display_rotation", degrees, "-i", plain, "-c", "copy", name)
        # Older than version 6.
        return ffmpeg("-i", plain, "-metadata:s:v", f"rotate={degrees}", "-c", "copy", name)

    def test_clips_are_upright(self):
        cases = [(self.turned(degrees), accurate) for degrees in (90, 180, 270) for accurate in ("false", "true")]
        self.assertEqual(self.cut_all(*[self.cutting(video, (1, 2), chain=H264_IN_MP4, location=video + accurate + ".mkv",
                                                     options=("accurate=" + accurate,))
                                        for video, accurate in cases]), [])
        for video, accurate in cases:
            with self.subTest(video, accurate=accurate):
                upright = ("320", "240") if "180" in video else ("240", "320")
                self.assertEqual(size_of(video), upright)
                self.assertEqual(size_of(video + accurate + ".mkv"), upright)
                self.assert_shows(video + accurate + ".mkv", video)

    def test_raw_video_with_a_tag(self):
        video = self.turned(90)
        self.cut(video, (1, 2), chain="decodebin")
        self.assertEqual(size_of(self.file("clips/00001.mkv")), ("240", "320"))

    def test_ordinary_video_is_copied(self):
        video = ffmpeg(*picture(4), "-c:v", "libx264", self.file("r0.mp4"))
        self.cut(video, (1, 2), chain=H264_IN_MP4)
        self.assertIn("h264", probe(self.file("clips/00001.mkv"), "stream=codec_name")[0])


class History(Clips):
    """One keyframe, and no other."""

    def video(self, seconds=40):
        return ffmpeg(*picture(seconds, size="160x120"), "-c:v", "libx264", "-preset", "ultrafast", "-g", "100000",
                      "-sc_threshold", "0", self.file("long.mkv"))

    def test_events_that_are_known_lose_nothing(self):
        warnings = self.cut(self.video(), (30, 32), (10, 11), chain="matroskademux ! h264parse",
                            options=("history=5000000000",))
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn("keyframe", warnings[0])
        for number, stop in ((1, 32), (2, 11)):
            clip = self.file(f"clips/0000{number}.mkv")
            self.assertAlmostEqual(len(times(clip)), stop * RATE, delta=3)
            self.assert_shows(clip, self.file("long.mkv"))
        self.assertEqual(len(os.listdir(self.file("clips"))), 4)

    def test_clips_that_were_begun_early_begin_anew_at_a_keyframe(self):
        video = ffmpeg(*picture(20, size="160x120"), "-c:v", "libx264", "-preset", "ultrafast", "-g", "60",
                       "-keyint_min", "60", "-sc_threshold", "0", self.file("gop.mkv"))
        self.cut(video, (14, 15), chain="matroskademux ! h264parse", options=("history=2000000000",))
        clip = self.file("clips/00001.mkv")
        self.assertEqual(self.about(clip)["clip-start"], 12_000_000_000)
        self.assert_shows(clip, video)
        self.assertEqual(sorted(os.listdir(self.file("clips"))), ["00001.json", "00001.mkv"])


class OddStreams(Clips):
    def test_raw_streams_keep_their_keyframes(self):
        video = ffmpeg(*picture(5, size="160x120"), "-c:v", "libx264", "-preset", "ultrafast", "-bf", 0, "-g", 20,
                       self.file("a.h264"))
        self.assertEqual(self.cut(video, (2, 3), chain="h264parse"), [])
        self.assertGreaterEqual(len(times(self.file("clips/00001.mkv"))), 10)

    def test_vpx_says_its_keyframes_itself(self):
        # ivfparse marks all frames as keyframes, oggdemux none.
        kinds = [("libvpx", "a.ivf", "ivfparse"), ("libvpx-vp9", "b.ivf", "ivfparse"), ("libvpx", "c.ogg", "oggdemux")]
        videos = [ffmpeg(*picture(5, size="160x120"), "-c:v", codec, "-g", 20, "-deadline", "realtime", "-auto-alt-ref",
                         0, *(["-f", "webm"] if name == "c.ogg" else []), self.file(name)) for codec, name, _ in kinds]
        muxed = self.file("vp8.ogg")
        launch(f"filesrc location={videos[2]} ! matroskademux ! oggmux ! filesink location={muxed}")
        videos[2] = muxed
        parts = [self.cutting(video, (2.5, 3.5), chain=chain, location=f"clips/{chain}-{number}.mkv")
                 for number, (video, (_, _, chain)) in enumerate(zip(videos, kinds))]
        self.assertEqual(self.cut_all(*parts), [])
        for number, (video, (_, _, chain)) in enumerate(zip(videos, kinds)):
            with self.subTest(kinds[number]):
                clip = self.file(f"clips/{chain}-{number}.mkv")
                self.assertEqual(self.about(clip)["clip-start"], 2e9)
                self.assert_shows(clip, video)

    def test_b_frames_of_matroska_in_mp4(self):
        for codec, parser in (("libx264", "h264parse"), ("libx265 -x265-params log-level=none", "h265parse")):
            with self.subTest(codec):
                video = ffmpeg(*picture(5, size="160x120"), "-c:v", *codec.split(), "-bf", 2, "-g", 20,
                               self.file(f"{parser}.mkv"))
                location = f"clips/{parser}.mp4"
                self.assertEqual(self.cut(video, (2, 4), chain=f"matroskademux ! {parser}", location=location,
                                          options=("muxer=mp4mux",)), [])
                self.assert_shows(self.file(location), video)

    def test_a_clip_that_a_break_ends_is_told(self):
        """Behind a new format, and where the time begins anew."""
        parts = [ffmpeg(*picture(4, size=size), "-c:v", "libx264", "-bf", 0, "-g", 20, "-output_ts_offset", offset,
                        "-muxdelay", 0, "-muxpreload", 0, self.file(f"{size}.ts")) for size, offset in (("160x120", 0), ("320x240", 4))]
        grown = self.file("grown.ts")
        pathlib.Path(grown).write_bytes(b"".join(pathlib.Path(part).read_bytes() for part in parts))
        start, *rest = (f"filesrc location={part} ! tsdemux ! h264parse !" for part in parts)
        warned = self.cut_all(self.cutting(grown, (2, 6), chain="tsdemux ! h264parse"),
                              [*start.split(), "concat", "name=c", "!",
                               *self.clipper((2, 6), location="clips/2.mkv"), *rest[0].split(), "c."])
        self.assertEqual(len(warned), 2, warned)
        for why in ("format changed", "went back in time"):
            self.assertRegex("\n".join(warned), f"Event 1: its clip ends early, at 0:00:04.0.*{why}")
        for clip in ("00001", "2"):
            self.assertAlmostEqual(times(self.file(f"clips/{clip}.mkv"))[-1], 1.9, delta=0.01)

    def test_frames_that_are_shown_for_long(self):
        video = ffmpeg(*picture(120, "1/12", size="160x120"), "-c:v", "libx264", "-preset", "ultrafast", "-g", 3,
                       "-bf", 0, self.file("slow.mkv"))
        self.cut(video, (50, 100), chain="matroskademux ! h264parse")
        self.assertGreaterEqual(len(times(self.file("clips/00001.mkv"))), 5)


class Places(Clips):
    def test_many_overlapping_events_are_a_few_threads(self):
        video = ffmpeg(*picture(5, size="64x48"), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", self.file("a.mkv"))
        count = 400
        command = ["gst-launch-1.0", "-m", "filesrc", f"location={video}", "!", "matroskademux", "!",
                   *self.clipper(*[(1 + i % 7 / 10, 3) for i in range(count)], options=("max-clips=4",))]
        running = subprocess.Popen(["bash", "-c", 'ulimit -n 128; exec "$@"', "bash", *command],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(running.stdout.close)
        most = 0
        while running.poll() is None:
            with contextlib.suppress(OSError):
                most = max(most, len(os.listdir(f"/proc/{running.pid}/task")))
            if not os.path.exists(self.file("clips")) or len(os.listdir(self.file("clips"))) < 2 * count:
                time.sleep(0.01)
            else:
                break
        out, _ = running.communicate(timeout=60)
        self.assertEqual(running.returncode, 0, out)
        self.assertNotIn("WARNING", out)
        self.assertNotIn("CRITICAL", out)
        self.assertEqual(len(list(pathlib.Path(self.file("clips")).glob("*.json"))), count)
        self.assertLess(most, 40)
        for number in (1, count // 2, count):
            self.assertGreaterEqual(len(times(self.file(f"clips/{number:05}.mkv"))), 14)


class Trouble(Clips):
    # Who writes slow streams of few bytes into one long clip, all at the same time.
    LIVE = {"a.mkv": ("vp8enc deadline=1", "matroskamux"), "b.avi": ("jpegenc quality=5", "avimux"),
            "c.mp4": ("x264enc tune=zerolatency speed-preset=ultrafast", "mp4mux")}

    def live(self, name):
        encoder, muxer = self.LIVE[name]
        return subprocess.Popen(["gst-launch-1.0", "-m", "videotestsrc", "is-live=true", "pattern=black", "!",
                                 "video/x-raw,width=64,height=48,framerate=10/1", "!", *encoder.split(), "!",
                                 *self.clipper((0, 1000), location=f"clips/{name}", options=(f"muxer={muxer}",))],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_killed_processes_have_written_their_clips(self):
        names = [name for name, (encoder, _) in self.LIVE.items()
                 if run(["gst-inspect-1.0", "--exists", encoder.split()[0]], check=False).returncode == 0]
        running = [self.live(name) for name in names]
        until = time.monotonic() + 60
        while not all(os.path.exists(self.file(f"clips/{name}")) for name in names) and time.monotonic() < until:
            time.sleep(0.05)
        # Some seconds of frames, of which the last may be missing.
        time.sleep(4)
        for process in running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for name in names:
            with self.subTest(name):
                self.assertGreaterEqual(len(probe(self.file(f"clips/{name}"), "packet=pts_time")[0].split()), 15)

    def video(self):
        return ffmpeg(*picture(4, size="160x120"), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", self.file("a.mkv"))

    def test_mp4_ends_as_an_ordinary_file(self):
        video = ffmpeg(*picture(5), "-c:v", "libx264", "-g", "10", self.file("b.mp4"))
        self.cut(video, (2, 4), chain=H264_IN_MP4, location="clips/a.mp4",
                 options=("muxer=mp4mux",))
        self.assert_shows(self.file("clips/a.mp4"), video)

    def test_a_full_disk(self):
        if not os.access("/dev/full", os.W_OK):
            self.skipTest("there is no /dev/full")
        video = self.video()
        os.mkdir(self.file("clips"))
        done = run(["bash", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "bash", "gst-launch-1.0", "-m", "filesrc",
                    f"location={video}", "!", "matroskademux", "!", *self.clipper((1, 3))])
        warnings = [line for line in done.stderr.splitlines() + done.stdout.splitlines()
                    if "00001.mkv" in line and "WARNING" in line]
        self.assertEqual(len(warnings), 1, done.stdout + done.stderr)
        self.assertEqual(os.listdir(self.file("clips")), ["00001.mkv.part"])

    def test_nothing_is_written_through_a_link(self):
        video, folder = self.video(), pathlib.Path(self.file("clips"))
        folder.mkdir()
        target = pathlib.Path(self.file("elsewhere"))
        (folder / "00001.mkv").symlink_to(target)
        (folder / "00002.json").symlink_to(target)
        self.cut(video, (1, 2), (1, 2))
        self.assertFalse(target.exists())
        self.assertTrue((folder / "00001.mkv").is_symlink() and (folder / "00002.json").is_symlink())
        for name in ("00001-2", "00002-2"):
            self.assertGreaterEqual(len(times(folder / (name + ".mkv"))), 10)
            self.assertTrue((folder / (name + ".json")).is_file())

    def test_a_description_that_exists_stays(self):
        video, folder = self.video(), pathlib.Path(self.file("clips"))
        folder.mkdir()
        (folder / "00001.json").write_text("mine")
        self.cut(video, (1, 2))
        self.assertEqual((folder / "00001.json").read_text(), "mine")
        self.assertEqual(self.about(folder / "00001-2.mkv")["file"], "00001-2.mkv")

    def test_a_clip_that_is_called_json(self):
        self.cut(self.video(), (1, 2), location="clips/%{id}.json")
        self.assertGreaterEqual(len(times(self.file("clips/00001.json"))), 10)
        self.assertTrue(json.loads(pathlib.Path(self.file("clips/00001.json.json")).read_text()))

    def test_a_folder_that_cannot_be_written(self):
        if os.geteuid() == 0:
            location, reason = "/proc/clips/%{id}.mkv", "/proc/clips/00001.mkv"
        else:
            os.mkdir(self.file("clips"), stat.S_IRUSR | stat.S_IXUSR)
            location, reason = self.file("clips/%{id}.mkv"), "00001.mkv"
        warnings = self.cut(self.video(), (1, 2), (2, 3), location=location)
        self.assertEqual(len(warnings), 2, warnings)
        self.assertIn(reason, warnings[0])

    def test_a_name_that_is_too_long(self):
        for length in (300, 251):  # the second only with .json
            warnings = self.cut(self.video(), (1, 2),
                                location=f"clips/{'n' * length}.mkv")
            self.assertEqual(len(warnings), 1, warnings)
            self.assertIn("n" * length, warnings[0])
            self.assertIn("too long", warnings[0])
            self.assertEqual(os.listdir(self.file("clips")), [])


if __name__ == "__main__":
    main()
