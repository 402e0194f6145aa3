/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The metas and contexts of libgstgvl, without any gvl element.

#include <gio/gio.h>

#include <cstring>
#include <thread>

#include "fake-model.hpp"
#include "gvlcontext.hpp"
#include "gvlinflight.hpp"
#include "gvlsegmentmeta.hpp"
#include "gvlsegmentsevent.hpp"
#include "gvltensormeta.hpp"
#include "gvlwindowmeta.hpp"
#include "stream.hpp"

using gvl::Error;
using gvl::ErrorCode;
using gvl::Future;
using gvl::Promise;
using gvl::Tensor;
using gvl::gst::InFlight;
using gvl::gst::SegmentsInfo;
using gvl::test::Stream;

namespace {

Tensor numbers(std::int64_t count) {
  auto data = gvl::allocate_tensor_data(count * sizeof(float));
  for (std::int64_t i = 0; i < count; ++i) reinterpret_cast<float*>(data.get())[i] = static_cast<float>(i);
  return {gvl::DataType::kFloat32, {count}, std::move(data)};
}

GstBuffer* buffer_with_pending(Future<Tensor> future, std::int64_t count) {
  GstBuffer* buffer = gst_buffer_new();
  auto* meta = gvl::gst::add_pending_tensor(buffer, "test/numbers", 7, gvl::DataType::kFloat32, {count}, future);
  fail_unless(meta != nullptr);
  return buffer;
}

GvlTensorMeta* tensor_on(GstBuffer* buffer) {
  auto* meta = gvl_buffer_get_tensor_meta(buffer, g_quark_from_string("test/numbers"));
  fail_unless(meta != nullptr);
  return meta;
}

GVL_TEST(tensors_are_found_by_id_and_segment) {
  GstBuffer* buffer = gst_buffer_new();
  const gsize dims[] = {2, 3};
  for (const guint64 segment : {4, 5})
    fail_unless(gvl_buffer_add_tensor_meta(buffer, g_quark_from_string("test/numbers"), segment,
                                           GVL_TENSOR_DATA_TYPE_INT16, 2, dims, gst_buffer_new_and_alloc(12)));
  fail_unless_equals_uint64(tensor_on(buffer)->segment, 4);
  auto* second = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string("test/numbers"), 5);
  fail_unless_equals_uint64(second->segment, 5);
  fail_unless_equals_int(second->num_dims, 2);
  fail_unless_equals_int(second->dims[1], 3);
  fail_unless(gvl_buffer_get_tensor_meta(buffer, g_quark_from_string("test/other")) == nullptr);
  fail_unless(gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string("test/numbers"), 6) == nullptr);
  fail_unless(gvl_tensor_meta_is_ready(second));
  fail_unless(gvl_tensor_meta_wait(second, nullptr));
  gst_buffer_unref(buffer);
}

GVL_TEST(data_of_another_size_are_refused) {
  GstBuffer* buffer = gst_buffer_new();
  const gsize dims[] = {2, 3};
  const gsize vast[] = {G_MAXSIZE, 3};
  ASSERT_CRITICAL(fail_if(
      gvl_buffer_add_tensor_meta(buffer, 1, 0, GVL_TENSOR_DATA_TYPE_INT16, 2, dims, gst_buffer_new_and_alloc(11))));
  ASSERT_CRITICAL(fail_if(
      gvl_buffer_add_tensor_meta(buffer, 1, 0, GVL_TENSOR_DATA_TYPE_INT16, 2, vast, gst_buffer_new_and_alloc(12))));
  ASSERT_CRITICAL(fail_if(gvl_buffer_add_tensor_meta(buffer, 1, 0, GVL_TENSOR_DATA_TYPE_INT16, GVL_TENSOR_MAX_DIMS + 1,
                                                     dims, gst_buffer_new_and_alloc(12))));
  gst_buffer_unref(buffer);
}

