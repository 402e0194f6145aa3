/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "common/quantities.hpp"
#include "common/terminal.hpp"
#include "ground/names.hpp"

namespace {

constexpr int kWidth = 30;
constexpr double kFirstShare = 0.02;   // of a video, from which on the rest can be guessed
constexpr int kColumnsOfNumbers = 30;  // what stands beside the bar, without the file

std::string progress_line(double done, double elapsed, const std::string& what, int columns) {
  const int width = std::clamp(columns - kColumnsOfNumbers, 0, kWidth);
  const int filled = static_cast<int>(done * width);
  char numbers[64];
  g_snprintf(numbers, sizeof numbers, "%3.0f %% ", done * 100);
  std::string line = numbers;
  if (width > 0) line = "[" + std::string(filled, '#') + std::string(width - filled, ' ') + "] " + line;
  if (done > kFirstShare && done < 1) line += duration_text(elapsed * (1 - done) / done) + " left ";
  return fitted(line + fitted(what, columns - static_cast<int>(line.size())), columns);
}

/** Of what is live, or does not say how long it is: "0:12:34 looking at URI". */
std::string position_line(gint64 position, const std::string& what, int columns) {
  const gint64 seconds = position / static_cast<gint64>(GST_SECOND);
  g_autofree char* clock = g_strdup_printf("%" G_GINT64_FORMAT ":%02d:%02d ", seconds / 3600,
                                           static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return fitted(clock + fitted(what, columns - static_cast<int>(std::char_traits<char>::length(clock))), columns);
}

}  // namespace

ProgressBar::ProgressBar(bool enabled) : enabled_(enabled && isatty(STDERR_FILENO)) {}

void ProgressBar::begin(std::string what) {
  what_ = std::move(what);
  began_ = g_get_monotonic_time();
}

void ProgressBar::show(GstElement* pipeline) {
  if (!enabled_) return;
  gint64 position = 0, duration = 0;
  const bool has_end = gst_element_query_duration(pipeline, GST_FORMAT_TIME, &duration) && duration > 0;
  if (!gst_element_query_position(pipeline, GST_FORMAT_TIME, &position) && !has_end) return;
  const double done = CLAMP(static_cast<double>(position) / static_cast<double>(MAX(duration, 1)), 0.0, 1.0);
  const double elapsed = static_cast<double>(g_get_monotonic_time() - began_) / G_USEC_PER_SEC;
  // A line that reaches the last column may go on in the next one, where it could not be taken back.
  const int columns = terminal_columns() - 1;
  const std::string line =
      has_end ? progress_line(done, elapsed, what_, columns) : position_line(position, what_, columns);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::clear() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
  shown_ = false;
}
