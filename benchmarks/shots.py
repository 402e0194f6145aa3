#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether segments that begin with shots help: real footage cut together, asked about with each segmentation.

    benchmarks/shots.py BUILD_DIR WORK_DIR FOOTAGE_DIR

Cuts the clips of FOOTAGE_DIR (as tests/footage/make.py leaves them) together to 20 videos of a minute at most with a cut
every 1.5 to 6 seconds, four of the shots or parts of shots spoilt by a fault each, and asks gvlground (default model)
for each fault with segmentation=uniform and shots and keyframe=middle and sharpest. Asks the same of FOOTAGE_DIR's own
videos, which have few cuts. Prints R@1 at IoU 0.3, 0.5 and 0.7 and mIoU of each. Needs ffmpeg.
"""
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys

VIDEOS, FAULTS = 20, 4
# What a cut could not be taken for.
KINDS = ["freeze", "grayscale", "blur", "noise", "blocks", "flicker", "upside-down", "too-bright", "too-dark", "black",
         "white", "color-bars", "covered"]
WAYS = [("uniform", "middle"), ("shots", "middle"), ("uniform", "sharpest"), ("shots", "sharpest")]


def footage_tools():
    file = pathlib.Path(__file__).parent.parent / "tests/footage/make.py"
    spec = importlib.util.spec_from_file_location("make", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def montage(make, draw, clips, out):
    """A video of shots; the times at which they begin, and its end."""
    times, parts, inputs = [0.0], [], []
    while times[-1] < 50:
        clip, length = draw.choice(clips), round(draw.uniform(1.5, 6) * make.RATE) / make.RATE
        inputs += ["-ss", round(draw.uniform(0, 50), 2), "-t", length, "-i", clip]
        parts.append(f"[{len(parts)}:v]")
        times.append(round(times[-1] + length, 2))
    make.run(*inputs, "-filter_complex", "".join(parts) + f"concat=n={len(parts)}:v=1:a=0[v]", "-map", "[v]", "-c:v",
             "libx264", "-preset", "ultrafast", "-crf", 12, "-pix_fmt", "yuv420p", out)
    return times


def faults(make, draw, times):
    """Of shots that do not follow one another: some from cut to cut, some in part."""
    shots = list(range(1, len(times) - 2))
    chosen = []
    while len(chosen) < FAULTS:
        shot = draw.choice(shots)
        if all(abs(shot - other) > 1 for other in chosen):
            chosen.append(shot)
    events = []
    for kind, shot in zip(draw.sample(KINDS, FAULTS), sorted(chosen)):
        start, stop = times[shot], times[shot + 1]
        if draw.random() < 0.5 and stop - start > 2.5:
            start, stop = round(start + 0.2 * (stop - start), 2), round(stop - 0.2 * (stop - start), 2)
        events.append({"kind": kind, "start": start, "stop": stop})
    return events


def cut_together(make, work, clips):
    draw, queries = random.Random(11), []
    for number in range(VIDEOS):
        base, name = work / "base.mkv", f"{number:02d}.mkv"
        times = montage(make, draw, clips, base)
        events = faults(make, draw, times)
        make.render(base, clips[0], events, times[-1], work / name)
        queries += [{"video": name, "query": draw.choice(make.QUERIES[event["kind"]]), **event} for event in events]
    (work / "queries.json").write_text(json.dumps(queries, indent=1) + "\n")


def ask(build, video, queries, way):
    """Of each query the most confident interval."""
    array = '"<' + ", ".join(f'\\"{query}\\"' for query in queries) + '>"'
    out = subprocess.run(
        ["gst-launch-1.0", "-q", "filesrc", f"location={video}", "!", "decodebin", "!", "gvlground", "name=g",
         f"segmentation={way[0]}", f"keyframe={way[1]}", "min-confidence=0", f"queries={array}", "!", "fakesink",
         "g.events", "!", "application/x-json", "!", "fdsink", "async=false"],
        check=True, capture_output=True, text=True, env={**os.environ, "GST_PLUGIN_PATH": str(build / "elements")}).stdout
    best = {}
    for line in out.splitlines():
        event = json.loads(line)
        if "start" in event and event["confidence"] >= best.get(event["query"], (0,))[0]:
            best[event["query"]] = (event["confidence"], event["start"] / 1e9, event["stop"] / 1e9)
    return best


def iou(a, b):
    both = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return both / (max(a[1], b[1]) - min(a[0], b[0]))


def measure(build, folder, way):
    asked = {}
    for query in json.loads((folder / "queries.json").read_text()):
        if "start" in query:
            asked.setdefault(query["video"], {})[query["query"]] = (query["start"], query["stop"])
    scores = []
    for video, truths in sorted(asked.items()):
        best = ask(build, folder / video, list(truths), way)
        scores += [iou(best[query][1:], truth) if query in best else 0.0 for query, truth in truths.items()]
    share = lambda least: sum(score >= least for score in scores) / len(scores)
    return [share(0.3), share(0.5), share(0.7), sum(scores) / len(scores), len(scores)]


def main():
    build, work, footage = map(pathlib.Path, sys.argv[1:4])
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "queries.json").exists():
        cut_together(footage_tools(), work, sorted(footage.glob("clip-*.mkv")))
    for name, folder in (("cut together", work), ("few cuts", footage)):
        for way in WAYS:
            *scores, count = measure(build, folder, way)
            print(f"{name:12}  {way[0]:8} {way[1]:9} " + "  ".join(f"{score:.3f}" for score in scores) + f"  ({count})",
                  flush=True)


main()
