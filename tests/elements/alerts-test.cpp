/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What a live stream is told of while it goes on, and by which window a question about a part of a video is answered.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "five.hpp"
#include "gvlevent.h"

using gvl::Answer;
using gvl::Query;
using gvl::VideoWindow;
using namespace gvl::test;
using Job = FakeModel::Job;

namespace {

// Windows of four seconds, one every two seconds, and a look every second.
const std::string kChain =
    "gvlsegmenter name=s window-duration=4000000000 window-overlap=0.5 alert-latency=1000000000 max-pending=100 ! " +
    kEncoders + " ! gvlgroundedllm name=l query=when min-confidence=0.4 ";

std::shared_ptr<FakeModel> model_of_four_segments() {
  auto config = fake_model_config();
  config.segments = 4;
  config.frames = 16;
  return std::make_shared<FakeModel>(config);
}

// What each window shows of something that happens from 5.2 to 9.4 seconds.
Answer shows(const Query& query, const VideoWindow& window) {
  Answer answer;
  answer.query = query;
  answer.confidence = 0.9;
  const double from = std::max(5.2 - window.start, 0.0), to = std::min(9.4 - window.start, window.duration);
  if (from < to) answer.intervals = {{from, to, 0.75, ""}};
  return answer;
}

StreamOptions options_of(const std::shared_ptr<FakeModel>& model, bool live) {
  StreamOptions options;
  options.model = model;
  options.live = live;
  if (!live) options.duration = 20 * GST_SECOND;
  return options;
}

// Frames as a live stream brings them: what is asked about a second is answered before the next one comes. A look is
// left out while another one waits.
void push_live(Stream& stream, int first, int last) {
  for (int number = first; number < last; ++number) {
    stream.push(number);
    while (number % 25 == 0 && stat_of(stream.element("l"), "answers-pending") > 0) g_thread_yield();
  }
}

// The next gvl-event on the bus, waited for.
std::shared_ptr<GstStructure> next_event(Stream& stream) {
  auto said = wait_event(stream);
  while (!gst_structure_has_name(said.get(), GVL_EVENT_NAME)) said = wait_event(stream);
  return said;
}

std::string state_of(const GstStructure* event) { return gst_structure_get_string(event, "state"); }

void check(const GstStructure* event, guint64 id, const char* state, double start) {
  fail_unless_equals_uint64(uint64_of(event, "id"), id);
  fail_unless_equals_string(state_of(event).c_str(), state);
  fail_unless_equals_float(static_cast<double>(uint64_of(event, "start")) / 1e9, start);
  fail_unless_equals_int(gst_structure_has_field(event, "stop"), g_str_equal(state, "closed"));
}

GVL_TEST(an_event_of_a_live_stream_is_told_while_it_goes_on) {
  const auto model = model_of_four_segments();
  model->answer_windows_with(shows);
  Stream stream(kChain, options_of(model, true));
  // A second of it was seen, 3.4 seconds before it is over.
  push_live(stream, 0, 25 * 6 + 2);
  const auto open = next_event(stream);
  check(open.get(), 0, "open", 5.2);
  fail_unless_equals_string(gst_structure_get_string(open.get(), "text"), "Since 5.20 seconds.");
  push_live(stream, 25 * 6 + 2, 25 * 16);
  const auto closed = next_event(stream);
  check(closed.get(), 0, "closed", 5.2);
  fail_unless_equals_float(static_cast<double>(uint64_of(closed.get(), "stop")) / 1e9, 9.4);
  stream.eos();
  fail_unless(stream.element_messages(GVL_EVENT_NAME).empty());
  // The stream carries the same.
  const auto in_stream = take_stream_events(stream);
  std::vector<std::string> states;
  for (const auto& each : in_stream)
    if (gst_structure_has_name(each.get(), GVL_EVENT_NAME)) states.push_back(state_of(each.get()));
  fail_unless(states == std::vector<std::string>({"open", "closed"}));
}

GVL_TEST(only_closed_events_are_told_of_files_and_without_alerts) {
  for (const bool live : {false, true}) {
    const auto model = model_of_four_segments();
    model->answer_windows_with(shows);
    Stream stream(kChain, options_of(model, live));
    if (live) g_object_set(stream.element("s"), "alert-latency", guint64{0}, nullptr);
    stream.push_range(0, 25 * 20);
    stream.eos();
    const auto events = stream.element_messages(GVL_EVENT_NAME);
    fail_unless_equals_int(events.size(), 1);
    check(events[0].get(), 0, "closed", 5.2);
    // No window is asked about that is none of the stream's.
    std::set<double> starts;
    for (const auto& asked : model->asked()) starts.insert(asked.start);
    fail_unless(std::all_of(starts.begin(), starts.end(), [](double start) { return std::fmod(start, 2) == 0; }));
  }
}

GVL_TEST(an_alert_that_the_windows_do_not_confirm_is_withdrawn) {
  const auto model = model_of_four_segments();
  // Only the windows that are looked at in between find it.
  model->answer_windows_with([](const Query& query, const VideoWindow& window) {
    if (std::fmod(window.start, 2) == 1) return shows(query, window);
    Answer answer;
    answer.query = query;
    return answer;
  });
  Stream stream(kChain, options_of(model, true));
  push_live(stream, 0, 25 * 16);
  stream.eos();
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), 2);
  check(events[0].get(), 0, "open", 5.2);
  check(events[1].get(), 0, "withdrawn", 5.2);
  GstStructure* stats = nullptr;
  g_object_get(stream.element("l"), "stats", &stats, nullptr);
  fail_unless_equals_uint64(uint64_of(stats, "withdrawn"), 1);
  fail_unless_equals_uint64(uint64_of(stats, "events"), 0);
  gst_structure_free(stats);
}