GVL_TEST(mapping_waits_for_a_pending_tensor) {
  Promise<Tensor> promise;
  GstBuffer* buffer = buffer_with_pending(promise.future(), 4);
  auto* meta = tensor_on(buffer);
  fail_if(gvl_tensor_meta_is_ready(meta));
  fail_unless_equals_int(gst_buffer_get_size(meta->data), 16);
  std::thread provider([&promise] { promise.set_value(numbers(4)); });
  GstMapInfo map;
  fail_unless(gst_buffer_map(meta->data, &map, GST_MAP_READ));
  fail_unless_equals_int(map.size, 16);
  fail_unless_equals_float(reinterpret_cast<const float*>(map.data)[3], 3);
  gst_buffer_unmap(meta->data, &map);
  fail_unless(gvl_tensor_meta_is_ready(meta));
  provider.join();
  gst_buffer_unref(buffer);
}

GVL_TEST(a_failed_tensor_says_why_and_cannot_be_mapped) {
  const struct {
    ErrorCode code;
    GQuark domain;
    int expected;
  } cases[] = {{ErrorCode::kNotFound, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND},
               {ErrorCode::kMalformed, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT},
               {ErrorCode::kUnsupported, GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED},
               {ErrorCode::kInvalidArgument, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS},
               {ErrorCode::kResource, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT},
               {ErrorCode::kCancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED}};
  for (const auto& one : cases) {
    Promise<Tensor> promise;
    GstBuffer* buffer = buffer_with_pending(promise.future(), 4);
    promise.set_error(std::make_exception_ptr(Error(one.code, "it broke")));
    GError* error = nullptr;
    fail_if(gvl_tensor_meta_wait(tensor_on(buffer), &error));
    fail_unless(g_error_matches(error, one.domain, one.expected));
    fail_unless_equals_string(error->message, "it broke");
    g_clear_error(&error);
    GstMapInfo map;
    fail_if(gst_buffer_map(tensor_on(buffer)->data, &map, GST_MAP_READ));
    gst_buffer_unref(buffer);
  }
}

