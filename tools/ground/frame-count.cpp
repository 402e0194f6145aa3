/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/frame-count.hpp"

#include <algorithm>

namespace {

constexpr int kNtsc = 1001;  // denominator of 29.97 frames a second and its like

std::shared_ptr<GstVideoTimeCode> new_code(int numerator, int denominator, bool drops, guint hours, guint minutes,
                                           guint seconds, guint frames) {
  const auto flags = drops ? GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME : GST_VIDEO_TIME_CODE_FLAGS_NONE;
  return {gst_video_time_code_new(numerator, denominator, nullptr, flags, hours, minutes, seconds, frames, 0),
          gst_video_time_code_free};
}

int nominal_rate(int numerator, int denominator) { return (numerator + denominator / 2) / denominator; }

/** Files that have times in whole milliseconds, say, are a little beside the rate that they mean. */
void take_usual_rate(int& numerator, int& denominator) {
  const GstClockTime frame = gst_util_uint64_scale_int(GST_SECOND, denominator, numerator);
  int usual_numerator, usual_denominator;
  if (!gst_video_guess_framerate(frame, &usual_numerator, &usual_denominator)) return;
  numerator = usual_numerator;
  denominator = usual_denominator;
}

std::string rate_text(int numerator, int denominator) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(text, sizeof text, "%.5g", static_cast<double>(numerator) / denominator);
}

}  // namespace

bool is_timecode(const std::string& text) {
  return g_regex_match_simple("\\A[0-9]{2}:[0-9]{2}:[0-9]{2}[:;][0-9]{2}\\z", text.c_str(), GRegexCompileFlags(0),
                              GRegexMatchFlags(0));
}

std::optional<FrameCount> FrameCount::make(int numerator, int denominator, GstClockTime begin, const std::string& first,
                                           std::string& fault) {
  if (numerator <= 0 || denominator <= 0) {
    fault = "has no constant frame rate, and so no timecodes";
    return std::nullopt;
  }
  take_usual_rate(numerator, denominator);
  const int nominal = nominal_rate(numerator, denominator);
  const bool is_ntsc = denominator == kNtsc && numerator == nominal * 1000;
  const auto plain = new_code(numerator, denominator, false, 0, 0, 0, 0);
  if ((denominator != 1 && !is_ntsc) || !gst_video_time_code_is_valid(plain.get())) {
    fault = "has " + rate_text(numerator, denominator) + " frames a second, which no timecode counts";
    return std::nullopt;
  }
  const bool can_drop = is_ntsc && nominal % 30 == 0;
  const bool drops = first.empty() ? can_drop : first[8] == ';';
  const auto part = [&](std::size_t at) {
    return first.empty() ? 0 : static_cast<guint>(g_ascii_strtoull(first.substr(at, 2).c_str(), nullptr, 10));
  };
  auto code = new_code(numerator, denominator, drops, part(0), part(3), part(6), part(9));
  if ((!drops || can_drop) && gst_video_time_code_is_valid(code.get())) return FrameCount(std::move(code), begin);
  fault = "has " + rate_text(numerator, denominator) + " frames a second: there is no timecode " + first;
  return std::nullopt;
}

gint64 FrameCount::frame_at(GstClockTime time) const { return frames_in(time - std::min(time, begin_)); }

gint64 FrameCount::frames_in(GstClockTime duration) const {
  const auto& config = first_->config;
  return static_cast<gint64>(gst_util_uint64_scale_round(duration, config.fps_n, config.fps_d * GST_SECOND));
}

gint64 FrameCount::first() const {
  return static_cast<gint64>(gst_video_time_code_frames_since_daily_jam(first_.get()));
}

double FrameCount::rate() const { return static_cast<double>(first_->config.fps_n) / first_->config.fps_d; }

bool FrameCount::drops() const { return first_->config.flags & GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME; }

std::string FrameCount::timecode(gint64 frame) const {
  const TimeCodePointer code(gst_video_time_code_copy(first_.get()), gst_video_time_code_free);
  gst_video_time_code_add_frames(code.get(), frame);
  g_autofree char* text = gst_video_time_code_to_string(code.get());
  return text;
}

FrameCount FrameCount::from_hour(guint hour) const {
  const auto& config = first_->config;
  return FrameCount(new_code(static_cast<int>(config.fps_n), static_cast<int>(config.fps_d), drops(), hour, 0, 0, 0),
                    begin_);
}
