/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using EventPointer = std::shared_ptr<GstStructure>;

/** A video and the gvl-events that were found in it, in the order of time. */
struct FoundEvents {
  std::string video;
  std::string error;  ///< why it was not looked at to its end; names the video
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  std::vector<EventPointer> events;
  std::optional<int> program{};         ///< of a transport stream; none: its first
  std::vector<std::string> pictures{};  ///< JPEG, one of each event, where they are known; else the video is read
};

/** Start and stop of an event; false where it has none. */
bool times_of(const GstStructure* event, GstClockTime* start, GstClockTime* stop);

/** An event of a video as a JSON object on one line, without the line's end. */
std::string json_line(const std::string& video, const GstStructure* event);

/** All events, one JSON object a line. */
std::string json_lines(const FoundEvents& found);

/** One page without anything outside of it: timeline, pictures, times and confidence of every event. */
std::string html_report(const std::vector<FoundEvents>& videos);

/** Web Video Text Tracks: a cue for each event with times. */
std::string web_vtt(const FoundEvents& found);
