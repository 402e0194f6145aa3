# SPDX-License-Identifier: LGPL-2.1-or-later
"""What elements say about themselves is there, is English, and is in the documents.

GVL_SOURCE names the source tree. Run by the Python that has GStreamer's bindings.
"""

import os
import re
import sys
import unittest
from pathlib import Path

try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
except (ImportError, ValueError):
    print("skipped: Python has no bindings of GStreamer")
    sys.exit(77)

SOURCE = Path(os.environ["GVL_SOURCE"])
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "docs"))
import element_reference as reference  # noqa: E402

# What hotdoc reads: "Class:property:" or "Class::signal:", and what follows in the comment.
COMMENTS = {}
for path in [*SOURCE.glob("elements/**/*.[ch]*"), *SOURCE.glob("gst/*.cpp")]:
    for name, text in re.findall(r"/\*\*\n \* (Gvl\w+::?[\w-]+):\n(.*?)\*/", path.read_text(), re.S):
        COMMENTS[name] = text
SECTIONS = {}
for path in SOURCE.glob("elements/*/*.cpp"):
    for name, text in re.findall(r"/\*\*\n \* SECTION:element-(\w+)\n(.*?)\*/", path.read_text(), re.S):
        SECTIONS[name] = text
SINCE = r"\n \*\n \* Since: \d+\.\d+\n"

Gst.init(None)


def owners(gtype):
    """The classes that a property or signal of it may be described for: gvlground has its elements' own."""
    names = [gtype.name, "GvlFilter"]
    return names + (["GvlGroundedLlm", "GvlSegmenter", "GvlIndexer"] if gtype.name == "GvlGround" else [])


class Reference(unittest.TestCase):
    def for_each(self, check):
        for name in reference.ELEMENTS:
            with self.subTest(name):
                check(reference.factory_of(name), reference.factory_of(name).create(None))

    def test_all_elements_are_in_it(self):
        registered = re.findall(r"GST_ELEMENT_REGISTER\((\w+), plugin\)",
                                "".join(path.read_text() for path in SOURCE.glob("elements/*plugin.cpp")))
        self.assertEqual(sorted(registered), sorted(reference.ELEMENTS))

    def test_the_page_is_up_to_date(self):
        made, kept = reference.page().splitlines(), (SOURCE / "docs/element-reference.md").read_text().splitlines()
        self.assertEqual(made, kept, "make it again: docs/element_reference.py >docs/element-reference.md")

    def test_properties_say_what_they_are(self):
        def check(factory, element):
            properties = reference.properties_of(element)
            for spec in properties:
                for text in (spec.nick, spec.blurb):
                    self.assertRegex(text or "", r"\A[A-Z0-9][^\n]*(?:\.\.\.|[^\s.])\Z", f"{factory.get_name()}: {spec.name}")
                self.assertNotIn("  ", spec.blurb)
                self.assertNotRegex(spec.blurb, r"(?i)\bthe same of\b", "reads only beside another one")
            self.assertEqual(len({spec.blurb for spec in properties}), len(properties), "two say the same")

        self.for_each(check)

    def test_elements_say_what_they_are(self):
        def check(factory, _):
            for key in ("long-name", "klass", "description", "author"):
                self.assertTrue(factory.get_metadata(key), key)
            self.assertTrue(factory.get_metadata("long-name").startswith("Grounded-VideoLLM"))
            self.assertTrue(factory.get_static_pad_templates())

        self.for_each(check)

    def test_comments_for_hotdoc(self):
        def check(factory, element):
            section = SECTIONS[factory.get_name()]
            for part in ("@title: " + factory.get_name(), "@short_description: ", "gst-launch-1.0"):
                self.assertIn(part, section)
            self.assertRegex(section, SINCE)
            names = [f":{spec.name}" for spec in reference.properties_of(element)]
            names += [f"::{signal}" for signal, *_ in reference.signals_of(element)]
            for name in names:
                found = [COMMENTS[owner + name] for owner in owners(element.__gtype__) if owner + name in COMMENTS]
                self.assertTrue(found, name)
                self.assertRegex(found[0], SINCE, name)

        self.for_each(check)

    def test_no_comment_is_about_what_is_not_there(self):
        there = set()
        for name in reference.ELEMENTS:
            element = reference.factory_of(name).create(None)
            names = [f":{spec.name}" for spec in reference.properties_of(element)]
            names += [f"::{signal}" for signal, *_ in reference.signals_of(element)]
            there |= {owner + member for owner in owners(element.__gtype__) for member in names}
        self.assertLessEqual(set(COMMENTS), there)


if __name__ == "__main__":
    unittest.main(verbosity=2)
