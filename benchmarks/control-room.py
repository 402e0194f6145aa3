#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an operator is told of long footage with faults at known times, from a file and live.

    benchmarks/control-room.py hour BUILD_DIR WORK_DIR CLIP...
    benchmarks/control-room.py clean BUILD_DIR WORK_DIR CLIP...
    benchmarks/control-room.py live BUILD_DIR WORK_DIR STREAMS MINUTES CLIP...

hour: an hour of the clips with 120 faults that the default model knows, of half a second to ten minutes, some kinds
twelve times a minute. Each kind is asked for over the whole hour, and over short clips that hold one event each.
Printed are how many events were found (IoU of at least 0.5) in the hour, in the clips, and of those found in the clips
also in the hour; the median IoU of those longer than a window; duplicates, and events that are none.

clean: the same queries over the clips as they are, looped for an hour; what is told is false.

live: so many streams at once in real time, each with faults. Printed are how long after its true start an event was
opened, how many alerts were withdrawn, and how many events were never announced.

Videos are made once for a WORK_DIR; the same clips give the same ones. Needs ffmpeg; live needs python3-gi.
"""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import threading
import time

WIDTH, HEIGHT, RATE = 320, 240, 25
QUERIES = {
    "black": "the picture goes black",
    "white": "the picture turns white",
    "bars": "colour bars are shown",
    "freeze": "the picture freezes",
    "noise": "there is noise in the picture",
    "grayscale": "the picture turns black and white",
    "blur": "the picture is blurred",
    "bright": "the picture is too bright",
}
FILTERS = {
    "black": "drawbox=w=iw:h=ih:color=black:t=fill:enable='{on}'",
    "white": "drawbox=w=iw:h=ih:color=white:t=fill:enable='{on}'",
    "noise": "noise=alls=80:allf=t+u:enable='{on}'",
    "grayscale": "hue=s=0:enable='{on}'",
    "blur": "gblur=sigma=7:enable='{on}'",
    "bright": "eq=brightness=0.4:contrast=1.4:enable='{on}'",
}
LONGEST_WINDOW = 60


def run(command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options)


# ---- footage ---------------------------------------------------------------------------------------------------------

def plan_hour(draw, seconds, long_events, bursts, single):
    """Events as (kind, start, stop), apart from each other by two seconds at least, in order."""
    kinds = list(QUERIES)
    pieces = [[(kind, length)] for kind, length in
              [(draw.choice(kinds), draw.uniform(60, 300)) for _ in range(long_events - 1)] +
              ([(draw.choice(kinds), draw.uniform(400, 600))] if long_events else []) +
              [(draw.choice(kinds), draw.choice([draw.uniform(0.5, 2), draw.uniform(2, 10), draw.uniform(10, 30)]))
               for _ in range(single)]]
    pieces += [[(kind, draw.uniform(0.8, 2.2))] * 12 for kind in draw.sample(kinds, bursts)]
    draw.shuffle(pieces)
    busy = sum(length + 2.8 for piece in pieces for _, length in piece)
    if busy > seconds:
        sys.exit(f"control-room: {busy:.0f} s of events do not fit into {seconds} s")
    shares = [draw.random() for _ in range(len(pieces) + 1)]
    spare = [(seconds - busy) * share / sum(shares) for share in shares]
    events, at = [], 0
    for piece, pause in zip(pieces, spare):
        at += pause
        for kind, length in piece:
            at += 2.8
            events.append((kind, round(at * RATE) / RATE, round((at + length) * RATE) / RATE))
            at += length
    return events


def graph(events):
    """ffmpeg's filters for them."""
    chain, last = [], "0:v"
    def add(text):
        nonlocal last
        label = f"f{len(chain)}"
        chain.append(f"[{last}]{text}[{label}]")
        last = label
    add(f"fps={RATE},scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT},setsar=1")
    def enabled(kind):
        return "+".join(f"between(t,{start},{stop - 0.5 / RATE})" for each, start, stop in events if each == kind)
    for kind, text in FILTERS.items():
        if enabled(kind):
            add(text.format(on=enabled(kind)))
    if enabled("bars"):
        chain.append(f"smptehdbars=s={WIDTH}x{HEIGHT}:r={RATE}[bars]")
        add(f"[bars]overlay=shortest=1:enable='{enabled('bars')}'")
    for kind, start, stop in events:
        if kind != "freeze":
            continue
        label, first, end = last, round(start * RATE), round(stop * RATE) - 1
        chain.append(f"[{label}]split[a{first}][b{first}]")
        last = f"z{first}"
        chain.append(f"[a{first}][b{first}]freezeframes=first={first}:last={end}:replace={first}[{last}]")
    return ";".join(chain), last


