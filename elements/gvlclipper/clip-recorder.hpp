/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clip-writer.hpp"
#include "frame-ring.hpp"
#include "gvlworker.hpp"
#include "location-pattern.hpp"

namespace gvl::gst {

/** How clips are cut. */
struct ClipSettings {
  std::string location = "clip-%{id}.mkv";
  std::string muxer = "matroskamux";
  std::string encoder = "vp8enc deadline=1 cpu-used=4";
  bool accurate = false;
  GstClockTime pre_roll = GST_SECOND;
  GstClockTime post_roll = GST_SECOND;
  GstClockTime history = 150 * GST_SECOND;
  gsize history_bytes = gsize{512} << 20;
};

struct ClipStats {
  guint64 events = 0;  ///< with times
  guint64 clips = 0;   ///< written completely
  guint64 failed = 0;
  guint64 late = 0;  ///< events older than the ring, in whole or in part
  guint64 frames = 0;
  guint64 bytes = 0;  ///< in the ring
  guint64 last = 0;   ///< stream time of the latest frame
};

/**
 * gvlclipper's work: keeps the last frames, and writes those around each event. frame() and end_of_frames() are for
 * the video's streaming thread; every other member for any thread.
 */
class ClipRecorder {
 public:
  explicit ClipRecorder(GstElement* element) : element_(element) {}
  ~ClipRecorder() { stop(); }

  /** READY to PAUSED. Throws Error for a location that is no pattern. */
  void start(const ClipSettings& settings);
  /** Ends every clip: waits until files are closed, for ten seconds at the most. Frames must not come any more. */
  void stop();

  /** Takes the next frame, with timestamps in stream time. */
  void frame(KeptFrame frame);
  /** The frames end, or go on elsewhere: clips end with what there is. */
  void end_of_frames();
  /** Forgets the frames, as after a seek; clips that are being written end. */
  void forget();

  /** A gvl-event is known (copied). One without times is none of ours. */
  void add(const GstStructure* event);

  /** Waits until no clip is being written, or stop(). */
  void wait();

  ClipStats stats() const;

 private:
  struct Clip {
    std::unique_ptr<ClipWriter> writer;
    GstClockTime until = 0;
    std::atomic<bool> finished{false};  ///< it gets no more frames
  };
  using ClipPointer = std::shared_ptr<Clip>;  // a clip may fail while it is fed

  void advance(bool at_end);
  bool begin(const std::shared_ptr<GstStructure>& event, bool at_end);
  void begin_clip(const std::shared_ptr<GstStructure>& event, GstClockTime from, GstClockTime until);
  void feed(Clip& clip, const KeptFrame& frame);
  void finish(Clip& clip);
  void finish_all();
  void close(const ClipPointer& clip);
  std::vector<ClipPointer> clips() const;
  void report(const ClipWriter& writer);
  void warn_late(const GstStructure* event, GstClockTime from, bool lost);
  std::string write_description(const ClipWriter& writer, const ClipWriter::Outcome& outcome) const;

  GstElement* element_;

  // Held while frames are handed on, which may wait for a disk; guards what follows.
  std::mutex feeding_;
  ClipSettings settings_;
  std::optional<LocationPattern> location_;
  FrameRing ring_;
  bool ended_ = false;
  std::list<std::shared_ptr<GstStructure>> waiting_;  // events that the video has not reached

  mutable std::mutex mutex_;  // guards what follows; taken after feeding_
  std::condition_variable changed_;
  std::list<ClipPointer> clips_;
  ClipStats stats_;
  bool stopping_ = false;
  std::unique_ptr<Worker> closer_;
};

}  // namespace gvl::gst
