#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""structure.py [ROOT]: what docs/architecture.md and CONTRIBUTING.md say of the source tree is true.

Includes point downwards only, files and functions are short, comments cite documents that there are, every file says
its licence, every source is built, and what is added to a list by hand is in it.
"""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from cplusplus import blocks_of, code_of, without_arguments  # noqa: E402

# From top to bottom: a room includes itself and rooms below it, never one beside or above it. `gvl` is the public
# interface, in whose words all rooms speak.
LAYERS = [
    {"benchmarks"},
    {"tests"},
    {"tools", "elements"},
    {"gst"},
    {"annotation", "archive"},
    {"evaluation"},
    {"training"},
    {"scenes"},
    {"model"},
    {"runtime", "timeline"},
    {"language", "vision"},
    {"layers"},
    {"net", "ops", "text"},
    {"io"},
    {"gvl"},
]

# Rooms that see less than all that lies below them.
KNOWS_ONLY = {
    "elements": {"gst", "archive", "timeline", "net", "gvl"},
    "archive": {"evaluation", "timeline", "gvl"},
    "net": {"io", "gvl"},
    "gst": {"gvl"},
    "scenes": {"gvl"},
    "runtime": {"gvl"},
    "timeline": {"gvl"},
}

# Rooms that need no LibTorch.
WITHOUT_TORCH = {"annotation", "archive", "elements", "gst", "gvl", "io", "net", "scenes", "text", "timeline"}

INCLUDE_FOLDERS = ["lib", "lib/include", "gst", "elements", "tools", "tests", "benchmarks"]

LONGEST_FILE = 450
LONGEST_FUNCTION = 45

# Data that only looks like code: what there is to say and to draw.
TABLES = {
    "lib/scenes/emoji_table.cpp",
    "lib/scenes/phrase_table.cpp",
    "lib/scenes/phrase_table_objects.cpp",
    "lib/scenes/watch/thing_table.cpp",
    "lib/scenes/watch/watch_phrase_table.cpp",
}

LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"

# What a file declares must be named in another, or nothing ever uses it: (files, what they declare, where, how).
NAMED = [
    (r"elements/\w+/\w+\.h", r"^GST_ELEMENT_REGISTER_DECLARE\((\w+)\)", "elements/*plugin.cpp",
     r"GST_ELEMENT_REGISTER\({}, plugin\)"),
    (r"elements/\w+/\w+\.h", r"^GST_ELEMENT_REGISTER_DECLARE\((\w+)\)", "docs/elements.md", r"^\| `{}` \|"),
    (r"lib/io/language_models/\w+\.cpp", r"^extern const LanguageModel (\w+);", "lib/io/language_model.cpp", r"&{}\b"),
    (r"lib/vision/\w+\.[ch]pp", r"^class (\w+) (?:final )?: public (?:Encoder|CocoDetector)\b", "lib/vision/encoder.cpp",
     r"make\w*<(?:const )?{}>"),
    (r"lib/vision/encoder\.cpp", r"^ *{\"([\w-]+)\", make\w*<", "docs/models.md", r"^`type`[^`\n]*(?:`[^\n]*)?`{}`"),
]

SKIPPED = 77  # as meson understands it

CXX = (".cpp", ".hpp", ".h")
NOT_FUNCTIONS = re.compile(r"(?:\}?\s*else\b|if|for|while|switch|do|try|catch|namespace|class|struct|enum|union)\b")


class Tree:
    """The source files that git knows, or would know once they are added."""

    def __init__(self, root):
        self.root = root
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, check=True,
                                capture_output=True, text=True).stdout.splitlines()
        self.files = {name for name in listed if name.endswith((*CXX, ".py", ".sh")) and (root / name).is_file()}
        self.build = {name for name in listed if name.split("/")[-1] in ("meson.build", "meson_options.txt")}
        self.cxx = sorted(name for name in self.files if name.endswith(CXX))

    def text(self, name):
        return (self.root / name).read_text()

    def files_like(self, pattern):
        """Those that a name with * stands for, or the one that it is."""
        return sorted(fnmatch.filter(self.files, pattern)) or [pattern]

    def included(self, name):
        """The files of the tree that a file includes."""
        folders = [str(Path(name).parent), *INCLUDE_FOLDERS]
        for path in re.findall(r'^#include "([^"]+)"', self.text(name), re.M):
            candidates = [_normal(f"{folder}/{path}") for folder in folders]
            found = [candidate for candidate in candidates if candidate in self.files]
            if found:
                yield found[0]


def _normal(path):
    parts = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def room_of(name):
    parts = name.split("/")
    if parts[0] != "lib":
        return parts[0]
    return "gvl" if parts[1] == "include" else parts[1]


def may_include(room, other):
    levels = {name: level for level, rooms in enumerate(LAYERS) for name in rooms}
    if room == other:
        return True
    return levels[room] < levels[other] and other in KNOWS_ONLY.get(room, levels)


def unknown_rooms(tree):
    known = set().union(*LAYERS)
    for room in sorted({room_of(name) for name in tree.cxx} - known):
        yield f"{room}: a room that LAYERS does not place"


def arrows(tree):
    """Includes that point upwards, or where a room may not look."""
    known = set().union(*LAYERS)
    for name in tree.cxx:
        for other in tree.included(name):
            rooms = room_of(name), room_of(other)
            if known.issuperset(rooms) and not may_include(*rooms):
                yield f"{name} includes {other}: {rooms[0]} may not know {rooms[1]}"


def torch_includes(tree):
    """Includes of LibTorch in rooms that need none."""
    for name in tree.cxx:
        if room_of(name) in WITHOUT_TORCH:
            for header in re.findall(r"^#include <((?:ATen|c10|torch)/[^>]*)>", tree.text(name), re.M):
                yield f"{name} includes {header}: {room_of(name)} needs no LibTorch"


def long_files(tree):
    """{file: lines} of those that are too long."""
    lines = {name: tree.text(name).count("\n") for name in tree.files - TABLES}
    return {name: count for name, count in lines.items() if count > LONGEST_FILE}


def functions_of(text):
    """(name, line, lines) of each function, lambdas at the beginning of a statement included."""
    code = code_of(text)
    for start, brace, end in blocks_of(code):
        head = re.sub(r"^(?:\s*(?:public|private|protected):)?\s*", "", code[start:brace])
        named = re.search(r"([\w:~]+|operator\S+)\s*\(\s*(\w*)", without_arguments(head))
        if not named or NOT_FUNCTIONS.match(head):
            continue
        begin = brace - len(head)
        is_test = named.group(1) in ("GVL_TEST", "GVL_LOOP_TEST")
        yield named.group(2 if is_test else 1), code.count("\n", 0, begin) + 1, code.count("\n", begin, end) + 1


def long_functions(tree):
    """{file:function: lines} of those that are too long."""
    found = {}
    for name in tree.cxx:
        if name in TABLES:
            continue
        for function, _, lines in functions_of(tree.text(name)):
            if lines > LONGEST_FUNCTION:
                found[f"{name}:{function}"] = lines
    return found


def too_long(found, limit, what):
    for name in sorted(found):
        yield f"{name}: {found[name]} lines, and no {what} has more than {limit}"


def dead_citations(tree):
    """Comments that send a reader to a document that is not there."""
    for name in tree.cxx:
        for document in re.findall(r"\b[\w/.-]+\.md\b|\b[\w/]*README\b(?!\.)", tree.text(name)):
            if not (tree.root / document.removesuffix(".md")).with_suffix(".md").is_file():
                yield f"{name} cites {document}, which is not in the repository"


def names_in(tree, header):
    """What a header declares, roughly: whatever its code names just before a bracket, a brace, an `=`, `,` or `;`."""
    text = tree.text(header)
    names = set(re.findall(r"^#define (\w+)", text, re.M))
    names.update(re.findall(r"([A-Za-z_]\w*)\s*(?:final\s*)?[({=;,:}]", _without_parameters(code_of(text))))
    # Macros that make names of their arguments.
    for declared in re.findall(r"G_DECLARE_\w+\((\w+), (\w+), (\w+), (\w+)", text):
        names.update({declared[0], declared[1] + "_get_type", "_TYPE_".join(declared[2:]), "_".join(declared[2:])})
    names.update(re.findall(r"GST_ELEMENT_REGISTER_DECLARE\((\w+)", text))
    return names


def _without_parameters(code):
    before = None
    while before != code:
        before, code = code, re.sub(r"\([^()]+\)", "()", code)
    return code


def unused_includes(tree):
    """Headers of ours that an including file names nothing of, but for the header of its own."""
    for name in tree.cxx:
        words = set(re.findall(r"[A-Za-z_]\w*", code_of(tree.text(name)) + _macro_texts(tree.text(name))))
        for header in tree.included(name):
            if Path(header).stem != Path(name).stem and not names_in(tree, header) & words:
                yield f"{name} includes {header} and uses nothing of it"


def _macro_texts(text):
    return " ".join(re.findall(r"^#define[^\n]*(?:\\\n[^\n]*)*", text, re.M))


def unlicensed(tree):
    """Files that do not say what LICENSE holds."""
    for name in sorted(tree.files | tree.build):
        if LICENCE not in "".join(tree.text(name).splitlines(keepends=True)[:3]):
            yield f"{name} has no line {LICENCE}"


def _is_built_by(build, path):
    """Whether a meson.build names this source of its folder or of one below, or says how a test's name makes it."""
    if f"'{path}'" in build:
        return True
    test = re.fullmatch(r"([\w-]+)([-_]test\.cpp)", path)
    return bool(test) and f"name + '{test[2]}'" in build and f"'{test[1]}'" in build