GVL_TEST(a_slow_model_is_not_asked_for_alerts_that_it_cannot_keep_up_with) {
  const auto model = model_of_four_segments();
  model->hold(Job::kAnswer);
  Stream stream(kChain, options_of(model, true));
  stream.push_range(0, 25 * 20);
  drop_buffers(stream);
  // Windows begin at 0, 2 ... 16 seconds; and one look waits, however many segments came.
  int looks = 0;
  for (const auto& asked : model->asked()) looks += std::fmod(asked.start, 2) == 1;
  fail_unless_equals_int(looks, 1);
  model->release(Job::kAnswer);
  stream.eos();
}

GVL_TEST(without_a_window_duration_live_windows_are_as_short_as_alerts_need) {
  const auto model = model_of_four_segments();
  Stream stream("gvlsegmenter name=s max-pending=100 ! " + kEncoders + " ! gvlgroundedllm query=when",
                options_of(model, true));
  stream.push_range(0, 25 * 14);
  stream.eos();
  fail_unless_equals_float(model->asked().at(0).duration, 12);  // four segments of three seconds
}

GVL_TEST(the_pad_carries_what_is_asked_for) {
  const auto model = model_of_four_segments();
  model->answer_windows_with(shows);
  const auto content = [&](const std::string& settings) {
    Stream stream(kChain + settings +
                      " l.events ! application/x-json ! fakesink name=sink signal-handoffs=true sync=false async=false",
                  options_of(model, true));
    std::string lines;
    const auto take = +[](GstElement*, GstBuffer* buffer, GstPad*, std::string* into) {
      GstMapInfo map;
      gst_buffer_map(buffer, &map, GST_MAP_READ);
      into->append(reinterpret_cast<const char*>(map.data), map.size);
      gst_buffer_unmap(buffer, &map);
    };
    g_signal_connect(stream.element("sink"), "handoff", G_CALLBACK(take), &lines);
    push_live(stream, 0, 25 * 16);
    stream.eos();
    return lines;
  };
  const auto count = [](const std::string& lines, const std::string& what) {
    int found = 0;
    for (std::size_t at = 0; (at = lines.find(what, at)) != lines.npos; ++at) ++found;
    return found;
  };
  const auto usual = content("");
  fail_unless_equals_int(count(usual, "\n"), 1);
  fail_unless_equals_int(count(usual, "\"state\":\"closed\""), 1);
  const auto all = content("pad-events=closed+open+not-found");
  fail_unless_equals_int(count(all, "\"state\":\"closed\""), 1);
  fail_unless_equals_int(count(all, "\"state\":\"open\""), 1);
  fail_unless(count(all, "\"found\":false") > 0);
  fail_unless_equals_int(count(content("pad-events=not-found"), "\"state\""), 0);
}

