/* SPDX-License-Identifier: LGPL-2.1-or-later */

// How a model is loaded beside the stream: who waits for it and who does not, how that ends, and what is said of it.

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "fake-model.hpp"
#include "gvlcontext.hpp"
#include "gvlmodelhandle.hpp"
#include "gvlsegmentsevent.hpp"
#include "small-model.hpp"
#include "stream.hpp"

using gvl::gst::ModelHandle;
using gvl::test::FakeModel;
using gvl::test::make_small_model;
using gvl::test::model_folder;
using gvl::test::remove_small_model;
using gvl::test::Stream;
using gvl::test::StreamOptions;
using gvl::test::work;

namespace {

GVL_FIXTURE(make_small_model, remove_small_model);

// A model that is there when the test says so.
struct SlowModel {
  gvl::Promise<std::shared_ptr<gvl::Model>> promise;

  void release() { promise.set_value(std::make_shared<FakeModel>()); }

  StreamOptions options(bool live) const {
    StreamOptions made;
    made.live = live;
    made.duration = 2 * GST_SECOND;
    made.later = promise.future();
    return made;
  }
};

StreamOptions with_folder(bool live) {
  StreamOptions made;
  made.live = live;
  made.duration = 2 * GST_SECOND;
  return made;
}

// A folder whose tokenizer, which is read last, is none.
std::string broken_folder() {
  const auto folder = *work / "broken";
  std::filesystem::remove_all(folder);
  std::filesystem::copy(model_folder(), folder);
  std::ofstream(folder / "tokenizer.json") << "no tokenizer";
  return folder.string();
}

GVL_TEST(a_stream_that_is_not_live_waits_for_its_model) {
  SlowModel model;
  Stream stream("gvlsegmenter", model.options(false));
  std::atomic<bool> pushed{false};
  std::thread pushing([&] {
    fail_unless_equals_int(stream.push_range(0, 50), GST_FLOW_OK);
    pushed = true;
  });
  g_usleep(50000);
  fail_if(pushed);
  model.release();
  pushing.join();
  stream.eos();
  fail_if(stream.take_segments().empty());
}

GVL_TEST(a_live_stream_passes_frames_while_its_model_loads) {
  SlowModel model;
  auto options = model.options(true);
  options.duration.reset();
  Stream stream("gvlsegmenter name=s window-duration=1000000000 window-overlap=0", options);
  fail_unless_equals_int(stream.push_range(0, 25), GST_FLOW_OK);
  fail_unless_equals_int(gst_harness_buffers_in_queue(stream.harness()), 24);
  fail_unless_equals_uint64(gvl::test::stat_of(stream.element("s"), "unsampled"), 25);
  fail_unless(stream.take_segments().empty());
  model.release();
  fail_unless_equals_int(stream.push_range(25, 51), GST_FLOW_OK);
  const auto segments = stream.take_segments();
  fail_if(segments.empty());
  fail_unless_equals_uint64(segments[0].start, GST_SECOND);
  fail_unless_equals_uint64(gvl::test::stat_of(stream.element("s"), "unsampled"), 25);
}

GVL_TEST(a_flush_and_ready_end_a_wait) {
  for (const bool flush : {true, false}) {
    SlowModel model;
    Stream stream("gvlsegmenter", model.options(false));
    GstFlowReturn result = GST_FLOW_OK;
    std::thread pushing([&] { result = stream.push(0); });
    g_usleep(50000);
    if (flush)
      stream.send(gst_event_new_flush_start());
    else
      gst_element_set_state(stream.harness()->element, GST_STATE_READY);
    pushing.join();
    fail_unless_equals_int(result, GST_FLOW_FLUSHING);
    stream.expect_no_error();
    if (!flush) continue;
    stream.send(gst_event_new_flush_stop(TRUE));
    stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
    model.release();
    fail_unless_equals_int(stream.push(0), GST_FLOW_OK);
  }
}

GVL_TEST(a_load_that_fails_is_one_error_before_any_other) {
  for (const bool live : {false, true}) {
    Stream stream("gvlsegmenter model=\"" + broken_folder() + "\" ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser",
                  with_folder(live));
    GstFlowReturn result = GST_FLOW_OK;
    for (int i = 0; result == GST_FLOW_OK; ++i) {
      result = stream.push(i);
      g_usleep(live ? 1000 : 0);
    }
    fail_unless_equals_int(result, GST_FLOW_ERROR);
    stream.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "tokenizer.json");
    stream.expect_no_error();
  }
}