def unbuilt(tree):
    """Sources that no meson.build names: they are neither compiled nor, if they are tests, run."""
    builds = {str(Path(name).parent): tree.text(name) for name in tree.build if name.endswith("meson.build")}
    for name in tree.cxx:
        if not name.endswith(".cpp"):
            continue
        path = Path(name)
        folders = [folder for folder in path.parents if str(folder) in builds]
        if not any(_is_built_by(builds[str(folder)], str(path.relative_to(folder))) for folder in folders):
            yield f"{name}: no meson.build names it"


def unnamed(tree):
    """What is declared, and missing where it has to be named (NAMED); and folders of elements that declare none."""
    for files, declared, place, how in NAMED:
        text = "".join(tree.text(name) for name in tree.files_like(place))
        for name in tree.cxx:
            for what in re.findall(declared, tree.text(name), re.M) if re.fullmatch(files, name) else []:
                if not re.search(how.format(what), text, re.M):
                    yield f"{place} does not name {what} of {name}"


def nameless_elements(tree):
    """Folders of elements that are not called as the element in them."""
    for folder in sorted({Path(name).parent for name in tree.cxx if re.match(r"elements/\w+/", name)}):
        header = f"{folder}/{folder.name}.h"
        if header not in tree.files or f"GST_ELEMENT_REGISTER_DECLARE({folder.name})" not in tree.text(header):
            yield f"{folder}: no {folder.name}.h in it declares an element of that name"


def faults_of(tree):
    yield from unknown_rooms(tree)
    yield from arrows(tree)
    yield from torch_includes(tree)
    yield from too_long(long_files(tree), LONGEST_FILE, "file")
    yield from too_long(long_functions(tree), LONGEST_FUNCTION, "function")
    yield from dead_citations(tree)
    yield from unused_includes(tree)
    yield from unlicensed(tree)
    yield from unbuilt(tree)
    yield from unnamed(tree)
    yield from nameless_elements(tree)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    if subprocess.run(["git", "rev-parse"], cwd=root, stderr=subprocess.DEVNULL).returncode != 0:
        print("not a git checkout: nothing says which files are the project's")
        return SKIPPED
    faults = list(faults_of(Tree(root)))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
