/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What the model is asked about each window, and the events that its answers become.

#include <limits>
#include <thread>
#include <utility>

#include "five.hpp"
#include "gvlevent.h"

using gvl::Answer;
using gvl::Query;
using gvl::Task;
using namespace gvl::test;
using Job = FakeModel::Job;

namespace {

// ---- what is asked ----------------------------------------------------------------------------------------------

GVL_TEST(all_queries_are_asked_once_of_one_window) {
  Setup setup;
  Stream stream("gvlsegmenter ! " + kEncoders +
                    " ! gvlgroundedllm query=one "
                    "queries=\"<\\\"two, too\\\",\\\"one\\\",\\\"drei\\\",\\\"two, too\\\">\" max-new-tokens=9 "
                    "temperature=0.5 top-p=0.25 seed=77",
                setup.options);
  stream.push_range(0, 25);
  stream.eos();
  const auto asked = setup.model->asked();
  fail_unless_equals_int(asked.size(), 1);
  fail_unless_equals_int(asked[0].queries.size(), 3);
  const char* const texts[] = {"one", "two, too", "drei"};
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  for (int i = 0; i < 3; ++i) {
    fail_unless_equals_string(asked[0].queries[i].text.c_str(), texts[i]);
    fail_unless_equals_string(gst_structure_get_string(events.at(i).get(), "query"), texts[i]);
  }
  fail_unless_equals_float(asked[0].duration, 1);
  fail_unless_equals_int(asked[0].options.max_new_tokens, 9);
  fail_unless_equals_float(asked[0].options.temperature, 0.5);
  fail_unless_equals_float(asked[0].options.top_p, 0.25);
  fail_unless_equals_uint64(asked[0].options.seed, 77);
}

GVL_TEST(a_query_may_change_while_playing) {
  Setup setup(2 * GST_SECOND);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  stream.push_range(0, 26);
  g_object_set(stream.element("l"), "query", "and now", nullptr);
  stream.push_range(26, 50);
  stream.eos();
  const auto asked = setup.model->asked();
  fail_unless_equals_string(asked.at(0).queries.at(0).text.c_str(), "when");
  fail_unless_equals_string(asked.at(1).queries.at(0).text.c_str(), "and now");
  g_object_set(stream.element("l"), "query", nullptr, nullptr);
}

GVL_TEST(a_long_query_is_the_models_affair) {
  Setup setup;
  Stream stream(kFive, setup.options);
  const std::string query(100000, 'q');
  g_object_set(stream.element("l"), "query", query.c_str(), nullptr);
  stream.push_range(0, 25);
  stream.eos();
  fail_unless(setup.model->asked().at(0).queries.at(0).text == query);
}

std::string next_query(Stream& stream) { return gst_structure_get_string(wait_event(stream).get(), "query"); }

GVL_TEST(questions_may_change_while_playing) {
  Setup setup(std::nullopt);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  const char* asked[] = {"when", "then", "now"};
  // With fewer frames than samples, the next window's first frame says what this one's last sample was.
  for (int window = 0, next = 0; window < 3; ++window) {
    g_object_set(stream.element("l"), "query", asked[window], nullptr);
    const int end = window * 25 + 26;
    stream.push_range(std::exchange(next, end), end);
    if (window == 2) stream.eos();
  }
  for (const char* query : asked) fail_unless(next_query(stream) == query);
}

GVL_TEST(the_latest_window_may_be_asked_about) {
  for (const bool bin : {false, true}) {
    Setup setup(std::nullopt);
    Stream stream(bin ? "gvlground name=l query=when window-duration=1000000000 window-overlap=0"
                      : "gvlsegmenter window-duration=1000000000 window-overlap=0 ! " + kEncoders +
                            " ! gvlgroundedllm name=l query=when",
                  setup.options);
    GstElement* llm = stream.element("l");
    const auto ask = [&](const char* query, const char* task) {
      guint64 id = 0;
      g_signal_emit_by_name(llm, "ask", query, task, &id);
      return id;
    };
    stream.push_range(0, 20);
    fail_if(ask("too early", "grounding"));
    stream.push_range(20, 60);
    fail_unless(next_query(stream) == "when");
    fail_unless(next_query(stream) == "when");
    fail_if(ask("  ", "grounding"));
    fail_if(ask("and who?", "question"));
    const guint64 id = ask("and who?", "qa");
    fail_unless(id);
    const auto answer = wait_event(stream);
    fail_unless_equals_string(gst_structure_get_string(answer.get(), "query"), "and who?");
    fail_unless_equals_string(gst_structure_get_string(answer.get(), "task"), "qa");
    fail_unless_equals_uint64(uint64_of(answer.get(), "window-start"), GST_SECOND);
    fail_unless_equals_uint64(uint64_of(answer.get(), "ask-id"), id);
    // It is delivered in the stream, too, and a flush forgets the window.
    take_stream_events(stream);
    stream.push_range(60, 62);
    const auto in_stream = take_stream_events(stream);
    fail_unless(!in_stream.empty());
    fail_unless(std::string(gst_structure_get_string(in_stream.back().get(), "query")) == "and who?");
    // Without a task, the one that is set. What the stream itself asks has no such id.
    const guint64 next = ask("and when?", nullptr);
    fail_unless(next > id);
    const auto event = wait_event(stream);
    fail_unless_equals_string(gst_structure_get_string(event.get(), "query"), "and when?");
    fail_unless_equals_string(gst_structure_get_string(event.get(), "task"), "grounding");
    fail_unless_equals_uint64(uint64_of(event.get(), "ask-id"), next);
    stream.flush();
    fail_if(ask("where?", "qa"));
    drop_buffers(stream);
  }
}

// ---- what becomes of answers ------------------------------------------------------------------------------------

struct Said {
  Structures events, answers;
};

Said said_to(const std::string& task, std::function<Answer(const Query&, double)> make, double min_confidence = 0) {
  auto config = gvl::test::fake_model_config();
  config.min_confidence = min_confidence;
  Setup setup;
  setup.model = std::make_shared<FakeModel>(config);
  setup.options.model = setup.model;
  setup.model->answer_with(std::move(make));
  Stream stream(kFive + "task=" + task, setup.options);
  stream.new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
  stream.push_range(0, 25);
  stream.eos();
  Said said;
  for (auto& each : stream.element_messages(nullptr)) {
    const bool is_event = gst_structure_has_name(each.get(), GVL_EVENT_NAME);
    (is_event ? said.events : said.answers).push_back(std::move(each));
  }
  return said;
}

Structures events_for(const std::string& task, std::function<Answer(const Query&, double)> make,
                      double min_confidence = 0) {
  return said_to(task, std::move(make), min_confidence).events;
}

Answer answer_of(const Query& query, std::vector<gvl::Interval> intervals) {
  Answer answer;
  answer.query = query;
  answer.text_seconds = "in words";
  answer.intervals = std::move(intervals);
  answer.confidence = 0.75;
  return answer;
}

GVL_TEST(unsure_intervals_are_no_events) {
  const auto unsure = [](const Query& query, double) {
    return answer_of(query, {{0.1, 0.2, 0.39, "less"}, {0.3, 0.4, 0.41, "more"}});
  };
  const auto events = events_for("dense-caption min-confidence=0.4", unsure);
  fail_unless_equals_int(events.size(), 1);
  fail_unless_equals_string(gst_structure_get_string(events[0].get(), "text"), "more");
  fail_unless_equals_uint64(uint64_of(events[0].get(), "id"), 0);
  fail_unless_equals_int(events_for("dense-caption", unsure).size(), 2);
  // What the model says, unless somebody says otherwise.
  fail_unless_equals_int(events_for("dense-caption", unsure, 0.4).size(), 1);
  fail_unless_equals_int(events_for("dense-caption min-confidence=0", unsure, 0.4).size(), 2);
}

GVL_TEST(each_interval_is_an_event) {
  const auto events = events_for("dense-caption", [](const Query& query, double) {
    fail_unless(query.task == Task::kDenseCaption);
    return answer_of(query, {{0.1, 0.2, 0.5, "first"},
                             {0.4, 0.3, 0.6, "second"},
                             {-3, std::numeric_limits<double>::quiet_NaN(), 0.7, "third"},
                             {0.9, 7, 0.8, "fourth"}});
  });
  fail_unless_equals_int(events.size(), 4);
  const char* const texts[] = {"first", "second", "third", "fourth"};
  const guint64 starts[] = {100, 300, 0, 900}, stops[] = {200, 400, 0, 1000};
  for (int i = 0; i < 4; ++i) {
    fail_unless_equals_uint64(uint64_of(events[i].get(), "id"), i);
    fail_unless_equals_string(gst_structure_get_string(events[i].get(), "task"), "dense-caption");
    fail_unless_equals_string(gst_structure_get_string(events[i].get(), "text"), texts[i]);
    fail_unless_equals_uint64(uint64_of(events[i].get(), "start"), starts[i] * GST_MSECOND);
    fail_unless_equals_uint64(uint64_of(events[i].get(), "stop"), stops[i] * GST_MSECOND);
  }
}

GVL_TEST(answers_without_a_moment_are_no_events) {
  const auto none = [](const Query& query, double) { return answer_of(query, {}); };
  const auto some = [](const Query& query, double) { return answer_of(query, {{0.1, 0.2, 0.5, ""}}); };
  const auto check = [](const Said& said, gboolean found, double confidence, const char* text) {
    fail_unless_equals_int(said.events.size(), 0);
    fail_unless_equals_int(said.answers.size(), 1);
    const auto* answer = said.answers[0].get();
    gboolean was_found = !found;
    fail_unless(gst_structure_get_boolean(answer, "found", &was_found) && was_found == found);
    double sure = -1;
    fail_unless(gst_structure_get_double(answer, "confidence", &sure));
    fail_unless_equals_float(sure, confidence);
    fail_unless_equals_string(gst_structure_get_string(answer, "text"), text);
    fail_unless_equals_uint64(uint64_of(answer, "window-start"), 0);
    fail_unless_equals_uint64(uint64_of(answer, "window-stop"), GST_SECOND);
    fail_if(gst_structure_has_field(answer, "start"));
  };
  check(said_to("grounding", none), FALSE, 0.75, "in words");
  check(said_to("grounding min-confidence=0.6", some), FALSE, 0.5, "It is not found.");
  check(said_to("referring", some), TRUE, 0.75, "in words");
  check(said_to("qa", some), TRUE, 0.75, "in words");
}

// ---- when events come -------------------------------------------------------------------------------------------

GVL_TEST(events_come_before_the_next_buffer) {
  Setup setup(10 * GST_SECOND);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, nullptr);
  stream.push_range(0, 26);
  setup.model->wait_submitted(Job::kAnswer, 1);
  setup.model->release(Job::kAnswer);
  wait_event(stream);
  fail_unless_equals_int(take_stream_events(stream).size(), 0);
  drop_buffers(stream);
  // The harness keeps buffers and events apart: a probe sees their order.
  struct Seen {
    bool event = false, buffer = false;
  } seen;
  const auto probe = [](GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* order = static_cast<Seen*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      fail_unless(order->event);
      order->buffer = true;
    } else if (gvl_event_parse_event(GST_PAD_PROBE_INFO_EVENT(info))) {
      fail_if(order->buffer);
      order->event = true;
    }
    return GST_PAD_PROBE_OK;
  };
  GstPad* pad = gst_element_get_static_pad(stream.element("l"), "src");
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                    probe, &seen, nullptr);
  gst_object_unref(pad);
  stream.push(26);
  fail_unless(seen.event && seen.buffer);
}

