#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small CLIP models with random weights, and what transformers computes with them, for the test model_similarity.

    make.py FOLDER

Needs PyTorch, NumPy and transformers (Debian: python3-torch, python3-transformers). FOLDER gets two folders in Hugging
Face's layout: `quick-gelu` with a tokenizer.json, as CLIP is published, and `gelu`, TinyCLIP's activation, with the
files of older repositories: vocab.json, merges.txt and pytorch_model.bin. Each has an expected.json: texts with their
ids and embeddings, and pictures' embeddings; pictures.rgb beside them has the pictures, packed RGB. Sizes of the two
encoders differ, so that none is taken for the other's.
"""
import json
import pathlib
import sys
import types

import numpy
import tokenizers
import torch
import transformers
import transformers.models.clip.tokenization_clip as clip_tokenization

SIZE, PICTURES, POSITIONS, EMBEDDING = 32, 10, 77, 20
START, END = "<|startoftext|>", "<|endoftext|>"
# Merges are learned from these words, so that texts have long tokens and short ones.
WORDS = ("a photo of the cat dog person opens closes door video frame that shows red car road kitchen playing guitar "
         "running in park don't can't we'll they're it's café naïve 12 ... !!").split()

TEXTS = [
    "", " ", "a photo of a cat", "A PHOTO OF A CAT", "Hello,   WORLD!!", "a person opens the door",
    "person playing guitar",
    "don't can't we'll I'd they're I've o'clock 's 'S 'LL", "it’s curly ’s", "naïve café — Ünïcödé",
    "cafe\u0301 e\u0301\u0323 decomposed", "\u212b \u212a \ufb01 ligature", "İstanbul I\u0307 ı ǅ ß ẞ ſ Σ ΟΔΟΣ",
    "12345 3.14 1,000 ½ ² ٣ Ⅷ", "👩‍👩‍👧 🚗💨 ❤️ 🏳️‍🌈", "猫が好き 中文字 한국어 ไทย", "नमस्ते दुनिया", "مرحبا بالعالم", "שלום",
    "\ttabs\nnewlines\r\n nbsp\u00a0 thin\u2009 zero\u200bwidth \u2028 \u3000wide", "\ufeffBOM \u0085 nel \u180e mongolian",
    "\x01\x02 control \x7f \x1b[0m", "&amp; &lt;html&gt; <b>", "a_b __init__ snake_case", "a.b.c...!!!???", "C++ C# a/b\\c",
    "email@example.org http://x.y/?q=1&r=2", f"{START} a cat {END}", f"a{END}b", "<|endoftext", "\u0301leading mark",
    "ÀÈÌ àèì", "ﷺ", "𝔘𝔫𝔦 𝒄𝒐𝒅𝒆", "cat " * 30 + "end",
]


def let_processors_be_named():
    """tokenizers 0.23 takes the start token by its place, and transformers 5.12 gives it by its name."""
    make = tokenizers.processors.RobertaProcessing
    clip_tokenization.processors = types.SimpleNamespace(
        RobertaProcessing=lambda sep, cls, **rest: make(sep, cls, **rest))


def byte_alphabet():
    """The characters that stand for bytes, as GPT-2's code has them, in CLIP's order."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def learn_merges(count):
    """Byte pair encoding of WORDS: each time the most frequent pair, of several the first by its characters."""
    alphabet = byte_alphabet()
    words = [[alphabet[byte] for byte in word.encode()] for word in WORDS]
    words = [word[:-1] + [word[-1] + "</w>"] for word in words]
    merges = []
    while len(merges) < count:
        pairs = {}
        for word in words:
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + 1
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [merged(word, best) for word in words]
    return merges


def merged(word, pair):
    result = []
    for part in word:
        if result and (result[-1], part) == pair:
            result[-1] += part
        else:
            result.append(part)
    return result


def write_vocabulary(folder):
    letters = list(byte_alphabet().values())
    merges = learn_merges(80)
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    return len(tokens)


def configuration(activation, vocabulary):
    text = {"vocab_size": vocabulary, "hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": POSITIONS, "hidden_act": activation,
            "bos_token_id": vocabulary - 2, "eos_token_id": vocabulary - 1, "projection_dim": EMBEDDING}
    vision = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3,
              "image_size": SIZE, "patch_size": 8, "hidden_act": activation, "projection_dim": EMBEDDING}
    return transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=EMBEDDING)


def make_model(activation, vocabulary):
    model = transformers.CLIPModel(configuration(activation, vocabulary)).eval()
    generator = torch.Generator().manual_seed(len(activation))
    for name, parameter in model.named_parameters():
        if parameter.dim() > 0:  # not logit_scale; norms stay near 1
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data = (1 if "norm" in name and "weight" in name else 0) + 0.2 * noise
    return model


def unit(embedding):
    # Newer versions give an object of several outputs.
    embedding = getattr(embedding, "pooler_output", embedding)
    return (embedding / embedding.norm(dim=-1, keepdim=True)).tolist()


def expect(model, tokenizer, processor, pictures):
    texts = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert len(ids) <= POSITIONS, text
        texts.append({"text": text, "ids": ids,
                      "embedding": unit(model.get_text_features(input_ids=torch.tensor([ids])))[0]})
    mean, deviation = (torch.tensor(value).view(3, 1, 1) for value in (processor.image_mean, processor.image_std))
    pixels = (torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 255 - mean) / deviation
    return {"transformers": transformers.__version__, "texts": texts,
            "pictures": unit(model.get_image_features(pixel_values=pixels))}


def make(folder, activation, pictures):
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = write_vocabulary(folder)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    model = make_model(activation, vocabulary)
    model.save_pretrained(folder)
    processor = transformers.CLIPImageProcessor(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE})
    processor.save_pretrained(folder)
    with torch.no_grad():
        expected = expect(model, tokenizer, processor, pictures)
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    if activation == "quick_gelu":
        tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "vocab.json").unlink()
        (folder / "merges.txt").unlink()
    else:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()


def main():
    let_processors_be_named()
    root = pathlib.Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    pictures = numpy.random.default_rng(3).integers(0, 256, (PICTURES, SIZE, SIZE, 3), dtype=numpy.uint8)
    (root / "pictures.rgb").write_bytes(pictures.tobytes())
    for name in ("quick_gelu", "gelu"):
        make(root / name.replace("_", "-"), name, pictures)


if __name__ == "__main__":
    main()
