# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads Markdown as GitHub shows it: headings with their anchors, and links. For the site and for the test of links."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt


@dataclass
class Heading:
    level: int
    text: str
    anchor: str


@dataclass
class Link:
    target: str
    line: int


def reader():
    return MarkdownIt("commonmark").enable("table")


def anchor_of(text, taken):
    """GitHub's anchor of a heading. Of equal ones the second ends in -1, and so on; `taken` counts them."""
    anchor = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
    count = taken.get(anchor, 0)
    taken[anchor] = count + 1
    return f"{anchor}-{count}" if count else anchor


def plain_text(inline):
    """What a reader sees of an inline token."""
    return "".join(" " if token.type in ("softbreak", "hardbreak") else token.content for token in inline.children)


def mark_headings(tokens):
    """Gives each heading the `id` that GitHub gives it, and returns all of them."""
    headings, taken = [], {}
    for opening, inline in zip(tokens, tokens[1:]):
        if opening.type == "heading_open":
            heading = Heading(int(opening.tag[1]), plain_text(inline), anchor_of(plain_text(inline), taken))
            opening.attrSet("id", heading.anchor)
            headings.append(heading)
    return headings


def link_tokens(tokens):
    """(token, attribute, line) of each link and image."""
    line = 0
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        for child in token.children or []:
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            if child.type in ("link_open", "image"):
                yield child, "href" if child.type == "link_open" else "src", line


def links_of(tokens):
    return [Link(str(token.attrGet(attribute)), line) for token, attribute, line in link_tokens(tokens)]
