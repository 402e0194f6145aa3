/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Streams by chance: rates, gaps, jumps, flushes, seeks, new caps, new streams and a model that is too slow, in any
// order. Whatever comes, each window's segments lie in order from its start to its end, and nothing fails.
//
// What is done to a stream is its seed's alone; a failure names it. GVL_TEST_SEEDS=FIRST:COUNT plays other streams, or
// more of them, each in a test of its own.

#include <algorithm>
#include <cstdio>
#include <random>
#include <set>
#include <string>

#include "fake-model.hpp"
#include "gvlevent.h"
#include "gvlwindowmeta.hpp"
#include "stream.hpp"

using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::StreamOptions;
using gvl::test::uint64_of;
using Job = gvl::test::FakeModel::Job;

namespace {

constexpr int kStreams = 100;
constexpr int kStreamsPerTest = 20;
constexpr int kActions = 24;
// So many windows at least, or what comes in tests nothing.
constexpr std::size_t kFewestWindows = 20;

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  // The same with every library, as the standard's distributions are not.
  guint64 number(guint64 low, guint64 high) { return low + random_() % (high - low + 1); }
  bool one_in(guint64 count) { return number(1, count) == 1; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[number(0, values.size() - 1)];
  }

 private:
  std::mt19937_64 random_;
};

gvl::ModelConfig config_of(Dice& dice) {
  auto config = gvl::test::fake_model_config();
  config.segments = dice.one_of<std::int64_t>({2, 3, 4});
  config.frames = config.segments * dice.one_of<std::int64_t>({1, 2, 4});
  return config;
}

std::string caps_of(Dice& dice) {
  return std::string("video/x-raw,format=RGB,width=8,height=8,framerate=") +
         dice.one_of<const char*>({"25/1", "25/1", "30000/1001", "0/1", "1/1", "100/1", "7/3"});
}

/** One stream, and what is done to it. */
class Session {
 public:
  explicit Session(unsigned seed) : seed_(seed), dice_(seed), model_(std::make_shared<FakeModel>(config_of(dice_))) {
    StreamOptions options;
    options.model = model_;
    options.caps = caps_of(dice_);
    options.live = live_ = dice_.one_in(3);
    if (dice_.one_in(2)) options.duration = dice_.number(1, 20000) * GST_MSECOND;
    options.segment = false;
    stream_.emplace(
        "gvlsegmenter name=s ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! "
        "gvlgroundedllm name=l query=when",
        options);
    settings();
    segment(true);
  }

  void play() {
    for (int i = 0; i < kActions; ++i) {
      act();
      look();
    }
    release();
    stream_->eos();
    look();
    check_errors();
    check_asked();
  }

  std::size_t windows() const { return model_->asked().size(); }

 private:
  void act() {
    switch (dice_.number(0, 15)) {
      case 0:
        return segment(dice_.one_in(2));
      case 1:
        return settings();
      case 2:
        return stream_->flush(), segment(true);
      case 3:
        return stream_->set_caps(caps_of(dice_));
      case 4:
        return void(stream_->send(gst_event_new_gap(position_, dice_.number(0, 3000) * GST_MSECOND)));
      case 5:
        return jump();
      case 6:
        return void(stream_->send(gst_event_new_segment_done(GST_FORMAT_TIME, -1)));
      case 7:
        return restart();
      case 8:
        return hold();
      case 9:
        return release();
      case 10:
        return ask();
      default:
        return frames();
    }
  }

  void settings() {
    GstElement* segmenter = stream_->element("s");
    // A frame for each segment at least, at the lowest of the rates.
    const auto duration = dice_.one_of<guint64>({0, 4 * GST_SECOND, 4333333333, 5 * GST_SECOND, 10 * GST_SECOND});
    const auto overlap = dice_.one_of({0.0, 0.25, 0.5, 0.75, 0.95});
    const auto pending = static_cast<int>(dice_.number(1, 4));
    g_object_set(segmenter, "window-duration", duration, "window-overlap", overlap, "max-pending", pending, nullptr);
    gst_util_set_object_arg(G_OBJECT(segmenter), "segmentation", dice_.one_of({"uniform", "uniform", "shots"}));
    gst_util_set_object_arg(G_OBJECT(segmenter), "keyframe", dice_.one_of({"middle", "middle", "sharpest"}));
  }

