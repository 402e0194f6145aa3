#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An application in Python: asks about a video, and one more question in between.

    ask.py VIDEO QUERY QUESTION     prints the events, and what is answered to the question
    ask.py EVENTS.jsonl             prints the events of a file

The model is the default one, or that of the folder GVL_MODEL. Gvl is libgstgvl, by GObject introspection: python3-gi
finds it where it is installed, or by GI_TYPELIB_PATH.
"""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("Gvl", "1.0")
from gi.repository import GLib, Gst, Gvl  # noqa: E402


def print_event(event):
    known, start = event.get_uint64("start")
    _, stop = event.get_uint64("stop")
    _, confidence = event.get_double("confidence")
    if known:
        print(f"{event.get_string('query')}: {start / 1e9:.2f} s to {stop / 1e9:.2f} s, confidence {confidence:.2f}")


class Session:
    def __init__(self, video, query, question):
        self.pipeline = Gst.parse_launch("filesrc name=source ! decodebin ! gvlground name=ground ! fakesink")
        self.pipeline.get_by_name("source").set_property("location", video)
        self.ground = self.pipeline.get_by_name("ground")
        self.ground.set_property("query", query)
        # The elements find the model in the pipeline's context: an application loads it once for all its pipelines.
        self.pipeline.set_context(Gvl.model_context_load(os.environ.get("GVL_MODEL"), None))
        self.question = question
        self.asked = 0  # what `ask` returned; 0: it was not asked yet
        self.answered = self.ended = False

    def hear(self, message):
        event, answer = Gvl.event_parse_message(message), Gvl.answer_parse_message(message)
        if event:
            print_event(event)
        if answer and self.asked and answer.get_uint64("ask-id") == (True, self.asked):
            print(self.question, answer.get_string("text"))
            self.answered = True
        # The first window is complete once something is said about it: then it can be asked about.
        if (event or answer) and not self.asked:
            self.asked = self.ground.emit("ask", self.question, "qa")
        if message.type == Gst.MessageType.EOS:
            self.ended = True
        if message.type == Gst.MessageType.ERROR:
            raise message.parse_error()[0]

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        try:
            while not (self.ended and (self.answered or not self.asked)):
                self.hear(self.pipeline.get_bus().timed_pop(Gst.CLOCK_TIME_NONE))
        finally:
            self.pipeline.set_state(Gst.State.NULL)


def main():
    Gst.init(None)
    try:
        if len(sys.argv) == 2:
            for event in Gvl.events_load(sys.argv[1]):
                print_event(event)
        elif len(sys.argv) == 4:
            Session(*sys.argv[1:]).run()
        else:
            sys.exit("usage: ask.py VIDEO QUERY QUESTION, or ask.py EVENTS.jsonl")
    except GLib.Error as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
