#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every link of the repository's Markdown files leads somewhere, and docs/README.md lists every page of docs/.

Addresses of other machines are only looked at for their form: a test needs no network.
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))
try:
    from markdown_pages import links_of, mark_headings, reader
except ModuleNotFoundError as missing:
    print(f"links: {missing}; Debian's package is python3-markdown-it", file=sys.stderr)
    sys.exit(77)  # as meson understands it: skipped


def normal(path):
    """A path without `.` and `..`, or None where it leads out of the repository."""
    parts = []
    for part in PurePosixPath(path).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return "/".join(parts)


class Repository:
    """What git knows of a folder, or would know once it is added: links to what is built are none."""

    def __init__(self, root):
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, check=True,
                                capture_output=True, text=True).stdout.splitlines()
        self.files = {name for name in listed if (root / name).is_file()}
        self.folders = {str(parent) for name in self.files for parent in PurePosixPath(name).parents}
        self.pages = {name: reader().parse((root / name).read_text()) for name in sorted(self.files) if name.endswith(".md")}
        self.anchors = {name: {heading.anchor for heading in mark_headings(tokens)} for name, tokens in self.pages.items()}

    def target_of(self, page, link):
        """The (path, anchor) in the repository that a relative link names; the path is None where it leads out of it."""
        parts = urlsplit(link.target)
        path = str(PurePosixPath(page).parent / unquote(parts.path)) if parts.path else page
        return normal(path), unquote(parts.fragment)

    def fault_of(self, page, link):
        """What is wrong with a link, or None."""
        parts = urlsplit(link.target)
        if parts.scheme or parts.netloc:
            good = parts.scheme == "mailto" or (parts.scheme in ("http", "https") and re.fullmatch(r"[\w.-]+(:\d+)?", parts.netloc))
            return None if good else "is no address"
        path, anchor = self.target_of(page, link)
        if path is None or not (path in self.files or (path or ".") in self.folders):
            return "is not in the repository"
        if anchor and anchor not in self.anchors.get(path, ()):
            return "has no such heading"
        return None

    def faults(self):
        for page, tokens in self.pages.items():
            for link in links_of(tokens):
                fault = self.fault_of(page, link)
                if fault:
                    yield f"{page}:{link.line}: {link.target} {fault}"
            # A reference that nothing defines stays text.
            for token in tokens:
                for child in token.children or []:
                    if child.type == "text" and "][" in child.content:
                        yield f"{page}:{token.map[0] + 1}: {child.content.strip()} is a reference that is not defined"

    def unlisted(self):
        """Pages of docs/ that its index does not name."""
        index = "docs/README.md"
        listed = {self.target_of(index, link)[0] for link in links_of(self.pages.get(index, []))} | {index}
        return sorted(name for name in self.pages if name.startswith("docs/") and name not in listed)


class Links(unittest.TestCase):
    def setUp(self):
        self.repository = Repository(ROOT)

    def test_all_lead_somewhere(self):
        self.assertTrue(sum(len(links_of(tokens)) for tokens in self.repository.pages.values()))
        self.assertEqual(list(self.repository.faults()), [])

    def test_index_lists_every_page(self):
        self.assertEqual(self.repository.unlisted(), [], "docs/README.md does not list them")


class MadeUp(unittest.TestCase):
    """The same checks, on a folder with known faults."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gvl-links-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        self.write("docs/README.md", "# Index\n\n[a](a.md) ![](a.png)\n")
        self.write("docs/a.md", "# A `b-c`: d, e!\n\n## Twice\n\n## Twice\n")
        self.write("docs/a.png", "")
        self.write(".gitignore", "/built/\n")
        self.write("built/x", "")

    def write(self, name, text):
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(text)

    def faults_of(self, text):
        self.write("README.md", text)
        return list(Repository(self.root).faults())

    def test_good(self):
        for link in ("docs", "docs/", "docs/a.md", "./docs/../docs/a.md", "docs/a.md#a-b-c-d-e", "docs/a.md#twice",
                     "docs/a.md#twice-1", "#x", "https://example.org/a?b#c", "http://localhost:80/", "mailto:a@example.org"):
            with self.subTest(link):
                self.assertEqual(self.faults_of(f"# X\n\n[text]({link})\n"), [])

    def test_broken(self):
        for link, fault in (("docs/b.md", "is not in"), ("docs/A.md", "is not in"), ("../README.md", "is not in"),
                            ("built/x", "is not in"), ("/docs/a.md", "is not in"), ("docs/a.md#b", "no such heading"),
                            ("docs/a.md#twice-2", "no such heading"), ("docs/a.png#x", "no such heading"),
                            ("#y", "no such heading"), ("https:///a", "no address"), ("htp://example.org", "no address")):
            for form in (f"[text]({link})", f"![text]({link})", f"| a |\n|---|\n| [text]({link}) |",
                         f"- [text][1]\n\n[1]: {link}"):
                with self.subTest(form):
                    found = self.faults_of(f"# X\n\n{form}\n")
                    self.assertEqual(len(found), 1, found)
                    self.assertRegex(found[0], rf"^README.md:\d+: .*{fault}")

    def test_line(self):
        self.assertRegex(self.faults_of("# X\n\na\nb [c](d.md)\n")[0], "^README.md:4: d.md ")

    def test_undefined_reference(self):
        self.assertRegex(self.faults_of("# X\n\n[text][nothing]\n")[0], "^README.md:3: .* is a reference that is not defined")

    def test_code_has_no_links(self):
        self.assertEqual(self.faults_of("# X\n\n`[a](b.md)`\n\n```\n[a](b.md)\n```\n"), [])

    def test_unlisted(self):
        self.assertEqual(Repository(self.root).unlisted(), [])
        self.write("docs/b.md", "[index](README.md)\n")
        self.write("docs/a.md", "[b](b.md)\n")
        self.assertEqual(Repository(self.root).unlisted(), ["docs/b.md"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
