#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A transport stream with a SCTE-35 marker at the start and at the end of each event: scte35.py VIDEO.ts EVENTS.jsonl OUT.ts

Out of the network at the start, back at the end, with the event's id as the splice's. mpegtsmux writes them, 2 s before
they are due; nothing is encoded again. Times are those of the video, from its first frame.
"""
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstMpegts", "1.0")
from gi.repository import Gst, GstMpegts  # noqa: E402

PID = 500
AHEAD = 2 * Gst.SECOND
SPLICE_INSERT = 5


def markers_of(file):
    """(when it is sent, what) of each marker, in order of time."""
    markers = []
    with open(file, encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            if "start" not in event or "stop" not in event:
                continue
            # A splice's id has 32 bits, its time 33 bits of 90 kHz.
            number = event["id"] % 2**32
            markers.append((event["start"], GstMpegts.scte_splice_out_new(number, event["start"], event["stop"] - event["start"])))
            markers.append((event["stop"], GstMpegts.scte_splice_in_new(number, event["stop"])))
    return sorted(markers, key=lambda marker: marker[0])


def markers_in(packets):
    """How many begin in these packets of 188 bytes; the muxer itself sends heartbeats, which are none."""
    count = 0
    for at in range(0, len(packets), 188):
        packet = packets[at:at + 188]
        if int.from_bytes(packet[1:3], "big") & 0x1fff == PID and packet[1] & 0x40:
            payload = packet[5 + packet[4]:] if packet[3] & 0x20 else packet[4:]
            count += payload[1 + payload[0] + 13] == SPLICE_INSERT
    return count


class Marking:
    def __init__(self, video, events, out):
        self.markers = markers_of(events)
        self.pipeline = Gst.parse_launch(
            "filesrc name=source ! tsdemux ! parsebin ! mpegtsmux name=mux scte-35-pid=%d ! filesink name=sink" % PID)
        self.pipeline.get_by_name("source").set_property("location", video)
        self.pipeline.get_by_name("sink").set_property("location", out)
        self.mux = self.pipeline.get_by_name("mux")
        # It takes none before it writes, and one at a time: the next would replace what it has not written.
        self.writes = False
        self.sent = self.written = 0
        self.mux.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.look_at_what_is_written)
        self.mux.connect("pad-added", self.watch)
        for pad in self.mux.sinkpads:
            self.watch(self.mux, pad)

    def watch(self, _mux, pad):
        if pad.direction == Gst.PadDirection.SINK:
            pad.add_probe(Gst.PadProbeType.BUFFER, self.send_what_is_due)

    def look_at_what_is_written(self, _pad, info):
        lists = info.type & Gst.PadProbeType.BUFFER_LIST
        buffers = [info.get_buffer_list().get(i) for i in range(info.get_buffer_list().length())] if lists else [info.get_buffer()]
        self.writes = True
        self.written += sum(markers_in(buffer.extract_dup(0, buffer.get_size())) for buffer in buffers)
        return Gst.PadProbeReturn.OK

    def send_what_is_due(self, pad, info):
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        time = segment.to_stream_time(Gst.Format.TIME, info.get_buffer().pts)
        if self.writes and self.sent == self.written and self.markers and self.markers[0][0] <= time + AHEAD:
            self.sent += 1
            section = GstMpegts.Section.from_scte_sit(self.markers.pop(0)[1], PID)
            section.send_event(self.mux)
        return Gst.PadProbeReturn.OK

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        message = self.pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        self.pipeline.set_state(Gst.State.NULL)
        if message.type == Gst.MessageType.ERROR:
            sys.exit(message.parse_error()[0].message)


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: scte35.py VIDEO.ts EVENTS.jsonl OUT.ts")
    Gst.init(None)
    GstMpegts.initialize()
    try:
        Marking(*sys.argv[1:]).run()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"{sys.argv[2]}: {error}")


if __name__ == "__main__":
    main()
