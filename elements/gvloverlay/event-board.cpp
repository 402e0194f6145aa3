/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event-board.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

#include "gvl/task.hpp"
#include "gvltime.hpp"
#include "timeline/wording.hpp"

namespace gvl::gst {

namespace {

// More would hide the picture.
constexpr std::size_t kMostCurrent = 3;
constexpr std::uint32_t kBackground = 0x90000000, kPlayhead = 0xFFFFFFFF;
// Far apart on the colour circle, and bright on the dark board.
constexpr std::uint32_t kColours[] = {0xE64FC3F7, 0xE6FFB74D, 0xE681C784, 0xE6F06292, 0xE6FFF176, 0xE6BA68C8};

std::string string_of(const GstStructure* event, const char* field) {
  const char* text = gst_structure_get_string(event, field);
  return text ? text : "";
}

double part_of(GstClockTime time, GstClockTime start, GstClockTime stop) {
  if (time <= start) return 0;
  return time >= stop ? 1 : static_cast<double>(time - start) / static_cast<double>(stop - start);
}

std::string line_of(const ShownEvent& event) {
  const auto seconds = [](GstClockTime time) { return timeline::in_seconds(to_time(time), 1) + " s"; };
  const std::string times = "  " + seconds(event.start) + " – " + (event.open ? "…" : seconds(event.stop)) + "  " +
                            std::to_string(std::lrint(event.confidence * 100)) + " %";
  const bool answers = event.task != name_of(Task::kGrounding) && !event.query.empty() && !event.text.empty();
  return (event.query.empty() ? event.text : event.query) + times + (answers ? "\n" + event.text : "");
}

}  // namespace

void EventBoard::add(const GstStructure* event, GstClockTime arrived) {
  const std::string state = string_of(event, "state");
  ShownEvent shown{string_of(event, "task"), string_of(event, "query"), string_of(event, "text"), 0, 0, 0, arrived};
  shown.open = state == "open" || state == "update";
  gst_structure_get_uint64(event, "id", &shown.id);
  gst_structure_get_double(event, "confidence", &shown.confidence);
  if (shown.of_stream())
    std::erase_if(events_,
                  [&](const ShownEvent& each) { return each.of_stream() && each.open && each.id == shown.id; });
  if (state == "withdrawn" || !gst_structure_get_uint64(event, "start", &shown.start)) return;
  if (!shown.open && !gst_structure_get_uint64(event, "stop", &shown.stop)) return;
  const auto later = [](const ShownEvent& a, const ShownEvent& b) { return a.start < b.start; };
  events_.insert(std::upper_bound(events_.begin(), events_.end(), shown, later), std::move(shown));
}

void EventBoard::forget_arrived() {
  std::erase_if(events_, [](const ShownEvent& event) { return event.of_stream(); });
}

std::vector<const ShownEvent*> EventBoard::current(GstClockTime time, GstClockTime linger) const {
  std::vector<const ShownEvent*> current;
  for (const ShownEvent& event : events_) {
    const bool within = time >= event.start && (event.open || time < event.stop);
    const bool late = !event.open && event.of_stream() && event.arrived >= event.stop && time >= event.arrived &&
                      time - event.arrived < linger;
    if (within || late) current.push_back(&event);
  }
  return current;
}

std::string EventBoard::words(GstClockTime time, GstClockTime linger) const {
  std::string words;
  std::size_t lines = 0;
  for (const ShownEvent* event : current(time, linger)) {
    if (lines++ == kMostCurrent) break;
    words += (words.empty() ? "" : "\n") + line_of(*event);
  }
  return words;
}

// The same query has the same colour, wherever it is found.
std::uint32_t EventBoard::colour_of(const ShownEvent& event) const {
  return kColours[g_str_hash(event.query.c_str()) % std::size(kColours)];
}

Board EventBoard::board(GstClockTime time, GstClockTime linger, const TimeRange& range, int width, int height) const {
  Board board;
  const int bar = std::max(4, height / 60), strip = range.stop > range.start ? std::max(8, height / 30) : 0;
  auto now = current(time, linger);
  now.resize(std::min(now.size(), kMostCurrent));
  board.height = static_cast<int>(now.size()) * bar + strip;
  if (board.height == 0) return board;
  board.boxes.push_back({0, 0, width, board.height, kBackground});
  int y = 0;
  for (const ShownEvent* event : now) {
    const int filled = event->open ? width : static_cast<int>(part_of(time, event->start, event->stop) * width);
    board.boxes.push_back({0, y, filled, bar - 1, colour_of(*event)});
    y += bar;
  }
  if (strip == 0) return board;
  const auto x_of = [&](GstClockTime at) { return static_cast<int>(part_of(at, range.start, range.stop) * width); };
  for (const ShownEvent& event : events_) {
    const GstClockTime stop = event.open ? time : event.stop;
    if (stop < range.start || event.start > range.stop) continue;
    // What arrives later is not known yet, as in a first pass, whose board grows with the video.
    if (event.of_stream() && event.arrived > time) continue;
    const int x = std::min(x_of(event.start), width - 1);
    board.boxes.push_back({x, y + 2, std::max(2, x_of(stop) - x), strip - 4, colour_of(event)});
  }
  board.boxes.push_back({std::clamp(x_of(time) - 1, 0, width - 2), y, 2, strip, kPlayhead});
  return board;
}

GstVideoOverlayComposition* compose(const Board& board, int width, int frame_height) {
  const gsize stride = static_cast<gsize>(width) * 4;
  const int height = std::min(board.height, frame_height);
  GstBuffer* pixels = gst_buffer_new_allocate(nullptr, stride * static_cast<gsize>(height), nullptr);
  GstMapInfo map;
  gst_buffer_map(pixels, &map, GST_MAP_WRITE);
  std::memset(map.data, 0, map.size);
  for (const Box& box : board.boxes) {
    const int right = std::min(width, box.x + box.width), bottom = std::min(height, box.y + box.height);
    for (int y = std::max(box.y, 0); y < bottom; ++y) {
      auto* row = reinterpret_cast<std::uint32_t*>(map.data + stride * static_cast<gsize>(y));
      if (box.x < right) std::fill(row + std::max(box.x, 0), row + right, box.colour);
    }
  }
  gst_buffer_unmap(pixels, &map);
  // 0xAARRGGBB of the machine's byte order is what GStreamer's overlays are made of.
  gst_buffer_add_video_meta(pixels, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
                            static_cast<guint>(width), static_cast<guint>(height));
  GstVideoOverlayRectangle* rectangle =
      gst_video_overlay_rectangle_new_raw(pixels, 0, frame_height - height, static_cast<guint>(width),
                                          static_cast<guint>(height), GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  GstVideoOverlayComposition* composition = gst_video_overlay_composition_new(rectangle);
  gst_video_overlay_rectangle_unref(rectangle);
  gst_buffer_unref(pixels);
  return composition;
}

}  // namespace gvl::gst
