/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What gvl-eval measures is what a user of the elements sees: the same video through both gives the same events.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "evaluation/event_finder.hpp"
#include "fake-model.hpp"
#include "gvlevent.h"
#include "stream.hpp"

using gvl::evaluation::FrameRate;
using gvl::test::FakeModel;
using gvl::test::Stream;
using gvl::test::uint64_of;
using gvl::timeline::GroundedEvent;

namespace {

std::string caps_of(int width, int height, const FrameRate& rate) {
  return "video/x-raw,format=RGB,width=" + std::to_string(width) + ",height=" + std::to_string(height) +
         ",framerate=" + std::to_string(rate.numerator) + "/" + std::to_string(rate.denominator);
}

GstClockTime start_of(std::int64_t frame, const FrameRate& rate) {
  return gst_util_uint64_scale(static_cast<guint64>(frame), GST_SECOND * static_cast<guint64>(rate.denominator),
                               static_cast<guint64>(rate.numerator));
}

/** A video whose frames are drawn as they are asked for. */
class DrawnVideo : public gvl::evaluation::Video {
 public:
  DrawnVideo(int width, int height, const FrameRate& rate, std::int64_t frames)
      : width_(width),
        height_(height),
        rate_(rate),
        frames_(frames),
        pixels_(static_cast<std::size_t>(width * height * 3)) {}

  FrameRate rate() const override { return rate_; }
  std::int64_t frames() const override { return frames_; }
  gvl::RgbView frame(std::int64_t number) override {
    draw(number, pixels_);
    return {pixels_.data(), width_, height_, width_ * 3};
  }

  std::string caps() const { return caps_of(width_, height_, rate_); }
  GstClockTime duration() const { return start_of(frames_, rate_); }

  /** The frame as a stream brings it. */
  GstBuffer* buffer(std::int64_t number) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, pixels_.size(), nullptr);
    draw(number, pixels_);
    gst_buffer_fill(buffer, 0, pixels_.data(), pixels_.size());
    GST_BUFFER_PTS(buffer) = start_of(number, rate_);
    GST_BUFFER_DURATION(buffer) = start_of(number + 1, rate_) - start_of(number, rate_);
    return buffer;
  }

 protected:
  int width() const { return width_; }

 private:
  virtual void draw(std::int64_t number, std::vector<guint8>& pixels) const = 0;

  int width_, height_;
  FrameRate rate_;
  std::int64_t frames_;
  std::vector<guint8> pixels_;
};

/** Frames by whose grey they can be told apart. */
class CountingVideo : public DrawnVideo {
 public:
  CountingVideo(const FrameRate& rate, std::int64_t frames) : DrawnVideo(32, 24, rate, frames) {}

 private:
  void draw(std::int64_t number, std::vector<guint8>& pixels) const override {
    std::fill(pixels.begin(), pixels.end(), static_cast<guint8>(number));
  }
};

/** Five minutes of a pattern that drifts, with something wrong from time to time. */
class FaultyVideo : public DrawnVideo {
 public:
  static constexpr std::int64_t kRate = 8;

  FaultyVideo() : DrawnVideo(128, 96, {kRate, 1}, 300 * kRate) {}

 private:
  static bool within(std::int64_t number, int start, int stop) {
    return number >= start * kRate && number < stop * kRate;
  }

  void draw(std::int64_t number, std::vector<guint8>& pixels) const override {
    if (within(number, 40, 50) || within(number, 270, 278)) return std::fill(pixels.begin(), pixels.end(), 0);
    if (within(number, 95, 107)) return std::fill(pixels.begin(), pixels.end(), 255);
    draw_pattern(within(number, 150, 165) ? 150 * kRate : number, pixels);
    if (within(number, 205, 225)) remove_colour(pixels);
  }

  void draw_pattern(std::int64_t number, std::vector<guint8>& pixels) const {
    const double drift = static_cast<double>(number) * 0.05;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const auto pixel = static_cast<double>(i / 3);
      const double x = std::fmod(pixel, width()), y = std::floor(pixel / width());
      const auto colour = static_cast<double>(i % 3);
      const double wave = std::sin(x / (9 + 4 * colour) + drift) + std::cos(y / (7 + 3 * colour) - drift * 0.7);
      pixels[i] = static_cast<guint8>(128 + 60 * wave);
    }
  }

  static void remove_colour(std::vector<guint8>& pixels) {
    for (std::size_t i = 0; i < pixels.size(); i += 3) {
      const int grey = (pixels[i] * 299 + pixels[i + 1] * 587 + pixels[i + 2] * 114) / 1000;
      std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(i), 3, static_cast<guint8>(grey));
    }
  }
};

std::vector<gvl::Query> grounding(const std::vector<std::string>& texts) {
  std::vector<gvl::Query> queries;
  for (const auto& text : texts) queries.push_back({gvl::Task::kGrounding, text});
  return queries;
}

