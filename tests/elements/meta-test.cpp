/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The metas, events and contexts of libgstgvl, without any gvl element.

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "fake-model.hpp"
#include "gvlcontext.hpp"
#include "gvlevent.h"
#include "gvlflow.hpp"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"
#include "gvlwindowmeta.hpp"
#include "stream.hpp"
#include "support/temporary.hpp"

using gvl::Error;
using gvl::ErrorCode;
using gvl::Future;
using gvl::Promise;
using gvl::Tensor;
using gvl::gst::Flow;
using gvl::gst::Ticket;
using gvl::test::Stream;
using gvl::test::uint64_of;

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
  segment->run = 2;
  segment->number = 1;
  segment->window_segments = 4;
  segment->window_hop = 3;
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
  fail_unless_equals_uint64(segment->run, 2);
  fail_unless_equals_uint64(segment->number, 1);
  fail_unless_equals_int(segment->window_segments, 4);
  fail_unless_equals_int(segment->window_hop, 3);
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
  fail_unless(window->segments[1].stood_in);
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

GVL_TEST(copies_share_their_place_in_the_flow) {
  const auto flow = std::make_shared<Flow>(1);
  GstBuffer* buffer = gst_buffer_new();
  auto* segment = gvl_buffer_add_segment_meta(buffer, 0, nullptr);
  gvl::gst::set_flow(segment, std::make_shared<Ticket>(flow, Flow::Kind::kSegment),
                     std::make_shared<gvl::gst::RunState>());
  auto* window = gvl_buffer_add_window_meta(buffer, 0, 0, 1, 0, nullptr);
  gvl::gst::set_flow(window, std::make_shared<Ticket>(flow, Flow::Kind::kWindow));
  GstBuffer* copy = gst_buffer_copy(buffer);
  gst_buffer_unref(buffer);
  segment = gvl_buffer_get_segment_meta(copy);
  fail_unless(gvl::gst::ticket_of(segment)->flow() == flow);
  fail_unless(gvl::gst::state_of(segment) != nullptr);
  fail_unless(gvl::gst::ticket_of(gvl_buffer_get_window_meta(copy))->flow() == flow);
  gst_buffer_unref(copy);
  fail_unless_equals_int(flow.use_count(), 1);
}

GVL_TEST(the_flow_counts_what_is_being_worked_on) {
  const auto flow = std::make_shared<Flow>(2);
  const auto first = std::make_shared<Ticket>(flow, Flow::Kind::kSegment);
  const auto second = std::make_shared<Ticket>(flow, Flow::Kind::kSegment);
  auto hold = first->hold();
  auto again = first->hold();
  fail_unless_equals_int(flow->in_flight(Flow::Kind::kSegment), 1);
  fail_unless(flow->has_room(0));
  Promise<Tensor> promise;
  gvl::gst::hold_until_ready(second, promise.future());
  fail_unless_equals_int(flow->in_flight(Flow::Kind::kSegment), 2);
  fail_if(flow->has_room(0));
  fail_unless(flow->has_room(1));
  hold.reset();
  fail_unless_equals_int(flow->in_flight(Flow::Kind::kSegment), 2);
  again.reset();
  fail_unless(flow->has_room(0));
  promise.set_value(numbers(1));
  fail_unless_equals_int(flow->in_flight(Flow::Kind::kSegment), 0);
  const auto window = std::make_shared<Ticket>(flow, Flow::Kind::kWindow);
  const auto window_hold = window->hold();
  flow->set_limit(1);
  fail_if(flow->has_room(5));
  flow->set_limit(2);
  fail_unless(flow->wait_for_room(0));
  fail_unless(flow->fail());
  fail_if(flow->fail());
  fail_if(flow->wait_for_room(0));
}

