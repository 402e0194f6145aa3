/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/second-pass.hpp"

#include <algorithm>
#include <cstddef>

#include "ground/complain.hpp"
#include "ground/encoding.hpp"
#include "ground/names.hpp"

namespace {

bool is_timed(const EventPointer& event) {
  GstClockTime start, stop;
  return times_of(event.get(), &start, &stop);
}

guint64 late_clips(GstElement* consumer) {
  g_autoptr(GstElement) clipper = gst_bin_get_by_name(GST_BIN(consumer), "in");
  GstStructure* stats = nullptr;
  g_object_get(clipper, "stats", &stats, nullptr);
  guint64 late = 0;
  gst_structure_get_uint64(stats, "late", &late);
  gst_structure_free(stats);
  return late;
}

bool complain_of_memory(const FoundEvents& found, const TextInMemory& events) {
  return complain("the events of " + found.video + ": " + events.fault());
}

}  // namespace

bool cut_clips(const FoundEvents& found, FilePassOptions options, const std::string& folder, ProgressBar& progress) {
  const auto wanted = std::count_if(found.events.begin(), found.events.end(), is_timed);
  if (wanted == 0) return true;
  const TextInMemory events(json_lines(found));
  if (!events.fault().empty()) return complain_of_memory(found, events);
  const std::string location = folder + "/" + stem_of(found.video) + "-%{start}-%{query}.mkv";
  std::ptrdiff_t written = 0;
  options.consumer = "gvlclipper name=in";
  options.encoded = true;
  options.sound = {"in", "matroskamux"};
  options.doing = "cutting clips of " + found.video;
  options.prepare = [&](GstElement* consumer) {
    g_autoptr(GstElement) clipper = gst_bin_get_by_name(GST_BIN(consumer), "in");
    g_object_set(clipper, "events", events.path().c_str(), "location", location.c_str(), nullptr);
  };
  options.on_message = [&](const GstStructure* message) -> std::string {
    if (gst_structure_has_name(message, "gvl-clip")) ++written;
    return {};
  };
  guint64 late = 0;
  options.at_end = [&](GstElement* consumer, GstClockTime) { late = late_clips(consumer); };
  if (!unless(run_file_pass(options, progress))) return false;
  if (late > 0) return complain(found.video + ": " + std::to_string(late) + " clips begin late");
  return written >= wanted || complain(found.video + ": " + std::to_string(wanted - written) + " of " +
                                       std::to_string(wanted) + " clips could not be written");
}

bool draw_overlay(const FoundEvents& found, FilePassOptions options, const std::string& drawing, OutputFile& overlay,
                  ProgressBar& progress) {
  const TextInMemory events(json_lines(found));
  if (!events.fault().empty()) return complain_of_memory(found, events);
  if (!unless(overlay.open())) return false;
  options.consumer = drawing + " ! fdsink name=file";
  options.output = overlay.path();
  options.sound = {kMuxer, {}};
  options.doing = "drawing on " + found.video;
  options.prepare = [&](GstElement* consumer) {
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(consumer), "overlay");
    g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(consumer), "file");
    g_object_set(element, "events", events.path().c_str(), nullptr);
    g_object_set(file, "fd", overlay.descriptor(), nullptr);
  };
  return unless(run_file_pass(options, progress)) && unless(overlay.commit());
}
