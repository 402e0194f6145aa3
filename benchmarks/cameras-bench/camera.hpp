/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cameras-bench/footage.hpp"
#include "cameras-bench/settings.hpp"

namespace gvl::benchmarks {

using Clock = std::chrono::steady_clock;

/** What became of a camera's video. */
struct CameraResult {
  std::string name;
  guint64 segments = 0;           ///< that the model got
  guint64 dropped = 0;            ///< segments that it did not
  guint64 windows = 0;            ///< that were asked about
  guint64 events = 0;             ///< closed
  guint64 overloads = 0;          ///< that began
  std::vector<double> latencies;  ///< seconds from a window's end to its event, or to the answer that there is none
};

/** A live stream of its own with its own elements, which share a model with all others. */
class Camera {
 public:
  /** Its first frame is due at `begin`, its last one so many `frames` later. Throws std::runtime_error. */
  Camera(int number, const CameraSettings& settings, const Footage& footage, Clock::time_point begin, long frames);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  /** When its next frame is to be pushed; none after the last. */
  std::optional<Clock::time_point> due() const;
  void push();

  /** Ends the stream, which waits for its answers. */
  void end();

  /** Throws std::runtime_error where the stream failed. Of one that ended. */
  CameraResult result();

 private:
  static GstBusSyncReply on_message(GstBus* bus, GstMessage* message, gpointer self);
  void take(const GstStructure* said);
  Clock::time_point time_of(GstClockTime time) const { return begin_ + std::chrono::nanoseconds(time); }

  std::string name_;
  const Footage& footage_;
  Clock::time_point begin_;
  long frames_;
  long pushed_ = 0;
  GstElement* pipeline_;
  GstElement* source_;
  GstElement* ground_;
  std::mutex mutex_;  // guards what follows
  CameraResult result_;
};

}  // namespace gvl::benchmarks
