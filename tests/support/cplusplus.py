# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the source tree read of C++: text without comments and literals, and blocks with what opens them."""

import re

_IGNORED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""", re.S)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def code_of(text):
    """`text` with comments, literals and directives made blank: places and line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return _DIRECTIVE.sub(blank, _IGNORED.sub(blank, text))


def without_arguments(text):
    """`text` without what stands in angle brackets."""
    before = None
    while before != text:
        before, text = text, re.sub(r"<[^<>]*>", "", text)
    return text


def blocks_of(code):
    """Of each pair of braces: where what opens them begins (a statement), `{` and `}`. Inner ones come first.

    Braces within parentheses (arguments, lambdas in calls) belong to the statement that they stand in.
    """
    begin = 0
    parentheses = [0]
    opened = []
    for index, character in enumerate(code):
        if character == "(":
            parentheses[-1] += 1
        elif character == ")":
            parentheses[-1] -= 1
        elif character == "{":
            opened.append((begin, index))
            parentheses.append(0)
            begin = index + 1
        elif character == "}" and opened:
            start, brace = opened.pop()
            parentheses.pop()
            yield start, brace, index
            begin = start if parentheses[-1] else index + 1
        elif character == ";" and parentheses[-1] == 0:
            begin = index + 1
