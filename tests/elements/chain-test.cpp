/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The five elements together, on a model whose jobs the tests control: what is attached, and errors.

#include <cstring>

#include "five.hpp"
#include "gvlevent.h"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"
#include "gvlwindowmeta.hpp"

using gvl::ErrorCode;
using namespace gvl::test;
using Job = FakeModel::Job;

namespace {

// ---- what is attached -------------------------------------------------------------------------------------------

void check_tensor(GstBuffer* buffer, const char* id, guint64 segment, std::vector<gsize> dims, float value) {
  auto* meta = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(id), segment);
  fail_unless(meta != nullptr, "no %s", id);
  fail_unless(meta->data_type == GVL_TENSOR_DATA_TYPE_FLOAT32);
  fail_unless_equals_int(meta->num_dims, dims.size());
  for (gsize i = 0; i < dims.size(); ++i) fail_unless_equals_int(meta->dims[i], dims[i]);
  GstMapInfo map;
  fail_unless(gst_buffer_map(meta->data, &map, GST_MAP_READ));
  fail_unless_equals_float(reinterpret_cast<const float*>(map.data)[0], value);
  gst_buffer_unmap(meta->data, &map);
}

GVL_TEST(each_element_attaches_its_tensors) {
  Setup setup;
  Stream stream("gvlsegmenter ! " + kEncoders, setup.options);
  stream.push_range(0, 25);
  stream.eos();
  const auto& config = setup.model->config();
  const gsize tokens = config.tokens_per_segment();
  int segments = 0, windows = 0;
  while (GstBuffer* buffer = stream.try_pull()) {
    for (const auto* segment : gvl::gst::segments_of(buffer)) {
      const float key = static_cast<float>(segment->keyframe / (40 * GST_MSECOND));
      const gsize spatial[] = {static_cast<gsize>(config.spatial_tokens()), static_cast<gsize>(config.spatial_width())};
      check_tensor(buffer, GVL_TENSOR_SPATIAL_FEATURES, segment->index, {spatial[0], spatial[1]}, key);
      auto* temporal = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(GVL_TENSOR_TEMPORAL_FEATURES),
                                                             segment->index);
      fail_unless_equals_int(temporal->dims[0], config.temporal_tokens_per_segment());
      fail_unless_equals_int(temporal->dims[1], config.temporal.hidden_size);
      check_tensor(buffer, GVL_TENSOR_SEGMENT_TOKENS, segment->index, {tokens, 5}, key);
      ++segments;
    }
    for (const auto* window : gvl::gst::windows_of(buffer)) {
      fail_unless_equals_uint64(window->index, 0);
      fail_unless_equals_uint64(window->start, 0);
      fail_unless_equals_uint64(window->stop, GST_SECOND);
      fail_unless_equals_int(window->num_segments, 2);
      fail_unless_equals_uint64(window->segments[1].start, GST_SECOND / 2);
      fail_unless_equals_uint64(window->segments[1].stop, GST_SECOND);
      fail_if(window->segments[0].substituted || window->segments[1].substituted);
      check_tensor(buffer, GVL_TENSOR_VIDEO_TOKENS, 0, {2 * tokens, 5}, 7);
      ++windows;
    }
    gst_buffer_unref(buffer);
  }
  fail_unless_equals_int(segments, 2);
  fail_unless_equals_int(windows, 1);
}

GVL_TEST(buffers_pass_the_encoders_unchanged) {
  Setup setup;
  setup.model->hold(Job::kSpatial);
  Stream stream(kFive, setup.options);
  std::vector<GstMemory*> memories;
  for (int i = 0; i < 20; ++i) {
    GstBuffer* frame = gvl::test::make_frame(stream.info(), i, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
    memories.push_back(gst_memory_ref(gst_buffer_peek_memory(frame, 0)));
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
  }
  for (int i = 0; i < 19; ++i) {
    GstBuffer* frame = stream.try_pull();
    fail_unless(gst_buffer_peek_memory(frame, 0) == memories[i]);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frame), i * 40 * GST_MSECOND);
    gst_buffer_unref(frame);
  }
  for (GstMemory* memory : memories) gst_memory_unref(memory);
}

