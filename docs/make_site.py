#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_site.py OUT_DIR: writes the documents and manual pages as web pages that need no network.

Begins at README.md and docs/README.md and follows their links. A Markdown file or a manual page becomes a page, a folder a list
of its files, anything else is copied. Needs Debian's python3-markdown-it and mandoc. The folder must be new, or a site.
"""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from markdown_pages import link_tokens, mark_headings, reader

ROOT = Path(__file__).resolve().parents[1]
STARTS = ["README.md", "docs/README.md"]
MARK = ".gvl-site"  # lies in a folder that this program has written, and may replace

NAVIGATION = [("Start", "README.md", ""), ("Tutorial", "docs/README.md", "tutorial"),
              ("How-to guides", "docs/README.md", "how-to-guides"), ("Reference", "docs/README.md", "reference"),
              ("Explanation", "docs/README.md", "explanation"), ("Manual pages", "docs/man", "")]

STYLE = """
body { margin: 0 auto; max-width: 60rem; padding: 0 1rem 4rem; font: 1rem/1.5 sans-serif; color: #1a1a1a; background: #fff }
a { color: #0b4f9e } a:focus-visible { outline: 3px solid #c25700; outline-offset: 2px }
.skip { position: absolute; left: -100rem } .skip:focus { position: static }
nav ul { padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem }
header { border-bottom: 1px solid #767676 }
pre, .table { overflow-x: auto } pre { padding: .6rem; background: #f2f2f2 } code { font-family: monospace; overflow-wrap: anywhere }
pre code { overflow-wrap: normal } table { border-collapse: collapse }
th, td { border: 1px solid #767676; padding: .2rem .5rem; text-align: left; vertical-align: top } img { max-width: 100% }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #161616 } a { color: #8ec1ff } pre { background: #262626 } img { background: #fff } }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - gst-grounded-video</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><nav aria-label="Main"><ul>{navigation}</ul></nav></header>
{contents}<main id="content" tabindex="-1">
{body}</main>
</body>
</html>
"""


def place_of(path):
    """Where in the site a file or folder of the repository is."""
    path = PurePosixPath(path)
    if (ROOT / path).is_dir():
        return str(path / "index.html")
    if path.name == "README.md":
        return str(path.with_name("index.html"))
    return str(path.with_suffix(".html")) if path.suffix in (".md", ".1") else str(path)


def address(page, path, anchor=""):
    """A link from one file of the repository to another, as it is in the site."""
    relative = os.path.relpath(place_of(path), PurePosixPath(place_of(page)).parent)
    return quote(relative) + (f"#{quote(anchor)}" if anchor else "")


def entry(page, path, text, anchor=""):
    return f'<li><a href="{address(page, path, anchor)}">{html.escape(text)}</a></li>'


def framed(page, title, body, headings=()):
    contents = "".join(f'<li><a href="#{heading.anchor}">{html.escape(heading.text)}</a></li>'
                       for heading in headings if heading.level == 2)
    return PAGE.format(title=html.escape(title), style=STYLE, body=body.replace("<pre", '<pre tabindex="0"'),
                       contents=f'<nav aria-label="On this page"><ul>{contents}</ul></nav>\n' if contents else "",
                       navigation="".join(entry(page, path, text, anchor) for text, path, anchor in NAVIGATION))


class Site:
    def __init__(self, out):
        self.out = out
        self.waiting = [*STARTS, *(path for _, path, _ in NAVIGATION)]
        self.done = set()

    def write(self):
        while self.waiting:
            path = self.waiting.pop()
            if path not in self.done:
                self.done.add(path)
                self.write_one(path)

    def write_one(self, path):
        source, target = ROOT / path, self.out / place_of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            target.write_text(self.folder_page(path))
        elif source.suffix == ".md":
            target.write_text(self.markdown_page(path))
        elif source.suffix == ".1":
            target.write_text(self.manual_page(path))
        else:
            shutil.copyfile(source, target)

    def folder_page(self, path):
        names = sorted(item.name for item in (ROOT / path).iterdir() if not item.name.startswith((".", "__")))
        paths = [str(PurePosixPath(path) / name) for name in names]
        self.waiting += paths
        entries = "".join(entry(path, other, PurePosixPath(other).name.removesuffix(".1")) for other in paths)
        title = dict((other, text) for text, other, _ in NAVIGATION).get(path, path)
        return framed(path, title, f"<h1>{html.escape(title)}</h1>\n<ul>{entries}</ul>\n")

    def markdown_page(self, path):
        markdown = reader()
        tokens = markdown.parse((ROOT / path).read_text())
        headings = mark_headings(tokens)
        for token, attribute, _ in link_tokens(tokens):
            parts = urlsplit(str(token.attrGet(attribute)))
            if not parts.scheme and parts.path:
                other = os.path.normpath(PurePosixPath(path).parent / unquote(parts.path))
                self.waiting.append(other)
                token.attrSet(attribute, address(path, other, unquote(parts.fragment)))
        body = markdown.renderer.render(tokens, markdown.options, {})
        # Wide tables scroll by themselves, by keyboard as well, as code does.
        body = body.replace("<table>", '<div class="table" tabindex="0" role="region" aria-label="Table"><table>')
        body = body.replace("</table>", "</table></div>").replace("<th>", '<th scope="col">')
        return framed(path, headings[0].text if headings else path, body, headings)

    def manual_page(self, path):
        body = subprocess.run(["mandoc", "-T", "html", "-O", "fragment", str(ROOT / path)], check=True, capture_output=True,
                              text=True).stdout
        # mandoc's sections are h1, and its page has no title of its own.
        body = re.sub(r"(</?h)([12])\b", lambda found: found[1] + str(int(found[2]) + 1), body)
        name = PurePosixPath(path).stem
        return framed(path, name, f"<h1>{name}(1)</h1>\n{body}")


def main():
    if len(sys.argv) != 2:
        print("make_site: usage: make_site.py OUT_DIR", file=sys.stderr)
        return 1
    out = Path(sys.argv[1])
    if not shutil.which("mandoc"):
        print("make_site: mandoc is not installed", file=sys.stderr)
        return 2
    if out.exists() and not (out / MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        print(f"make_site: {out}: is no site, and is not replaced", file=sys.stderr)
        return 2
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).write_text("")
    Site(out).write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
