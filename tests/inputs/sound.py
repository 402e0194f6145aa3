# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sound is cut with its video: it is heard in a clip when it is seen, whatever the codec and the container."""

import array
import itertools
import pathlib
import signal
import time

from clips import Clips, probe
from inputs import *

SECONDS = 12
FLASH = 5.0  # a white picture, and a tone in the first track
SECOND = 5.6  # a tone in the second
RATE = 10
HEARD = 16000  # samples a second
FRAME = 1 / RATE
PACKET = 1152 / 44100  # the longest of the codecs here
NUMBERS = itertools.count()


def tone(at, rate=44100):
    return ["-f", "lavfi", "-i",
            f"aevalsrc='0.8*sin(2*PI*1000*t)*between(t,{at},{at}+0.3)':sample_rate={rate}:duration={SECONDS}"]


def flash():
    graph = (f"color=black:size=160x120:rate={RATE}:duration={SECONDS},"
             f"drawbox=t=fill:color=white:enable='between(t,{FLASH}-0.001,{FLASH}+0.299)'")
    return ["-f", "lavfi", "-i", graph]


def kinds_in(file):
    """Of its streams; MPEG-TS has them in a program as well."""
    streams = {tuple(line.strip(",").split(",")) for line in probe(file, "stream=index,codec_type")[0].split()}
    return sorted(kind for _, kind in streams)


def begin_of(file):
    return float(probe(file, "format=start_time")[0].split()[-1])


def seen_at(file):
    """When the picture turns white, from the file's begin."""
    times = [float(line.split(",")[0]) for line in
             run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time", "-of",
                  "csv=p=0", str(file)]).stdout.split()]
    frames = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-map", "0:v:0", "-vf", "scale=1:1",
                             "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
                            capture_output=True, check=True).stdout
    return next(at for at, light in zip(times, frames) if light > 128) - begin_of(file)