// ---- questions about a part of the video ------------------------------------------------------------------------

// Where the windows begin that a question was asked of: some of 0, 2, 4, 6 and 8 seconds, and last 8.
std::vector<double> asked_of(const std::string& query, const std::string& task) {
  const auto model = model_of_four_segments();
  auto options = options_of(model, false);
  options.duration = 12 * GST_SECOND;
  Stream stream("gvlsegmenter window-duration=4000000000 window-overlap=0.5 max-pending=100 ! " + kEncoders +
                    " ! gvlgroundedllm task=" + task + " query=\"" + query + "\"",
                options);
  stream.push_range(0, 25 * 12);
  stream.eos();
  std::vector<double> starts;
  for (const auto& asked : model->asked()) starts.push_back(asked.start);
  return starts;
}

GVL_TEST(a_question_about_a_part_is_asked_once_of_the_window_that_holds_it) {
  using Starts = std::vector<double>;
  fail_unless(asked_of("from 3 to 5 seconds", "referring") == Starts{2});
  fail_unless(asked_of("from 0 to 1 seconds", "referring") == Starts{0});
  fail_unless(asked_of("from 9 to 11.5 seconds", "referring") == Starts{8});
  // No window holds it: one that shows as much of it as any.
  fail_unless(asked_of("from 1 to 9 seconds", "referring") == Starts{2});
  // What is beyond the end is asked of the last one.
  fail_unless(asked_of("from 100 to 200 seconds", "referring") == Starts{8});
  // Temporal tokens are each window's own.
  fail_unless_equals_int(asked_of("from <1> to <3>", "referring").size(), 5);
  fail_unless_equals_int(asked_of("what happens from 3 to 5 seconds?", "qa").size(), 5);
}

// ---- why --------------------------------------------------------------------------------------------------------

GVL_TEST(verdicts_say_what_became_of_what_a_window_says) {
  const auto model = model_of_four_segments();
  model->answer_windows_with([](const Query& query, const VideoWindow& window) {
    Answer answer = shows(query, window);
    if (window.start == 8) answer.intervals = {{0.5, 1, 0.3, ""}};
    return answer;
  });
  for (const bool explain : {false, true}) {
    Stream stream(kChain, options_of(model, false));
    g_object_set(stream.element("l"), "explain", explain, nullptr);
    stream.push_range(0, 25 * 16);
    stream.eos();
    const auto verdicts = stream.element_messages("gvl-verdict");
    if (!explain) {
      fail_unless(verdicts.empty());
      continue;
    }
    std::vector<std::string> said;
    for (const auto& each : verdicts)
      said.push_back(std::to_string(uint64_of(each.get(), "window-start") / GST_SECOND) + " " +
                     gst_structure_get_string(each.get(), "verdict"));
    fail_unless(said == std::vector<std::string>({"0 not-found", "2 event", "4 merged", "6 merged", "8 unsure",
                                                  "10 not-found", "12 not-found"}),
                "%s", said.empty() ? "" : said.back().c_str());
    double sure = 0, threshold = 0;
    gst_structure_get(verdicts[4].get(), "confidence", G_TYPE_DOUBLE, &sure, "min-confidence", G_TYPE_DOUBLE,
                      &threshold, nullptr);
    fail_unless_equals_float(sure, 0.3);
    fail_unless_equals_float(threshold, 0.4);
    fail_unless_equals_uint64(uint64_of(verdicts[4].get(), "start"), 8500 * GST_MSECOND);
  }
}

}  // namespace