  // What comes next is elsewhere, or goes on where the stream is, in any direction.
  void segment(bool elsewhere) {
    gst_segment_init(&segment_, GST_FORMAT_TIME);
    segment_.rate = dice_.one_of({1.0, 1.0, 1.0, 2.0, -1.0, -0.5});
    segment_.applied_rate = dice_.one_of({1.0, 1.0, 1.0, 2.0, -1.0});
    segment_.start = elsewhere ? dice_.number(0, 30000) * GST_MSECOND : position_;
    segment_.stop = segment_.start + dice_.number(1, 20000) * GST_MSECOND;
    if (segment_.rate < 0 && !elsewhere) {
      segment_.stop = position_ + 1;
      segment_.start = 0;
    }
    segment_.time = dice_.one_in(2) ? segment_.start : dice_.number(0, 100) * GST_SECOND;
    segment_.position = segment_.rate > 0 ? segment_.start : segment_.stop;
    if (segment_.rate > 0 && segment_.applied_rate > 0 && dice_.one_in(2)) segment_.stop = GST_CLOCK_TIME_NONE;
    position_ = segment_.position;
    stream_->send(gst_event_new_segment(&segment_));
  }

  void move(GstClockTime distance, bool forward) {
    if (forward)
      position_ += distance;
    else
      position_ -= std::min(position_, distance);
  }

  void jump() {
    const bool forward = dice_.one_in(2);
    move(dice_.number(0, 5000) * GST_MSECOND, forward);
  }

  GstClockTime interval() const {
    const auto& info = stream_->info();
    return info.fps_n > 0 ? gst_util_uint64_scale(GST_SECOND, info.fps_d, info.fps_n) : 0;
  }

  void frames() {
    for (auto left = dice_.number(1, 150); left > 0; --left) {
      const auto usual = interval();
      const auto step = usual && !dice_.one_in(10) ? usual : dice_.number(0, 700) * GST_MSECOND;
      if (segment_.rate < 0) move(step, false);
      stream_->push_at(static_cast<int>(number_++ / dice_.number(1, 60) * 90), position_);
      if (segment_.rate > 0) move(step, true);
    }
  }

  // Another stream, after the end of this one or without.
  void restart() {
    if (dice_.one_in(2)) {
      release();
      stream_->eos();
      stream_->flush();
    }
    stream_->send(gst_event_new_stream_start("another"));
    stream_->set_caps(caps_of(dice_));
    segment(dice_.one_in(2));
  }

  // The model falls behind; who is not live waits for it.
  void hold() {
    if (live_) model_->hold(dice_.one_of({Job::kSpatial, Job::kTemporal, Job::kFuse, Job::kAnswer}));
  }

  void release() {
    for (const auto job : {Job::kSpatial, Job::kTemporal, Job::kFuse, Job::kAnswer}) model_->release(job);
  }

  void ask() {
    guint64 asked = 0;
    g_signal_emit_by_name(stream_->element("l"), "ask", "in between", "grounding", &asked);
  }

  void look() {
    while (GstBuffer* buffer = stream_->try_pull()) {
      for (const auto* window : gvl::gst::windows_of(buffer)) check_window(window);
      gst_buffer_unref(buffer);
    }
    while (gst_harness_events_in_queue(stream_->harness())) {
      GstEvent* event = gst_harness_pull_event(stream_->harness());
      if (GstBuffer* buffer = gvl_metadata_event_get_buffer(event)) {
        for (const auto* window : gvl::gst::windows_of(buffer)) check_window(window);
        gst_buffer_unref(buffer);
      }
      if (const auto* found = gvl_event_parse_event(event)) check_event(found);
      gst_event_unref(event);
    }
  }

