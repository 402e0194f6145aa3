/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The model sees pictures turned as a player shows them.

#include "fake-model.hpp"
#include "gvltensormeta.h"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::StreamOptions;

namespace {

StreamOptions options() {
  StreamOptions made;
  made.model = std::make_shared<FakeModel>();
  made.duration = GST_SECOND;
  return made;
}

GstEvent* orientation_event(const char* orientation, GstTagScope scope) {
  GstTagList* tags = gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, orientation, nullptr);
  gst_tag_list_set_scope(tags, scope);
  return gst_event_new_tag(tags);
}

// All pixels of the first segment's tensors, of a picture whose every quarter is another.
std::vector<guint8> pixels_seen(Stream& stream) {
  GstBuffer* frame = gvl::test::make_frame(stream.info(), 0, 0, 40 * GST_MSECOND);
  GstMapInfo map;
  gst_buffer_map(frame, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; ++i) map.data[i] = static_cast<guint8>(i * i / 100 + i % 96 * 2);
  gst_buffer_unmap(frame, &map);
  GstBuffer* sent = gst_buffer_ref(frame);
  fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  stream.eos();
  GstBuffer* passed = stream.try_pull();
  fail_unless(passed != nullptr);
  std::vector<guint8> pixels;
  for (const char* id : {GVL_TENSOR_SPATIAL_PIXELS, GVL_TENSOR_TEMPORAL_PIXELS}) {
    auto* meta = gvl_buffer_get_tensor_meta(passed, g_quark_from_string(id));
    fail_unless(meta != nullptr);
    fail_unless(gst_buffer_map(meta->data, &map, GST_MAP_READ));
    pixels.insert(pixels.end(), map.data, map.data + map.size);
    gst_buffer_unmap(meta->data, &map);
  }
  gst_buffer_unref(passed);
  gst_buffer_unref(sent);
  return pixels;
}

// What the model sees behind an element that turns the pictures.
std::vector<guint8> pixels_turned(const std::string& direction) {
  Stream stream("videoflip video-direction=" + direction + " ! gvlsegmenter", options());
  return pixels_seen(stream);
}

GVL_TEST(pictures_are_turned_as_their_tag_says) {
  const std::vector<std::pair<const char*, const char*>> orientations = {
      {"rotate-0", "identity"},    {"rotate-90", "90r"},        {"rotate-180", "180"},
      {"rotate-270", "90l"},       {"flip-rotate-0", "horiz"},  {"flip-rotate-90", "ur-ll"},
      {"flip-rotate-180", "vert"}, {"flip-rotate-270", "ul-lr"}};
  std::vector<std::vector<guint8>> all;
  for (const auto& [tag, direction] : orientations) {
    const auto expected = pixels_turned(direction);
    for (const auto scope : {GST_TAG_SCOPE_STREAM, GST_TAG_SCOPE_GLOBAL}) {
      Stream stream("gvlsegmenter", options());
      stream.send(orientation_event(tag, scope));
      fail_unless(pixels_seen(stream) == expected, "%s is not %s", tag, direction);
    }
    for (const auto& other : all) fail_if(other == expected, "%s is another's", direction);
    all.push_back(expected);
  }
}

GVL_TEST(the_streams_tag_goes_before_the_files) {
  const auto straight = pixels_turned("identity"), turned = pixels_turned("90r");
  Stream stream("gvlsegmenter", options());
  stream.send(orientation_event("rotate-90", GST_TAG_SCOPE_STREAM));
  stream.send(orientation_event("rotate-180", GST_TAG_SCOPE_GLOBAL));
  stream.send(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "another tag", nullptr)));
  fail_unless(pixels_seen(stream) == turned);
  stream.send(gst_event_new_stream_start("another"));
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  fail_unless(pixels_seen(stream) == straight);
}

}  // namespace
