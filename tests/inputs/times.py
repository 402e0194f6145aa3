# SPDX-License-Identifier: LGPL-2.1-or-later
"""The times that are reported are the file's own, whatever its frame rate, container and length."""

from inputs import *

# Frames like the one before are dropped: the black picture is one frame, shown for three seconds.
ONE_BLACK_FRAME = ["-vf", "select='not(between(t,4.05,6.95))'", "-fps_mode", "vfr"]


def base(path, *options):
    """11 s at 10 frames a second, black from 4 to 7 s."""
    return ffmpeg(*picture(11, black=(4, 7)), *options, path)


def grounded(source, query=BLACK, properties="", **options):
    """What `source ! decodebin ! gvlground` finds, by gst-launch-1.0."""
    found = launch(f"{source} ! decodebin ! gvlground {properties} query='{query}' ! fakesink", **options)
    return [event for event in found if "start" in event]


def times(found):
    return [(round(event["start"], 3), round(event["stop"], 3)) for event in found]


class FewFrames(Inputs):
    """Fewer frames than the model takes samples: some are sampled several times, and time stays time."""

    # name, seconds, frames a second, black, how exact, ffmpeg's options
    FILES = (
        ("one-a-second.mp4", 60, 1, (20, 40), 1.2, []),
        ("two-a-second.mkv", 40, 2, (10, 20), 0.9, []),
        ("three-a-second.webm", 24, 3, (6, 12), 0.7, ["-c:v", "libvpx", "-deadline", "realtime"]),
        ("five-a-second.avi", 15, 5, (5, 10), 0.6, []),
        ("one-in-two-seconds.mkv", 100, "1/2", (40, 70), 3, []),
        ("short.mp4", 2.5, 30, (1, 1.7), 0.15, []),
        ("a-second.mov", 1, 25, (0.32, 0.72), 0.1, []),
    )

    def test_files(self):
        videos = [ffmpeg(*picture(seconds, rate, black=black), *options, self.file(name))
                  for name, seconds, rate, black, _, options in self.FILES]
        found = events_of_each(videos, BLACK)
        for video, (name, seconds, _, black, within, _) in zip(videos, self.FILES):
            with self.subTest(name):
                self.assert_found(found[video], *black, within=within)
                self.assert_within(found[video], seconds)

    def test_windows_of_a_slow_camera(self):
        video = ffmpeg(*picture(60, 2, black=(25, 33)), self.file("a.mkv"))
        found = grounded(f"filesrc location={video}", properties="window-duration=20000000000")
        self.assert_found(found, 25, 33, within=0.9)

    def test_a_rate_that_is_not_declared_gives_the_same(self):
        video = ffmpeg(*picture(30, 2, black=(10, 18)), self.file("a.mkv"))
        declared = grounded(f"filesrc location={video}")
        undeclared = grounded(f"filesrc location={video} ! decodebin ! capssetter join=true "
                              "caps=video/x-raw,framerate=0/1")
        self.assert_found(declared, 10, 18, within=0.7)
        self.assertEqual(times(declared), times(undeclared))


class VariableRates(Inputs):
    """A declared rate says little where frames come at other times."""

    def test_a_frame_that_is_shown_for_long(self):
        videos = [base(self.file(name), *ONE_BLACK_FRAME) for name in ("a.mkv", "a.mp4", "a.mov")]
        for video, found in events_of_each(videos, BLACK).items():
            with self.subTest(video):
                self.assert_found(found, 4, 7)

    def test_far_fewer_frames_than_declared(self):
        video = ffmpeg(*picture(20, 30, black=(8, 13)), "-vf", "select='not(mod(n,15))'", "-fps_mode", "vfr",
                       self.file("a.mkv"))
        self.assert_found(events(video, BLACK), 8, 13)

    def test_a_picture_that_stands_over_windows(self):
        """As in a recording of a screen: the answers are those of the same video at a constant rate."""
        source = picture(300, 5, "160x96", black=(100, 180))
        videos = [ffmpeg(*source, self.file("constant.mp4"))]
        videos += [ffmpeg(*source, "-vf", "mpdecimate=max=0", "-fps_mode", "vfr", self.file(name))
                   for name in ("still.mp4", "still.mkv")]
        constant, *still = (times([event for event in found if "start" in event])
                            for found in events_of_each(videos, BLACK).values())
        self.assertEqual(len(constant), 1)
        for found in still:
            self.assertEqual(len(found), 1)
            # Other frames were coded, and of windows that are as sure, which are some steps of the model's times apart,
            # another may give the times.
            for at, expected in zip(found[0], constant[0]):
                self.assertAlmostEqual(at, expected, delta=2)


