# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the model sees is what a player shows, and what is written next to the video has the video's times."""

from inputs import *



class Orientation(Inputs):
    """A file with a display matrix gives the answers of the video that was turned itself."""

    LOSSLESS = ["-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv444p"]
    # Black comes down over the picture, and something moves: turned, both look another way.
    PICTURE = ("testsrc2=size=160x96:rate=20:duration=5,"
               "drawbox=0:0:iw:ih*(t-1):black:fill:enable='between(t,1,2)',drawbox=t=fill:c=black:enable='between(t,2,4)'")

    def answers(self, video):
        found = events(video, BLACK, "the picture is wiped from left to right", "the camera pans to the left",
                       options=["--min-confidence", "0"])
        self.assertEqual(len(found), 3)
        # Turning comes after the conversion to RGB here, and before it in what ffmpeg turned.
        return [(event["query"], event["start"], event["stop"], round(event["confidence"], 3)) for event in found]

    def test_a_display_matrix_is_a_turned_picture(self):
        straight = ffmpeg("-f", "lavfi", "-i", self.PICTURE, *self.LOSSLESS, self.file("straight.mp4"))
        answers = self.answers(straight)
        for degrees in (90, 270):
            with self.subTest(degrees):
                tagged = ffmpeg("-i", straight, "-c", "copy", "-metadata:s:v", f"rotate={degrees}",
                                self.file(f"tagged{degrees}.mp4"))
                # What decodes it turns it, and the file that is written has no matrix.
                physical = ffmpeg("-i", tagged, *self.LOSSLESS, self.file(f"physical{degrees}.mp4"))
                turned = self.answers(tagged)
                self.assertEqual(turned, self.answers(physical))
                self.assertNotEqual(turned, answers)


class Captions(Inputs):
    """What the pad `events` writes has the times of the events, whatever the file's timestamps are."""

    X264 = ["-c:v", "libx264", "-bf", "2", "-g", "250"]

    def launch(self, video, sink):
        return launch(["filesrc", f"location={video}", "!", "decodebin", "!", "gvlground", "name=g", f"query={BLACK}",
                       *sink])

    def cues(self, video):
        """The events of a file, and the times of the captions that are made of them."""
        captions = self.file("out.vtt")
        found = self.launch(video, ["!", "fakesink", "g.events", "!", "webvttenc", "!", "filesink",
                                    f"location={captions}", "async=false"])
        with open(captions) as file:
            return found, re.findall(r"(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)", file.read())

    def assert_captions(self, video, start, stop):
        found, cues = self.cues(video)
        self.assert_found(found, start, stop)
        self.assertEqual(len(cues), 1)
        times = [float(value) for value in cues[0]]
        self.assertAlmostEqual(times[0] * 3600 + times[1] * 60 + times[2], found[0]["start"], delta=0.002)
        self.assertAlmostEqual(times[3] * 3600 + times[4] * 60 + times[5], found[0]["stop"], delta=0.002)

    def test_captions_of_files_with_edit_lists(self):
        # B-frames alone make one: the first frame is shown two frames after it is decoded.
        whole = ffmpeg(*picture(8, 25, "160x96", black=(3.5, 5)), *self.X264, self.file("whole.mp4"))
        cut = ffmpeg("-ss", 2.5, "-i", whole, "-c", "copy", self.file("cut.mp4"))
        for video, start, stop in ((whole, 3.5, 5), (cut, 1, 2.5)):
            with self.subTest(video):
                self.assert_captions(video, start, stop)

    def test_subtitles_beside_the_video_are_in_step(self):
        whole = ffmpeg(*picture(8, 25, "160x96", black=(4, 6)), *self.X264, self.file("whole.mp4"))
        cut = ffmpeg("-ss", 2.5, "-i", whole, "-c", "copy", self.file("cut.mp4"))
        muxed = self.file("out.mkv")
        self.launch(cut, ["!", "vp8enc", "deadline=1", "!", "queue", "!", "matroskamux", "name=m", "!", "filesink",
                          f"location={muxed}", "g.events", "!", "text/x-raw,format=utf8", "!", "queue", "!",
                          "m.subtitle_0"])
        black = run(["ffmpeg", "-i", muxed, "-vf", "blackdetect=d=0.5", "-an", "-f", "null", "-"]).stderr
        seen = re.search(r"black_start:([\d.]+) black_end:([\d.]+)", black)
        text = run(["ffmpeg", "-v", "error", "-i", muxed, "-map", "0:s", "-f", "srt", "-"]).stdout
        hours, minutes, seconds = re.search(r"(\d+):(\d+):([\d,]+) -->", text).groups()
        start = int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
        self.assertAlmostEqual(start, float(seen.group(1)), delta=0.3)


if __name__ == "__main__":
    main()
