#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an index takes, loses and costs to ask (docs/archive.md).

    benchmarks/archive.py types BUILD_DIR WORK_DIR VIDEO...   # events from the index against those of gvl-ground
    benchmarks/archive.py size BUILD_DIR WORK_DIR VIDEO...    # bytes of a day of such videos
    benchmarks/archive.py bound [CONFIG.json...]              # those that a day takes at most, by the sizes of models
    benchmarks/archive.py day BUILD_DIR WORK_DIR VIDEO QUERY  # a day of a camera: bytes, and how long asking takes

`types` counts, of the events that the model is sure enough of to tell, those whose query and times are the same from an
index of each type; `queries.json` beside a video says what it is asked for, as `tests/footage/things.py` makes it, else it
is asked for faults of the signal. `day` repeats the segments of a video until a day is full, three seconds each as a live
stream's are.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import time
import zlib

DAY = 24 * 3600
LIVE_SEGMENT = 3  # seconds: as alert-latency divides a live stream
PICTURE = 900  # bytes, about: a test pattern's are 909, those of generated videos and of footage a little less
RECORD = 28 + 94  # bytes of a segment's record besides its content
TYPES = {"int16": 2, "int10": 2, "int8": 1}  # bytes of a value before compression
MODELS = ["default", "faults", "things"]
KINDS = ["the picture goes black", "the picture turns white", "the picture freezes", "the picture is blurred",
         "the picture turns black and white", "the camera shakes", "the camera zooms in", "colour bars are shown"]
# What the published models' config.json says about tokens.
PUBLISHED = {
    "grounded-videollm-phi3.5": {"spatial_pooling": "merge-2x2", "language_model": {"hidden_size": 3072}},
    "grounded-videollm-llama3": {"spatial_pooling": "adaptive-8x8", "language_model": {"hidden_size": 4096}},
}
for published in PUBLISHED.values():
    published |= {"spatial": {"image_size": 336, "patch_size": 14}, "frames": 96, "segments": 12, "temporal_grid": 4}
LAYOUT = "<5QII4qBBIII"  # of a segment's head: lib/archive/segment_record.cpp


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def told(lines):
    """{(query, start, stop): confidence} of events."""
    events = [json.loads(line) for line in lines.splitlines()]
    return {(each["query"], each["start"], each["stop"]): each["confidence"] for each in events}


def queries_of(video):
    listed = pathlib.Path(video).parent / "queries.json"
    queries = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else []
    own = [each["query"] for each in queries if each["video"] == pathlib.Path(video).name]
    return own or KINDS


def compare_types(build, work, videos):
    live = {}
    for video in videos:
        queries = [word for query in queries_of(video) for word in ("-q", query)]
        live[video] = told(run(build / "tools/gvl-ground", "--json", *queries, video))
    print(f"gvl-ground: {sum(map(len, live.values()))} events in {len(videos)} videos")
    for kind in TYPES:
        same = more = 0
        differences = [0.0]
        for number, video in enumerate(videos):
            index = work / f"{kind}-{number}"
            run(build / "tools/gvl-index", "--index", index, "--type", kind, video)
            found = told(run(build / "tools/gvl-ask", "--index", index, "--json", *queries_of(video)))
            both = live[video].keys() & found.keys()
            same += len(both)
            more += len(found) - len(both)
            differences += [abs(live[video][event] - found[event]) for event in both]
        print(f"{kind}: {same} the same, {more} others; confidences differ by {max(differences):.5f} at the most")


def print_sizes(build, work, videos):
    """Of a day at the pace of a live stream: the mean over all segments, and that of the video that takes most."""
    for model in MODELS:
        for kind in TYPES:
            segments = []
            for number, video in enumerate(videos):
                index = work / f"{model}-{kind}-{number}"
                run(build / "tools/gvl-index", "--index", index, "--model", model, "--type", kind, video)
                segments.append([28 + len(head) + len(body) for file in index.glob("streams/*/*.gvlseg")
                                 for kind_of, head, body in records(file) if kind_of == 2])
            days = [sum(each) / len(each) * DAY / LIVE_SEGMENT / 1e6 for each in segments]
            every = sum(segments, [])
            day = sum(every) / len(every) * DAY / LIVE_SEGMENT / 1e6
            print(f"{model}, {kind}: {day:.0f} MB a day, {max(days):.0f} MB with the video that takes most")


def read_config(file):
    return json.loads(pathlib.Path(file).read_text(encoding="utf-8"))