GVL_TEST(messages_do_not_wait_for_frames_and_keep_the_order) {
  Setup setup(10 * GST_SECOND);
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  g_object_set(stream.element("s"), "window-duration", GST_SECOND, "window-overlap", 0.0, "max-pending", 10, nullptr);
  stream.push_range(0, 80);
  setup.model->wait_submitted(Job::kAnswer, 3);
  setup.model->release(Job::kAnswer);
  for (guint64 i = 0; i < 3; ++i) {
    const auto event = wait_event(stream);
    fail_unless_equals_uint64(uint64_of(event.get(), "id"), i);
    fail_unless_equals_uint64(uint64_of(event.get(), "window-start"), i * GST_SECOND);
  }
}

GVL_TEST(the_end_is_held_until_all_is_answered) {
  Setup setup;
  setup.model->hold(Job::kAnswer);
  Stream stream(kFive, setup.options);
  stream.push_range(0, 25);
  std::thread ending([&stream] { stream.eos(); });
  setup.model->wait_submitted(Job::kAnswer, 1);
  g_usleep(50000);
  bool eos = true;
  fail_unless(take_stream_events(stream, &eos).empty());
  fail_if(eos);
  setup.model->release(Job::kAnswer);
  ending.join();
  fail_unless_equals_int(take_stream_events(stream, &eos).size(), 1);
  fail_unless(eos);
}