/** The events of the video through the elements, all of them however unsure. */
std::vector<std::shared_ptr<GstStructure>> events_of_elements(DrawnVideo& video, std::shared_ptr<gvl::Model> model,
                                                              const std::vector<gvl::Query>& queries) {
  gvl::test::StreamOptions options;
  options.caps = video.caps();
  options.duration = video.duration();
  options.model = std::move(model);
  std::string list;
  for (const auto& query : queries) list += (list.empty() ? "" : ", ") + ("\\\"" + query.text + "\\\"");
  Stream stream("gvlsegmenter max-pending=4 ! " + gvl::test::kEncoders +
                    " ! gvlgroundedllm min-confidence=0 queries=\"<" + list + ">\"",
                options);
  for (std::int64_t i = 0; i < video.frames(); ++i) {
    fail_unless_equals_int(gst_harness_push(stream.harness(), video.buffer(i)), GST_FLOW_OK);
    if (GstBuffer* passed = stream.try_pull()) gst_buffer_unref(passed);
  }
  stream.eos();
  stream.expect_no_error();
  return stream.element_messages(GVL_EVENT_NAME);
}

void check_same(const GstStructure* seen, const GroundedEvent& measured) {
  fail_unless_equals_string(gst_structure_get_string(seen, "query"), measured.query.c_str());
  fail_unless_equals_string(gst_structure_get_string(seen, "text"), measured.text.c_str());
  fail_unless_equals_uint64(uint64_of(seen, "start"), static_cast<guint64>(measured.start.count()));
  fail_unless_equals_uint64(uint64_of(seen, "stop"), static_cast<guint64>(measured.stop.count()));
  fail_unless_equals_uint64(uint64_of(seen, "window-start"), static_cast<guint64>(measured.window_start.count()));
  fail_unless_equals_uint64(uint64_of(seen, "window-stop"), static_cast<guint64>(measured.window_stop.count()));
  double confidence = -1;
  fail_unless(gst_structure_get_double(seen, "confidence", &confidence));
  // What is computed together is batched otherwise.
  fail_unless(std::abs(confidence - measured.confidence) < 1e-4, "%f and %f", confidence, measured.confidence);
}

void check_same(const std::vector<std::shared_ptr<GstStructure>>& seen, const std::vector<GroundedEvent>& measured) {
  fail_unless_equals_int(seen.size(), measured.size());
  for (std::size_t i = 0; i < seen.size(); ++i) check_same(seen[i].get(), measured[i]);
}

GVL_TEST(five_minutes_have_the_same_events) {
  const auto model = gvl::Model::load(gvl::default_model_folder());
  FaultyVideo video;
  const auto queries = grounding({"the picture goes black", "the picture turns white", "the picture freezes",
                                  "the picture turns black and white"});
  const auto measured = gvl::evaluation::find_events(*model, video, queries, 0).events;
  check_same(events_of_elements(video, model, queries), measured);
  // They are about something: the sure ones are what happens, but for the colours that go, and for a white picture that
  // stands still.
  std::vector<std::string> sure;
  for (const auto& event : measured) {
    if (event.confidence < model->config().min_confidence) continue;
    const auto seconds = std::chrono::round<std::chrono::seconds>(event.start).count();
    sure.push_back(event.query + " at " + std::to_string(seconds / 10 * 10));
  }
  const std::vector<std::string> expected{"the picture goes black at 40", "the picture turns white at 90",
                                          "the picture freezes at 90", "the picture freezes at 140",
                                          "the picture goes black at 260"};
  std::string got;
  for (const auto& each : sure) got += each + "; ";
  fail_unless(sure == expected, "%s", got.c_str());
}

struct Length {
  FrameRate rate;
  std::int64_t frames;
};

// One window, also with fewer frames than samples; several, also at a rate whose frames begin between nanoseconds.
constexpr std::array<Length, 6> kLengths{
    {{{25, 1}, 250}, {{2, 1}, 5}, {{10, 1}, 1210}, {{30000, 1001}, 4300}, {{1, 1}, 600}, {{1, 10}, 33}}};

GVL_LOOP_TEST(windows_show_the_same_frames, static_cast<int>(kLengths.size())) {
  CountingVideo video(kLengths[static_cast<std::size_t>(number)].rate,
                      kLengths[static_cast<std::size_t>(number)].frames);
  const auto streamed = std::make_shared<FakeModel>(), measured = std::make_shared<FakeModel>();
  const auto queries = grounding({"when", "where"});
  const auto seen = events_of_elements(video, streamed, queries);
  check_same(seen, gvl::evaluation::find_events(*measured, video, queries, 0).events);
  const auto asked = streamed->asked(), again = measured->asked();
  fail_unless(!asked.empty());
  fail_unless_equals_int(asked.size(), again.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    fail_unless(asked[i].segments == again[i].segments, "window %zu", i);
    fail_unless(asked[i].duration == again[i].duration && asked[i].boundaries == again[i].boundaries);
  }
}

}  // namespace
