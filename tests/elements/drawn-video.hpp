/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "evaluation/video.hpp"
#include "stream.hpp"

namespace gvl::test {

inline GstClockTime start_of(std::int64_t frame, const evaluation::FrameRate& rate) {
  return gst_util_uint64_scale(static_cast<guint64>(frame), GST_SECOND * static_cast<guint64>(rate.denominator),
                               static_cast<guint64>(rate.numerator));
}

/** A video whose frames are drawn as they are asked for. */
class DrawnVideo : public evaluation::Video {
 public:
  DrawnVideo(int width, int height, const evaluation::FrameRate& rate, std::int64_t frames)
      : width_(width),
        height_(height),
        rate_(rate),
        frames_(frames),
        pixels_(static_cast<std::size_t>(width * height * 3)) {}

  evaluation::FrameRate rate() const override { return rate_; }
  std::int64_t frames() const override { return frames_; }
  RgbView frame(std::int64_t number) override {
    draw(number, pixels_);
    return {pixels_.data(), width_, height_, width_ * 3};
  }

  std::string caps() const {
    return "video/x-raw,format=RGB,width=" + std::to_string(width_) + ",height=" + std::to_string(height_) +
           ",framerate=" + std::to_string(rate_.numerator) + "/" + std::to_string(rate_.denominator);
  }
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
  evaluation::FrameRate rate_;
  std::int64_t frames_;
  std::vector<guint8> pixels_;
};

/** Frames by whose grey they can be told apart. */
class CountingVideo : public DrawnVideo {
 public:
  CountingVideo(const evaluation::FrameRate& rate, std::int64_t frames) : DrawnVideo(32, 24, rate, frames) {}

 private:
  void draw(std::int64_t number, std::vector<guint8>& pixels) const override {
    std::fill(pixels.begin(), pixels.end(), static_cast<guint8>(number));
  }
};

/** A pattern that drifts, five minutes of it or less, with something wrong from time to time. */
class FaultyVideo : public DrawnVideo {
 public:
  static constexpr std::int64_t kRate = 8;

  explicit FaultyVideo(std::int64_t seconds = 300) : DrawnVideo(128, 96, {kRate, 1}, seconds * kRate) {}

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

/** Grounding queries. */
inline std::vector<Query> grounding(const std::vector<std::string>& texts) {
  std::vector<Query> queries;
  for (const auto& text : texts) queries.push_back({Task::kGrounding, text});
  return queries;
}

/** The same as gvlgroundedllm's property `queries`, in a launch line. */
inline std::string as_property(const std::vector<Query>& queries) {
  std::string list;
  for (const auto& query : queries) list += (list.empty() ? "" : ", ") + ("\\\"" + query.text + "\\\"");
  return "queries=\"<" + list + ">\"";
}

}  // namespace gvl::test