GVL_TEST(backwards_windows_are_answered_in_stream_order) {
  Setup setup;
  Stream stream(kFive, setup.options);
  stream.new_segment(-1, 1, 0, GST_SECOND, 0);
  for (int i = 24; i >= 0; --i) stream.push(i);
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
  const auto segments = setup.model->asked().at(0).segments;
  fail_unless_equals_int(segments.size(), 2);
  fail_unless(segments[0] < segments[1]);
}

// The end of what was played comes after the word that what follows plays the other way.
GVL_TEST(a_sequence_keeps_its_direction) {
  for (const double rate : {1.0, -1.0}) {
    Setup setup;
    Stream stream(kFive, setup.options);
    stream.new_segment(rate, 1, 0, GST_SECOND, 0);
    stream.push_at(1, (rate > 0 ? 40 : 920) * GST_MSECOND);
    stream.new_segment(-rate, 1, 0, GST_SECOND, 0);
    stream.eos();
    const auto events = stream.element_messages(GVL_EVENT_NAME);
    fail_unless_equals_int(events.size(), 1);
    const auto start = uint64_of(events[0].get(), "window-start"), stop = uint64_of(events[0].get(), "window-stop");
    fail_unless_equals_uint64(start, rate > 0 ? 0 : 920 * GST_MSECOND);
    fail_unless_equals_uint64(stop, rate > 0 ? 80 * GST_MSECOND : GST_SECOND);
    fail_unless(setup.model->asked().at(0).boundaries.empty());
    drop_buffers(stream);
  }
}

GVL_TEST(a_gap_before_the_end_does_not_lose_the_answer) {
  Setup setup;
  Stream stream(kFive, setup.options);
  stream.push_range(0, 9);
  stream.send(gst_event_new_gap(360 * GST_MSECOND, 600 * GST_MSECOND));
  stream.eos();
  fail_unless_equals_int(stream.element_messages(GVL_EVENT_NAME).size(), 1);
}

}  // namespace