def make(path, clips, seconds, events):
    if path.exists():
        return
    listing = path.with_suffix(".txt")
    listing.write_text("".join(f"file '{pathlib.Path(clip).resolve()}'\n" for clip in clips))
    same = path.with_suffix(".base.mkv")
    if not same.exists():
        parts = []
        for number, clip in enumerate(clips):
            parts.append(path.with_suffix(f".part{number}.mkv"))
            run(["ffmpeg", "-nostdin", "-y", "-v", "error", "-i", clip, "-t", 60, "-an", "-vf",
                 f"fps={RATE},scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT},"
                 "setsar=1,format=yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", 16, parts[-1]])
        listing.write_text("".join(f"file '{part.resolve()}'\n" for part in parts))
        run(["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "concat", "-safe", 0, "-i", listing, "-c", "copy", same])
    filters, last = graph(events)
    script = path.with_suffix(".filters")
    script.write_text(filters)
    partial = path.with_suffix(".partial.mkv")
    run(["ffmpeg", "-nostdin", "-y", "-v", "error", "-stream_loop", -1, "-i", same, "-filter_complex_script", script,
         "-map", f"[{last}]", "-t", seconds, "-c:v", "libx264", "-preset", "ultrafast", "-crf", 18, "-g", 50,
         "-pix_fmt", "yuv420p", partial])
    partial.rename(path)


# ---- measures --------------------------------------------------------------------------------------------------------

def iou(a, b):
    both = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return both / (a[1] - a[0] + b[1] - b[0] - both)


def ask(build, video, queries):
    """What gvl-ground tells: (query, start, stop, confidence)."""
    environment = dict(os.environ, GST_PLUGIN_PATH=f"{build}/elements")
    done = run([build / "tools/gvl-ground", "--json", video, *queries], env=environment)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return [(each["query"], each["start"] / 1e9, each["stop"] / 1e9, each["confidence"]) for each in told
            if "start" in each]


def match(truth, told):
    """Pairs (event, told), each used once, the best first."""
    pairs = sorted(((iou(event[1:], each[1:3]), event, each) for event in truth for each in told
                    if QUERIES[event[0]] == each[0]), key=lambda pair: -pair[0])
    events, used, matched = set(), set(), []
    for share, event, each in pairs:
        if share >= 0.5 and event not in events and each not in used:
            events.add(event)
            used.add(each)
            matched.append((event, each, share))
    return matched


def alone(build, video, work, events, number):
    """Whether the event is found in a clip that holds no other."""
    kind, start, stop = events[number]
    before = events[number - 1][2] if number else 0
    after = events[number + 1][1] if number + 1 < len(events) else stop + 20
    begin, end = max(before + 0.2, start - 20), min(after - 0.2, stop + 20)
    clip = work / "clip.mkv"
    run(["ffmpeg", "-nostdin", "-y", "-v", "error", "-ss", begin, "-i", video, "-t", end - begin, "-c:v", "libx264",
         "-preset", "ultrafast", "-crf", 18, clip])
    truth = (start - begin, stop - begin)
    return any(iou(truth, each[1:3]) >= 0.5 for each in ask(build, clip, [QUERIES[kind]]))


def hour(build, work, clips):
    video = work / "hour.mkv"
    events = plan_hour(random.Random(1), 3600, long_events=4, bursts=4, single=68)
    make(video, clips, 3600, events)
    began = time.monotonic()
    told = ask(build, video, QUERIES.values())
    took = time.monotonic() - began
    matched = match(events, told)
    in_hour = {event for event, _, _ in matched}
    in_clips = {event for number, event in enumerate(events) if alone(build, video, work, events, number)}
    long = {event: 0.0 for event in events if event[2] - event[1] > LONGEST_WINDOW}
    long.update({event: share for event, _, share in matched if event in long})
    copies = sum(1 for i, a in enumerate(told) for b in told[:i]
                 if a[0] == b[0] and min(a[2], b[2]) - max(a[1], b[1]) > 0.5 * min(a[2] - a[1], b[2] - b[1]))
    print(f"an hour with {len(events)} events, looked at in {took:.0f} s: {len(told)} told")
    print(f"found in the hour {len(in_hour)}, in clips of their own {len(in_clips)}, "
          f"of those in the hour {len(in_hour & in_clips)}")
    print(f"longer than a window: {len(long)}, median IoU {statistics.median(long.values()) if long else 0:.2f}")
    print(f"duplicates {copies}, told and none {len(told) - len(matched)}")
    for kind in QUERIES:
        of_kind = [event for event in events if event[0] == kind]
        print(f"  {kind:10} {len(of_kind):3} events, in the hour {len(in_hour & set(of_kind)):3}, "
              f"in clips {len(in_clips & set(of_kind)):3}, told "
              f"{sum(1 for each in told if each[0] == QUERIES[kind]):3}")


def clean(build, work, clips):
    video = work / "clean.mkv"
    make(video, clips, 3600, [])
    told = ask(build, video, QUERIES.values())
    print(f"an hour without events: {len(told)} told")
    for each in told:
        print("  {} {:.1f} - {:.1f} s, {:.2f}".format(*each))


# ---- live ------------------------------------------------------------------------------------------------------------

class Camera:
    """Plays a file as a live stream, and notes when frames went in and events came out."""

    def __init__(self, Gst, video, name):
        self.gst, self.pushed, self.news = Gst, [], []
        self.file = Gst.parse_launch(f"filesrc location={video} ! decodebin ! videoconvert ! video/x-raw,format=I420 ! "
                                     "appsink name=out sync=true max-buffers=5 emit-signals=false")
        self.live = Gst.parse_launch("appsrc name=in is-live=true format=time block=false ! queue ! "
                                     f"gvlground name={name} ! fakesink sync=false")
        self.live.get_by_name(name).set_property("queries", Gst.ValueArray(list(QUERIES.values())))
        self.live.get_bus().set_sync_handler(self.on_message)
        self.thread = threading.Thread(target=self.feed)

    def on_message(self, _bus, message):
        structure = message.get_structure()
        if structure and structure.get_name() == "gvl-event":
            known, stop = structure.get_uint64("stop")
            self.news.append((time.monotonic(), structure.get_uint64("id").value, structure.get_string("state"),
                              structure.get_string("query"), structure.get_uint64("start").value / 1e9,
                              stop / 1e9 if known else None))
        return self.gst.BusSyncReply.PASS

    def play(self):
        self.live.set_state(self.gst.State.PLAYING)
        self.file.set_state(self.gst.State.PLAYING)
        self.thread.start()

    def feed(self):
        out, source = self.file.get_by_name("out"), self.live.get_by_name("in")
        while sample := out.emit("pull-sample"):
            if not self.pushed:
                source.set_property("caps", sample.get_caps())
            buffer = sample.get_buffer()
            self.pushed.append((buffer.pts / 1e9, time.monotonic()))
            source.emit("push-buffer", buffer)
        source.emit("end-of-stream")

    def finish(self):
        self.thread.join()
        self.live.get_bus().timed_pop_filtered(self.gst.CLOCK_TIME_NONE,
                                               self.gst.MessageType.EOS | self.gst.MessageType.ERROR)
        for pipeline in (self.file, self.live):
            pipeline.set_state(self.gst.State.NULL)

    def pushed_at(self, seconds):
        return next((when for shown, when in self.pushed if shown >= seconds), self.pushed[-1][1])


def live(build, work, streams, minutes, clips):
    os.environ["GST_PLUGIN_PATH"] = f"{build}/elements"
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    seconds, cameras, truths = minutes * 60, [], []
    for number in range(streams):
        events = plan_hour(random.Random(100 + number), seconds, 0, 0, single=minutes * 2)
        video = work / f"live{minutes}-{number}.mkv"
        make(video, clips, seconds, events)
        truths.append(events)
        cameras.append(Camera(Gst, video, f"camera{number}"))
    for camera in cameras:
        camera.play()
    for camera in cameras:
        camera.finish()
    delays, opened, withdrawn, closed, unannounced = [], 0, 0, 0, 0
    for camera, events in zip(cameras, truths):
        ids = {each[1] for each in camera.news if each[2] == "open"}
        opened += len(ids)
        withdrawn += sum(1 for each in camera.news if each[2] == "withdrawn")
        told = [(query, start, stop, 0, number) for _, number, state, query, start, stop in camera.news
                if state == "closed"]
        closed += len(told)
        for event, each, _ in match(events, told):
            first = min(when for when, number, *_ in camera.news if number == each[4])
            if each[4] in ids:
                delays.append(first - camera.pushed_at(event[1]))
            else:
                unannounced += 1
    delays.sort()
    print(f"{streams} streams of {minutes} minutes: {sum(map(len, truths))} events, {closed} closed, {opened} opened, "
          f"{withdrawn} of these withdrawn; found and never announced {unannounced}")
    if delays:
        print(f"from true start to open: median {statistics.median(delays):.1f} s, "
              f"95 % within {delays[int(0.95 * (len(delays) - 1))]:.1f} s, {len(delays)} events")


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in ("hour", "clean", "live"):
        sys.exit(__doc__)
    command, build, work, *rest = sys.argv[1:]
    build, work = pathlib.Path(build).resolve(), pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    if command == "live":
        live(build, work, int(rest[0]), int(rest[1]), rest[2:])
    else:
        {"hour": hour, "clean": clean}[command](build, work, rest)


if __name__ == "__main__":
    main()
