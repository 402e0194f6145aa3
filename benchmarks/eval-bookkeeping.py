#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""eval-bookkeeping.py BUILD_DIR WORK_DIR [ASKED]: how much of `gvl-eval run` is neither decoding nor the model.

Makes a benchmark in Charades-STA's shape: 3720 queries about 1334 videos of 30 s (12 different ones under as many
names). The default model is asked about every N-th video, so that ASKED (all of them) are. Then all 3720 predictions
are there, copies where nothing was asked, as the log of a share: putting it into the log of all, with everything that
a run does before and behind asking (annotations, folder of videos, a rehearsal of scoring, loading the model, settings,
scores, report), is the bookkeeping. Prints the processor's time of both, asking scaled up to all videos, and the share.
Times of the processor are those of the processes, whatever else the machine does.
"""

import json
import os
import shutil
import subprocess
import sys

QUERIES, VIDEOS, DIFFERENT, SECONDS = 3720, 1334, 12, 30
TEXTS = ("the picture goes black", "the picture freezes", "the camera pans left")


def make_videos(folder):
    os.makedirs(folder, exist_ok=True)
    for number in range(VIDEOS):
        path = os.path.join(folder, f"V{number:04}.mp4")
        if os.path.exists(path):
            continue
        if number >= DIFFERENT:
            os.link(os.path.join(folder, f"V{number % DIFFERENT:04}.mp4"), path)
            continue
        black = f"drawbox=t=fill:color=black:enable='between(t,{5 + number},{11 + number})'"
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i",
                        f"testsrc2=size=480x270:rate=24:duration={SECONDS},hue=h={30 * number},{black}", "-c:v", "mpeg4",
                        "-q:v", "5", path], check=True)


def make_annotations(path):
    counts = [QUERIES // VIDEOS + (number < QUERIES % VIDEOS) for number in range(VIDEOS)]
    with open(path, "w", encoding="utf-8") as file:
        for number, count in enumerate(counts):
            for query in range(count):
                file.write(f"V{number:04} {5 + number % DIFFERENT} {11 + number % DIFFERENT}##{TEXTS[query]}.\n")
    return {f"V{number:04}#{query}" for number, count in enumerate(counts) for query in range(count)}


def seconds_of(command):
    """Of the processor, in the command and what it starts."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]}: status {status}")
    return usage.ru_utime + usage.ru_stime


def fill_up(ids, asked, log):
    """Predictions of all, of which some were asked for."""
    with open(asked, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    with open(log, "w", encoding="utf-8") as file:
        for number, name in enumerate(sorted(ids)):
            file.write(json.dumps({**lines[number % len(lines)], "id": name}) + "\n")
    shutil.copy(asked + ".settings.json", log + ".settings.json")


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    build, work = sys.argv[1:3]
    every = max(1, VIDEOS // int(sys.argv[3])) if len(sys.argv) == 4 else 1
    videos, annotations = os.path.join(work, "videos"), os.path.join(work, "charades_sta_test.txt")
    make_videos(videos)
    ids = make_annotations(annotations)
    out, whole = os.path.join(work, "asked"), os.path.join(work, "whole")
    for folder in (out, whole):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    command = [os.path.join(build, "tools", "gvl-eval"), "run"]
    asking = seconds_of([*command, "--shard", f"1/{every}", "charades-sta", annotations, videos, out])
    fill_up(ids, os.path.join(out, f"predictions-1-of-{every}.jsonl"), os.path.join(whole, "predictions-1-of-1.jsonl"))
    bookkeeping = seconds_of([*command, "--resume", "charades-sta", annotations, videos, whole])
    asked = len(range(0, VIDEOS, every))
    # What a share does before it asks is bookkeeping, too, but for the little that scoring takes.
    total = (asking - bookkeeping) * VIDEOS / asked + bookkeeping
    print(f"{asked} of {VIDEOS} videos asked about in {asking:.1f} s of the processor")
    print(f"{QUERIES} queries: {total:.1f} s in all, of these {bookkeeping:.2f} s neither decoding nor the model: "
          f"{100 * bookkeeping / total:.2f} %")


main()
