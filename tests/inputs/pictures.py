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


if __name__ == "__main__":
    main()
