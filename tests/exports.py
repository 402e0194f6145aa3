#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""exports.py LIBRARY HEADER_FOLDER [FOLDER_OF_OTHER_HEADERS...]

A library's surface is what its headers say: all that they declare and do not define is exported, with the types of
polymorphic classes, and nothing else is.
"""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from cplusplus import code_of, without_arguments  # noqa: E402

# What the compiler makes of a class.
OF_CLASSES = re.compile(r"(?:typeinfo(?: name)? for|vtable for) (.*)")


class Declarations:
    """The functions and classes that headers declare, by their qualified names."""

    def __init__(self, folder):
        self.functions = set()
        self.classes = set()
        self.polymorphic = set()  # what is caught or cast across libraries by its type
        for header in sorted([*folder.glob("*.h"), *folder.glob("*.hpp")]):
            self._read(_plain(header.read_text()), "", in_template=False)

    def _read(self, code, scope, in_template):
        statement = ""
        index = 0
        while index < len(code):
            character = code[index]
            index += 1
            if character == "{" and statement.count("(") == statement.count(")"):
                end = _closing(code, index)
                statement = self._take_block(statement, code[index:end], scope, in_template)
                index = end + 1
            elif character == ";" and statement.count("(") == statement.count(")"):
                self._take_statement(statement, scope, in_template)
                statement = ""
            else:
                statement += character
                if re.search(r"\b(public|private|protected)\s*:$", statement):
                    statement = ""

    def _take_block(self, head, body, scope, in_template):
        """What is left of the statement after its braces."""
        head = head.strip()
        namespace = re.match(r"namespace ([\w:]+)$", head)
        kind = re.search(r"\b(class|struct)\s+(?:GVL_\w+\s+)?(\w+)(?:\s+final)?\s*(?::[^:].*)?$", head, re.S)
        if namespace:
            self._read(body, scope + namespace.group(1) + "::", in_template)
            return ""
        if kind and "(" not in head:
            self.classes.add(scope + kind.group(2))
            if not in_template and re.search(r"\bvirtual\b|\boverride\b|: public std::\w*(?:error|exception)\b", head + body):
                self.polymorphic.add(scope + kind.group(2))
            self._read(body, scope + kind.group(2) + "::", in_template or head.startswith("template"))
            return head
        is_function = "(" in without_arguments(head)
        return "" if is_function else head

    def _take_statement(self, statement, scope, in_template):
        statement = without_arguments(statement).strip()
        if in_template or re.match(r"(template|using|typedef|friend|static_assert)\b", statement):
            return
        name = re.match(r"[^(=]*?(~?\w+)\s*\((?!\*)", statement)
        if name and not re.search(r"=\s*(default|delete|0)$", statement):
            self.functions.add(scope + name.group(1))


def _plain(text):
    """The header's code, with GObject's macros said in C."""
    text = re.sub(r"G_DECLARE_\w+\(\w+, (\w+),[^)]*\)", r"GType \1_get_type(void);", code_of(text))
    return re.sub(r"\bG_(BEGIN|END)_DECLS\b", "", text)


def _closing(code, index):
    """Where the block that begins at `index` ends."""
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(code[index], 0)
        index += 1
    return index - 1


def exported(library):
    """(qualified names of functions, names of classes) in the library's dynamic symbol table."""
    symbols = subprocess.run(["nm", "-DC", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    functions, classes = set(), set()
    for line in symbols.splitlines():
        name = line.split(maxsplit=2)[2]
        of_class = OF_CLASSES.match(name)
        if of_class:
            classes.add(of_class.group(1))
        else:
            functions.add(re.sub(r"\[abi:\w+\]", "", name).split("(")[0])
    return functions, classes


def check(library, folder, other_folders):
    own = Declarations(folder)
    known = own.functions.union(*(Declarations(other).functions for other in other_folders))
    known_classes = own.classes.union(*(Declarations(other).classes for other in other_folders))
    functions, classes = exported(library)
    made = {f"{name}::~{name.split('::')[-1]}" for name in known_classes}
    faults = [f"declared but not exported: {name}" for name in sorted(own.functions - functions)]
    faults += [f"exported but not declared: {name}" for name in sorted(functions - known - made)]
    faults += [f"exported, of a class that is not declared: {name}" for name in sorted(classes - known_classes)]
    faults += [f"its type is not exported: {name}" for name in sorted(own.polymorphic - classes)]
    if not own.functions:
        faults.append(f"{folder} declares nothing")
    return faults


def main():
    library, folder, *others = sys.argv[1:]
    faults = check(library, Path(folder), [Path(other) for other in others])
    for fault in faults:
        print(f"{Path(library).name}: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
