/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvleventfile.hpp"

#include <string>

#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "gvlevent.h"
#include "gvleventjson.hpp"

namespace {

// What a file of events may need in memory, at most: a constant, and so many times its size.
constexpr gsize kMemoryFloor = gsize{8} << 20;
constexpr gsize kMemoryPerByte = 64;
constexpr gsize kMemoryOfEvent = 1024;  // without its words

void free_event(gpointer event) { gst_structure_free(static_cast<GstStructure*>(event)); }

void append_events(const gchar* file, GPtrArray* events) {
  gvl::JsonLines lines(file);
  std::string line;
  while (lines.next(line)) {
    const auto fail = [&](const std::string& what) {
      throw gvl::Error(gvl::ErrorCode::kMalformed,
                       std::string(file) + ": line " + std::to_string(lines.number()) + ": " + what);
    };
    try {
      g_ptr_array_add(events, gvl::gst::event_of_line(line));
    } catch (const gvl::Error& error) {
      fail(error.what());
    }
    if (events->len * kMemoryOfEvent > kMemoryFloor + kMemoryPerByte * lines.bytes()) {
      fail("the events need more memory than 64 times the file's size: most of the lines say nothing");
    }
  }
}

}  // namespace

GPtrArray* gvl_events_load(const gchar* file, GError** error) {
  g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(free_event);
  try {
    append_events(file, events);
    return static_cast<GPtrArray*>(g_steal_pointer(&events));
  } catch (const std::exception& failure) {
    return gvl::gst::set_invalid_data(error, failure), nullptr;
  }
}

namespace gvl::gst {

bool load_events(GstElement* element, const std::optional<std::string>& file,
                 const std::function<void(const GstStructure*)>& take) {
  if (!file || file->empty()) return true;
  g_autoptr(GError) error = nullptr;
  g_autoptr(GPtrArray) events = gvl_events_load(file->c_str(), &error);
  if (!events) {
    g_autofree gchar* name = g_utf8_make_valid(file->c_str(), -1);
    GST_ELEMENT_ERROR(element, RESOURCE, READ, ("The events cannot be read: %s", error->message), ("events=%s", name));
    return false;
  }
  for (guint i = 0; i < events->len; ++i) take(static_cast<const GstStructure*>(g_ptr_array_index(events, i)));
  return true;
}

}  // namespace gvl::gst
