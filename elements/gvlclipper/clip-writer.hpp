/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "frame-ring.hpp"

namespace gvl::gst {

/** What a clip is to be. */
struct ClipPlan {
  std::shared_ptr<GstStructure> event;
  std::string path;
  std::string muxer;       ///< a part of a launch line
  std::string encoder;     ///< likewise; empty: frames are written as they are
  bool decode = false;     ///< before they are encoded again
  GstClockTime start = 0;  ///< stream time of the first frame to be seen
  GstClockTime stop = 0;   ///< nothing is seen from here on
};

/**
 * A file in the making, in a pipeline of its own: what happens to the stream's pipeline does not cut it off. push()
 * and finish() are for one thread at a time; `done` is called once, from a thread of that pipeline.
 */
class ClipWriter {
 public:
  /** What became of the file. */
  struct Outcome {
    std::string error;                         ///< empty: it is complete
    GstClockTime first = GST_CLOCK_TIME_NONE;  ///< stream time of the first frame in it
    GstClockTime last = GST_CLOCK_TIME_NONE;   ///< stream time at which the last frame in it ends
  };

  /** Throws Error(kInvalidArgument) for a muxer or encoder that GStreamer cannot make. */
  ClipWriter(ClipPlan plan, const CapsPointer& caps, std::function<void()> done);
  /** Stops. */
  ~ClipWriter();
  ClipWriter(const ClipWriter&) = delete;
  ClipWriter& operator=(const ClipWriter&) = delete;

  const ClipPlan& plan() const { return plan_; }

  void start();
  /** Never from a thread of the pipeline, unlike start(). */
  void stop();

  /** Waits while the disk is behind. */
  void push(const KeptFrame& frame);
  /** No frame comes any more; `done` is called when the file is closed. */
  void finish();

  Outcome outcome() const;

 private:
  static GstBusSyncReply on_message(GstBus* bus, GstMessage* message, gpointer self);
  static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  std::string launch_line() const;
  void end(const std::string& error);

  ClipPlan plan_;
  std::function<void()> done_;
  GstElement* pipeline_ = nullptr;
  GstElement* source_ = nullptr;  ///< owned by the pipeline
  CapsPointer caps_;
  bool begun_ = false;

  mutable std::mutex mutex_;
  Outcome outcome_;
  bool ended_ = false;
};

}  // namespace gvl::gst
