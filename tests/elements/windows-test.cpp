/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Windows that overlap: what becomes of what several of them say.

#include <algorithm>

#include "fake-model.hpp"
#include "gvlevent.h"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::uint64_of;
using Job = gvl::test::FakeModel::Job;

namespace {

// ---- the elements -----------------------------------------------------------------------------------------------

struct Truth {
  double start, stop;
};

// Answers with what each window shows of the truth, the windows beginning at these seconds; where that is nothing, with
// a guess without confidence.
std::function<gvl::Answer(const gvl::Query&, double)> shows(std::vector<Truth> truth, std::vector<double> starts) {
  return [truth, starts, next = std::size_t{0}](const gvl::Query& query, double duration) mutable {
    gvl::Answer answer;
    answer.query = query;
    const double begin = starts.at(next++);
    for (const auto& [start, stop] : truth) {
      const double from = std::max(start - begin, 0.0), to = std::min(stop - begin, duration);
      if (from < to) answer.intervals.push_back({from, to, 0.5, ""});
    }
    if (answer.intervals.empty()) answer.intervals.push_back({0, duration, 0, ""});
    return answer;
  };
}

std::shared_ptr<FakeModel> model_of_four_segments() {
  auto config = gvl::test::fake_model_config();
  config.segments = 4;
  config.frames = 16;
  return std::make_shared<FakeModel>(config);
}

const std::string kChain =
    " max-pending=100 ! " + gvl::test::kEncoders + " ! gvlgroundedllm min-confidence=0.4 query=when";

void check_events(Stream& stream, const std::vector<Truth>& truth) {
  const auto events = stream.element_messages(GVL_EVENT_NAME);
  fail_unless_equals_int(events.size(), truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    fail_unless_equals_uint64(uint64_of(events[i].get(), "id"), i);
    fail_unless_equals_float(uint64_of(events[i].get(), "start") / 1e9, truth[i].start);
    fail_unless_equals_float(uint64_of(events[i].get(), "stop") / 1e9, truth[i].stop);
  }
}

GVL_TEST(overlapping_windows_tell_each_event_once) {
  const auto model = model_of_four_segments();
  // The last event goes on to the video's end, which is no segment's.
  const std::vector<Truth> truth{{0.5, 1}, {3.25, 5}, {9.5, 9.75}, {10.5, 12.48}};
  model->answer_with(shows(truth, {0, 2, 4, 6, 8, 9}));
  gvl::test::StreamOptions options;
  options.model = model;
  Stream stream("gvlsegmenter window-duration=4000000000 window-overlap=0.5" + kChain, options);
  stream.push_range(0, 25 * 12 + 12);
  stream.eos();
  // Each segment is computed once; six windows read them. A job is done a little after its result is there.
  model->wait_done(Job::kAnswer, 6);
  fail_unless_equals_int(model->done(Job::kSpatial), 13);
  fail_unless_equals_int(model->done(Job::kTemporal), 13);
  fail_unless_equals_int(model->done(Job::kFuse), 13);
  fail_unless_equals_int(model->done(Job::kAnswer), 6);
  check_events(stream, truth);
  stream.expect_no_error();
}

GVL_TEST(an_event_in_two_hours_is_found) {
  const auto model = model_of_four_segments();
  const std::vector<Truth> truth{{3605, 3625}};
  std::vector<double> starts;
  for (int i = 0; i < 239; ++i) starts.push_back(i * 30);
  model->answer_with(shows(truth, starts));
  gvl::test::StreamOptions options;
  options.model = model;
  options.caps = "video/x-raw,format=RGB,width=32,height=24,framerate=1/1";
  options.duration = 7200 * GST_SECOND;
  Stream stream("gvlsegmenter" + kChain, options);
  for (int minute = 0; minute < 120; ++minute) {
    stream.push_range(minute * 60, minute * 60 + 60);
    stream.take_segments();
  }
  stream.eos();
  model->wait_done(Job::kAnswer, 239);
  fail_unless_equals_int(model->done(Job::kFuse), 480);
  fail_unless_equals_int(model->done(Job::kAnswer), 239);
  check_events(stream, truth);
}

GVL_TEST(side_by_side_an_event_is_joined_as_well) {
  const auto model = model_of_four_segments();
  const std::vector<Truth> truth{{3, 9}};
  model->answer_with(shows(truth, {0, 4, 8}));
  gvl::test::StreamOptions options;
  options.model = model;
  Stream stream("gvlsegmenter window-duration=4000000000 window-overlap=0" + kChain, options);
  stream.push_range(0, 25 * 12);
  stream.eos();
  check_events(stream, truth);
}

GVL_TEST(the_window_may_change_while_playing) {
  const auto model = model_of_four_segments();
  gvl::test::StreamOptions options;
  options.model = model;
  Stream stream("gvlsegmenter name=s window-duration=4000000000 window-overlap=0" + kChain, options);
  stream.push_range(0, 10);
  g_object_set(stream.element("s"), "window-duration", 2 * GST_SECOND, "window-overlap", 0.5, nullptr);
  stream.push_range(10, 25 * 8);
  stream.eos();
  std::vector<double> durations;
  for (const auto& asked : model->asked()) durations.push_back(asked.duration);
  fail_unless(durations == std::vector<double>({4, 2, 2, 2}), "%zu windows", durations.size());
}

}  // namespace
