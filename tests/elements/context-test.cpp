/* SPDX-License-Identifier: LGPL-2.1-or-later */

// How the elements of a pipeline come to share a model, with a real model and with an application's own; the bin.

#include <cstring>
#include <filesystem>
#include <string>

#include "fake-model.hpp"
#include "gvlcontext.hpp"
#include "gvlevent.h"
#include "small-model.hpp"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::make_small_model;
using gvl::test::model_folder;
using gvl::test::remove_small_model;

namespace {

const char* const kElements[] = {"gvlsegmenter", "gvlspatialencoder", "gvltemporalencoder", "gvlfuser",
                                 "gvlgroundedllm"};

GVL_FIXTURE(make_small_model, remove_small_model);

/** A pipeline from a launch line, and the messages on its bus. */
struct Pipeline {
  GstElement* element;
  GstBus* bus;
  guint events = 0;
  guint answers = 0;  // that are no events

  explicit Pipeline(const std::string& line) {
    GError* error = nullptr;
    element = gst_parse_launch(line.c_str(), &error);
    fail_unless(element != nullptr && !error, "%s", error ? error->message : "");
    bus = gst_element_get_bus(element);
  }

  ~Pipeline() {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
  }

  // Plays to the end. The error's text, or an empty string.
  std::string run() {
    gst_element_set_state(element, GST_STATE_PLAYING);
    for (;;) {
      GstMessage* message = gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE);
      const auto type = GST_MESSAGE_TYPE(message);
      std::string text;
      if (gvl_event_parse_message(message)) ++events;
      if (gvl_answer_parse_message(message)) ++answers;
      if (type == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gst_message_parse_error(message, &error, nullptr);
        text = error->message;
        g_error_free(error);
      }
      gst_message_unref(message);
      if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_EOS) return text;
    }
  }

  // The model that an element of the pipeline answers a context query with.
  std::shared_ptr<gvl::Model> model_at(const char* factory) {
    GstElement* child = gst_bin_get_by_name(GST_BIN(element), factory);
    fail_unless(child != nullptr);
    GstPad* pad = gst_element_get_static_pad(child, "sink");
    GstQuery* query = gst_query_new_context(GVL_MODEL_CONTEXT_TYPE);
    GstContext* context = nullptr;
    fail_unless(gst_pad_query(pad, query));
    gst_query_parse_context(query, &context);
    auto model = gvl::gst::model_of(context);
    gst_query_unref(query);
    gst_object_unref(pad);
    gst_object_unref(child);
    return model;
  }
};

std::string five(const std::string& with_model, const std::string& between = "") {
  std::string line = "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=10/1 ";
  for (const std::string factory : kElements) {
    line += "! " + between + factory + " name=" + factory + " ";
    if (factory == "gvlgroundedllm") line += "query=when max-new-tokens=4 ";
    if (factory == with_model) line += "model=\"" + model_folder() + "\" device=cpu ";
  }
  return line + "! fakesink";
}

GVL_TEST(any_of_the_five_may_have_the_model) {
  for (const char* owner : kElements) {
    Pipeline pipeline(five(owner));
    fail_unless(pipeline.run().empty());
    fail_unless(pipeline.events + pipeline.answers > 0, "%s", owner);
    const auto model = pipeline.model_at(owner);
    fail_unless(model != nullptr);
    fail_unless_equals_string(model->device().c_str(), "cpu");
    for (const char* factory : kElements) fail_unless(pipeline.model_at(factory) == model, "%s", factory);
  }
}

GVL_TEST(queues_and_converters_between_are_no_obstacle) {
  Pipeline pipeline(five("gvlfuser", "queue ! videoconvert ! "));
  fail_unless(pipeline.run().empty());
  fail_unless(pipeline.events + pipeline.answers > 0);
}

GVL_TEST(a_pipeline_plays_again) {
  Pipeline pipeline(five("gvlsegmenter"));
  for (int i = 0; i < 2; ++i) {
    pipeline.events = 0;
    fail_unless(pipeline.run().empty());
    fail_unless(pipeline.events + pipeline.answers > 0);
    gst_element_set_state(pipeline.element, i ? GST_STATE_NULL : GST_STATE_READY);
  }
  pipeline.events = 0;
  fail_unless(pipeline.run().empty());
  fail_unless(pipeline.events + pipeline.answers > 0);
}

