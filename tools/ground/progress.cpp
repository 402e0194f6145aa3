/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/progress.hpp"

#include <unistd.h>

#include <cstdio>

namespace {

constexpr int kWidth = 30;

}  // namespace

ProgressBar::ProgressBar(bool enabled) : enabled_(enabled && isatty(STDERR_FILENO)) {}

void ProgressBar::begin(std::string what) {
  what_ = std::move(what);
  began_ = g_get_monotonic_time();
}

void ProgressBar::show(GstElement* pipeline) {
  gint64 position = 0, duration = 0;
  if (!enabled_ || !gst_element_query_duration(pipeline, GST_FORMAT_TIME, &duration) || duration <= 0) return;
  gst_element_query_position(pipeline, GST_FORMAT_TIME, &position);
  const double done = CLAMP(static_cast<double>(position) / static_cast<double>(duration), 0.0, 1.0);
  const double elapsed = static_cast<double>(g_get_monotonic_time() - began_) / G_USEC_PER_SEC;
  const int filled = static_cast<int>(done * kWidth);
  std::fprintf(stderr, "\r\033[K[%s%s] %3.0f %% ", std::string(filled, '#').c_str(),
               std::string(kWidth - filled, ' ').c_str(), done * 100);
  if (done > 0.02 && done < 1) std::fprintf(stderr, "%.0f s left ", elapsed * (1 - done) / done);
  std::fputs(what_.c_str(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::clear() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
  shown_ = false;
}
