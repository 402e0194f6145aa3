/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Nothing that is thrown in the elements goes back to GStreamer: it becomes an error message of the element.

#include "gvlguard.hpp"

#include <new>
#include <stdexcept>

#include "fake-model.hpp"
#include "gvl/error.hpp"
#include "gvlworker.hpp"
#include "stream.hpp"

using gvl::ErrorCode;
using gvl::Query;
using gvl::gst::guard;
using gvl::gst::guarded;
using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::StreamOptions;
using Job = gvl::test::FakeModel::Job;

namespace {

// ---- the guard --------------------------------------------------------------------------------------------------

enum class Thrown { kNothing, kNoMemory, kTooLong, kKnown, kCancelled, kForeign };

Thrown to_throw = Thrown::kNothing;

void throw_it() {
  switch (to_throw) {
    case Thrown::kNothing:
      return;
    case Thrown::kNoMemory:
      throw std::bad_alloc();
    case Thrown::kTooLong:
      throw std::length_error("vector::reserve");
    case Thrown::kKnown:
      throw gvl::Error(ErrorCode::kNotFound, "there is no such file");
    case Thrown::kCancelled:
      throw gvl::Error(ErrorCode::kCancelled, "cancelled");
    case Thrown::kForeign:
      throw 7;
  }
}

GstFlowReturn chain(GstPad*, GstObject*, GstBuffer*) { return throw_it(), GST_FLOW_OK; }
gboolean handle_event(GstPad*, GstObject*, GstEvent*) { return throw_it(), TRUE; }
GstStateChangeReturn change_state(GstElement*, GstStateChange) { return throw_it(), GST_STATE_CHANGE_SUCCESS; }
GstElement* find(GstElement* element) { return throw_it(), element; }
GstPadProbeReturn on_probe(GstPad*, GstPadProbeInfo*, gpointer) { return throw_it(), GST_PAD_PROBE_REMOVE; }
void set_property(GObject*, guint) { throw_it(); }
gpointer copy(gpointer thing) { return throw_it(), thing; }

/** An element with a bus. */
struct Fixture {
  GstElement* element = gst_element_factory_make("identity", "named");
  GstBus* bus = gst_bus_new();

  Fixture() { gst_element_set_bus(element, bus); }
  ~Fixture() {
    to_throw = Thrown::kNothing;
    gst_element_set_bus(element, nullptr);
    gst_object_unref(bus);
    gst_object_unref(element);
  }

  // The text of the one error message since the last call; empty for none.
  std::string error() {
    std::string text;
    while (GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR)) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      fail_unless(text.empty(), "two errors");
      fail_unless(GST_MESSAGE_SRC(message) == GST_OBJECT(element));
      text = error->message;
      g_error_free(error);
      gst_message_unref(message);
    }
    return text;
  }
};

GVL_TEST(what_is_thrown_is_an_error_of_the_element) {
  Fixture fixture;
  const auto thrown = [&](Thrown what) {
    to_throw = what;
    fail_unless(guarded<change_state>(fixture.element, GST_STATE_CHANGE_NULL_TO_READY) ==
                (what == Thrown::kNothing ? GST_STATE_CHANGE_SUCCESS : GST_STATE_CHANGE_FAILURE));
    return fixture.error();
  };
  fail_unless(thrown(Thrown::kNothing) == "");
  fail_unless(thrown(Thrown::kNoMemory) == "out of memory in named");
  fail_unless(thrown(Thrown::kTooLong) == "out of memory in named");
  fail_unless(thrown(Thrown::kKnown) == "there is no such file");
  fail_unless(thrown(Thrown::kCancelled) == "");
  fail_unless(thrown(Thrown::kForeign) == "unknown failure in named");
}

GVL_TEST(what_fails_says_so_to_who_called) {
  Fixture fixture;
  GstPad* pad = gst_element_get_static_pad(fixture.element, "sink");
  for (const bool fails : {false, true}) {
    to_throw = fails ? Thrown::kNoMemory : Thrown::kNothing;
    const char* expected = fails ? "out of memory in named" : "";
    fail_unless(guarded<chain>(pad, GST_OBJECT(fixture.element), nullptr) == (fails ? GST_FLOW_ERROR : GST_FLOW_OK));
    fail_unless(fixture.error() == expected);
    fail_unless(guarded<handle_event>(pad, nullptr, nullptr) == !fails);
    fail_unless(fixture.error() == expected);
    fail_unless(guarded<on_probe>(pad, nullptr, nullptr) == (fails ? GST_PAD_PROBE_OK : GST_PAD_PROBE_REMOVE));
    fail_unless(fixture.error() == expected);
    fail_unless(guarded<find>(fixture.element) == (fails ? nullptr : fixture.element));
    fail_unless(fixture.error() == expected);
    guarded<set_property>(G_OBJECT(fixture.element), 1);
    fail_unless(fixture.error() == expected);
    // Nobody's: it is only logged.
    fail_unless(guarded<copy>(&fixture) == (fails ? nullptr : &fixture));
    fail_unless(guard(nullptr, "testing", [] { return throw_it(), 5; }) == (fails ? 0 : 5));
    fail_unless(fixture.error().empty());
  }
  gst_object_unref(pad);
}