GVL_TEST(a_folder_is_loaded_once) {
  Pipeline first(five("gvlsegmenter")), second(five("gvlgroundedllm"));
  fail_unless(first.run().empty());
  fail_unless(second.run().empty());
  fail_unless(first.model_at("gvlfuser") == second.model_at("gvlfuser"));
}

GVL_TEST(the_bin_has_it_all) {
  Pipeline pipeline(
      "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=10/1 ! gvlground name=g "
      "model=\"" +
      model_folder() +
      "\" queries=<\"a\",\"b\"> max-new-tokens=3 window-duration=1000000000 window-overlap=0 max-pending=2 ! fakesink "
      "g.events ! application/x-json ! fakesink async=false");
  fail_unless(pipeline.run().empty());
  fail_unless(pipeline.events + pipeline.answers >= 2);
  GstElement* bin = gst_bin_get_by_name(GST_BIN(pipeline.element), "g");
  GstStructure* stats = nullptr;
  gint tokens, pending;
  guint64 window;
  g_object_get(bin, "stats", &stats, "max-new-tokens", &tokens, "max-pending", &pending, "window-duration", &window,
               nullptr);
  fail_unless_equals_int(tokens, 3);
  fail_unless_equals_int(pending, 2);
  fail_unless_equals_uint64(window, GST_SECOND);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "frames"), 20);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "windows-asked"), 2);
  fail_unless_equals_uint64(gvl::test::uint64_of(stats, "events"), pipeline.events);
  gst_structure_free(stats);
  gst_object_unref(bin);
}

GVL_TEST(the_bins_properties_are_the_elements_own) {
  GstElement* bin = gst_element_factory_make("gvlground", nullptr);
  guint seen = 0;
  for (const char* factory : {"gvlsegmenter", "gvlgroundedllm"}) {
    GstElement* child = gst_bin_get_by_name(GST_BIN(bin), factory);
    guint count = 0;
    GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(child), &count);
    for (guint i = 0; i < count; ++i) {
      if (specs[i]->owner_type != G_OBJECT_TYPE(child)) continue;
      GParamSpec* own = g_object_class_find_property(G_OBJECT_GET_CLASS(bin), specs[i]->name);
      fail_unless(own != nullptr, "the bin has no %s", specs[i]->name);
      fail_unless(g_param_spec_get_blurb(specs[i]) && g_param_spec_get_nick(specs[i]));
      if (g_strcmp0(specs[i]->name, "stats") == 0) continue;
      GValue from_bin = G_VALUE_INIT, from_child = G_VALUE_INIT;
      g_value_init(&from_bin, specs[i]->value_type);
      g_value_init(&from_child, specs[i]->value_type);
      g_object_get_property(G_OBJECT(bin), specs[i]->name, &from_bin);
      g_object_get_property(G_OBJECT(child), specs[i]->name, &from_child);
      fail_unless(g_param_values_cmp(specs[i], &from_bin, &from_child) == 0, "%s", specs[i]->name);
      g_value_unset(&from_bin);
      g_value_unset(&from_child);
      ++seen;
    }
    g_free(specs);
    gst_object_unref(child);
  }
  fail_unless_equals_int(seen, 2 * 7 + 19);
  gst_object_unref(bin);
}

GVL_TEST(an_applications_model_is_taken) {
  const auto model = std::make_shared<FakeModel>();
  GstContext* context = gvl::gst::model_context_new(model);
  {
    Pipeline pipeline(five(""));
    gst_element_set_context(pipeline.element, context);
    fail_unless(pipeline.run().empty());
    fail_unless_equals_int(pipeline.events, 1);
    for (const char* factory : kElements) fail_unless(pipeline.model_at(factory) == model);
  }
  gst_context_unref(context);
  // GStreamer's own thread that took the pipeline to PLAYING may still be letting go of the pipeline.
  for (int i = 0; i < 10000 && model.use_count() > 1; ++i) g_usleep(1000);
  fail_unless_equals_int(model.use_count(), 1);
}

