# SPDX-License-Identifier: LGPL-2.1-or-later
"""gvl-eval --calibrate: what it counts at a min-confidence is what gvl-ground tells there, and what it refuses."""

from inputs import *

EVAL = os.path.join(BUILD, "tools", "gvl-eval")
WHITE = "the picture turns white"
SECONDS = 150


def at(counts, confidence):
    """What was counted at a min-confidence."""
    return [each for each in counts["thresholds"] if each["min_confidence"] <= confidence][-1]


def told(counts, confidence):
    found = at(counts, confidence)
    return found["right"] + found["wrong"]


class Calibrate(Inputs):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="gvl-inputs-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        dark = "drawbox=t=fill:color=black:enable='between(t,30,39.999)+between(t,120,131.999)'"
        cls.video = ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=160x120:rate=5:duration={SECONDS},{dark}", "-c:v",
                           "ffv1", os.path.join(cls.folder, "video.mkv"))
        cls.short = ffmpeg(*picture(9, rate=5, size="160x120", black=(3, 6)), os.path.join(cls.folder, "short.mkv"))

    def configuration(self, entries, video=None):
        """A set of queries about a video."""
        with open(self.file("queries.json"), "w", encoding="utf-8") as file:
            json.dump([{"video": video or self.short, **entry} for entry in entries], file)
        with open(self.file("config.json"), "w", encoding="utf-8") as file:
            json.dump({"queries": {"files": ["queries.json"]}}, file)
        return self.file("config.json")


    def calibrate(self, configuration, *options):
        """What is printed, and the numbers."""
        numbers = self.file("numbers.json")
        done = run([EVAL, "--calibrate", "--json", numbers, *map(str, options), configuration])
        with open(numbers, encoding="utf-8") as file:
            return done.stdout, json.load(file)

    def fails(self, code, pattern, *arguments):
        done = run([EVAL, *map(str, arguments)], check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, pattern)

    def test_counts_are_what_is_told(self):
        entries = [{"query": BLACK, "start": 30, "stop": 40}, {"query": WHITE}, {"query": FREEZE},
                   {"query": BLACK, "start": 120, "stop": 132}]
        printed, numbers = self.calibrate(self.configuration(entries, self.video), "--false-per-hour", 60)
        overall = numbers["overall"]
        self.assertAlmostEqual(overall["hours"], SECONDS / 3600, places=4)
        self.assertEqual(overall["labelled"], 2)
        by_query = {each["query"]: each for each in numbers["queries"]}
        self.assertEqual({query: each["labelled"] for query, each in by_query.items()}, {BLACK: 2, WHITE: 0, FREEZE: 0})
        best = overall["best_f1"]["min_confidence"]
        self.assertEqual(at(overall, best)["right"], 2, printed)
        self.assertIn(f"best F1: min-confidence {best:.2f} (2 right, ", printed)
        # Programs decode each in their own way: where a count changes close by, they may not agree.
        steady = {told(overall, each): each for each in (value / 100 for value in range(5, 96, 5))
                  if all(told(counts, each - 0.03) == told(counts, each + 0.03) for counts in by_query.values())}
        self.assertGreaterEqual(len(steady), 2, printed)
        for confidence in steady.values():
            found = events(self.video, *by_query, options=("--min-confidence", confidence))
            for query, counts in by_query.items():
                self.assertEqual(told(counts, confidence), sum(event["query"] == query for event in found),
                                 (query, confidence, printed))

    def test_what_cannot_carry_a_proposal(self):
        printed, numbers = self.calibrate(self.configuration([{"query": BLACK, "start": 3, "stop": 6}]))
        self.assertIn("2 false events an hour: no proposal: 0.0025 hours of video are too few, 0.5000 are", printed)
        self.assertIn("best F1: no proposal: the model finds one event only", printed)
        self.assertIn("too few", numbers["overall"]["few_false"]["why_not"])
        printed, numbers = self.calibrate(self.configuration([{"query": BLACK}]), "--false-per-hour", 1000)
        self.assertIn("1 query (1 for what never happens), 0 labelled events", printed)
        self.assertIn("best F1: no proposal: no event is labelled\n", printed)
        self.assertEqual(numbers["overall"]["best_f1"], {"why_not": "no event is labelled"})

    def test_iou(self):
        # The label reaches beyond what happens: less than half of it is seen.
        configuration = self.configuration([{"query": BLACK, "start": 3, "stop": 9}])
        right = [self.calibrate(configuration, "--iou", iou)[1]["overall"]["thresholds"][0]["right"]
                 for iou in (0.2, 0.9)]
        self.assertEqual(right, [1, 0])

    def test_wrong_usage(self):
        labelled = self.configuration([{"query": BLACK, "start": 3, "stop": 6}])
        for option in ("--iou", "--false-per-hour"):
            self.fails(1, f"{option} needs --calibrate", option, 0.5, labelled)
            for wrong in ("0", "nan", "-1", "0.5x", ""):
                self.fails(1, f"{option} {wrong}: a number from ", "--calibrate", f"{option}={wrong}", labelled)
        self.fails(1, "--min-confidence 1.5: a number from 0 to 1 is needed", "--min-confidence", 1.5, labelled)
        self.fails(1, "--calibrate tries every --min-confidence", "--calibrate", "--min-confidence", 0.5, labelled)

    def test_entries_that_disagree(self):
        self.fails(2, r"queries.json: \[1\]: .*the picture goes black", "--calibrate",
                   self.configuration([{"query": BLACK, "start": 30, "stop": 40}, {"query": BLACK}]))


if __name__ == "__main__":
    main()
