#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real footage with faults and edits at known times: ffmpeg's filters over clips that training never sees.

    tests/footage/make.py OUT_DIR CLIP...

Writes OUT_DIR/NN.mkv and OUT_DIR/queries.json, a list of {"video", "query", "kind", "start", "stop"} for gvl-eval; a
query without times asks for what does not happen. The same clips give the same set. Needs ffmpeg.
"""
import json
import pathlib
import random
import subprocess
import sys

WIDTH, HEIGHT, RATE, LONGEST = 480, 360, 25, 60
VIDEOS, EVENTS = 20, 4

# What one says when asking for each. Written for this set, not taken from the generator's phrases.
QUERIES = {
    "freeze": ["the feed is frozen", "a still frame instead of moving video", "the picture does not move any more"],
    "black": ["the screen is completely black", "black frames", "the video goes to black and nothing can be seen"],
    "white": ["the screen is entirely white", "white frames", "the image is blank white"],
    "grayscale": ["the video is in black and white", "the colours are missing", "a monochrome picture"],
    "blur": ["the image is blurry", "the camera is out of focus", "the picture is not sharp"],
    "noise": ["there is heavy noise in the image", "static on the screen", "the video is very grainy"],
    "blocks": ["the image is pixelated", "big blocks in the picture", "macroblocking artifacts"],
    "flicker": ["the brightness flickers", "the picture is flickering", "the light pulses quickly"],
    "color-bars": ["colour bars", "a test card is displayed", "vertical colored bars replace the video"],
    "upside-down": ["the image is upside down", "the video is flipped upside down", "an inverted picture"],
    "covered": ["someone covers the lens", "the camera view is blocked", "the lens is obstructed"],
    "too-bright": ["the image is overexposed", "the picture is far too bright", "too much light in the video"],
    "too-dark": ["the image is underexposed", "the video is too dark", "there is too little light"],
    "other-scene": ["a different scene is shown", "it cuts away to another place", "footage from somewhere else"],
    "cross-fade": ["one scene dissolves into another", "a cross dissolve", "the picture blends into a different scene"],
    "fade-to-black": ["the picture fades to black", "a fade out to black", "it slowly gets dark until it is black"],
    "fade-from-black": ["the picture fades in from black", "a fade in", "the image appears slowly out of black"],
}

PLAIN = {
    "black": "drawbox=w=iw:h=ih:color=black:t=fill:enable='{on}'",
    "white": "drawbox=w=iw:h=ih:color=white:t=fill:enable='{on}'",
    "grayscale": "hue=s=0:enable='{on}'",
    "blur": "gblur=sigma=9:enable='{on}'",
    "noise": "noise=alls=80:allf=t+u:enable='{on}'",
    "blocks": "pixelize=w=32:h=32:enable='{on}'",
    "flicker": "eq=brightness='if({on}\\,0.3*sin(2*PI*5.3*t)\\,0)':eval=frame",
    "upside-down": "vflip=enable='{on}',hflip=enable='{on}'",
    "too-bright": "eq=brightness=0.4:contrast=1.4:enable='{on}'",
    "too-dark": "eq=brightness=-0.3:contrast=0.5:enable='{on}'",
    "fade-to-black": "fade=t=out:st={start}:d={length}:enable='between(t,{start},{dark})'",
    "fade-from-black": "fade=t=in:st={start}:d={length}:enable='between(t,{dark},{stop})'",
}
OVERLAID = {
    "color-bars": "smptehdbars=s={size}:r={rate}",
    "covered": "color=0x2b2019:s={size}:r={rate},noise=alls=12:allf=t",
    "other-scene": "[1:v]null",
    "cross-fade": "[1:v]format=yuva420p,fade=t=in:st={start}:d={length}:alpha=1",
}


def stage(kind, event):
    """A filter chain with `{in}` and `{out}` for its pads."""
    start, stop = event["start"], event["stop"]
    on = f"between(t,{start},{stop - 0.5 / RATE})"
    # Black stays a second behind a fade out, and before a fade in.
    dark = stop + 1 if kind == "fade-to-black" else start - 1
    values = dict(on=on, start=start, stop=stop, length=stop - start, dark=dark, rate=RATE,
                  size=f"{WIDTH}x{HEIGHT}")
    if kind in PLAIN:
        return "[{in}]" + PLAIN[kind].format(**values) + "[{out}]"
    if kind == "freeze":
        first, last = round(start * RATE), round(stop * RATE) - 1
        return ("[{in}]split[{in}a][{in}b];[{in}a][{in}b]freezeframes=first=" + f"{first}:last={last}:replace={first}" +
                "[{out}]")
    when = f"gte(t,{start})" if kind == "cross-fade" else on
    return OVERLAID[kind].format(**values) + "[{in}o];[{in}][{in}o]overlay=shortest=1:enable='" + when + "'[{out}]"


def plan(draw, kinds, duration):
    """Events one after the other, with pauses between them."""
    spans = [round(draw.uniform(2.5, 6) * RATE) / RATE for _ in kinds]
    free = duration - sum(spans) - 2.5 * (len(kinds) + 1)
    cuts = sorted(draw.uniform(0, free) for _ in kinds)
    events, at = [], 2.5
    for kind, span, offset in zip(kinds, spans, cuts):
        start = round((at + offset) * RATE) / RATE
        events.append({"kind": kind, "start": start, "stop": round((start + span) * RATE) / RATE})
        at += span + 2.5
    return events


def run(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL)


def lengthen(clip, out):
    """The clip again and again for a minute, with one size and frame rate."""
    if not out.exists():
        frames = LONGEST * RATE
        again = f"fps={RATE},scale={WIDTH}:{HEIGHT},setsar=1,loop=loop=-1:size={frames},setpts=N/{RATE}/TB"
        run("-i", clip, "-vf", again, "-frames:v", frames, "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", 12, "-pix_fmt", "yuv420p", out)
    return out


def render(clip, other, events, duration, out):
    chains = ["[0:v]null[v0]"]
    for i, event in enumerate(events):
        chains.append(stage(event["kind"], event).replace("{in}", f"v{i}").replace("{out}", f"v{i + 1}"))
    run("-i", clip, "-i", other, "-filter_complex", ";".join(chains), "-map", f"[v{len(events)}]", "-t", duration,
        "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", 20, "-pix_fmt", "yuv420p", out)


def main():
    if len(sys.argv) < 4:
        sys.exit("usage: make.py OUT_DIR CLIP CLIP...")
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    clips = [lengthen(clip, out / f"clip-{i}.mkv") for i, clip in enumerate(sys.argv[2:])]
    draw = random.Random(7)
    bag, queries = [], []
    for number in range(VIDEOS):
        kinds = []
        while len(kinds) < EVENTS:
            bag = bag or draw.sample(sorted(QUERIES), len(QUERIES))
            # After a cross-fade the other scene stays: a second one, or a cut to it, would show nothing new.
            usable = [k for k in bag if k not in kinds and not ({k, *kinds} >= {"cross-fade", "other-scene"})]
            if not usable:
                bag += draw.sample(sorted(QUERIES), len(QUERIES))
                continue
            kinds.append(usable[0])
            bag.remove(usable[0])
        duration = round(draw.uniform(32, LONGEST - 1))
        clip, other = clips[number % len(clips)], clips[(number + 1) % len(clips)]
        events = plan(draw, kinds, duration)
        name = f"{number:02d}.mkv"
        render(clip, other, events, duration, out / name)
        for event in events:
            queries.append({"video": name, "query": draw.choice(QUERIES[event["kind"]]), **event})
        absent = draw.choice([k for k in sorted(QUERIES) if k not in kinds and k not in ("black", "too-dark")])
        queries.append({"video": name, "query": draw.choice(QUERIES[absent]), "kind": absent})
        print(f"{name}: {clip.name}, {', '.join(kinds)}", file=sys.stderr)
    (out / "queries.json").write_text(json.dumps(queries, indent=1) + "\n")


if __name__ == "__main__":
    main()
