/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/edit-list.hpp"

#include <algorithm>
#include <filesystem>

#include "ground/describe.hpp"
#include "ground/names.hpp"

namespace {

constexpr int kMostEdits = 999;  // the number of an edit has three digits
constexpr guint kFirstHour = 1;  // as tapes begin, with room for what goes before
constexpr int kTitleColumns = 70;

std::string edit_line(int number, const FrameCount& source, const FrameCount& record, FrameRange range, gint64 at) {
  g_autofree char* line =
      g_strdup_printf("%03d  AX       V     C        %s %s %s %s\n", number, source.timecode(range.first).c_str(),
                      source.timecode(range.end).c_str(), record.timecode(at).c_str(),
                      record.timecode(at + range.end - range.first).c_str());
  return line;
}

}  // namespace

FrameRange frame_range(const FoundEvents& found, const FrameCount& frames, GstClockTime start, GstClockTime stop) {
  FrameRange range{frames.frame_at(start), frames.frame_at(stop)};
  if (GST_CLOCK_TIME_IS_VALID(found.duration)) {
    // Of some containers what is before the first frame is a part of it, of others not: no frame is cut off.
    const gint64 all = std::max<gint64>(frames.frames_in(found.duration), 1);
    range.first = std::min(range.first, all - 1);
    range.end = std::min(range.end, all);
  }
  range.end = std::max(range.end, range.first + 1);
  return range;
}

std::string clip_name(const FoundEvents& found) {
  const std::string path = path_of(found.video);
  if (path.empty()) return readable_name(found.video);
  return on_one_line(readable_text(std::filesystem::path(path).filename().string()));
}

std::string edit_list(const FoundEvents& found, const FrameCount& frames, std::string& fault) {
  const FrameCount record = frames.from_hour(kFirstHour);
  const std::string name = clip_name(found);
  std::string text =
      "TITLE: " + fitted(name, kTitleColumns) + "\nFCM: " + (frames.drops() ? "" : "NON-") + "DROP FRAME\n";
  int number = 0;
  gint64 at = 0;
  for (const EventPointer& event : found.events) {
    GstClockTime start, stop;
    if (!times_of(event.get(), &start, &stop)) continue;
    const FrameRange range = frame_range(found, frames, start, stop);
    text += "\n" + edit_line(++number, frames, record, range, at) + "* FROM CLIP NAME: " + name +
            "\n* COMMENT: " + describe(event.get()) + "\n";
    at += range.end - range.first;
  }
  if (number <= kMostEdits) return text;
  fault = std::to_string(number) + " events, and an edit decision list has room for " + std::to_string(kMostEdits) +
          "; --otio takes all";
  return {};
}
