/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <string>

/**
 * A line on the terminal that says how far a video was read, and how long the rest will take where that can be known;
 * silent elsewhere.
 */
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /** What is done now: "looking at a.mkv". */
  void begin(std::string what);
  void show(GstElement* pipeline);
  void clear();

 private:
  bool enabled_;
  bool shown_ = false;
  std::string what_;
  gint64 began_ = 0;  ///< microseconds
};