GVL_TEST(an_application_is_asked_for_a_model) {
  auto model = std::make_shared<FakeModel>();
  const auto give = [](GstBus*, GstMessage* message, gpointer data) -> GstBusSyncReply {
    const gchar* type = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_NEED_CONTEXT && gst_message_parse_context_type(message, &type) &&
        g_strcmp0(type, GVL_MODEL_CONTEXT_TYPE) == 0) {
      GstContext* context = gvl::gst::model_context_new(*static_cast<std::shared_ptr<FakeModel>*>(data));
      gst_element_set_context(GST_ELEMENT(GST_MESSAGE_SRC(message)), context);
      gst_context_unref(context);
    }
    return GST_BUS_PASS;
  };
  Pipeline pipeline(five(""));
  gst_bus_set_sync_handler(pipeline.bus, give, &model, nullptr);
  fail_unless(pipeline.run().empty());
  fail_unless_equals_int(pipeline.events, 1);
  gst_bus_set_sync_handler(pipeline.bus, nullptr, nullptr, nullptr);
}

GVL_TEST(without_a_model_the_default_model_is_taken) {
  g_setenv("GVL_MODEL_PATH", model_folder().c_str(), TRUE);
  {
    Pipeline pipeline(five(""));
    fail_unless(pipeline.run().empty());
    const auto model = gvl::Model::load(model_folder());
    for (const char* factory : kElements) fail_unless(pipeline.model_at(factory) == model, "%s", factory);
  }
  g_unsetenv("GVL_MODEL_PATH");
}

GVL_TEST(a_device_alone_is_the_default_models) {
  g_setenv("GVL_MODEL_PATH", "/no/such/model", TRUE);
  GstElement* element = gst_element_factory_make("gvlfuser", nullptr);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  g_object_set(element, "device", "cpu", nullptr);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  g_setenv("GVL_MODEL_PATH", model_folder().c_str(), TRUE);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
  g_unsetenv("GVL_MODEL_PATH");
}

GVL_TEST(without_a_default_model_there_is_one_clear_error) {
  g_setenv("GVL_MODEL_PATH", "/no/such/model", TRUE);
  Pipeline pipeline(five(""));
  const auto text = pipeline.run();
  g_unsetenv("GVL_MODEL_PATH");
  fail_unless(text.find("/no/such/model") != std::string::npos, "%s", text.c_str());
}

GVL_TEST(a_folder_that_is_no_model_is_named) {
  for (const char* factory : kElements) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    GstBus* bus = gst_bus_new();
    gst_element_set_bus(element, bus);
    g_object_set(element, "model", "/no/such/model", nullptr);
    if (g_strcmp0(factory, "gvlgroundedllm") == 0) g_object_set(element, "query", "when", nullptr);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    fail_unless(message != nullptr);
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
    fail_unless(strstr(error->message, "/no/such/model") != nullptr, "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, nullptr);
    gst_object_unref(bus);
    gst_object_unref(element);
  }
}

GVL_TEST(an_unknown_device_is_an_error) {
  Pipeline pipeline(five("gvlfuser"));
  GstElement* fuser = gst_bin_get_by_name(GST_BIN(pipeline.element), "gvlfuser");
  g_object_set(fuser, "device", "abacus", nullptr);
  gst_object_unref(fuser);
  const auto text = pipeline.run();
  fail_unless(text.find("abacus") != std::string::npos, "%s", text.c_str());
}

// A generation in full swing ends between two tokens, and the pipeline can be thrown away at once.
GVL_TEST(a_running_generation_is_cancelled) {
  std::string line = five("gvlsegmenter");
  const std::string few = "max-new-tokens=4";
  line.replace(line.find(few), few.size(), "max-new-tokens=1000000");
  Pipeline pipeline(line);
  gst_element_set_state(pipeline.element, GST_STATE_PLAYING);
  for (GstStructure* stats = nullptr;; g_usleep(1000)) {
    GstElement* llm = gst_bin_get_by_name(GST_BIN(pipeline.element), "gvlgroundedllm");
    g_object_get(llm, "stats", &stats, nullptr);
    gst_object_unref(llm);
    const auto asked = gvl::test::uint64_of(stats, "windows-asked");
    gst_structure_free(stats);
    if (asked) break;
  }
  fail_unless_equals_int(gst_element_set_state(pipeline.element, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
}

}  // namespace
