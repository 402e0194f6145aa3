#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/make_site.py: what it writes is complete, needs no network, and can be used with a keyboard and a screen reader."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
try:
    import markdown_it  # noqa: F401
except ModuleNotFoundError as missing:
    print(f"site: {missing}; Debian's package is python3-markdown-it", file=sys.stderr)
    sys.exit(77)  # as meson understands it: skipped
if not shutil.which("mandoc"):
    print("site: there is no mandoc", file=sys.stderr)
    sys.exit(77)

VOID = {"meta", "img", "br", "hr", "input", "link", "col", "wbr"}


def make(folder):
    return subprocess.run(["/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable,
                           str(ROOT / "docs/make_site.py"), str(folder)], capture_output=True, text=True)


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.open, self.wrong, self.elements, self.ids, self.headings, self.in_links = [], [], [], set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.ids.add(attributes.get("id"))
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="gvl-site-")
        cls.addClassCleanup(folder.cleanup)
        cls.out = Path(folder.name, "site")
        done = make(cls.out)
        if done.returncode:
            raise AssertionError(done.stderr)
        cls.pages = {path: Page(path) for path in sorted(cls.out.rglob("*.html"))}

    def for_each(self, check):
        for path, page in self.pages.items():
            with self.subTest(str(path.relative_to(self.out))):
                check(path, page)

    def test_every_document_has_a_page(self):
        for source in sorted(ROOT.glob("docs/*.md")):
            name = "index" if source.stem == "README" else source.stem
            self.assertIn(self.out / f"docs/{name}.html", self.pages)
        for source in sorted(ROOT.glob("docs/man/*.1")):
            self.assertIn(self.out / f"docs/man/{source.stem}.html", self.pages)
        self.assertIn(self.out / "index.html", self.pages)

    def test_links(self):
        def check(path, page):
            for attributes in page.all("a") + page.all("img"):
                parts = urlsplit(attributes.get("href") or attributes.get("src") or "")
                if parts.scheme:
                    continue
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                self.assertTrue(target.is_file(), f"{parts.path} is not there")
                if parts.fragment:
                    self.assertIn(unquote(parts.fragment), self.pages[target].ids, parts.path)

        self.for_each(check)

    def test_nothing_comes_from_elsewhere(self):
        def check(path, page):
            for tag in ("script", "link", "iframe", "object", "base"):
                self.assertEqual(page.all(tag), [])
            self.assertEqual([image for image in page.all("img") if urlsplit(image["src"]).scheme], [])
            style = path.read_text().split("<style>")[1].split("</style>")[0]
            self.assertNotIn("url(", style)
            self.assertNotIn("@import", style)

        self.for_each(check)

    def test_screen_readers(self):
        def check(path, page):
            self.assertEqual([attributes.get("lang") for attributes in page.all("html")], ["en"])
            self.assertEqual((len(page.all("title")), len(page.all("main")), page.headings.count(1)), (1, 1, 1))
            self.assertEqual(page.headings[0], 1)
            jumps = [pair for pair in zip(page.headings, page.headings[1:]) if pair[1] > pair[0] + 1]
            self.assertEqual(jumps, [], "a level of headings is left out")
            names = [attributes.get("aria-label") for attributes in page.all("nav")]
            self.assertEqual(len(set(names) - {None}), len(page.all("nav")))
            self.assertTrue(all(image.get("alt") for image in page.all("img")))
            self.assertEqual(page.all("a")[0], {"class": "skip", "href": "#content"})
            self.assertIn("content", page.ids)
            self.assertEqual((page.wrong, page.open), ([], []), "elements that do not end")

        self.for_each(check)

    def test_keyboards(self):
        """What scrolls can be reached."""
        def check(path, page):
            scrolling = page.all("pre") + [attributes for attributes in page.all("div") if attributes.get("class") == "table"]
            self.assertEqual([attributes for attributes in scrolling if attributes.get("tabindex") != "0"], [])

        self.for_each(check)

    def test_made_again(self):
        (self.out / "old.html").write_text("")
        self.assertEqual(make(self.out).returncode, 0)
        self.assertFalse((self.out / "old.html").exists())

    def test_other_folders_stay(self):
        other = self.out.parent / "other"
        other.mkdir()
        (other / "mine").write_text("")
        done = make(other)
        self.assertEqual((done.returncode, done.stderr), (2, f"make_site: {other}: is no site, and is not replaced\n"))
        self.assertTrue((other / "mine").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
