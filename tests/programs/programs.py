# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of programs share: which there are, how they are called, and what their help says.

GVL_BUILD names the build tree, GVL_SOURCE the source tree.
"""

import functools
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["GVL_SOURCE"])
TOOLS = Path(os.environ["GVL_BUILD"]) / "tools"

# Programs that are several.
SUBCOMMANDS = {"gvl-eval": ["run", "score"]}


def built():
    """The names of all programs that were built."""
    return sorted(path.name for path in TOOLS.glob("gvl-*") if path.is_file() and os.access(path, os.X_OK))


def commands(program):
    """The program, and it with each of its subcommands, as they are called."""
    return [(program,)] + [(program, subcommand) for subcommand in SUBCOMMANDS.get(program, [])]


def all_commands():
    return [command for program in built() for command in commands(program)]


def run(command, *arguments, **options):
    """Runs a program of the build tree; stdout and stderr are text."""
    return subprocess.run([str(TOOLS / command[0]), *command[1:], *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, env={**os.environ, "LC_ALL": "C.UTF-8"}, **options)


@functools.lru_cache(maxsize=None)
def help_of(command):
    done = run(command, "--help-all")
    assert done.returncode == 0, done.stderr
    return done.stdout


def options_of(command):
    """Each option of a command, and its one letter or None. GStreamer's own are not ours to list."""
    found = re.findall(r"^  (?:-(\S), )?--([\w-]+)(?:=\S+)?(?:\s|$)", help_of(command), re.M)
    return {f"--{name}": letter and f"-{letter}" for letter, name in found if not name.startswith("gst-")}


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gvl-programs-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def for_each(self, check):
        """Checks each command apart, so that all that are at fault are named."""
        self.assertTrue(built())
        for command in all_commands():
            with self.subTest(" ".join(command)):
                check(command)
