#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-clips.py OUT_DIR MODEL_DIR: 30 short clips of things that the model of faults does not know, and what happens in
them: 16 to train on, 4 to see when to stop, 10 to measure on. See docs/fine-tune.md.

Writes OUT_DIR/videos/*.mkv; train.json, validation.json and test.json, conversations as gvl-train reads them; and the
configurations fine-tune.json (gvl-train) and test-configuration.json (gvl-eval). Needs ffmpeg. The same clips each time.
"""

import json
import os
import random
import subprocess
import sys

PARTS = {"train": 16, "validation": 4, "test": 10}
RATE, SIZE = 8, "160x120"

# What happens, by the words that ask for it: the first are those of the test. The last one is known, and not to be
# forgotten.
EVENTS = {
    ("the colours are inverted", "the picture is a negative"): "negate=enable='{when}'",
    ("the warning frame lights up", "a red frame is around the picture"):
        "drawbox=x=0:y=0:w=iw:h=ih:t=10:color=red:enable='{when}'",
    ("the night light is on", "everything is blue"):
        "colorchannelmixer=rr=0.15:gg=0.35:bb=1:br=0.4:bg=0.3:enable='{when}'",
    ("the picture goes black", "the picture is black"): "drawbox=t=fill:color=black:enable='{when}'",
}

# The prompt with which models are asked for times, also where there are none to tell.
QUESTION = ("<image> <timestamp_grounding>\nGive you a textual query: '{}'. When does the described content occur in the "
            "video? Please return the start and end timestamps.")
ABSENT = "It does not happen in the video."


def background(draw, seconds):
    """A moving picture to put events into: an input of ffmpeg."""
    kind = draw.choice(["testsrc2", "mandelbrot", "life", "gradients"])
    source = {"testsrc2": f"testsrc2=size={SIZE}:rate={RATE}",
              "mandelbrot": f"mandelbrot=size={SIZE}:rate={RATE}:start_scale={draw.uniform(0.5, 3):.2f}",
              "life": f"life=size={SIZE}:rate={RATE}:mold=12:ratio=0.2:seed={draw.randint(1, 9999)}:"
                      "death_color=#404890:life_color=#e0d090",
              "gradients": f"gradients=size={SIZE}:rate={RATE}:seed={draw.randint(1, 9999)}:speed=0.03"}[kind]
    return f"{source},trim=duration={seconds},hue=h={draw.randint(0, 359)}:s={draw.uniform(0.6, 1.2):.2f},format=rgb24"


def moments(draw, seconds, count):
    """So many stretches that do not touch, in whole frames: [(start, stop), ...]"""
    while True:
        found = []
        for _ in range(count):
            length = draw.randint(2 * RATE, 5 * RATE)
            start = draw.randint(RATE, seconds * RATE - length - RATE)
            found.append((start / RATE, (start + length) / RATE))
        found.sort()
        if all(a[1] + 1 <= b[0] for a, b in zip(found, found[1:])):
            return found


def make_clip(draw, file):
    """Writes a clip; returns what happens in it, by the words of EVENTS."""
    seconds = draw.randint(18, 30)
    happens = dict(zip(draw.sample(list(EVENTS), draw.randint(2, 3)), moments(draw, seconds, 3)))
    filters = [EVENTS[words].format(when=f"gte(t,{start})*lt(t,{stop})") for words, (start, stop) in happens.items()]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
                    ",".join([background(draw, seconds), *filters]), "-c:v", "ffv1", file], check=True)
    return happens


def conversation(happens, phrasings):
    """Questions about all that may happen, with answers as the model gives them; times as <seconds>."""
    turns = []
    for words in EVENTS:
        for query in words[:phrasings]:
            answer = ABSENT
            if words in happens:
                answer = "From <{}> to <{}>.".format(*happens[words])
            turns += [{"from": "human", "value": QUESTION.format(query)}, {"from": "gpt", "value": answer}]
    return turns


def learning(model):
    """What learns and how fast: of a large model only little matrices beside its own."""
    with open(os.path.join(model, "config.json"), encoding="utf-8") as file:
        is_large = json.load(file)["language_model"]["hidden_size"] > 1024
    groups = [{"parameters": "spatial_projector.", "learning_rate": 2e-5 if is_large else 5e-4},
              {"parameters": "temporal_projector.", "learning_rate": 2e-5 if is_large else 5e-4}]
    if is_large:
        return {"parameter_groups": groups, "lora": {"rank": 16, "alpha": 32, "learning_rate": 2e-4},
                "activation_checkpointing": True, "micro_batch_videos": 1}
    return {"parameter_groups": [*groups, {"parameters": "language_model.model.layers.", "learning_rate": 5e-4,
                                           "muon_learning_rate": 0.01},
                                 {"parameters": "language_model.", "learning_rate": 5e-4}]}


def configurations(model):
    """{name: content} of what gvl-train and gvl-eval read."""
    fine_tune = {
        "model": model, "output": "run", **learning(model),
        "steps": 160, "batch_videos": 4, "warmup": 0.05, "temporal_smoothing": 1.0, "checkpoint_every": 20,
        "data": {"conversations": {"files": ["train.json"], "videos": "videos"}},
        "validation": {"data": {"conversations": {"files": ["validation.json"], "videos": "videos"}}, "every": 20,
                       "patience": 4}}
    test = {"conversations": {"files": ["test.json"], "videos": "videos"}}
    return {"fine-tune.json": fine_tune, "test-configuration.json": test}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out, model = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(os.path.join(out, "videos"), exist_ok=True)
    draw, written = random.Random(1), configurations(model)
    for part, count in PARTS.items():
        records = []
        for number in range(count):
            name = f"{part}-{number:02}.mkv"
            happens = make_clip(draw, os.path.join(out, "videos", name))
            records.append({"question_id": name, "video_id": name, "video_file": name, "dataset_name": "fine-tune",
                            "conversation": conversation(happens, 2 if part == "train" else 1)})
        written[part + ".json"] = records
    for name, content in written.items():
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)


main()