  void require(bool holds, const char* what) const { fail_unless(holds, "stream %u: %s", seed_, what); }

  void check_window(const GvlWindowMeta* window) const {
    const auto* segments = window->segments;
    const guint last = window->num_segments - 1;
    require(window->start <= window->stop, "a window ends before it begins");
    require(segments[0].start == window->start, "a window does not begin with its first segment");
    require(segments[last].stop == window->stop, "a window does not end with its last segment");
    for (guint i = 0; i <= last; ++i) {
      require(segments[i].start <= segments[i].stop, "a segment ends before it begins");
      if (i > 0) require(segments[i - 1].start <= segments[i].start, "segments are not in order");
    }
  }

  void check_event(const GstStructure* event) {
    const std::string state = gst_structure_get_string(event, "state");
    const auto start = uint64_of(event, "start");
    const auto stop = state == "closed" ? uint64_of(event, "stop") : start;
    require(start <= stop, "an event ends before it begins");
    require(uint64_of(event, "window-start") <= start && stop <= uint64_of(event, "window-stop"),
            "an event lies outside of its window");
    check_life(uint64_of(event, "id"), state);
  }

  // An event opens once, may be updated while it is open, and ends once; or it is told when it is over.
  void check_life(guint64 id, const std::string& state) {
    const auto known = open_.find(id);
    const bool opens = state == "open", goes_on = state == "update";
    require(live_ || state == "closed", "a file has an event that goes on");
    require(opens ? known == open_.end() : known != open_.end() || state == "closed", "an event is not open");
    require(!ended_.contains(id), "an event has ended before");
    if (opens) open_.insert(id);
    if (opens || goes_on) return;
    open_.erase(id);
    ended_.insert(id);
  }

  // As gvl::text::TimeScale takes them.
  void check_asked() const {
    for (const auto& asked : model_->asked()) {
      const auto& boundaries = asked.boundaries;
      require(asked.duration >= 0 && asked.duration < 1e6, "a window's duration is no duration");
      if (boundaries.empty()) continue;
      require(boundaries.front() == 0 && boundaries.back() == asked.duration, "boundaries are not the window's");
      require(std::is_sorted(boundaries.begin(), boundaries.end()), "boundaries are not in order");
    }
  }

  void check_errors() {
    GstMessage* message = stream_->pop_message(GST_MESSAGE_ERROR);
    if (!message) return;
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    require(false, error->message);
  }

  unsigned seed_;
  Dice dice_;
  std::shared_ptr<FakeModel> model_;
  std::optional<Stream> stream_;
  GstSegment segment_;
  GstClockTime position_ = 0;
  bool live_ = false;
  std::set<guint64> open_, ended_;  // events, by their ids
  guint64 number_ = 0;
};

int first_seed = 1;
int streams = kStreams;
int streams_per_test = kStreamsPerTest;

// The windows of a test's streams.
std::size_t play_streams(int test) {
  std::size_t windows = 0;
  const int first = first_seed + test * streams_per_test;
  for (int seed = first; seed < std::min(first + streams_per_test, first_seed + streams); ++seed) {
    Session session(static_cast<unsigned>(seed));
    session.play();
    windows += session.windows();
  }
  return windows;
}

// How many times the test runs; GVL_TEST_SEEDS=FIRST:COUNT asks for single streams.
int runs() {
  if (const char* asked = g_getenv("GVL_TEST_SEEDS")) {
    if (std::sscanf(asked, "%d:%d", &first_seed, &streams) != 2) g_error("GVL_TEST_SEEDS=%s is not FIRST:COUNT", asked);
    streams_per_test = 1;
  }
  return (streams + streams_per_test - 1) / streams_per_test;
}

GVL_LOOP_TEST(whatever_comes_windows_are_whole, runs()) {
  const auto windows = play_streams(number);
  fail_unless(streams_per_test == 1 || windows >= kFewestWindows, "%zu windows", windows);
}

}  // namespace
