#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many of an event's repeats are found, by the length of windows and by max-moments.

    benchmarks/moments.py BUILD_DIR WORK_DIR CLIP...

Makes videos of 100 s of the clips with one to five events of each kind that control-room.py knows, asks for them with
windows of several lengths, and prints for each: events found (IoU of at least 0.5 and of at least 0.3), and told that are
none. Needs ffmpeg.
"""
import importlib.util
import os
import pathlib
import random
import re
import subprocess
import sys

spec = importlib.util.spec_from_file_location("control_room", pathlib.Path(__file__).with_name("control-room.py"))
control_room = importlib.util.module_from_spec(spec)
spec.loader.exec_module(control_room)

SECONDS = 100
WINDOWS = (100, 60, 45, 30)
MOMENTS = (1, 6)
EVENT = re.compile(r"gvl-event,.*state=\(string\)closed.*start=\(guint64\)(\d+), stop=\(guint64\)(\d+)")


def plan(draw, count):
    """So many intervals, apart from each other by four seconds at least."""
    lengths = [draw.uniform(3, 8) for _ in range(count)]
    spare = SECONDS - sum(lengths) - 4 * (count + 1)
    shares = [draw.random() for _ in range(count + 1)]
    at, intervals = 0, []
    for length, share in zip(lengths, shares):
        at += 4 + spare * share / sum(shares)
        intervals.append((round(at, 2), round(at + length, 2)))
        at += length
    return intervals


def ask(build, video, query, window, moments):
    environment = dict(os.environ, GST_PLUGIN_PATH=f"{build}/elements")
    done = subprocess.run(["gst-launch-1.0", "-m", *f"filesrc location={video} ! decodebin ! gvlground".split(),
                           f"query={query}", f"window-duration={window * 1000000000}", f"max-moments={moments}", "!",
                           "fakesink"], capture_output=True, text=True, check=True, env=environment)
    return [(int(start) / 1e9, int(stop) / 1e9) for start, stop in EVENT.findall(done.stdout)]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    build, work, clips = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), sys.argv[3:]
    work.mkdir(parents=True, exist_ok=True)
    draw = random.Random(5)
    counts = {}
    total = 0
    for kind, query in control_room.QUERIES.items():
        for repeats in (1, 2, 3, 5):
            truth = plan(draw, repeats)
            video = work / f"{kind}-{repeats}.mkv"
            control_room.make(video, clips, SECONDS, [(kind, *interval) for interval in truth])
            total += len(truth)
            for window in WINDOWS:
                for moments in MOMENTS:
                    told = ask(build, video, query, window, moments)
                    good = sum(any(control_room.iou(event, each) >= 0.5 for each in told) for event in truth)
                    near = sum(any(control_room.iou(event, each) >= 0.3 for each in told) for event in truth)
                    none = sum(all(control_room.iou(event, each) < 0.3 for event in truth) for each in told)
                    sums = counts.setdefault((window, moments), [0, 0, 0])
                    for i, number in enumerate((good, near, none)):
                        sums[i] += number
    print(f"{total} events; window, max-moments: found at IoU 0.5, at 0.3, told and none")
    for (window, moments), (good, near, none) in counts.items():
        print(f"{window:4} s {moments:2}: {good:3} {near:3} {none:3}")


if __name__ == "__main__":
    main()