GVL_TEST(a_broken_promise_ends_the_wait) {
  GstBuffer* buffer;
  {
    Promise<Tensor> promise;
    buffer = buffer_with_pending(promise.future(), 4);
  }
  GError* error = nullptr;
  fail_if(gvl_tensor_meta_wait(tensor_on(buffer), &error));
  fail_unless(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error(&error);
  gst_buffer_unref(buffer);
}

GVL_TEST(a_result_of_another_size_cannot_be_mapped) {
  GstBuffer* buffer = buffer_with_pending(Future<Tensor>::of(numbers(3)), 4);
  GstMapInfo map;
  fail_if(gst_buffer_map(tensor_on(buffer)->data, &map, GST_MAP_READ));
  gst_buffer_unref(buffer);
}

GVL_TEST(tensors_go_to_the_engine_and_back) {
  Promise<Tensor> promise;
  GstBuffer* pending = buffer_with_pending(promise.future(), 4);
  auto future = gvl::gst::tensor_future(tensor_on(pending));
  fail_if(future.ready());
  promise.set_value(numbers(4));
  fail_unless(future.get().storage() == gvl::gst::tensor_future(tensor_on(pending)).get().storage());
  gst_buffer_unref(pending);

  // An application's own tensor: it stays mapped for as long as the engine holds it.
  GstBuffer* foreign = gst_buffer_new();
  const gsize dims[] = {2, 2};
  const float values[] = {1, 2, 3, 4};
  gvl_buffer_add_tensor_meta(foreign, g_quark_from_string("test/numbers"), 0, GVL_TENSOR_DATA_TYPE_FLOAT32, 2, dims,
                             gst_buffer_new_memdup(values, sizeof values));
  future = gvl::gst::tensor_future(tensor_on(foreign));
  gst_buffer_unref(foreign);
  fail_unless(future.ready());
  fail_unless_equals_int(future.get().shape.size(), 2);
  fail_unless_equals_float(future.get().as<float>()[3], 4);
}

GstBuffer* fully_described() {
  GstBuffer* buffer = buffer_with_pending(Future<Tensor>::of(numbers(4)), 4);
  const GstClockTime samples[] = {10, 20, 30};
  auto* segment = gvl_buffer_add_segment_meta(buffer, 3, samples);
  segment->index = 7;
  segment->sequence = 2;
  segment->number = 1;
  segment->start = 5;
  segment->stop = 35;
  segment->keyframe = 20;
  const GvlWindowSegment segments[] = {{1, 50, FALSE}, {50, 99, TRUE}};
  gvl_buffer_add_window_meta(buffer, 2, 1, 99, 2, segments)->settled = 60;
  return buffer;
}

void check_fully_described(GstBuffer* buffer) {
  auto* tensor = tensor_on(buffer);
  fail_unless_equals_uint64(tensor->segment, 7);
  GstMapInfo map;
  fail_unless(gst_buffer_map(tensor->data, &map, GST_MAP_READ));
  fail_unless_equals_float(reinterpret_cast<const float*>(map.data)[2], 2);
  gst_buffer_unmap(tensor->data, &map);
  auto* segment = gvl_buffer_get_segment_meta(buffer);
  fail_unless(segment != nullptr);
  fail_unless_equals_uint64(segment->index, 7);
  fail_unless_equals_uint64(segment->sequence, 2);
  fail_unless_equals_uint64(segment->number, 1);
  fail_unless_equals_uint64(segment->start, 5);
  fail_unless_equals_uint64(segment->stop, 35);
  fail_unless_equals_uint64(segment->keyframe, 20);
  fail_unless_equals_int(segment->num_samples, 3);
  fail_unless_equals_uint64(segment->samples[2], 30);
  auto* window = gvl_buffer_get_window_meta(buffer);
  fail_unless(window != nullptr);
  fail_unless_equals_uint64(window->index, 2);
  fail_unless_equals_uint64(window->start, 1);
  fail_unless_equals_uint64(window->stop, 99);
  fail_unless_equals_uint64(window->settled, 60);
  fail_unless_equals_int(window->num_segments, 2);
  fail_unless_equals_uint64(window->segments[1].start, 50);
  fail_unless(window->segments[1].substituted);
}

GVL_TEST(metas_survive_copies) {
  GstBuffer* buffer = fully_described();
  GstBuffer* copy = gst_buffer_copy(buffer);
  GstBuffer* deep = gst_buffer_copy_deep(copy);
  gst_buffer_unref(buffer);
  check_fully_described(copy);
  gst_buffer_unref(copy);
  check_fully_described(deep);
  gst_buffer_unref(deep);
}

GVL_TEST(metas_survive_standard_elements) {
  const char* const lines[] = {"videoconvert ! capsfilter caps=video/x-raw,format=I420",
                               "videoscale ! capsfilter caps=video/x-raw,width=64,height=48",
                               "videoflip method=clockwise",
                               "videocrop left=2",
                               "identity",
                               "queue",
                               "jpegenc",
                               "jpegenc ! jpegdec"};
  for (const char* line : lines) {
    Stream stream(line, {});
    GstBuffer* frame = fully_described();
    gst_buffer_append_memory(frame, gst_allocator_alloc(nullptr, GST_VIDEO_INFO_SIZE(&stream.info()), nullptr));
    gst_buffer_memset(frame, 0, 99, GST_VIDEO_INFO_SIZE(&stream.info()));
    GST_BUFFER_PTS(frame) = 0;
    fail_unless_equals_int(gst_harness_push(stream.harness(), frame), GST_FLOW_OK);
    stream.eos();
    GstBuffer* out = gst_harness_pull(stream.harness());
    fail_unless(out != nullptr, "%s", line);
    check_fully_described(out);
    gst_buffer_unref(out);
  }
}

GVL_TEST(a_segment_is_in_flight_while_somebody_works_on_it) {
  using Kind = InFlight::Kind;
  const auto in_flight = std::make_shared<InFlight>(2);
  auto token = in_flight->hold(Kind::kSegment, 7);
  auto again = in_flight->hold(Kind::kSegment, 7);
  fail_unless_equals_int(in_flight->count(Kind::kSegment), 1);
  fail_if(in_flight->reached(0));
  Promise<Tensor> promise;
  gvl::gst::hold_until_ready(in_flight->hold(Kind::kSegment, 8), promise.future());
  fail_unless_equals_int(in_flight->count(Kind::kSegment), 2);
  fail_unless(in_flight->reached(0));
  fail_if(in_flight->reached(1));
  token.reset();
  fail_unless_equals_int(in_flight->count(Kind::kSegment), 2);
  again.reset();
  fail_if(in_flight->reached(0));
  promise.set_value(numbers(1));
  fail_unless_equals_int(in_flight->count(Kind::kSegment), 0);
  const auto window = in_flight->hold(Kind::kWindow, 7);
  in_flight->set_limit(1);
  fail_unless(in_flight->reached(5)->kind == Kind::kWindow);
  in_flight->set_limit(2);
  fail_unless(in_flight->wait_for_room(0));
}

GVL_TEST(a_failure_is_reported_once_before_waits_end) {
  const auto in_flight = std::make_shared<InFlight>(1);
  fail_unless(in_flight->claim_failure());
  fail_if(in_flight->claim_failure());
  fail_if(in_flight->failed());
  fail_unless(in_flight->wait_for_room(0));
  in_flight->fail();
  fail_unless(in_flight->failed());
  fail_if(in_flight->wait_for_room(0));
}

GVL_TEST(a_segments_event_says_what_it_was_made_of) {
  SegmentsInfo info{.model = "/models/one",
                    .frames_per_segment = 8,
                    .sequence = 3,
                    .session = 2,
                    .window_segments = 12,
                    .window_hop = 6,
                    .backward = true,
                    .ended = true,
                    .windows = 5,
                    .tensors = {"a", "b"},
                    .in_flight = std::make_shared<InFlight>(1)};
  GstEvent* event = gvl::gst::segments_event_new(info);
  fail_unless(GST_EVENT_IS_STICKY(event));
  GstEvent* copy = gst_event_copy(event);
  gst_event_unref(event);
  const auto parsed = gvl::gst::parse_segments_event(copy);
  gst_event_unref(copy);
  fail_unless(parsed.has_value());
  fail_unless(parsed->model == info.model && parsed->tensors == info.tensors && parsed->in_flight == info.in_flight);
  fail_unless(parsed->backward && parsed->ended);
  fail_unless_equals_int(parsed->frames_per_segment, 8);
  fail_unless_equals_uint64(parsed->sequence, 3);
  fail_unless_equals_uint64(parsed->session, 2);
  fail_unless_equals_int(parsed->window_segments, 12);
  fail_unless_equals_int(parsed->window_hop, 6);
  fail_unless_equals_uint64(parsed->windows, 5);
  fail_unless_equals_int(info.in_flight.use_count(), 2);
}

GVL_TEST(another_sticky_event_is_no_segments_event) {
  for (const char* text : {"other", "gvl-segments", "gvl-segments,windows=1", "gvl-segments,in-flight=1"}) {
    GstEvent* event =
        gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, gst_structure_from_string(text, nullptr));
    fail_if(gvl::gst::parse_segments_event(event).has_value(), "%s", text);
    gst_event_unref(event);
  }
}

GVL_TEST(contexts_hold_a_model) {
  const auto model = std::make_shared<gvl::test::FakeModel>();
  GstContext* context = gvl::gst::model_context_new(model);
  fail_unless(gvl_model_context_is_valid(context));
  GstContext* copy = gst_context_copy(context);
  gst_context_unref(context);
  fail_unless(gvl::gst::model_of(copy) == model);
  gst_context_unref(copy);
  fail_unless_equals_int(model.use_count(), 1);
  GstContext* other = gst_context_new("other", TRUE);
  fail_if(gvl_model_context_is_valid(other));
  gst_context_unref(other);
  GstContext* empty = gst_context_new(GVL_MODEL_CONTEXT_TYPE, TRUE);
  fail_if(gvl_model_context_is_valid(empty));
  gst_context_unref(empty);
}

GVL_TEST(loading_no_model_says_which) {
  GError* error = nullptr;
  fail_unless(gvl_model_context_load("/does/not/exist", nullptr, &error) == nullptr);
  fail_unless(strstr(error->message, "/does/not/exist") != nullptr, "%s", error->message);
  g_clear_error(&error);
}

}  // namespace
