# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gvl-ground writes for editing programs, of videos of all usual frame rates."""

from outputs_case import *

try:
    import opentimelineio
except ImportError:
    opentimelineio = None

# Frame rates as ffmpeg takes them, and whether timecode drops frame numbers there.
RATES = {"24000/1001": False, "24": False, "25": False, "30000/1001": True, "30": False, "50": False, "60000/1001": True}

EDIT = re.compile(r"(\d{3})  AX       V     C        (\S+) (\S+) (\S+) (\S+)")


def rate_of(text):
    numerator, _, denominator = text.partition("/")
    return int(numerator) / int(denominator or 1)


def frame_of(timecode, rate):
    """The frame that a timecode names: SMPTE's numbers, the other way round."""
    hours, minutes, seconds, frames = map(int, re.split("[:;]", timecode))
    nominal = round(rate)
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if ";" in timecode:
        all_minutes = hours * 60 + minutes
        count -= nominal // 15 * (all_minutes - all_minutes // 10)
    return count


class Editing(Outputs):
    def written(self, video, *options):
        """The edit list, the timeline and the events of a run."""
        edl, otio, events_file = self.file("e.edl"), self.file("e.otio"), self.file("e.jsonl")
        ground("--force", "--edl", edl, "--otio", otio, "--events", events_file, *options, video, BLACK)
        found = [json.loads(line) for line in read(events_file).decode().splitlines()]
        self.assertEqual([event["query"] for event in found], [BLACK])
        return read(edl).decode(), json.loads(read(otio)), found

    def test_frame_rates(self):
        for name, drops in RATES.items():
            with self.subTest(name):
                video = ffmpeg(*picture(10, size="160x120", rate=name, black=(3, 6)), "-c:v", "libx264",
                               self.file("video.mp4"))
                edl, otio, found = self.written(video)
                rate = rate_of(name)
                self.assertIn(f"\nFCM: {'' if drops else 'NON-'}DROP FRAME\n", edl)
                edits = EDIT.findall(edl)
                self.assertEqual(len(edits), 1, edl)
                number, *codes = edits[0]
                self.assertEqual(number, "001")
                self.assertEqual({";" in code for code in codes}, {drops})
                start, stop, at, end = (frame_of(code, rate) for code in codes)
                self.assertEqual(start, round(found[0]["start"] / 1e9 * rate))
                self.assertEqual(stop, min(round(found[0]["stop"] / 1e9 * rate), round(10 * rate)))
                self.assertEqual((at, end - at), (frame_of(f"01:00:00{';' if drops else ':'}00", rate), stop - start))
                self.assertIn("\n* FROM CLIP NAME: video.mp4\n", edl)
                self.assert_timeline(otio, rate, video, [(start, stop)])

    def assert_timeline(self, otio, rate, video, events, first=0):
        clip = otio["tracks"]["children"][0]["children"][0]
        self.assertEqual(clip["media_references"]["DEFAULT_MEDIA"]["target_url"], "file://" + video)
        self.assertAlmostEqual(otio["global_start_time"]["rate"], rate, places=6)
        ranges = [(marker["marked_range"]["start_time"]["value"], marker["marked_range"]["duration"]["value"])
                  for marker in clip["markers"]]
        self.assertEqual(ranges, [(first + start, stop - start) for start, stop in events])
        self.assertEqual(clip["source_range"]["start_time"]["value"], first)
        self.assertAlmostEqual(clip["source_range"]["duration"]["value"], 10 * rate, delta=1)

    def test_opentimelineio_reads_it(self):
        if not opentimelineio:
            self.skipTest("there is no opentimelineio")
        self.written(self.video)
        timeline = opentimelineio.adapters.read_from_file(self.file("e.otio"))
        clips = list(timeline.find_clips())
        self.assertEqual([clip.name for clip in clips], ["video.mkv"])
        self.assertEqual(clips[0].media_reference.target_url, "file://" + self.video)
        self.assertEqual([marker.name for marker in clips[0].markers], [BLACK])
        self.assertEqual(clips[0].markers[0].marked_range.start_time.rate, 10)
        self.assertEqual(timeline.duration().to_seconds(), 10)

    def test_first_timecode(self):
        video = ffmpeg(*picture(10, size="160x120", rate=25, black=(3, 6)), self.file("v.mkv"))
        edl, otio, found = self.written(video, "--timecode", "10:00:00:00")
        start = round(found[0]["start"] / 1e9 * 25)
        self.assertEqual(frame_of(EDIT.findall(edl)[0][1], 25), 36000 * 25 + start)
        stop = round(found[0]["stop"] / 1e9 * 25)
        self.assert_timeline(otio, 25, video, [(start, stop)], first=36000 * 25)

    def test_first_frame_is_not_at_0(self):
        """As in transport streams: a player's frame 0 is the first one that there is."""
        video = ffmpeg(*picture(10, size="160x120", rate=25, black=(3, 6)), "-c:v", "libx264", self.file("v.ts"))
        edl, otio, found = self.written(video)
        first = found[0]["window-start"]
        self.assertGreater(first, 0)
        start, stop = (round((found[0][name] - first) / 1e9 * 25) for name in ("start", "stop"))
        self.assertEqual([frame_of(code, 25) for code in EDIT.findall(edl)[0][1:3]], [start, stop])
        self.assert_timeline(otio, 25, video, [(start, stop)])

    def test_numbers_are_not_dropped_where_the_first_timecode_says_so(self):
        video = ffmpeg(*picture(10, size="160x120", rate="30000/1001", black=(3, 6)), self.file("v.mkv"))
        self.assertIn("FCM: NON-DROP FRAME", self.written(video, "--timecode", "00:00:00:00")[0])

    def test_what_cannot_be(self):
        edl = self.file("e.edl")
        self.fails(1, "--timecode 25: a timecode like", "--edl", edl, "--timecode", "25", self.video, BLACK)
        self.fails(1, "--timecode needs --edl or --otio", "--timecode", "00:00:00:00", self.video, BLACK)
        self.fails(1, "--edl.* take one video", "--edl", edl, "-q", BLACK, self.video, self.video)
        self.fails(1, "--task qa has none", "--otio", edl, "--task", "qa", self.video, BLACK)
        self.fails(1, "--edl: the value is empty", "--edl", "", self.video, BLACK)
        # The test's video has 10 frames a second.
        self.fails(2, "video.mkv: has 10 frames a second: there is no timecode 00:00:00:10", "--edl", edl, "--timecode",
                   "00:00:00:10", self.video, BLACK)
        odd = ffmpeg(*picture(4, size="160x120", rate="25/2"), self.file("odd.mkv"))
        self.fails(2, r"odd.mkv: has 12.5 frames a second, which no timecode counts \(--otio\)", "--otio", edl, odd, BLACK)
        self.assertFalse(os.path.exists(edl))
        self.refused("--edl .*exists already", "--edl", shutil.copy(self.video, edl))
        self.refused("two outputs", "--edl", self.file("x"), "--otio", self.file("x"))


if __name__ == "__main__":
    main()