GVL_TEST(a_worker_outlives_its_jobs_failures) {
  bool ran = false;
  {
    gvl::gst::Worker worker("test");
    auto done = std::make_shared<gvl::Promise<bool>>();
    worker.post([] { throw std::bad_alloc(); });
    worker.post([&, done] {
      ran = true;
      done->set_value(true);
    });
    done->future().get();
  }
  fail_unless(ran);
}

// ---- in the elements --------------------------------------------------------------------------------------------

const std::string kFive = "gvlsegmenter name=s ! " + gvl::test::kEncoders + " ! gvlgroundedllm name=l query=when";

/** A model that throws where its jobs are submitted. */
struct ThrowingModel : FakeModel {
  explicit ThrowingModel(Job job) : throws(job) {}
  void check(Job job) const {
    if (job == throws) throw std::bad_alloc();
  }
  gvl::Future<gvl::Tensor> encode_spatial(gvl::Future<gvl::Tensor> pixels, gvl::Cancellation cancellation) override {
    check(Job::kSpatial);
    return FakeModel::encode_spatial(std::move(pixels), std::move(cancellation));
  }
  gvl::Future<gvl::Tensor> concatenate(std::vector<gvl::Future<gvl::Tensor>> segments,
                                       gvl::Cancellation cancellation) override {
    check(Job::kConcatenate);
    return FakeModel::concatenate(std::move(segments), std::move(cancellation));
  }
  std::vector<gvl::Future<gvl::Answer>> answer(gvl::VideoWindow window, std::vector<Query> queries,
                                               const gvl::GenerationOptions& options,
                                               gvl::Cancellation cancellation) override {
    check(Job::kAnswer);
    return FakeModel::answer(std::move(window), std::move(queries), options, std::move(cancellation));
  }
  Job throws;
};

StreamOptions options_with(std::shared_ptr<gvl::Model> model) {
  StreamOptions options;
  options.model = std::move(model);
  options.duration = GST_SECOND;
  return options;
}

void expect_out_of_memory(std::shared_ptr<gvl::Model> model, const char* where) {
  Stream stream(kFive, options_with(std::move(model)));
  stream.push_range(0, 25);
  stream.eos();
  const std::string text = std::string("out of memory in ") + where;
  stream.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, text.c_str());
  while (GstBuffer* buffer = stream.try_pull()) gst_buffer_unref(buffer);
}

GVL_TEST(memory_may_end_anywhere_on_the_way_of_a_frame) {
// With these sanitizers the program ends where operator new would throw.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  auto config = gvl::test::fake_model_config();
  config.spatial.image_size = std::int64_t{1} << 24;  // its pictures fit into no memory
  expect_out_of_memory(std::make_shared<FakeModel>(config), "s");
#endif
  expect_out_of_memory(std::make_shared<ThrowingModel>(Job::kSpatial), "gvlspatialencoder");
  expect_out_of_memory(std::make_shared<ThrowingModel>(Job::kConcatenate), "gvlfuser");
  expect_out_of_memory(std::make_shared<ThrowingModel>(Job::kAnswer), "l");
}

GVL_TEST(asking_out_of_turn_may_fail) {
  struct Model : FakeModel {
    std::vector<gvl::Future<gvl::Answer>> answer(gvl::VideoWindow window, std::vector<Query> queries,
                                                 const gvl::GenerationOptions& options,
                                                 gvl::Cancellation cancellation) override {
      if (queries.at(0).text == "out of turn") throw std::bad_alloc();
      return FakeModel::answer(std::move(window), std::move(queries), options, std::move(cancellation));
    }
  };
  Stream stream(kFive, options_with(std::make_shared<Model>()));
  stream.push_range(0, 25);
  stream.eos();
  stream.expect_no_error();
  guint64 asked = 1;
  g_signal_emit_by_name(stream.element("l"), "ask", "out of turn", "grounding", &asked);
  fail_unless_equals_uint64(asked, 0);
  stream.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "out of memory in l");
  while (GstBuffer* buffer = stream.try_pull()) gst_buffer_unref(buffer);
}

}  // namespace