def tokens_of(config, folder):
    """L and H, the tokens of a segment and their width, as ModelConfig counts them. `folder`: where it was read."""
    if config.get("type") == "composite":
        members = [folder.parent / name for name in config["members"]]
        rows, widths = zip(*(tokens_of(read_config(member / "config.json"), member) for member in members))
        return sum(rows), max(widths)
    frames = config["frames"] // config["segments"]
    if config.get("type") == "things":
        return frames * (config["spatial"]["objects"] + 1), config["spatial"]["hidden_size"]
    if config.get("type") == "similarity":
        return frames, config["embedding_size"]
    spatial, pooling = config["spatial"], config.get("spatial_pooling", "merge-2x2")
    grid = spatial["image_size"] // spatial["patch_size"] if spatial.get("patch_size") else 0
    if pooling == "merge-2x2":
        rows = grid // 2 * (grid // 2 + 1)
    elif pooling == "adaptive-8x8":
        rows = 64
    else:
        rows = (spatial.get("objects", 0) + 1) * spatial.get("keyframes", 1)
    return rows + frames * config["temporal_grid"] ** 2 + 1, config["language_model"]["hidden_size"]


def print_bounds(files):
    models = {name: read_config(name) for name in files} | PUBLISHED
    for name, config in models.items():
        rows, width = tokens_of(config, pathlib.Path(name).resolve().parent)
        for kind, size in TYPES.items():
            segment = rows * (4 + width * size) + PICTURE + RECORD
            day = segment * DAY / LIVE_SEGMENT
            print(f"{name}: {rows} tokens of {width}, {kind}: at most {segment} bytes a segment, {day / 1e6:.0f} MB a day")


def records(file):
    data = pathlib.Path(file).read_bytes()
    at = 8
    while at < len(data):
        _, kind, head, body, *_ = struct.unpack_from("<7I", data, at)
        at += 28
        yield kind, data[at:at + head], data[at + head:at + head + body]
        at += head + body


def record(kind, head, body):
    frame = struct.pack("<6I", 0x524c5647, kind, len(head), len(body), zlib.crc32(head), zlib.crc32(body))
    return frame + struct.pack("<I", zlib.crc32(frame)) + head + body


def make_day(source, target):
    """A day of the segments of an index, again and again."""
    all_records = [each for file in sorted(source.glob("streams/*/*.gvlseg")) for each in records(file)]
    start = next(head for kind, head, _ in all_records if kind == 1)
    segments = [(head, body) for kind, head, body in all_records if kind == 2]
    folder = target / "streams" / "camera"
    folder.mkdir(parents=True, exist_ok=True)
    length, midnight = LIVE_SEGMENT * 10**9, 1769817600 * 10**9
    with open(folder / "2026-01-31.gvlseg", "wb") as out:
        out.write(b"gvlindex" + record(1, start, b""))
        for i in range(DAY // LIVE_SEGMENT):
            head, body = segments[i % len(segments)]
            facts = list(struct.unpack(LAYOUT, head))
            facts[1], facts[4], facts[5], facts[6] = i, i, 12, 6
            facts[7:11] = i * length, (i + 1) * length, midnight + i * length, midnight + (i + 1) * length
            out.write(record(2, struct.pack(LAYOUT, *facts), body))
    return (folder / "2026-01-31.gvlseg").stat().st_size


def ask_day(build, work, video, query):
    run(build / "tools/gvl-index", "--index", work / "source", video)
    size = make_day(work / "source", work / "day")
    print(f"a day: {DAY // LIVE_SEGMENT} segments, {size / 1e6:.0f} MB")
    began, used = time.monotonic(), os.times()
    found = run(build / "tools/gvl-ask", "--index", work / "day", "--json", query)
    after = os.times()
    cpu = after.children_user + after.children_system - used.children_user - used.children_system
    print(f"asked in {time.monotonic() - began:.0f} s, which took {cpu:.0f} s of a core: {len(found.splitlines())} events")


def main():
    if sys.argv[1:2] == ["bound"]:
        return print_bounds(sys.argv[2:])
    if len(sys.argv) < 5 or sys.argv[1] not in ("types", "size", "day"):
        sys.exit(__doc__)
    build, work = pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
    work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if sys.argv[1] == "day":
        return ask_day(build, work, *sys.argv[4:6])
    return (compare_types if sys.argv[1] == "types" else print_sizes)(build, work, sys.argv[4:])


if __name__ == "__main__":
    main()