GVL_TEST(events_are_clamped_and_ordered) {
  GstStructure* event = gvl_event_new(3, "grounding", "q", "t", 500, 50, 1.5, 100, 400);
  fail_unless_equals_uint64(gvl::test::uint64_of(event, "start"), 100);
  fail_unless_equals_uint64(gvl::test::uint64_of(event, "stop"), 400);
  gdouble confidence;
  fail_unless(gst_structure_get_double(event, "confidence", &confidence));
  fail_unless_equals_float(confidence, 1);
  gst_structure_free(event);
  event = gvl_event_new(3, "qa", "q", "t", GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0.5, 100, 400);
  fail_if(gst_structure_has_field(event, "start"));
  fail_if(gst_structure_has_field(event, "stop"));
  gst_structure_free(event);
}

GVL_TEST(events_are_valid_json) {
  GstStructure* event = gvl_event_new(3, "qa", "say \"h\\i\"\n\xc3\xa9\xe7\x8c\xab", "", 1, 2, 0.25, 0, 4);
  gchar* json = gvl_event_to_json(event);
  fail_unless_equals_string(json,
                            "{\"id\":3,\"task\":\"qa\",\"query\":\"say \\\"h\\\\i\\\"\\n\xc3\xa9\xe7\x8c\xab\","
                            "\"text\":\"\",\"start\":1,\"stop\":2,\"confidence\":0.25,\"window-start\":0,"
                            "\"window-stop\":4}");
  g_free(json);
  gst_structure_free(event);
}

GVL_TEST(events_are_read_from_json) {
  GstStructure* event = gvl_event_new(3, "qa", "say \"h\\i\"\n\xc3\xa9", "t", 1, 2, 0.25, 0, 4);
  gchar* json = gvl_event_to_json(event);
  GstStructure* read = gvl_event_from_json(json, nullptr);
  fail_unless(read && gst_structure_is_equal(event, read));
  gst_structure_free(read);
  gst_structure_free(event);
  g_free(json);

  read = gvl_event_from_json("{\"start\": 5, \"stop\": 9}", nullptr);
  fail_unless(read && uint64_of(read, "window-start") == 5 && uint64_of(read, "window-stop") == 9);
  fail_unless_equals_string(gst_structure_get_string(read, "query"), "");
  gst_structure_free(read);

  const struct {
    const char *line, *named;
  } faults[] = {{"[]", "object"},
                {"{\"start\": 1.5, \"stop\": 2}", "start"},
                {"{\"start\": -1, \"stop\": 2}", "start"},
                {"{\"start\": 3, \"stop\": 2}", "stop"},
                {"{\"query\": 7}", "query"},
                {"{\"confidence\": 1.5}", "confidence"},
                {"{\"confidence\": \"high\"}", "confidence"},
                {"{\"window-start\": 2, \"window-stop\": 1}", "window-stop"},
                {"{\"start\": 1", ""},
                {"", ""}};
  for (const auto& fault : faults) {
    GError* error = nullptr;
    fail_unless(gvl_event_from_json(fault.line, &error) == nullptr, "%s was accepted", fault.line);
    fail_unless(error && strstr(error->message, fault.named), "%s: %s", fault.line, error ? error->message : "");
    g_error_free(error);
  }
}

// What would end the process, or be read as something else, if json-glib were given it as it is.
GVL_TEST(hostile_events_are_errors) {
  const struct {
    std::string line, named;
  } faults[] = {{std::string(75000, '['), "nested deeper than 64"},
                {"{\"query\": " + std::string(70, '[') + std::string(70, ']') + "}", "nested deeper than 64"},
                {"{\"query\": \"\\ud800\"}", "lone surrogate"},
                {"{\"query\": \"\\u0000\"}", "U+0000"},
                {"{\"query\": \"\xff\"}", "UTF-8"},
                {"{\"start\": 99999999999999999999, \"stop\": 2}", "start"},
                {"{\"start\": 1, \"stop\": 2} // c", "JSON"},
                {"{\"query\": \"" + std::string(1 << 20, 'q') + "\"}", "limit"}};
  for (const auto& fault : faults) {
    GError* error = nullptr;
    fail_unless(gvl_event_from_json(fault.line.c_str(), &error) == nullptr, "%s", fault.line.substr(0, 40).c_str());
    fail_unless(error && strstr(error->message, fault.named.c_str()), "%s: %s", fault.line.substr(0, 40).c_str(),
                error ? error->message : "");
    g_error_free(error);
  }
}