GVL_TEST(a_load_is_cancelled_when_nobody_wants_it) {
  bool reported = false;
  gvl::Future<std::shared_ptr<gvl::Model>> model;
  {
    const ModelHandle handle(model_folder(), {}, [&](const std::exception_ptr&, std::function<void()> done) {
      reported = true;
      done();
    });
    model = handle.model();
  }
  fail_unless(model.ready());  // in whatever way
  fail_if(reported);
}

GVL_TEST(a_report_that_is_dropped_leaves_nobody_waiting) {
  const ModelHandle handle(broken_folder(), {}, [](const std::exception_ptr&, std::function<void()>) {});
  try {
    handle.model().get();
    fail_unless(false, "it was loaded");
  } catch (const gvl::Error& error) {
    fail_unless(error.code() == gvl::ErrorCode::kCancelled);
  }
  fail_unless(handle.failed());
}

// A model whose load is worth a word.
std::string large_folder(const std::string& name) {
  const auto folder = *work / name;
  std::filesystem::copy(model_folder(), folder);
  // Sparse: it is counted, and not one of the weights.
  std::ofstream(folder / "padding.safetensors").put('x');
  std::filesystem::resize_file(folder / "padding.safetensors", std::uintmax_t{64} << 20);
  return folder.string();
}

GVL_TEST(a_large_model_says_how_its_load_goes) {
  // In a bin of ours, applications know no other.
  Stream stream("gvlground name=gate query=when model=\"" + large_folder("large") + "\"", with_folder(false));
  for (const auto expected : {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_COMPLETE}) {
    GstMessage* message = stream.wait_message(GST_MESSAGE_PROGRESS);
    GstProgressType type;
    gchar* code = nullptr;
    gst_message_parse_progress(message, &type, &code, nullptr);
    fail_unless_equals_int(type, expected);
    fail_unless_equals_string(code, "load-model");
    fail_unless_equals_string(GST_MESSAGE_SRC_NAME(message), "gate");
    g_free(code);
    gst_message_unref(message);
  }
}

bool valid(const gchar* text) { return text && g_utf8_validate(text, -1, nullptr); }

/** What `element`, with this property, says first of such a type on its way to PAUSED. (transfer full) */
GstMessage* first_said(const char* factory, const char* property, const std::string& value, GstMessageType type) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  g_object_set(element, property, value.c_str(), nullptr);
  gst_element_set_state(element, GST_STATE_PAUSED);
  GstMessage* message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, type);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
  return message;
}

GVL_TEST(names_of_any_bytes_are_said_in_utf8) {
  const std::string none = "/no\xe9where";
  const std::pair<const char*, const char*> files[] = {{"gvlsegmenter", "model"}, {"gvloverlay", "events"}};
  for (const auto& [factory, property] : files) {
    GError* error = nullptr;
    gchar* debug = nullptr;
    GstMessage* message = first_said(factory, property, none, GST_MESSAGE_ERROR);
    gst_message_parse_error(message, &error, &debug);
    fail_unless(valid(error->message) && strstr(error->message, "/no\xef\xbf\xbdwhere"), "%s", error->message);
    fail_unless(valid(debug), "%s", debug);
    g_error_free(error);
    g_free(debug);
    gst_message_unref(message);
  }
  GError* error = nullptr;
  fail_unless(gvl_model_context_load(none.c_str(), nullptr, &error) == nullptr);
  fail_unless(valid(error->message), "%s", error->message);
  g_error_free(error);
  gchar* text = nullptr;
  GstMessage* message = first_said("gvlsegmenter", "model", large_folder("larg\xe9"), GST_MESSAGE_PROGRESS);
  gst_message_parse_progress(message, nullptr, nullptr, &text);
  fail_unless(valid(text) && strstr(text, "larg\xef\xbf\xbd"), "%s", text);
  g_free(text);
  gst_message_unref(message);
}

