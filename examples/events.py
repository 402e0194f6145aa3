#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the events of a video file from the bus: events.py VIDEO [QUERY...]

GStreamer finds the plugins where they are installed, or by GST_PLUGIN_PATH=build/elements. GVL_MODEL names a model's
folder instead of the default model.
"""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


def make_pipeline(model, video, queries):
    pipeline = Gst.parse_launch("filesrc name=source ! decodebin ! gvlground name=ground ! fakesink")
    pipeline.get_by_name("source").set_property("location", video)
    ground = pipeline.get_by_name("ground")
    if model:
        ground.set_property("model", model)
    ground.set_property("queries", Gst.ValueArray(queries))
    return pipeline


def print_event(event):
    query = event.get_string("query")
    text = event.get_string("text")
    known, start = event.get_uint64("start")
    if not known:
        print(f"{query}: {text}")
        return
    _, stop = event.get_uint64("stop")
    _, confidence = event.get_double("confidence")
    utc = event.get_string("utc-start")
    when = f", {utc}" if utc else ""
    print(f"{query}: {start / Gst.SECOND:.2f} s to {stop / Gst.SECOND:.2f} s, confidence {confidence:.2f}{when}")


def on_message(_bus, message, loop, failures):
    if message.type == Gst.MessageType.EOS:
        loop.quit()
    elif message.type == Gst.MessageType.ERROR:
        error, _debug = message.parse_error()
        failures.append(f"{message.src.get_name()}: {error.message}")
        loop.quit()
    elif message.type == Gst.MessageType.ELEMENT and message.get_structure().get_name() == "gvl-event":
        print_event(message.get_structure())


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Gst.init(None)
    video, *queries = sys.argv[1:]
    pipeline = make_pipeline(os.environ.get("GVL_MODEL"), video, queries or ["the picture goes black"])
    loop = GLib.MainLoop()
    failures = []
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message, loop, failures)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        loop.run()
    finally:
        pipeline.set_state(Gst.State.NULL)
    if failures:
        sys.exit(failures[0])


if __name__ == "__main__":
    main()
