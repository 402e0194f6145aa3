#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pretrained network of the things model's spatial stream: fetches NanoDet-Plus-m and writes it as safetensors.

    models/recipes/nanodet_plus.py OUT_FILE [WEIGHTS]

It comes, converted for ncnn with 16-bit weights and its norms folded, in the file named below, which is WEIGHTS where
that was fetched before. Tensors get the names that they have in NanoDet's own checkpoints (github.com/RangiLyu/nanodet),
with a bias where the norm was. Values are not changed; the first convolution's input channels are turned from blue,
green, red to red, green, blue.
"""
import hashlib
import json
import pathlib
import struct
import sys
import urllib.request

SOURCE = ("https://raw.githubusercontent.com/Qengineering/NanoDetPlus-ncnn-Raspberry-Pi-4/"
          "25654004a310a7bdc3217e071005fa45b3367627/nanodet-plus-m_416.bin")
SHA256 = "f7555ca6cb9650ee41e2f0a53fdf46b6e187a2a09792208d8c3eec033b6ac615"
HALF_FLOATS = 0x01306B47  # ncnn's tag before 16-bit weights
FIRST = "backbone.conv1.0"
JOINED, OUT = 96, 80 + 4 * 8


def separable(name, channels, depthwise, pointwise, side, out=None):
    yield f"{name}.{depthwise}", (channels, 1, side, side)
    yield f"{name}.{pointwise}", (out or channels, channels, 1, 1)


def shuffle_unit(name, inputs, half):
    if inputs != 2 * half:
        yield from separable(f"{name}.branch1", inputs, 0, 2, 3, half)
    yield f"{name}.branch2.0", (half, inputs if inputs != 2 * half else half, 1, 1)
    yield from separable(f"{name}.branch2", half, 3, 5, 3)


def ghost_block(name):
    for ghost, inputs in (("ghost1", 2 * JOINED), ("ghost2", JOINED)):
        yield f"{name}.{ghost}.primary_conv.0", (JOINED // 2, inputs, 1, 1)
        yield f"{name}.{ghost}.cheap_operation.0", (JOINED // 2, 1, 3, 3)
    yield from separable(f"{name}.shortcut", 2 * JOINED, 0, 2, 5, JOINED)


def convolutions():
    """The network's convolutions and their shapes, in the order in which the file has them."""
    yield FIRST, (24, 3, 3, 3)
    inputs, stages = 24, (("stage2", 4, 116), ("stage3", 8, 232), ("stage4", 4, 464))
    for stage, units, out in stages:
        for unit in range(units):
            yield from shuffle_unit(f"backbone.{stage}.{unit}", out if unit else inputs, out // 2)
        inputs = out
    for level, (_, _, out) in enumerate(stages):
        yield f"fpn.reduce_layers.{level}.conv", (JOINED, out, 1, 1)
    for level in range(2):
        yield from ghost_block(f"fpn.top_down_blocks.{level}.blocks.0")
    for level in range(2):
        yield from separable(f"fpn.downsamples.{level}", JOINED, "depthwise", "pointwise", 5)
        yield from ghost_block(f"fpn.bottom_up_blocks.{level}.blocks.0")
    for name in ("fpn.extra_lvl_in_conv.0", "fpn.extra_lvl_out_conv.0"):
        yield from separable(name, JOINED, "depthwise", "pointwise", 5)
    for level in range(4):
        for number in range(2):
            yield from separable(f"head.cls_convs.{level}.{number}", JOINED, "depthwise", "pointwise", 5)
        yield f"head.gfl_cls.{level}", (OUT, JOINED, 1, 1)


def fetched(path):
    if path:
        data = pathlib.Path(path).read_bytes()
    else:
        with urllib.request.urlopen(SOURCE, timeout=60) as answer:
            data = answer.read()
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"{path or SOURCE}: is another file: its SHA-256 is not {SHA256}")
    return data


def reverse_input(shape, values):
    """The picture's channels the other way round, of [out, 3, height, width]."""
    plane = 2 * shape[2] * shape[3]
    planes = [values[i:i + plane] for i in range(0, len(values), plane)]
    return b"".join(planes[i + 2 - channel] for i in range(0, len(planes), 3) for channel in range(3))


def convert(data):
    """Name -> (type, shape, bytes), little-endian as in both files."""
    tensors, at = {}, 0
    for name, shape in convolutions():
        if struct.unpack_from("<I", data, at)[0] != HALF_FLOATS:
            sys.exit(f"{name}: is not stored as 16-bit numbers")
        size = 2 * shape[0] * shape[1] * shape[2] * shape[3]
        values = data[at + 4:at + 4 + size]
        at += 4 + size + size % 4
        tensors[f"{name}.weight"] = "F16", shape, reverse_input(shape, values) if name == FIRST else values
        tensors[f"{name}.bias"] = "F32", shape[:1], data[at:at + 4 * shape[0]]
        at += 4 * shape[0]
    if at != len(data):
        sys.exit(f"{len(data) - at} bytes behind the last convolution")
    return tensors


def write(tensors, out):
    header, at = {"__metadata__": {"source": SOURCE, "license": "Apache-2.0"}}, 0
    ordered = sorted(tensors.items(), key=lambda item: item[1][0] != "F32")  # aligned to their size
    for name, (kind, shape, values) in ordered:
        header[f"spatial_encoder.{name}"] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(values)]}
        at += len(values)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, (_, _, values) in ordered:
            file.write(values)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    write(convert(fetched(sys.argv[2] if len(sys.argv) == 3 else None)), sys.argv[1])


if __name__ == "__main__":
    main()