GVL_TEST(the_stream_says_which_model_it_is_cut_for) {
  Stream stream("gvlsegmenter model=\"" + model_folder() + "\"", with_folder(false));
  fail_unless_equals_int(stream.push_range(0, 50), GST_FLOW_OK);
  stream.eos();
  const auto segments = stream.take_segments();
  fail_if(segments.empty());
  const auto folder = std::filesystem::canonical(model_folder()).string();
  fail_unless(stream.sequence(segments[0].sequence).model == folder);
}

GVL_TEST(the_stream_says_in_utf8_which_model_it_is_cut_for) {
  const auto folder = *work / "smal\xe9";
  std::filesystem::copy(model_folder(), folder);
  auto options = with_folder(false);
  options.model = gvl::Model::load(folder, {});
  Stream stream("gvlsegmenter", options);
  fail_unless_equals_int(stream.push_range(0, 50), GST_FLOW_OK);
  stream.eos();
  const auto segments = stream.take_segments();
  fail_if(segments.empty());
  const auto said = std::filesystem::path(stream.sequence(segments[0].sequence).model).filename().string();
  fail_unless_equals_string(said.c_str(), "smal\xef\xbf\xbd");
}

GVL_TEST(a_context_is_shared_while_its_model_loads) {
  SlowModel model;
  Stream stream("gvlsegmenter name=s", model.options(false));
  GstQuery* query = gst_query_new_context(GVL_MODEL_CONTEXT_TYPE);
  GstPad* pad = gst_element_get_static_pad(stream.element("s"), "src");
  fail_unless(gst_pad_query(pad, query));
  GstContext* context = nullptr;
  gst_query_parse_context(query, &context);
  fail_unless(gvl_model_context_is_valid(context));
  fail_unless(gvl::gst::model_of(context) == nullptr);
  model.release();
  fail_unless(gvl::gst::model_of(context) != nullptr);
  gst_query_unref(query);
  gst_object_unref(pad);
}

GVL_TEST(batches_are_as_the_properties_say) {
  GstElement* bin = gst_element_factory_make("gvlground", nullptr);
  guint batch = 0;
  guint64 wait = 1;
  g_object_get(bin, "spatial-batch", &batch, "batch-wait", &wait, nullptr);
  fail_unless_equals_int(batch, gvl::ModelOptions().spatial.max_batch);
  fail_unless_equals_uint64(wait, 0);
  g_object_set(bin, "answer-batch", 4, "batch-wait", 5 * GST_MSECOND, "model", model_folder().c_str(), "query", "when",
               nullptr);
  fail_unless_equals_int(gst_element_set_state(bin, GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  GstElement* llm = gst_bin_get_by_name(GST_BIN(bin), "gvlgroundedllm");
  GstPad* pad = gst_element_get_static_pad(llm, "sink");
  GstQuery* query = gst_query_new_context(GVL_MODEL_CONTEXT_TYPE);
  fail_unless(gst_pad_query(pad, query));
  GstContext* context = nullptr;
  gst_query_parse_context(query, &context);
  const auto model = gvl::gst::model_handle_of(context)->model().get();
  gvl::ModelOptions asked;
  asked.answer.max_batch = 4;
  for (auto* stage : {&asked.spatial, &asked.temporal, &asked.fusion, &asked.answer})
    stage->max_wait = std::chrono::milliseconds(5);
  // Who asks for the same gets the same instance, which is the libgvl of this process.
  fail_unless(gvl::Model::load(model_folder(), asked) == model);
  fail_unless(gvl::Model::load(model_folder()) != model);
  gst_query_unref(query);
  gst_object_unref(pad);
  gst_object_unref(llm);
  gst_element_set_state(bin, GST_STATE_NULL);
  gst_object_unref(bin);
}

}  // namespace
