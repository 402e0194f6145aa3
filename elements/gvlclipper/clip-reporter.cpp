/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-reporter.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "gvl/error.hpp"
#include "gvlevent.h"

GST_DEBUG_CATEGORY_EXTERN(gvl_clipper_debug);
#define GST_CAT_DEFAULT gvl_clipper_debug

namespace gvl::gst {

namespace {

constexpr const char* kLimits = " (history, history-bytes)";

std::string name_of(const ClipEvent& event) {
  guint64 id = 0;
  gst_structure_get_uint64(event.now().get(), "id", &id);
  return "Event " + std::to_string(id);
}

guint64 from_zero(StreamTime time) { return static_cast<guint64>(std::max<StreamTime>(time, 0)); }

}  // namespace

std::string text_of(StreamTime time) {
  gchar* text = g_strdup_printf("%" GST_TIME_FORMAT, GST_TIME_ARGS(from_zero(time)));
  const std::string result = text;
  g_free(text);
  return result;
}

// ---- counts -----------------------------------------------------------------------------------------------------

void ClipReporter::reset() {
  std::lock_guard lock(mutex_);
  stats_ = {};
}

ClipStats ClipReporter::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void ClipReporter::count(guint64 ClipStats::*what) {
  std::lock_guard lock(mutex_);
  ++(stats_.*what);
}

void ClipReporter::event_came() { count(&ClipStats::events); }

void ClipReporter::kept(const FrameRing& ring, StreamTime latest) {
  std::lock_guard lock(mutex_);
  stats_.frames = ring.frames().size();
  stats_.bytes = ring.bytes();
  stats_.last = from_zero(latest);
}

// ---- finished clips ---------------------------------------------------------------------------------------------

void ClipReporter::closed(ClipWriter& writer) {
  ClipFile& file = writer.file();
  const ClipWriter::Outcome outcome = writer.outcome();
  if (outcome.error.empty() && !outcome.first) {
    file.discard();
    failed(shown(file.path()) + ": no frame of it came");
    return;
  }
  if (!outcome.error.empty()) {
    const std::string part = outcome.first ? file.set_aside() : "";
    if (part.empty()) file.discard();
    failed(shown(file.path()) + ": " + outcome.error + (part.empty() ? "" : ": what was written is in " + shown(part)));
    return;
  }
  try {
    describe(writer, outcome);
  } catch (const std::exception& failure) {
    failed(failure.what());
    return;
  }
  count(&ClipStats::clips);
}

/** Writes the event beside its clip. */
void ClipReporter::describe(ClipWriter& writer, const ClipWriter::Outcome& outcome) const {
  const std::unique_ptr<GstStructure, decltype(&gst_structure_free)> description(
      gst_structure_copy(writer.plan().event->now().get()), gst_structure_free);
  gst_structure_set(description.get(), "clip-start", G_TYPE_UINT64, from_zero(*outcome.first), "clip-stop",
                    G_TYPE_UINT64, from_zero(*outcome.last), nullptr);
  writer.file().describe([&](const std::string& path) {
    const std::string name = shown(std::filesystem::path(path).filename());
    gst_structure_set(description.get(), "file", G_TYPE_STRING, name.c_str(), nullptr);
    gchar* line = gvl_event_to_json(description.get());
    const std::string text = std::string(line) + "\n";
    g_free(line);
    return text;
  });
  gst_structure_set_name(description.get(), "gvl-clip");
  gst_structure_remove_field(description.get(), "file");
  gst_structure_set(description.get(), "location", G_TYPE_STRING, shown(writer.file().path()).c_str(), nullptr);
  gst_element_post_message(element_,
                           gst_message_new_element(GST_OBJECT(element_), gst_structure_copy(description.get())));
}

void ClipReporter::cut_off(ClipWriter& writer) {
  const std::string path = writer.file().path(), part = writer.file().set_aside();
  failed(shown(path) + ": could not be closed in time" + (part.empty() ? "." : ": it is cut off, in " + shown(part)));
}

// ---- warnings ---------------------------------------------------------------------------------------------------

/** `lost`: how many clips are not what they should be, for programs to know. */
void ClipReporter::warn(const std::string& text, guint lost) const {
  GST_ELEMENT_WARNING_WITH_DETAILS(element_, RESOURCE, WRITE, ("%s", text.c_str()), (nullptr),
                                   ("clips-lost", G_TYPE_UINT, lost, nullptr));
}

void ClipReporter::failed(const std::string& text) {
  count(&ClipStats::failed);
  warn(text, 1);
}

void ClipReporter::lost(const ClipEvent& event, const std::string& why) {
  count(&ClipStats::lost);
  warn(name_of(event) + ": there is no clip of it: " + why + ".", 1);
}

void ClipReporter::too_late(const ClipEvent& event, const std::string& why) {
  count(&ClipStats::late);
  lost(event, why + kLimits);
}

void ClipReporter::begins_late(const ClipEvent& event, StreamTime from, StreamTime kept_from) {
  count(&ClipStats::late);
  warn(name_of(event) + " begins at " + text_of(from) + ", and the frames that are kept at " + text_of(kept_from) +
           kLimits + ": its clip begins late.",
       1);
}

void ClipReporter::ends_early(const ClipEvent& event, StreamTime at, const std::string& why) {
  warn(name_of(event) + ": its clip ends early, at " + text_of(at) + ": " + why + ".", 1);
}

void ClipReporter::dropped(StreamTime from, StreamTime to) {
  warn("No keyframe came within what is kept" + std::string(kLimits) + ", from " + text_of(from) + " to " +
           text_of(to) + ": it is dropped, and clips can begin at the next keyframe only.",
       0);
}

}  // namespace gvl::gst
