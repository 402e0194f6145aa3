#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What NanoDet-Plus-m's published code computes with our weights, for the test vision_nanodet.

    git clone https://github.com/RangiLyu/nanodet; git -C nanodet checkout be9b4a9001d7f9b6fc89c2df31ae8d428e35b4f0
    make.py nanodet models/things/model.safetensors PICTURE... > scores.json

Needs PyTorch and NumPy. A picture is 416 x 416 pixels of packed RGB without a header. Of each of the network's four
levels the file has the highest score of each class, and all that is said of the eight places with the highest scores.
"""
import json
import math
import pathlib
import struct
import sys
import unittest.mock

import numpy
import torch

SIZE, CLASSES, PLACES, STRIDES = 416, 80, 8, (8, 16, 32, 64)
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
PREFIX = "spatial_encoder."
# What the published modules import and a forward pass does not use.
UNUSED = ("cv2", "pytorch_lightning", "pytorch_lightning.utilities", "nanodet.util", "nanodet.data",
          "nanodet.data.transform", "nanodet.data.transform.warp", "torchvision", "torchvision.ops")


def read_weights(path):
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, info in header.items():
        if name.startswith(PREFIX):
            start, stop = (8 + length + offset for offset in info["data_offsets"])
            kind = {"F16": numpy.float16, "F32": numpy.float32}[info["dtype"]]
            values = numpy.frombuffer(data[start:stop], kind).astype(numpy.float32)
            tensors[name.removeprefix(PREFIX)] = torch.from_numpy(values.reshape(info["shape"]))
    return tensors


def load(module, weights, prefix, used):
    """Convolutions get our weights; norms, which these have in them, are left out."""
    for name, child in module.named_children():
        path = f"{prefix}.{name}"
        if isinstance(child, torch.nn.BatchNorm2d):
            setattr(module, name, torch.nn.Identity())
        elif isinstance(child, torch.nn.Conv2d):
            assert child.weight.shape == weights[f"{path}.weight"].shape, path
            child.weight = torch.nn.Parameter(weights[f"{path}.weight"])
            child.bias = torch.nn.Parameter(weights[f"{path}.bias"])
            used.update((f"{path}.weight", f"{path}.bias"))
        else:
            load(child, weights, path, used)


def network(folder, weights):
    """The published configuration (nanodet-plus-m_416.yml)."""
    sys.path.insert(0, folder)
    for name in UNUSED:
        sys.modules[name] = unittest.mock.MagicMock()
    from nanodet.model.backbone.shufflenetv2 import ShuffleNetV2
    from nanodet.model.fpn.ghost_pan import GhostPAN
    from nanodet.model.head.nanodet_plus_head import NanoDetPlusHead
    backbone = ShuffleNetV2("1.0x", out_stages=[2, 3, 4], activation="LeakyReLU", pretrain=False)
    fpn = GhostPAN([116, 232, 464], 96, kernel_size=5, num_extra_level=1, use_depthwise=True, activation="LeakyReLU")
    head = NanoDetPlusHead(CLASSES, unittest.mock.MagicMock(), 96, feat_channels=96, stacked_convs=2, kernel_size=5,
                           strides=list(STRIDES), activation="LeakyReLU", norm_cfg={"type": "BN"}, reg_max=7)
    used = set()
    for name, part in (("backbone", backbone), ("fpn", fpn), ("head", head)):
        load(part.eval(), weights, name, used)
    assert used == set(weights), used ^ set(weights)
    # Ours take red, green, blue.
    return lambda picture: head(fpn(backbone(picture)))


def describe(scores, sides):
    strongest = scores.max(0).values
    best = sorted(range(len(scores)), key=lambda place: (-float(scores[place].max()), place))
    places = [{"place": place, "scores": scores[place].tolist(), "sides": sides[place].tolist()}
              for place in best[:PLACES]]
    return {"strongest": strongest.tolist(), "places": places}


def shortened(value):
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: shortened(each) for name, each in value.items()}
    return [shortened(each) for each in value] if isinstance(value, list) else value


def main():
    folder, weights, *paths = sys.argv[1:]
    with unittest.mock.patch("builtins.print"):
        compute = network(folder, read_weights(weights))
    pictures = []
    for path in paths:
        pixels = torch.from_numpy(numpy.fromfile(path, numpy.uint8).reshape(SIZE, SIZE, 3).astype(numpy.float32))
        values = ((pixels - torch.tensor(MEAN)) / torch.tensor(DEVIATION)).permute(2, 0, 1).unsqueeze(0)
        with torch.no_grad():
            said = compute(values)[0]
        levels, at = [], 0
        for stride in STRIDES:
            count = math.ceil(SIZE / stride) ** 2
            part = said[at:at + count]
            levels.append(describe(part[:, :CLASSES].sigmoid(), part[:, CLASSES:]))
            at += count
        assert at == len(said)
        pictures.append({"picture": pathlib.Path(path).name, "levels": levels})
    print(json.dumps(shortened({"pictures": pictures}), separators=(",", ":")))


if __name__ == "__main__":
    main()
