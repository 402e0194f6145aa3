/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>

#include <algorithm>
#include <functional>

#include "ground/edit-list.hpp"
#include "ground/names.hpp"

namespace {

/** Writes objects of OpenTimelineIO's schemas. */
class OtioWriter {
 public:
  OtioWriter(const FoundEvents& found, const FrameCount& frames)
      : found_(found), frames_(frames), builder_(json_builder_new()) {}
  ~OtioWriter() { g_object_unref(builder_); }
  OtioWriter(const OtioWriter&) = delete;
  OtioWriter& operator=(const OtioWriter&) = delete;

  std::string write() {
    object("Timeline.1", clip_name(found_), [&] {
      member("global_start_time", [&] { time(frames_.first()); });
      member("tracks", [&] { stack(); });
    });
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_generator_set_pretty(generator, TRUE);
    JsonNode* root = json_builder_get_root(builder_);
    json_generator_set_root(generator, root);
    g_autofree char* text = json_generator_to_data(generator, nullptr);
    json_node_unref(root);
    return std::string(text) + "\n";
  }

 private:
  using Write = std::function<void()>;

  void member(const char* name, const Write& value) {
    json_builder_set_member_name(builder_, name);
    value();
  }
  void text(const char* name, const std::string& value) {
    member(name, [&] { json_builder_add_string_value(builder_, value.c_str()); });
  }
  void nothing(const char* name) {
    member(name, [&] { json_builder_add_null_value(builder_); });
  }
  void list(const char* name, const Write& elements) {
    member(name, [&] {
      json_builder_begin_array(builder_);
      elements();
      json_builder_end_array(builder_);
    });
  }
  /** An object without a name. */
  void plain(const char* schema, const Write& members) {
    json_builder_begin_object(builder_);
    text("OTIO_SCHEMA", schema);
    members();
    json_builder_end_object(builder_);
  }
  /** An object with what all have that have a name. `metadata`: members of that, if there are any. */
  void object(
      const char* schema, const std::string& name, const Write& members, const Write& metadata = [] {}) {
    plain(schema, [&] {
      text("name", name);
      member("metadata", [&] {
        json_builder_begin_object(builder_);
        metadata();
        json_builder_end_object(builder_);
      });
      members();
    });
  }
  /** What stacks, tracks and clips have in common. */
  void item(const char* schema, const std::string& name, const Write& members) {
    object(schema, name, [&] {
      list("effects", [] {});
      member("enabled", [&] { json_builder_add_boolean_value(builder_, TRUE); });
      members();
    });
  }

  void time(gint64 frame) {
    plain("RationalTime.1", [&] {
      member("rate", [&] { json_builder_add_double_value(builder_, frames_.rate()); });
      member("value", [&] { json_builder_add_double_value(builder_, static_cast<double>(frame)); });
    });
  }
  /** Of frames of the video, in whose time its first one is not 0 where it has another timecode. */
  void range(const FrameRange& range) {
    plain("TimeRange.1", [&] {
      member("start_time", [&] { time(frames_.first() + range.first); });
      member("duration", [&] { time(range.end - range.first); });
    });
  }

  /** Of a video that does not say how long it is, as far as its events go. */
  FrameRange whole() const {
    FrameRange all{0, 1};
    if (GST_CLOCK_TIME_IS_VALID(found_.duration)) {
      all.end = std::max(all.end, frames_.frames_in(found_.duration));
      return all;
    }
    for_each_event([&](const GstStructure*, FrameRange range) { all.end = std::max(all.end, range.end); });
    return all;
  }

  void for_each_event(const std::function<void(const GstStructure*, FrameRange)>& visit) const {
    for (const EventPointer& event : found_.events) {
      GstClockTime start, stop;
      if (times_of(event.get(), &start, &stop)) visit(event.get(), frame_range(found_, frames_, start, stop));
    }
  }

  void stack() {
    item("Stack.1", "tracks", [&] {
      nothing("source_range");
      list("markers", [] {});
      list("children", [&] { track(); });
    });
  }

  void track() {
    item("Track.1", "events", [&] {
      text("kind", "Video");
      nothing("source_range");
      list("markers", [] {});
      list("children", [&] { clip(); });
    });
  }

  void clip() {
    item("Clip.2", clip_name(found_), [&] {
      member("source_range", [&] { range(whole()); });
      list("markers",
           [&] { for_each_event([&](const GstStructure* event, FrameRange range) { marker(event, range); }); });
      text("active_media_reference_key", "DEFAULT_MEDIA");
      member("media_references", [&] {
        json_builder_begin_object(builder_);
        member("DEFAULT_MEDIA", [&] { reference(); });
        json_builder_end_object(builder_);
      });
    });
  }

  void reference() {
    std::string fault;
    object("ExternalReference.1", clip_name(found_), [&] {
      text("target_url", without_passwords(uri_of(found_.video, fault)));
      member("available_range", [&] { range(whole()); });
    });
  }

  void marker(const GstStructure* event, const FrameRange& frames) {
    const char* query = gst_structure_get_string(event, "query");
    const char* said = gst_structure_get_string(event, "text");
    const auto members = [&] {
      text("color", "RED");
      text("comment", said ? said : "");
      member("marked_range", [&] { range(frames); });
    };
    const auto metadata = [&] {
      member("gst-grounded-video", [&] { json_builder_add_value(builder_, event_node(event)); });
    };
    object("Marker.2", query && *query ? query : said ? said : "", members, metadata);
  }

  /** All that is known of it, as in files of events. */
  JsonNode* event_node(const GstStructure* event) const {
    return json_from_string(json_line(found_.video, event).c_str(), nullptr);
  }

  const FoundEvents& found_;
  const FrameCount& frames_;
  JsonBuilder* builder_;
};

}  // namespace

std::string otio_timeline(const FoundEvents& found, const FrameCount& frames) {
  return OtioWriter(found, frames).write();
}