GVL_TEST(hostile_files_of_events_are_errors) {
  const gvl::test::TemporaryFolder folder;
  const std::string path = folder / "events.jsonl";
  const char* const file = path.c_str();
  std::string empty_events;
  for (int i = 0; i < 100000; ++i) empty_events += "{}\n";
  const struct {
    std::string content, named;
  } faults[] = {{"{}\n" + std::string(75000, '['), "line 2: "},
                {"{}\n\n{\"query\": \"" + std::string(2 << 20, 'q'), "line 3: is longer than"},
                {empty_events, "more memory than 64 times"}};
  for (const auto& fault : faults) {
    fail_unless(g_file_set_contents(file, fault.content.data(), static_cast<gssize>(fault.content.size()), nullptr));
    GError* error = nullptr;
    fail_unless(gvl_events_load(file, &error) == nullptr, "%s was accepted", fault.named.c_str());
    fail_unless(error && strstr(error->message, file) && strstr(error->message, fault.named.c_str()), "%s",
                error ? error->message : "");
    g_clear_error(&error);
  }
  // As many events as lines that say something are fine.
  std::string events;
  for (int i = 0; i < 100000; ++i) events += "{\"start\":1,\"stop\":2}\n";
  fail_unless(g_file_set_contents(file, events.data(), static_cast<gssize>(events.size()), nullptr));
  GPtrArray* loaded = gvl_events_load(file, nullptr);
  fail_unless(loaded && loaded->len == 100000);
  g_ptr_array_unref(loaded);
}

GVL_TEST(files_of_events_are_read) {
  const gvl::test::TemporaryFolder folder;
  const std::string path = folder / "events.jsonl";
  const char* const file = path.c_str();
  fail_unless(g_file_set_contents(file, "{\"start\":1,\"stop\":2}\n\n  {\"start\":3,\"stop\":4}\r\n", -1, nullptr));
  GPtrArray* events = gvl_events_load(file, nullptr);
  fail_unless(events && events->len == 2);
  fail_unless_equals_uint64(uint64_of(static_cast<GstStructure*>(g_ptr_array_index(events, 1)), "start"), 3);
  g_ptr_array_unref(events);
  fail_unless(g_file_set_contents(file, "{}\n{\"start\":\"x\"}\n", -1, nullptr));
  GError* error = nullptr;
  fail_unless(gvl_events_load(file, &error) == nullptr);
  fail_unless(strstr(error->message, file) && strstr(error->message, "line 2") && strstr(error->message, "start"));
  g_clear_error(&error);
  g_remove(file);
  fail_unless(gvl_events_load(file, &error) == nullptr && error && strstr(error->message, file));
  g_error_free(error);
}

GVL_TEST(events_are_recognised) {
  GstStructure* event = gvl_event_new(3, "qa", "q", "t", 1, 2, 0.25, 0, 4);
  GstMessage* message = gst_message_new_element(nullptr, gst_structure_copy(event));
  GstEvent* custom = gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, event);
  GstMessage* other = gst_message_new_element(nullptr, gst_structure_new_empty("other"));
  GstEvent* eos = gst_event_new_eos();
  fail_unless(gvl_event_parse_message(message) != nullptr);
  fail_unless(gvl_event_parse_event(custom) != nullptr);
  fail_unless(gvl_event_parse_message(other) == nullptr);
  fail_unless(gvl_event_parse_event(eos) == nullptr);
  fail_unless(gvl_carrier_event_get_buffer(custom) == nullptr);
  gst_message_unref(message);
  gst_message_unref(other);
  gst_event_unref(custom);
  gst_event_unref(eos);
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
