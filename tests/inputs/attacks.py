# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that mean ill, and what the shipped model says about words that it does not know."""

from inputs import *

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MODEL = os.path.join(ROOT, "models", "faults")
VIDEO = "videotestsrc num-buffers=20 ! video/x-raw,width=96,height=96,framerate=10/1"


class EventFiles(Inputs):
    def refused(self, content, *named):
        with open(self.file("events.jsonl"), "wb") as stream:
            stream.write(content)
        done = run(["gst-launch-1.0", *VIDEO.split(), "!", "videoconvert", "!", "gvloverlay",
                    "events=" + self.file("events.jsonl"), "!", "fakesink"], check=False)
        self.assertIn(done.returncode, (1, 255), done.stderr)  # ended by an error, not by a signal
        for words in ("events.jsonl: line ", *named):
            self.assertIn(words, done.stderr)

    def test_brackets(self):
        self.refused(b'{"start":0,"stop":1}\n' + b"[" * 75000, "line 2", "nested deeper")

    def test_objects(self):
        self.refused(b'{"a":' * 75000, "nested deeper")

    def test_lone_surrogate(self):
        self.refused(b'{"query":"\\ud800"}', "lone surrogate")

    def test_endless_line(self):
        self.refused(b'{"query":"' + b"q" * 5000000, "longer than")

    def test_brackets_on_a_pad(self):
        with open(self.file("pad.jsonl"), "wb") as stream:
            stream.write(b"[" * 75000 + b"\n")
        done = run(["gst-launch-1.0", *VIDEO.split(), "!", "jpegenc", "!", "gvlclipper", "name=c",
                    "location=" + self.file("%05d.mkv"), "filesrc", "location=" + self.file("pad.jsonl"),
                    "blocksize=100000", "!", "application/x-json", "!", "c.events"], check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("not understood", done.stderr + done.stdout)


class Models(Inputs):
    def model(self, **files):
        folder = self.file("model")
        shutil.copytree(MODEL, folder)
        for name, content in files.items():
            with open(os.path.join(folder, name.replace("_", ".")), "w", encoding="utf-8") as stream:
                stream.write(content)
        return folder

    def refused(self, folder, *named):
        video = ffmpeg(*picture(1), self.file("a.mkv"))
        done = ground("--model", folder, video, BLACK, check=False, timeout=30)
        self.assertEqual(done.returncode, 2, done.stderr)
        for words in named:
            self.assertIn(words, done.stderr)

    def test_nested_config(self):
        self.refused(self.model(config_json="[" * 1000000), "config.json", "nested deeper")

    def test_id_that_is_far(self):
        with open(os.path.join(MODEL, "tokenizer.json"), encoding="utf-8") as stream:
            tokenizer = json.load(stream)
        tokenizer["model"]["vocab"] = {"a": 1048575}
        tokenizer["model"]["merges"] = tokenizer["added_tokens"] = []
        self.refused(self.model(tokenizer_json=json.dumps(tokenizer)), "tokenizer.json", "more memory")

    def test_bad_words(self):
        self.refused(self.model(words_txt="b\na\n"), "words.txt: line 2")


class UnknownWords(Inputs):
    def messages(self, query, *options):
        done = run(["gst-launch-1.0", "-m", *VIDEO.split(), "!", "videoconvert", "!", "gvlground", "window-duration=1000000000",
                    "query=" + query, *options, "!", "fakesink"], check=True)
        return [line for line in done.stdout.splitlines() if "gvl-unknown-words," in line]

    def test_message_once_a_query(self):
        found = self.messages("a zeppelin waltzes and the picture goes black")
        self.assertEqual(len(found), 1, found)
        self.assertIn("zeppelin waltzes", found[0].replace("\\ ", " "))

    def test_known_words(self):
        self.assertEqual(self.messages("The picture goes black."), [])

    def test_other_language(self):
        self.assertIn("schwarz", "".join(self.messages("das Bild wird schwarz")))

    def test_model_without_words(self):
        folder = self.file("model")
        shutil.copytree(MODEL, folder)
        os.remove(os.path.join(folder, "words.txt"))
        self.assertEqual(self.messages("a zeppelin waltzes", "model=" + folder), [])

    @unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tools", "gvl-scenes")), "built without training")
    def test_shipped_list(self):
        """It is what the command writes."""
        run([os.path.join(BUILD, "tools", "gvl-scenes"), "--words", self.file("words.txt")])
        with open(self.file("words.txt"), encoding="utf-8") as written:
            for folder in (MODEL, os.path.join(ROOT, "models", "recipes", "faults")):
                with open(os.path.join(folder, "words.txt"), encoding="utf-8") as shipped:
                    self.assertEqual(shipped.read(), written.read())
                written.seek(0)

    def test_program_names_them(self):
        done = ground(ffmpeg(*picture(2), self.file("a.mkv")), "a zeppelin waltzes")
        self.assertIn("zeppelin", done.stderr)
        self.assertNotIn("the picture", done.stderr)


if __name__ == "__main__":
    main()
