#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes words whole tokens of a byte-level BPE tokenizer, for a model that goes on with the weights of another one.

    models/recipes/extend-tokenizer.py TOKENIZER.json OUT.json --words FILE [--without FILE] [--temporal N]

Adds the words of FILE, a line each, that --without's FILE lacks, as they stand behind a space. Merges come last, so that
other words are divided as before, and no token changes its number: what a model adds by itself (N temporal tokens and
the token of grounding, 100) is written down before. The same files give the same tokenizer.
"""
import argparse
import json
import pathlib


def words_of(path):
    return [word for word in pathlib.Path(path).read_text(encoding="utf-8").split("\n") if word]


def pieces_of(word, ranks):
    """The tokens of a word, by the merges that there are: the earliest first."""
    pieces = list(word)
    while len(pieces) > 1:
        pairs = [(ranks.get(pair, len(ranks)), place) for place, pair in enumerate(zip(pieces, pieces[1:]))]
        rank, place = min(pairs)
        if rank == len(ranks):
            break
        pieces[place:place + 2] = [pieces[place] + pieces[place + 1]]
    return pieces


def add_temporal_tokens(tokenizer, count):
    known = {token["content"] for token in tokenizer["added_tokens"]}
    number = 1 + max([token["id"] for token in tokenizer["added_tokens"]] + list(tokenizer["model"]["vocab"].values()))
    for name in [f"<{moment}>" for moment in range(count + 1)] + ["<timestamp_grounding>"]:
        if name in known:
            continue
        tokenizer["added_tokens"].append({"id": number, "content": name, "single_word": False, "lstrip": False,
                                          "rstrip": False, "normalized": True, "special": False})
        number += 1
    return number


def add_words(tokenizer, words, number):
    model = tokenizer["model"]
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    ranks = {merge: rank for rank, merge in enumerate(merges)}
    for word in words:
        if not (word.isascii() and word.isalpha()):
            continue  # other characters are several bytes, or words of their own
        whole, *rest = pieces_of("\u0120" + word, ranks)
        for piece in rest:
            if (whole, piece) not in ranks:
                ranks[whole, piece] = len(ranks)
            whole += piece
            if whole not in model["vocab"]:
                model["vocab"][whole] = number
                number += 1
    model["merges"] = [list(merge) for merge in ranks]
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tokenizer")
    parser.add_argument("out")
    parser.add_argument("--words", required=True)
    parser.add_argument("--without")
    parser.add_argument("--temporal", type=int, default=100)
    options = parser.parse_args()
    tokenizer = json.loads(pathlib.Path(options.tokenizer).read_text(encoding="utf-8"))
    known = set(words_of(options.without)) if options.without else set()
    number = add_temporal_tokens(tokenizer, options.temporal)
    number = add_words(tokenizer, [word for word in words_of(options.words) if word not in known], number)
    text = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))
    pathlib.Path(options.out).write_text(text + "\n", encoding="utf-8")
    print(f"{number} tokens")


if __name__ == "__main__":
    main()
