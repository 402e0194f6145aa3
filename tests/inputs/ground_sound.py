# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-ground's clips and overlay have all the sound of their video, in step with it, and are shown the same way up."""

import glob
import pathlib

from inputs import *
from outputs_case import size_of, sound_of
from sound import FRAME, HEARD, PACKET, RATE, SECOND, begin_of, heard_at, kinds_in, samples, tone

BEGIN = 5.0  # the picture goes black, and a tone is heard in the first track; in the second at SECOND
SECONDS = 12


def dark_at(file):
    """When the picture goes black, from the file's begin."""
    out = run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time", "-of",
               "csv=p=0", str(file)]).stdout.split()
    times = [float(line.split(",")[0]) for line in out]
    frames = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-map", "0:v:0", "-vf", "scale=1:1",
                             "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
                            capture_output=True, check=True).stdout
    return next(at for at, light in zip(times, frames) if light < 50) - begin_of(file)


def languages_of(file):
    return run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream_tags=language", "-of",
                "csv=p=0", str(file)]).stdout.split()


class GroundSound(Inputs):
    def source(self, name, sound="aac", video=("libx264", "-g", 10), rate=44100):
        return ffmpeg(*picture(SECONDS, RATE, size="160x120", black=(BEGIN, BEGIN + 3)), *tone(BEGIN, rate),
                      *tone(SECOND, rate), "-map", 0, "-map", 1, "-map", 2, "-c:v", *video, "-pix_fmt", "yuv420p", "-c:a",
                      sound, "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-shortest",
                      self.file(name))

    def turned(self, name):
        video = self.source("upright-" + name)
        if "display_rotation" in run(["ffmpeg", "-v", "error", "-h", "long"]).stdout:
            return ffmpeg("-display_rotation", 90, "-i", video, "-map", 0, "-c", "copy", self.file(name))
        return ffmpeg("-i", video, "-map", 0, "-c", "copy", "-metadata:s:v", "rotate=90", self.file(name))

    def assert_whole(self, file, seconds=None):
        self.assertEqual(kinds_in(file), ["audio", "audio", "video"], file)
        self.assertAlmostEqual(heard_at(file) - dark_at(file), 0, delta=FRAME + PACKET, msg=file)
        self.assertAlmostEqual(heard_at(file, 1) - heard_at(file), SECOND - BEGIN, delta=PACKET, msg=file)
        if seconds:
            for track in (0, 1):
                self.assertAlmostEqual(len(samples(file, track)) / HEARD, seconds, delta=3 * FRAME, msg=file)


class OfClips(GroundSound):
    def test_all_tracks_are_there(self):
        sources = {"a.mp4": dict(), "b.ts": dict(), "c.mkv": dict(sound="libopus", rate=48000),
                   "d.avi": dict(sound="pcm_s16le", video=("mpeg4", "-q:v", 2, "-g", 10)),
                   # Matroska does not take it: it is decoded.
                   "e.mov": dict(sound="adpcm_ima_qt")}
        videos = [self.source(name, **how) for name, how in sources.items()]
        ground("--clips", self.file("clips"), "-q", BLACK, *videos)
        for name in sources:
            with self.subTest(name):
                [clip] = glob.glob(self.file(f"clips/{name[0]}-*.mkv"))
                about = json.loads(pathlib.Path(clip).with_suffix(".json").read_text())
                self.assert_whole(clip, (about["clip-stop"] - about["clip-start"]) / 1e9)
                if name in ("a.mp4", "c.mkv"):
                    self.assertEqual(languages_of(clip), ["eng", "ger"])

    def test_turned_video(self):
        video = self.turned("t.mp4")
        ground("--clips", self.file("clips"), "--overlay", self.file("o.mkv"), video, BLACK)
        [clip] = glob.glob(self.file("clips/*.mkv"))
        self.assertEqual(size_of(video)[:2], (160, 120))
        for file in (clip, self.file("o.mkv")):
            # Upright, and not turned once more.
            self.assertEqual(size_of(file), (120, 160, 0))
            self.assert_whole(file)


class OfOverlay(GroundSound):
    def test_sound_stays_as_it_is_packed(self):
        video = self.source("a.ts")
        for name in ("o.mkv", "o.mp4"):
            ground("--overlay", self.file(name), video, BLACK)
            self.assert_whole(self.file(name), SECONDS)
            self.assertEqual(sound_of(self.file(name)), ["aac", "aac"])

    def test_sound_that_the_container_does_not_take_is_encoded_again(self):
        for name, video in (("o.webm", self.source("a.mp4")), ("o.mp4", self.source("b.mkv", "libvorbis"))):
            ground("--overlay", self.file(name), video, BLACK)
            self.assert_whole(self.file(name), SECONDS)

    def test_a_part_of_the_video(self):
        ground("--overlay", self.file("o.mkv"), "--for", 8, self.source("a.mp4"), BLACK)
        self.assert_whole(self.file("o.mkv"), 8)


if __name__ == "__main__":
    main()
