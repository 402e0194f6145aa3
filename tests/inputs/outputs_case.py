# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of gvl-ground's command line share: a video with an event in it, and what the program says."""

from inputs import *


def read(path):
    with open(path, "rb") as file:
        return file.read()


def size_of(file):
    """Width and height of a video or picture, and how it is to be turned."""
    entries = "stream=width,height:stream_side_data=rotation:stream_tags=rotate"
    shown = run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", entries, "-of", "json", file])
    stream = json.loads(shown.stdout)["streams"][0]
    turned = stream.get("tags", {}).get("rotate") or stream.get("side_data_list", [{}])[0].get("rotation", 0)
    return stream["width"], stream["height"], int(turned) % 360


def sound_of(file):
    """The codecs of its sound."""
    return run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
                str(file)]).stdout.replace(",", "").split()


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