class Ends(Inputs):
    """Nothing that is reported reaches behind the last frame, and no end looks like a frozen picture."""

    def assert_ends(self, found, end):
        self.assertEqual([event["query"] for event in found if event["query"] == FREEZE], [], found)
        self.assert_within(found, end)

    def test_a_pipe_has_no_end_that_freezes(self):
        video = ffmpeg(*picture(10), self.file("a.mkv"))
        with open(video, "rb") as file:
            found = grounded("fdsrc ! matroskademux", FREEZE, stdin=file)
        self.assertEqual(times(found), [])

    def test_the_same_by_pipe_and_by_file(self):
        video = base(self.file("a.mkv"))
        with open(video, "rb") as file:
            piped = grounded("fdsrc ! matroskademux", stdin=file)
        self.assertEqual(times(piped), times(events(video, BLACK)))

    def test_a_file_cut_short(self):
        whole = ffmpeg(*picture(60, 30, black=(4, 7)), "-cluster_time_limit", 500, self.file("a.mkv"))
        packets = run(["ffprobe", "-v", "error", "-show_entries", "packet=pts_time,pos", "-of", "csv=p=0", whole]).stdout
        cut = next(int(pos) for time, pos in (line.split(",")[:2] for line in packets.split()) if float(time) >= 11)
        os.truncate(whole, cut)
        found = events(whole, BLACK, FREEZE)
        self.assert_found(found, 4, 7)
        self.assert_ends(found, 11.2)

    def test_a_live_window_cut_short(self):
        found = launch("videotestsrc is-live=true num-buffers=45 ! video/x-raw,width=96,height=96,framerate=30/1 ! "
                       "gvlground window-duration=30000000000 query='colour bars are shown' ! fakesink")
        self.assertTrue(found)
        for event in found:
            self.assertLess(event["window-stop"], 3)

    def test_raw_elementary_streams(self):
        h264 = base(self.file("a.h264"), "-c:v", "libx264", "-preset", "ultrafast", "-bsf:v", "h264_mp4toannexb")
        mpeg4 = base(self.file("a.m4v"), "-c:v", "mpeg4")
        raw = base(self.file("a.y4m"))
        for video, found in events_of_each([h264, mpeg4, raw], BLACK, FREEZE).items():
            with self.subTest(video):
                self.assert_found(found, 4, 7)
                self.assert_ends(found, 11)

    def test_single_pictures(self):
        pictures = [ffmpeg(*picture(1, 1), "-frames:v", 1, self.file(name)) for name in ("a.png", "a.jpg")]
        for video in pictures:
            with self.subTest(video):
                done = ground("--explain", "-q", BLACK, "-q", FREEZE, video)
                self.assertEqual(len(re.findall(r"^0\.00 s - [01]\.\d\d s  ", done.stderr, re.MULTILINE)), 2, done.stderr)

    def test_sound_that_goes_on_and_an_edit_list(self):
        sound = ffmpeg(*picture(8, black=(3, 5)), "-f", "lavfi", "-i", "sine=duration=20", self.file("a.mkv"))
        whole = base(self.file("whole.mp4"), "-g", 50)
        cut = ffmpeg("-ss", 3.3, "-i", whole, "-c", "copy", self.file("a.mp4"))
        found = events_of_each([sound, cut], BLACK, FREEZE)
        self.assert_found(found[sound], 3, 5)
        self.assert_ends(found[sound], 8.01)
        self.assert_found(found[cut], 0.7, 3.7)
        # Not that nothing freezes: what the model says of that here is as sure as its min_confidence, to a thousandth.
        self.assert_within(found[cut], 7.7)


class UnknownDurations(Inputs):
    """What says nothing of its length is looked at as a whole all the same."""

    def test_recordings_without_a_duration(self):
        mkv = base(self.file("a.mkv"), "-f", "matroska", "-live", 1)
        webm = base(self.file("a.webm"), "-c:v", "libvpx", "-deadline", "realtime", "-f", "webm", "-live", 1)
        mp4 = base(self.file("a.mp4"), "-movflags", "frag_keyframe+empty_moov", "-bf", 0)
        flv = base(self.file("a.flv"), "-flvflags", "no_duration_filesize", "-bf", 0)
        for video, found in events_of_each([mkv, webm, mp4, flv], BLACK).items():
            with self.subTest(video):
                self.assert_found(found, 4, 7)
                self.assert_within(found, 11)
                self.assertGreater(found[0]["window-stop"], 10.8)