def samples(file, track=0):
    """What is heard from the file's begin on, silence included."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-map", f"0:a:{track}", "-af",
                           "aresample=async=1:first_pts=0", "-ac", "1", "-ar", str(HEARD), "-f", "s16le", "-"],
                          capture_output=True, check=True)
    return array.array("h", done.stdout)


def heard_at(file, track=0):
    return next(number for number, value in enumerate(samples(file, track)) if abs(value) > 6000) / HEARD


class Sound(Clips):
    def source(self, sound="aac", name="source.mkv", video=("libx264", "-g", 10, "-bf", 2), **options):
        return ffmpeg(*flash(), *tone(FLASH, **options), *tone(SECOND, **options), "-map", 0, "-map", 1, "-map", 2,
                      "-c:v", *video, "-c:a", *sound.split(), "-metadata:s:a:0", "language=eng", "-metadata:s:a:1",
                      "language=deu", "-shortest", self.file(name))

    def with_sound(self, video, *intervals, demuxer="matroskademux", parsers=("h264parse", "aacparse", "aacparse"),
                   queue="queue max-size-time=0 max-size-bytes=0 max-size-buffers=0", late="", **options):
        """A part of a launch line: clips of a file with its tracks, the second `late`."""
        name = f"d{next(NUMBERS)}"
        clipper = self.clipper(*intervals, **options)
        pads = ["video_0", *(f"audio_{number}" for number in range(len(parsers) - 1))]
        line = ["filesrc", f"location={video}", "!", demuxer, f"name={name}", clipper[0], f"name={name}c", *clipper[1:]]
        for pad, parser in zip(pads, parsers):
            sink = "sink" if pad == "video_0" else pad
            held = late if pad == "audio_1" else ""
            line += [f"{name}.{pad}", "!", *f"{parser} ! {queue} {held}".split(), "!", f"{name}c.{sink}"]
        return line

    def assert_in_sync(self, clip, tracks=2, within=FRAME + PACKET):
        about = self.about(clip)
        self.assertAlmostEqual(heard_at(clip) - seen_at(clip), 0, delta=within, msg=clip)
        if tracks > 1:
            self.assertAlmostEqual(heard_at(clip, 1) - heard_at(clip), SECOND - FLASH, delta=PACKET, msg=clip)
        # It begins with the frame, and ends with the last.
        shown = (about["clip-stop"] - about["clip-start"]) / 1e9
        first = float(run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of",
                           "csv=p=0", clip]).stdout.split()[0].split(",")[0]) - begin_of(clip)
        self.assertLessEqual(first, PACKET + 0.001, clip)
        for track in range(tracks):
            self.assertAlmostEqual(len(samples(clip, track)) / HEARD, shown, delta=3 * FRAME, msg=clip)


class Containers(Sound):
    # muxer, ending, codecs of sound as ffmpeg calls them, with their parser
    KINDS = [("matroskamux", "mkv", [("aac", "aacparse"), ("libopus", "opusparse"), ("libmp3lame", "mpegaudioparse"),
                                     ("ac3", "ac3parse"), ("libvorbis", "vorbisparse"), ("flac -frame_size 1152", "flacparse"),
                                     ("pcm_s16le", "audioconvert")]),
             ("webmmux", "webm", [("libopus", "opusparse"), ("libvorbis", "vorbisparse")]),
             ("mp4mux", "mp4", [("aac", "aacparse"), ("libopus", "opusparse"), ("libmp3lame", "mpegaudioparse")]),
             ("qtmux", "mov", [("aac", "aacparse"), ("ac3", "ac3parse"), ("pcm_s16le", "audioconvert")]),
             ("mpegtsmux", "ts", [("aac", "aacparse"), ("libopus", "opusparse"), ("libmp3lame", "mpegaudioparse"),
                                  ("ac3", "ac3parse")]),
             ("avimux", "avi", [("libmp3lame", "mpegaudioparse"), ("pcm_s16le", "audioconvert")]),
             ("flvmux", "flv", [("aac", "aacparse"), ("libmp3lame", "mpegaudioparse")])]

    def source_of(self, codec, parser):
        # Nothing says when H.264's B-frames in AVI are shown.
        video = {"mpeg4videoparse": ("mpeg4", "-q:v", 2, "-g", 10),
                 "identity": ("libvpx", "-g", 10, "-deadline", "realtime")}.get(parser, ("libx264", "-g", 10, "-bf", 2))
        name = f"{codec.split()[0]}-{video[0]}.mkv"
        if os.path.exists(self.file(name)):
            return self.file(name)
        return self.source(codec, name, video, rate=48000 if codec == "libopus" else 44100)

    def test_each_is_in_sync(self):
        """A flash and a tone that begin together do so in the clip, and the second track keeps its distance."""
        parts, clips = [], []
        for muxer, ending, codecs in self.KINDS:
            tracks = 1 if muxer == "flvmux" else 2  # it has one
            for codec, parser in codecs:
                clip = f"clips/{ending}/{codec.split()[0]}.{ending}"
                video = {"avi": "mpeg4videoparse", "webm": "identity"}.get(ending, "h264parse")
                parts.append(self.with_sound(self.source_of(codec, video), (4.35, 7), parsers=(video, *[parser] * tracks),
                                             location=clip, options=("muxer=" + muxer,)))
                clips.append((self.file(clip), tracks))
        self.assertEqual(self.cut_all(*parts), [])
        for clip, tracks in clips:
            with self.subTest(clip):
                self.assert_in_sync(clip, tracks)
                codec = pathlib.Path(clip).stem.removeprefix("lib").replace("mp3lame", "mp3")
                self.assertEqual(kinds_in(clip), ["audio"] * tracks + ["video"])
                self.assertIn(codec, probe(clip, "stream=codec_name")[0])

    def test_clips_that_are_encoded_again(self):
        source = self.source()
        raw = self.with_sound(source, (4.35, 7), parsers=("avdec_h264", "avdec_aac ! audioconvert", "avdec_aac ! audioconvert"),
                              location="clips/raw.mkv")
        accurate = self.with_sound(source, (4.35, 7), location="clips/accurate.mkv", options=("accurate=true",))
        self.assertEqual(self.cut_all(raw, accurate), [])
        for name in ("raw", "accurate"):
            with self.subTest(name):
                clip = self.file(f"clips/{name}.mkv")
                self.assert_in_sync(clip)
                self.assertAlmostEqual(self.about(clip)["clip-start"] / 1e9, 4.35, delta=0.001)

    def test_languages_are_kept(self):
        self.assertEqual(self.cut_all(self.with_sound(self.source(), (4, 6), location="clips/a.mkv")), [])
        tags = run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream_tags=language", "-of",
                    "csv=p=0", self.file("clips/a.mkv")]).stdout.split()
        self.assertEqual(tags, ["eng", "ger"])

    def test_edit_lists(self):
        """What an MP4 cuts away before its begin is not heard."""
        source = self.source(name="whole.mp4")
        video = ffmpeg("-ss", 1.25, "-i", source, "-map", 0, "-c", "copy", self.file("cut.mp4"))
        self.assertEqual(self.cut_all(self.with_sound(video, (3, 6), demuxer="qtdemux", location="clips/a.mkv")), [])
        self.assert_in_sync(self.file("clips/a.mkv"))


class Trouble(Sound):
    def test_a_track_that_is_late(self):
        """By seconds, as files are interleaved."""
        source = self.source()
        late = self.with_sound(source, (4.35, 7), location="clips/late.mkv", late="min-threshold-time=4000000000")
        self.assertEqual(self.cut_all(late), [])
        self.assert_in_sync(self.file("clips/late.mkv"))

    def test_a_track_that_ends_early(self):
        short = ffmpeg(*flash(), *tone(FLASH), *tone(SECOND), "-map", 0, "-map", 1, "-map", 2, "-c:v", "libx264", "-g",
                       10, "-c:a", "aac", "-filter:a:1", "atrim=end=6.2", self.file("short.mkv"))
        self.assertEqual(self.cut_all(self.with_sound(short, (4.35, 8), (8, 10))), [])
        self.assertAlmostEqual(heard_at(self.file("clips/00001.mkv"), 1) - heard_at(self.file("clips/00001.mkv")),
                               SECOND - FLASH, delta=PACKET)
        self.assertEqual(kinds_in(self.file("clips/00002.mkv")), ["audio", "video"])
        for clip in ("00001", "00002"):
            # Some frames behind the end are there for others' sake.
            about = self.about(self.file(f"clips/{clip}.mkv"))
            self.assertAlmostEqual(len(samples(self.file(f"clips/{clip}.mkv"))) / HEARD,
                                   (about["clip-stop"] - about["clip-start"]) / 1e9, delta=3 * FRAME)

    def test_a_container_that_takes_only_one(self):
        warnings = self.cut_all(self.with_sound(self.source(), (4, 6), location="clips/a.flv",
                                                options=("muxer=flvmux",)))
        self.assertEqual(len(warnings), 1, warnings)
        self.assertRegex(warnings[0], "a.flv: audio_1: .*no place")
        self.assert_in_sync(self.file("clips/a.flv"), tracks=1)

    LIVE = {"a.mkv": ("vp8enc deadline=1", "opusenc", "matroskamux"),
            "b.mp4": ("x264enc tune=zerolatency speed-preset=ultrafast", "opusenc", "mp4mux"),
            "c.ts": ("x264enc tune=zerolatency speed-preset=ultrafast", "opusenc", "mpegtsmux")}

    def live(self, name):
        video, sound, muxer = self.LIVE[name]
        return subprocess.Popen(["gst-launch-1.0", *self.clipper((0, 1000), location=f"clips/{name}", options=(
            "name=c", f"muxer={muxer}")), "videotestsrc", "is-live=true", "pattern=black", "!",
            "video/x-raw,width=64,height=48,framerate=10/1", "!", *video.split(), "!", "c.sink", "audiotestsrc",
            "is-live=true", "!", *sound.split(), "!", "c.audio_0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_killed_processes_have_written_both(self):
        names = [name for name, (video, *_) in self.LIVE.items()
                 if run(["gst-inspect-1.0", "--exists", video.split()[0]], check=False).returncode == 0]
        running = [self.live(name) for name in names]
        until = time.monotonic() + 60
        while not all(os.path.exists(self.file(f"clips/{name}")) for name in names) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(4)
        for process in running:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for name in names:
            with self.subTest(name):
                packets = probe(self.file(f"clips/{name}"), "packet=codec_type")[0].split()
                self.assertGreaterEqual(packets.count("video"), 15)
                self.assertGreaterEqual(packets.count("audio"), 75)


if __name__ == "__main__":
    main()