GVL_TEST(encoded_video_carries_the_metas) {
  Setup setup;
  Stream stream("gvlsegmenter ! videoconvert ! jpegenc ! " + kEncoders + " ! gvlgroundedllm query=when", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

GVL_TEST(a_stream_of_no_segment_is_no_error) {
  Setup setup(10 * GST_SECOND);
  Stream stream(kFive, setup.options);
  stream.new_segment(1, 1, GST_SECOND, 2 * GST_SECOND, 0);
  stream.push_at(1, 0);  // outside of what is to be shown
  stream.eos();
  bool eos = false;
  take_stream_events(stream, &eos);
  fail_unless(eos);
  stream.expect_no_error();
  drop_buffers(stream);
}

// ---- errors -----------------------------------------------------------------------------------------------------

std::string error_source(Stream& stream, const char* text) {
  GstMessage* message = stream.wait_message(GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(strstr(error->message, text) != nullptr, "\"%s\" does not say \"%s\"", error->message, text);
  g_error_free(error);
  const std::string source = GST_OBJECT_NAME(GST_MESSAGE_SRC(message));
  gst_message_unref(message);
  return source;
}

GVL_TEST(a_failing_job_is_one_error_of_its_element) {
  const struct {
    Job job;
    const char* element;
  } cases[] = {{Job::kSpatial, "spatial"},
               {Job::kTemporal, "temporal"},
               {Job::kFuse, "f"},
               {Job::kConcatenate, "f"},
               {Job::kAnswer, "l"}};
  for (const auto& one : cases) {
    Setup setup;
    setup.model->fail(one.job, ErrorCode::kResource, "out of everything");
    Stream stream(kFive + "queries=<\"again\">", setup.options);
    stream.push_range(0, 25);
    stream.eos();
    fail_unless(error_source(stream, "out of everything") == one.element);
    stream.expect_no_error();
    fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
  }
}

GVL_TEST(a_failing_job_stops_the_stream) {
  Setup setup(100 * GST_SECOND);
  setup.model->fail(Job::kSpatial, ErrorCode::kMalformed, "broken");
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  fail_unless_equals_int(stream.push_range(0, 2500), GST_FLOW_ERROR);
  stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "broken");
}

GVL_TEST(a_missing_element_is_named) {
  const struct {
    const char* line;
    const char* missing;
  } cases[] = {{"gvlsegmenter ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query=when", "gvlspatialencoder"},
               {"gvlsegmenter ! gvlspatialencoder ! gvlfuser ! gvlgroundedllm query=when", "gvltemporalencoder"},
               {"gvlsegmenter ! gvlspatialencoder ! gvltemporalencoder ! gvlgroundedllm query=when", "gvlfuser"},
               {"gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlgroundedllm query=when", "gvlsegmenter"},
               {"gvlgroundedllm query=when", "gvlsegmenter"},
               {"gvlspatialencoder ! gvlsegmenter ! gvltemporalencoder", "gvlsegmenter"}};
  for (const auto& one : cases) {
    Setup setup;
    Stream stream(one.line, setup.options);
    stream.push_range(0, 25);
    stream.eos();
    error_source(stream, one.missing);
    stream.expect_no_error();
  }
}

void expect_query_error(void (*configure)(GstElement*), const char* text) {
  GstElement* llm = gst_element_factory_make("gvlgroundedllm", nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(llm, bus);
  configure(llm);
  fail_unless_equals_int(gst_element_set_state(llm, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  fail_unless(message != nullptr);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  fail_unless(strstr(error->message, text) != nullptr, "%s", error->message);
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_state(llm, GST_STATE_NULL);
  gst_element_set_bus(llm, nullptr);
  gst_object_unref(bus);
  gst_object_unref(llm);
}

GVL_TEST(queries_are_checked_at_the_start) {
  expect_query_error([](GstElement*) {}, "There is no query");
  expect_query_error([](GstElement* llm) { g_object_set(llm, "query", "", nullptr); }, "empty");
  expect_query_error([](GstElement* llm) { g_object_set(llm, "query", " \n", nullptr); }, "empty");
  expect_query_error([](GstElement* llm) { g_object_set(llm, "query", "\xff\xfe", nullptr); }, "UTF-8");
  expect_query_error([](GstElement* llm) { gst_util_set_object_arg(G_OBJECT(llm), "queries", "<\"a\",\"\">"); },
                     "empty");
  expect_query_error([](GstElement* llm) { gst_util_set_object_arg(G_OBJECT(llm), "task", "qa"); },
                     "There is no query");
}

GVL_TEST(dense_captions_need_no_query) {
  Setup setup;
  Stream stream("gvlsegmenter ! " + kEncoders + " ! gvlgroundedllm task=dense-caption", setup.options);
  stream.push_range(0, 25);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

}  // namespace