class TransportStreams(Inputs):
    """Streams whose times begin elsewhere than at 0."""

    def test_one_window(self):
        videos = [base(self.file(name), "-r", 25, "-g", 10) for name in ("a.ts", "a.m2ts", "a.mpg")]
        for video, found in events_of_each(videos, BLACK).items():
            with self.subTest(video):
                [event] = found
                length = event["window-stop"] - event["window-start"]
                self.assertAlmostEqual(length, 11, delta=0.35)
                self.assertAlmostEqual(event["start"] - event["window-start"], 4, delta=0.6)
                self.assertAlmostEqual(event["stop"] - event["window-start"], 7, delta=0.6)

    def test_no_end_that_is_none(self):
        video = ffmpeg("-f", "lavfi", "-i", "mandelbrot=size=160x120:rate=25", "-t", 6, self.file("a.ts"))
        self.assertEqual(times(grounded(f"filesrc location={video}", FREEZE)), [])

    def test_times_of_years(self):
        base(self.file("a.mp4"))
        videos = [ffmpeg("-i", self.file("a.mp4"), "-c", "copy", "-output_ts_offset", offset, self.file(name))
                  for name, offset in (("a.mkv", 1700000000), ("b.ts", 80000), ("c.mkv", 2000000))]
        for video, found in events_of_each(videos, BLACK).items():
            with self.subTest(video):
                [event] = found
                self.assertAlmostEqual(event["stop"] - event["start"], 3, delta=0.4)
                self.assertAlmostEqual(event["window-stop"] - event["window-start"], 11, delta=0.3)
        found = launch("videotestsrc num-buffers=40 timestamp-offset=1700000000000000000 ! video/x-raw,framerate=10/1 ! "
                       "gvlground query='colour bars are shown' ! fakesink")
        self.assertAlmostEqual(found[0]["window-stop"] - found[0]["window-start"], 4, delta=0.001)


class Sessions(Inputs):
    """What starts again is answered for itself.

    Each branch names its pad of concat: gst-launch-1.0 may link two that appear at once to the same one.
    """

    def test_one_file_after_the_other(self):
        first = base(self.file("a.mkv"))
        second = ffmpeg(*picture(11, black=(5, 9)), self.file("b.mkv"))
        found = launch(f"concat name=c ! gvlground query='{BLACK}' ! fakesink "
                       f"filesrc location={first} ! matroskademux ! decodebin ! c.sink_0 "
                       f"filesrc location={second} ! matroskademux ! decodebin ! c.sink_1")
        self.assertEqual(len(found), 2, found)
        found.sort(key=lambda event: event["stop"])  # either file may be the first
        self.assert_found(found[:1], 4, 7)
        self.assert_found(found[1:], 5, 9)

    def test_a_file_twice_gives_the_same_twice(self):
        video = base(self.file("a.mkv"))
        found = launch(f"concat name=c adjust-base=false ! gvlground query='{BLACK}' ! fakesink "
                       f"filesrc location={video} ! matroskademux ! decodebin ! c.sink_0 "
                       f"filesrc location={video} ! matroskademux ! decodebin ! c.sink_1")
        self.assertEqual(len(found), 2, found)
        self.assertEqual(*times(found))
        self.assertAlmostEqual(found[0]["confidence"], found[1]["confidence"], delta=0.001)

    def test_a_query_twice_is_asked_once(self):
        video = base(self.file("a.mkv"))
        once, twice = events(video, BLACK), events(video, BLACK, BLACK)
        self.assertEqual(len(twice), 1)
        self.assertEqual(times(once), times(twice))
        self.assertAlmostEqual(once[0]["confidence"], twice[0]["confidence"], delta=0.001)


class WindowDurations(Inputs):
    def test_fewer_frames_than_segments(self):
        video = ffmpeg(*picture(60, 1, black=(22, 25)), self.file("a.mkv"))
        found = grounded(f"filesrc location={video}", properties="window-duration=10000000000 window-overlap=0")
        self.assert_found(found, 22, 25, within=1.2)

    def refused(self, value):
        done = run(["gst-launch-1.0", *shlex.split(
            f"videotestsrc num-buffers=30 ! video/x-raw,framerate=10/1 ! gvlground window-duration={value} "
            f"query='{BLACK}' ! fakesink")], check=False)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_seconds_taken_for_nanoseconds(self):
        for value in (1, 10, 60000, 30000000):
            message = self.refused(value)
            self.assertIn(f"Windows of {value / 10**9:.9f}".rstrip("0") + f" seconds (window-duration={value}) are too",
                          message)
            self.assertIn("nanoseconds", message)

    def test_windows_that_never_end(self):
        video = base(self.file("a.mkv"))
        for value in (10**15, 2**63 - 1, 2**64 - 2):
            with self.subTest(value):
                found = grounded(f"filesrc location={video}", properties=f"window-duration={value}")
                self.assert_found(found, 4, 7)
                self.assert_within(found, 11)


if __name__ == "__main__":
    main()
