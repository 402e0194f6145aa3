#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What windows cost: events of hour-long videos, asked for in the whole video and in a minute cut out around each.

    benchmarks/long-video.py BUILD_DIR WORK_DIR [HOURS]

Generates HOURS (1) videos of an hour by long-video.json with BUILD_DIR's gvl-scenes, and asks gvl-ground (default
model) for every event twice: all queries over the whole video, and each over a minute that holds its event, which is one
window. Prints R@1 at IoU 0.5 of both (the most confident event of a query counts), for how many queries some event of
the hour has that IoU, how many of the hour's events are duplicates of another (same query, more than half of the
shorter one in common), how long the hour took, and how many events with an IoU of at least 0.5 and below are told at
several values of min-confidence. Needs ffmpeg.
"""
import json
import pathlib
import random
import re
import subprocess
import sys
import time

WINDOW = 60
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
QUERY = re.compile(r"query: '(.*)'\. When", re.DOTALL)
TIMES = re.compile(r"<([\d.]+)> to <([\d.]+)>")


def overlap(a, b):
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def iou(a, b):
    both = overlap(a, b)
    return both / (a[1] - a[0] + b[1] - b[0] - both)


def questions(folder):
    """One query for each event, of each video: (video, query, (start, stop))."""
    asked = []
    for video in json.loads((folder / "conversations.json").read_text()):
        turns = [turn["value"] for turn in video["conversation"]]
        seen = set()
        for question, answer in zip(turns[::2], turns[1::2]):
            times = tuple(float(value) for value in TIMES.search(answer).groups())
            query = QUERY.search(question).group(1)
            if times in seen:
                continue
            seen.add(times)
            asked.append((folder / video["video_file"], query, times))
    return asked


def ground(build, video, queries):
    """Of each query its events: (confidence, start, stop)."""
    command = [str(build / "tools/gvl-ground"), "--json", "--min-confidence=0"]
    command += [f"--query={query}" for query in queries]
    lines = subprocess.run(command + [str(video)], check=True, capture_output=True, text=True).stdout.splitlines()
    found = {query: [] for query in queries}
    for line in lines:
        event = json.loads(line)
        if "start" in event:
            found[event["query"]].append((event["confidence"], event["start"] / 1e9, event["stop"] / 1e9))
    return found


def hit(events, truth, shift=0.0):
    if not events:
        return False
    _, start, stop = max(events)
    return iou((start + shift, stop + shift), truth) >= 0.5


def right(event, truth):
    return iou(event[1:], truth) >= 0.5


def duplicates(events):
    times = sorted(event[1:] for event in events)
    shorter = lambda a, b: min(a[1] - a[0], b[1] - b[0])
    return sum(
        any(overlap(a, b) > 0.5 * shorter(a, b) for b in times[i + 1:]) for i, a in enumerate(times))


def cut(video, truth, file):
    middle = (truth[0] + truth[1]) / 2
    slack = (WINDOW - (truth[1] - truth[0])) / 2
    start = min(max(0.0, middle - WINDOW / 2 + random.Random(middle).uniform(-slack, slack)), 3600.0 - WINDOW)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-ss", str(start), "-i", str(video), "-t", str(WINDOW), "-c", "copy",
                    str(file)], check=True)
    return start


def main():
    build, work = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    hours = sys.argv[3] if len(sys.argv) > 3 else "1"
    config = pathlib.Path(__file__).with_name("long-video.json")
    subprocess.run([str(build / "tools/gvl-scenes"), f"--config={config}", f"--videos={hours}", str(work)], check=True)
    asked = questions(work)
    found, elapsed = {}, 0.0
    for video in sorted({video for video, _, _ in asked}):
        begin = time.monotonic()
        found[video] = ground(build, video, [query for of, query, _ in asked if of == video])
        elapsed += time.monotonic() - begin
    whole, alone, both, some = 0, 0, 0, 0
    for number, (video, query, truth) in enumerate(asked):
        clip = work / f"clip-{number:03}.avi"
        shift = cut(video, truth, clip)
        in_whole = hit(found[video][query], truth)
        in_clip = hit(ground(build, clip, [query])[query], truth, shift)
        whole, alone, both = whole + in_whole, alone + in_clip, both + (in_whole and in_clip)
        some += any(right(event, truth) for event in found[video][query])
    count = len(asked)
    told = [events for queries in found.values() for events in queries.values()]
    print(f"{count} events in {hours} h; {elapsed:.0f} s for the whole videos")
    print(f"R@1, IoU 0.5: one window {alone / count:.3f} ({alone}), whole video {whole / count:.3f} ({whole}), "
          f"right in both {both}, among the whole video's events {some / count:.3f} ({some})")
    print(f"duplicates among {sum(map(len, told))} events told: {sum(map(duplicates, told))}")
    for threshold in THRESHOLDS:
        sure = [(event, truth) for video, query, truth in asked for event in found[video][query]
                if event[0] >= threshold]
        print(f"min-confidence {threshold}: {sum(right(*each) for each in sure)} right, "
              f"{sum(not right(*each) for each in sure)} wrong")


main()
