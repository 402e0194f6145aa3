# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-eval run: small videos asked about as published benchmarks ask, by the default model; what is kept, and scored."""

import signal
import time

from inputs import *

# Threads that spin while they wait slow each other down where others compute, too.
os.environ["OMP_WAIT_POLICY"] = "passive"

EVAL = os.path.join(BUILD, "tools", "gvl-eval")
OPTIONS = [BLACK, "the camera pans left", "a red circle grows", "the picture freezes"]
TIMES = {"first": (3, 6), "second": (2, 7)}


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def json_lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Benchmarks(Inputs):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="gvl-inputs-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.videos = os.path.join(cls.folder, "videos")
        os.makedirs(os.path.join(cls.videos, "deep"))
        for name, black in TIMES.items():
            ffmpeg(*picture(9, rate=5, size="160x120", black=black), "-c:v", "ffv1",
                   os.path.join(cls.videos, "deep" if name == "second" else "", name + ".mkv"))
        write(os.path.join(cls.videos, "broken.mp4"), "no video")

    def evaluate(self, benchmark, annotations, *options, out="out", code=0):
        """The report of a run."""
        tables = ["--json", self.file("report.json"), "--markdown", self.file("report.md")]
        done = run([EVAL, "run", *tables, *map(str, options), benchmark, annotations, self.videos, self.file(out)],
                   check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done if code else read(self.file("report.json"))

    def scored(self, benchmark, *files, options=()):
        """What gvl-eval score says of the same predictions, by name."""
        numbers = self.file("scored.json")
        run([EVAL, "score", "--json", numbers, *options, benchmark, *files])
        return read(numbers)["scores"]

    def assert_scores(self, report, scores):
        self.assertEqual([each["name"] for each in report["scores"]], list(scores))
        for each in report["scores"]:
            self.assertAlmostEqual(each["value"], scores[each["name"]], places=8, msg=each["name"])

    def charades(self, videos=TIMES, queries=(BLACK,)):
        lines = [f"{video} {TIMES.get(video, (1, 2))[0]} {TIMES.get(video, (1, 2))[1]}##{query}."
                 for video in videos for query in queries]
        return write(self.file("charades_sta_test.txt"), "\n".join(lines) + "\n")

    def test_moments(self):
        annotations = self.charades()
        report = self.evaluate("charades-sta", annotations)
        self.assertEqual((report["items"], report["predicted"], report["faults"]), (2, 2, []))
        scores = {each["name"]: each["value"] for each in report["scores"]}
        self.assertGreater(scores["mIoU"], 60)
        self.assertEqual({each["name"]: each.get("published") for each in report["scores"]}["mIoU"], 36.8)
        self.assert_scores(report, self.scored("charades-sta", annotations, self.file("out/predictions.jsonl"),
                                               options=("--rules", "gvl")))
        with open(self.file("report.md"), encoding="utf-8") as file:
            self.assertIn("| mIoU |", file.read())

    def test_videos_that_are_not_there_are_told_and_wrong(self):
        report = self.evaluate("charades-sta", self.charades(["first", "gone", "broken", "../videos/first"],
                                                             (BLACK, FREEZE)))
        self.assertEqual((report["items"], report["predicted"]), (8, 2))
        self.assertEqual([(fault["video"], fault["items"]) for fault in report["faults"]],
                         [("gone", 2), ("broken", 2), ("../videos/first", 2)])
        for fault, why in zip(report["faults"], ("no such video", "broken.mp4", "leads out of")):
            self.assertIn(why, fault["why"])
        self.assertEqual({each["name"]: each["value"] for each in report["scores"]}["without a window"], 6)
        # They are tried again, what was predicted is not.
        with open(self.file("out/predictions.jsonl"), encoding="utf-8") as file:
            before = file.read()
        again = self.evaluate("charades-sta", self.file("charades_sta_test.txt"), "--resume")
        self.assertEqual(again, report)
        with open(self.file("out/predictions.jsonl"), encoding="utf-8") as file:
            self.assertEqual(file.read(), before)

    def test_a_killed_run_goes_on(self):
        annotations = self.charades(queries=(BLACK, FREEZE, *OPTIONS[1:3]))
        whole = self.evaluate("charades-sta", annotations, out="whole")
        kept = self.file("out/predictions.jsonl")
        with subprocess.Popen([EVAL, "run", "charades-sta", annotations, self.videos, self.file("out")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not (os.path.exists(kept) and os.path.getsize(kept)) and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        # As if it had been killed while it wrote.
        with open(kept, "a", encoding="utf-8") as file:
            file.write('{"id": "second#3", "win')
        report = self.evaluate("charades-sta", annotations, "--resume")
        self.assertEqual(report["scores"], whole["scores"])
        by_id = lambda path: sorted(read_lines(path), key=lambda line: line["id"])
        self.assertEqual(by_id(kept), by_id(self.file("whole/predictions.jsonl")))

    def by_id(self, path):
        return sorted(read_lines(self.file(path)), key=lambda line: line["id"])

    def test_several_processes_share_the_work(self):
        annotations = self.charades(["first", "gone", "second"], queries=(BLACK, FREEZE, OPTIONS[1]))
        whole = self.evaluate("charades-sta", annotations, out="whole")
        command = [EVAL, "run", "--resume", "charades-sta", annotations, self.videos, self.file("out")]
        share = lambda number, *options: [*command[:2], "--shard", f"{number}/2", *options, *command[2:]]
        # Both at once; the first is killed when it has something.
        kept = self.file("out/predictions-1-of-2.jsonl")
        with subprocess.Popen(share(1), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first, \
                subprocess.Popen(share(2), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as second:
            deadline = time.monotonic() + 60
            while not (os.path.exists(kept) and os.path.getsize(kept)) and time.monotonic() < deadline:
                time.sleep(0.01)
            first.send_signal(signal.SIGKILL)
            self.assertIn("share 2 of 2: 0 of 3 predicted", second.communicate(timeout=60)[0])
        with open(kept, "a", encoding="utf-8") as file:
            file.write('{"id": "second#2", "win')
        # Without --resume nothing that is there is passed over.
        done = run([EVAL, "run", *command[3:]], check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("predictions-1-of-2.jsonl: is there already", done.stderr)
        self.assertIn("share 1 of 2: 6 of 6 predicted", run(share(1)).stdout)
        self.assertEqual(self.by_id("out/predictions-1-of-2.jsonl"), self.by_id("whole/predictions.jsonl"))
        self.assertIn("other settings", run(share(1, "--seed", "2"), check=False).stderr)
        self.assertEqual(self.evaluate("charades-sta", annotations, "--resume"), whole)
        self.assertEqual(self.by_id("out/predictions.jsonl"), self.by_id("whole/predictions.jsonl"))

    def test_windows_are_those_of_the_elements(self):
        times = ((20, 28), (150, 161))
        enabled = "+".join(f"between(t,{start},{stop}-0.001)" for start, stop in times)
        video = ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=4:duration=240", "-vf",
                       f"drawbox=t=fill:color=black:enable='{enabled}'", "-c:v", "ffv1", self.file("long.mkv"))
        annotations = write(self.file("charades_sta_test.txt"), f"long 20 28##{BLACK}.\nlong 150 161##{BLACK}.\n")
        self.videos = self.work
        report = self.evaluate("charades-sta", annotations, "--windows")
        self.assertEqual(report["predicted"], 2)
        seen = sorted(((event["start"], event["stop"], event["confidence"])
                       for event in events(video, BLACK + ".", options=("--min-confidence", "0"))), key=lambda e: -e[2])
        for prediction in read_lines(self.file("out/predictions.jsonl")):  # the same query twice
            self.assertEqual(len(prediction["windows"]), len(seen))
            for window, confidence, event in zip(prediction["windows"], prediction["confidences"], seen):
                self.assertAlmostEqual(window[0], event[0], delta=0.001)
                self.assertAlmostEqual(window[1], event[1], delta=0.001)
                self.assertAlmostEqual(confidence, event[2], delta=0.001)
        for (start, stop), window in zip(times, sorted(prediction["windows"][:2])):
            self.assertAlmostEqual(window[0], start, delta=2)
            self.assertAlmostEqual(window[1], stop, delta=2)
        # One window has one answer, and other settings.
        self.assertIn("other settings", self.evaluate("charades-sta", annotations, "--resume", code=2).stderr)
        sure = self.evaluate("charades-sta", annotations, "--windows", "--min-confidence", 1, out="sure")
        self.assertEqual({each["name"]: each["value"] for each in sure["scores"]}["without a window"], 2)

    def test_predictions_of_other_settings_are_not_mixed(self):
        annotations = self.charades(["first"])
        self.evaluate("charades-sta", annotations)
        self.assertIn("--resume", self.evaluate("charades-sta", annotations, code=2).stderr)
        self.assertIn("other settings",
                      self.evaluate("charades-sta", annotations, "--resume", "--seed", 1, code=2).stderr)
        # Another question under the same name.
        with open(annotations, encoding="utf-8") as file:
            lines = file.read()
        write(self.file("changed.txt"), lines.replace("##", "##not ", 1))
        self.assertIn("questions", self.evaluate("charades-sta", self.file("changed.txt"), "--resume", code=2).stderr)
        os.remove(self.file("out/predictions.jsonl.settings.json"))
        self.assertIn("is not there", self.evaluate("charades-sta", annotations, "--resume", code=2).stderr)

    def test_predictions_of_other_weights_are_not_mixed(self):
        annotations, model = self.charades(["first"]), self.file("model")
        shutil.copytree(os.path.join(BUILD, "models", "faults"), model)
        self.evaluate("charades-sta", annotations, "--model", model)
        os.utime(os.path.join(model, "model.safetensors"), (1, 1))
        self.assertIn("weights", self.evaluate("charades-sta", annotations, "--resume", "--model", model, code=2).stderr)

    def test_dense_captions(self):
        annotations = write(self.file("val_1.json"), {
            video: {"duration": 9, "timestamps": [list(times)], "sentences": ["The picture goes black."]}
            for video, times in {**TIMES, "gone": (1, 2)}.items()})
        report = self.evaluate("activitynet-dense-captions", annotations)
        self.assertEqual([fault["video"] for fault in report["faults"]], ["gone"])
        submission = self.file("out/submission.json")
        self.assertEqual(sorted(read(submission)["results"]), ["first", "gone", "second"])
        self.assert_scores(report, self.scored("activitynet-dense-captions", annotations, submission))

    def test_qvhighlights(self):
        # The published script wants a short, a middle and a long window.
        annotations = write(self.file("gt.jsonl"), json_lines(
            {"qid": number, "query": BLACK, "vid": video, "duration": 60, "relevant_windows": [window]}
            for number, (video, window) in enumerate((("first", [3, 6]), ("gone", [0, 20]), ("gone", [0, 40])))))
        report = self.evaluate("qvhighlights", annotations)
        self.assertEqual(report["faults"][0]["items"], 2)
        submission = read_lines(self.file("out/submission.jsonl"))
        self.assertEqual([each["qid"] for each in submission], [0, 1, 2])
        self.assertEqual(submission[1]["pred_relevant_windows"], [[0, 0, 0]])
        self.assert_scores(report, self.scored("qvhighlights", annotations, self.file("out/submission.jsonl")))

    def test_nextgqa(self):
        write(self.file("nextgqa/gsub_test.json"),
              {"7": {"duration": 9, "location": {"0": [[3, 6]], "1": [[3, 6]]}, "fps": 5},
               "8": {"duration": 9, "location": {"0": [[1, 2]]}, "fps": 5}})
        write(self.file("nextgqa/map_vid_vidorID.json"), {"7": "first", "8": "12/gone"})
        options = ",".join(OPTIONS)
        write(self.file("nextgqa/test.csv"),
              "video_id,question,answer,qid,type,a0,a1,a2,a3\n"
              f"7,Which description is right?,{BLACK},0,CW,{options}\n7,When is it black?,{BLACK},1,TN,{options}\n"
              f"8,Which description is right?,{BLACK},0,CW,{options}\n")
        report = self.evaluate("next-gqa", self.file("nextgqa"))
        self.assertEqual([(each["video"], each["items"]) for each in report["faults"]], [("12/gone", 1)])
        answers = read(self.file("out/test-res.json"))
        self.assertEqual(answers["8_0"], {"answer": BLACK, "prediction": ""})
        self.assertEqual(answers["7_0"]["prediction"], BLACK)
        self.assert_scores(report, self.scored("next-gqa", self.file("nextgqa"), self.file("out/test_ground.json"),
                                               self.file("out/test-res.json")))

    def test_mvbench(self):
        questions = [{"video": video, "question": "Which description is right?", "candidates": OPTIONS, "answer": BLACK,
                      **part} for video, part in (("first.mkv", {}), ("second.mkv", {"start": 1, "end": 8}),
                                                  ("gone.mp4", {}))]
        write(self.file("mvbench/action_sequence.json"), questions)
        report = self.evaluate("mvbench", self.file("mvbench"))
        choices = read_lines(self.file("out/choices.jsonl"))
        self.assertEqual([(each["index"], each["text"]) for each in choices],
                         [(0, f"(A) {BLACK}"), (1, f"(A) {BLACK}"), (2, "?")])
        durations = {each["id"]: each["duration"] for each in read_lines(self.file("out/predictions.jsonl"))}
        self.assertEqual(durations, {"action_sequence#0": 9, "action_sequence#1": 7})
        self.assert_scores(report, self.scored("mvbench", self.file("mvbench"), self.file("out/choices.jsonl"),
                                               options=("--rules", "notebook-text")))

    def test_frames_of_mvbench(self):
        frames = os.path.join(self.work, "videos", "tvqa", "frames_fps3_hq", "castle_01")
        os.makedirs(frames)
        ffmpeg(*picture(12, rate=3, size="160x120", black=(4, 8)), "-q:v", "2", os.path.join(frames, "%05d.jpg"))
        question = {"video": "castle_01", "question": "Which description is right?", "candidates": OPTIONS,
                    "answer": BLACK, "start": 2, "end": 10}
        write(self.file("mvbench/episodic_reasoning.json"), [question])
        write(self.file("mvbench/action_sequence.json"), [{**question, "video": "castle_01"}])
        self.videos = self.file("videos")
        report = self.evaluate("mvbench", self.file("mvbench"))
        [line] = read_lines(self.file("out/predictions.jsonl"))
        self.assertEqual((line["id"], line["duration"], line["text"]), ("episodic_reasoning#0", 8, f"(A) {BLACK}"))
        self.assertIn("how many make a second", report["faults"][0]["why"])
        os.remove(os.path.join(frames, "00017.jpg"))
        os.remove(self.file("mvbench/action_sequence.json"))
        report = self.evaluate("mvbench", self.file("mvbench"), out="gap")
        self.assertIn("castle_01: frame 17 is missing", report["faults"][0]["why"])

    def test_videomme(self):
        videos = [{"video_id": str(number), "videoID": name, "duration": "short", "domain": "Knowledge",
                   "sub_category": "Law", "questions": [
                       {"question_id": f"{number}-1", "task_type": "Action Recognition", "answer": "A",
                        "question": "Which description is right?",
                        "options": [f"{letter}. {option}" for letter, option in zip("ABCD", OPTIONS)]}]}
                  for number, name in enumerate(("first", "gone"))]
        report = self.evaluate("video-mme", write(self.file("template.json"), videos))
        filled = read(self.file("out/output_template_filled.json"))
        self.assertEqual([video["missing"] for video in filled], [False, True])
        self.assert_scores(report, self.scored("video-mme", self.file("out/output_template_filled.json")))
        self.assertEqual({each["name"]: each["value"] for each in report["scores"]}["all, overall"], 100)

    def test_what_is_refused(self):
        annotations = self.charades()
        for arguments, code, why in (
                (["charades", annotations, self.videos, self.file("out")], 1, "none of charades-sta"),
                (["charades-sta", annotations, self.videos], 1, "usage:"),
                (["--shard", "3/2", "charades-sta", annotations, self.videos, self.file("out")], 1, "--shard 3/2"),
                (["--shard", "0x1/2", "charades-sta", annotations, self.videos, self.file("out")], 1, "--shard 0x1/2"),
                (["--shard", "1/2", "--json", "x", "charades-sta", annotations, self.videos, self.file("out")], 1,
                 "--shard scores nothing"),
                (["--min-confidence", "0.5", "charades-sta", annotations, self.videos, self.file("out")], 1,
                 "needs --windows"),
                (["--temperature", "3", "charades-sta", annotations, self.videos, self.file("out")], 1, "temperature"),
                (["--wordnet", "x", "charades-sta", annotations, self.videos, self.file("out")], 1, "no METEOR"),
                (["charades-sta", self.file("nothing.txt"), self.videos, self.file("out")], 2, "nothing.txt"),
                (["charades-sta", annotations, self.file("nowhere"), self.file("out")], 2, "nowhere"),
                (["--model", self.file("no-model"), "charades-sta", annotations, self.videos, self.file("out")], 2,
                 "no-model"),
                (["--model", self.file("no-model"), "charades-sta", write(self.file("blank.txt"), "first 1 2## \n"),
                  self.videos, self.file("out")], 2, "blank.txt: 'first#0'"),
                (["--model", self.file("no-model"), "qvhighlights", write(self.file("few.jsonl"), json_lines(
                    [{"qid": 1, "query": BLACK, "vid": "first", "duration": 9, "relevant_windows": [[3, 6]]}])),
                  self.videos, self.file("out")], 2, "few.jsonl: line 1")):
            done = run([EVAL, "run", *arguments], check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(why, done.stderr)
            self.assertLessEqual(len(done.stderr.splitlines()), 2)


if __name__ == "__main__":
    main()
