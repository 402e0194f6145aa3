/* SPDX-License-Identifier: LGPL-2.1-or-later */

// gvlpublish as an element: starts, ends, seeks and handlers that block. What arrives where is in tests/publish.

#include <fstream>
#include <future>
#include <string>

#include "support/temporary.hpp"
#include "support/testing.hpp"

using gvl::test::TemporaryFolder;

namespace {

/** appsrc ! gvlpublish, with a bus. */
class Publishing {
 public:
  explicit Publishing(const std::string& properties) {
    const std::string launch = "appsrc name=source caps=application/x-json format=time ! gvlpublish name=publish ";
    pipeline_ = gst_parse_launch((launch + properties).c_str(), nullptr);
    ck_assert(pipeline_);
    source_ = gst_bin_get_by_name(GST_BIN(pipeline_), "source");
    publish_ = gst_bin_get_by_name(GST_BIN(pipeline_), "publish");
    bus_ = gst_element_get_bus(pipeline_);
  }
  ~Publishing() {
    set_state(GST_STATE_NULL);
    gst_object_unref(bus_);
    gst_object_unref(publish_);
    gst_object_unref(source_);
    gst_object_unref(pipeline_);
  }

  void set_state(GstState state) {
    ck_assert_int_ne(gst_element_set_state(pipeline_, state), GST_STATE_CHANGE_FAILURE);
  }

  void give(int id) {
    gchar* text = g_strdup_printf("{\"id\":%d}", id);
    GstBuffer* buffer = gst_buffer_new_wrapped(text, strlen(text));
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source_, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    ck_assert_int_eq(flow, GST_FLOW_OK);
  }

  void end() {
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(source_, "end-of-stream", &flow);
  }

  void flush() {
    GstPad* pad = gst_element_get_static_pad(publish_, "sink");
    ck_assert(gst_pad_send_event(pad, gst_event_new_flush_start()));
    ck_assert(gst_pad_send_event(pad, gst_event_new_flush_stop(TRUE)));
    gst_object_unref(pad);
  }

  /** Whether such a message comes within that time. */
  bool hears(GstMessageType types, GstClockTime within = 60 * GST_SECOND) {
    GstMessage* message = gst_bus_timed_pop_filtered(bus_, within, types);
    if (message) gst_message_unref(message);
    return message != nullptr;
  }

  guint64 stat(const char* field) const {
    GstStructure* stats = nullptr;
    g_object_get(publish_, "stats", &stats, nullptr);
    guint64 value = 0;
    ck_assert(gst_structure_get_uint64(stats, field, &value));
    gst_structure_free(stats);
    return value;
  }

  void wait_stat(const char* field, guint64 value) const {
    for (int i = 0; stat(field) < value; ++i) {
      ck_assert_msg(i < 6000, "%s never reaches %" G_GUINT64_FORMAT, field, value);
      g_usleep(10000);
    }
  }

  GstElement* pipeline() const { return pipeline_; }
  GstBus* bus() const { return bus_; }

 private:
  GstElement* pipeline_;
  GstElement* source_;
  GstElement* publish_;
  GstBus* bus_;
};

void expect_content(const std::filesystem::path& path, const char* expected) {
  std::ifstream in(path);
  const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ck_assert_str_eq(content.c_str(), expected);
}

std::string to_file(const std::filesystem::path& path) { return "uri=file://" + path.string(); }

}  // namespace

GVL_TEST(a_pipeline_plays_before_an_event_comes) {
  TemporaryFolder folder;
  Publishing publishing(to_file(folder / "events.jsonl"));
  publishing.set_state(GST_STATE_PLAYING);
  GstState state = GST_STATE_NULL;
  ck_assert_int_eq(gst_element_get_state(publishing.pipeline(), &state, nullptr, 60 * GST_SECOND),
                   GST_STATE_CHANGE_SUCCESS);
  ck_assert_int_eq(state, GST_STATE_PLAYING);
}

GVL_TEST(it_starts_again_with_what_is_in_the_spool) {
  TemporaryFolder folder;
  const auto target = folder / "later";
  Publishing publishing(to_file(target / "events.jsonl") + " spool-location=" + (folder / "spool").string());
  publishing.set_state(GST_STATE_PLAYING);
  publishing.give(1);
  publishing.wait_stat("waiting", 1);
  publishing.set_state(GST_STATE_READY);
  ck_assert_uint_eq(publishing.stat("waiting"), 1);
  ck_assert(!std::filesystem::exists(target));
  std::filesystem::create_directory(target);
  publishing.set_state(GST_STATE_PLAYING);
  publishing.give(2);
  publishing.end();
  ck_assert(publishing.hears(GST_MESSAGE_EOS));
  expect_content(target / "events.jsonl", "{\"id\":1}\n{\"id\":2}\n");
  ck_assert_uint_eq(publishing.stat("delivered"), 2);
}

// A seek takes the end back; what was given is delivered all the same.
GVL_TEST(a_flush_takes_the_end_back) {
  TemporaryFolder folder;
  const auto target = folder / "later";
  Publishing publishing(to_file(target / "events.jsonl"));
  publishing.set_state(GST_STATE_PLAYING);
  publishing.give(1);
  publishing.end();
  ck_assert(!publishing.hears(GST_MESSAGE_EOS, GST_SECOND / 5));
  publishing.flush();
  std::filesystem::create_directory(target);
  publishing.wait_stat("delivered", 1);
  ck_assert(!publishing.hears(GST_MESSAGE_EOS, GST_SECOND / 5));
  expect_content(target / "events.jsonl", "{\"id\":1}\n");
}

// An application's handler that blocks holds back messages, and nothing else.
GVL_TEST(a_handler_that_blocks_stops_nothing) {
  TemporaryFolder folder;
  Publishing publishing(to_file(folder / "missing/events.jsonl") + " drain-timeout=0");
  std::promise<void> release;
  auto released = release.get_future().share();
  const auto block = [](GstBus*, GstMessage* message, gpointer data) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) static_cast<std::shared_future<void>*>(data)->wait();
    return GST_BUS_PASS;
  };
  gst_bus_set_sync_handler(publishing.bus(), +block, &released, nullptr);
  publishing.set_state(GST_STATE_PLAYING);
  for (int id = 0; id < 100; ++id) publishing.give(id);
  publishing.wait_stat("received", 100);
  publishing.wait_stat("retries", 2);
  release.set_value();
  ck_assert(publishing.hears(GST_MESSAGE_WARNING));
  publishing.end();
  ck_assert(publishing.hears(GST_MESSAGE_EOS));
}
