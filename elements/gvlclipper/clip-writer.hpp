/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "clip-file.hpp"
#include "frame-ring.hpp"

namespace gvl::gst {

/** What a clip is to be. */
struct ClipPlan {
  std::shared_ptr<GstStructure> event;
  std::string path;         ///< as wished: an unused one like it is taken
  std::string muxer;        ///< a part of a launch line
  std::string encoder;      ///< likewise; empty: frames are written as they are
  std::string orientation;  ///< GST_TAG_IMAGE_ORIENTATION of the frames; what is encoded is turned upright
  bool decode = false;      ///< before they are encoded again
  StreamTime start = 0;     ///< the first frame to be seen
  StreamTime stop = 0;      ///< nothing is seen from here on
};

/**
 * A file in the making, in a pipeline of its own: what happens to the stream's pipeline does not cut it off. push()
 * and finish() are for one thread at a time; `done` is called once, from a thread of that pipeline.
 *
 * Frames reach the file as they come: of a process that is killed, at most the last second is missing.
 */
class ClipWriter {
 public:
  /** What became of the file. */
  struct Outcome {
    std::string error;                ///< empty: it is complete
    std::optional<StreamTime> first;  ///< when the first frame in it is shown
    std::optional<StreamTime> last;   ///< when the last frame in it ends
  };

  /**
   * Throws Error(kInvalidArgument) for a muxer or encoder that GStreamer cannot make, Error(kResource) where no file
   * can be made.
   */
  ClipWriter(ClipPlan plan, const SharedCaps& caps, std::function<void()> done);
  /** Stops. */
  ~ClipWriter();
  ClipWriter(const ClipWriter&) = delete;
  ClipWriter& operator=(const ClipWriter&) = delete;

  const ClipPlan& plan() const { return plan_; }
  ClipFile& file() { return file_; }

  void start();
  /** Never from a thread of the pipeline, unlike start(). Closes the file. */
  void stop();

  /** Whether the clip is complete without this frame, the next, and all that follow. */
  bool is_over(const KeptFrame& frame) const;
  /** Waits while the disk is behind. */
  void push(const KeptFrame& frame);
  /** No frame comes any more; `done` is called when the file is closed. */
  void finish();

  Outcome outcome() const;

 private:
  static GstBusSyncReply on_message(GstBus* bus, GstMessage* message, gpointer self);
  static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  std::string launch_line() const;
  std::shared_ptr<GstElement> make_pipeline() const;
  GstElement* child(const char* name) const;
  void end(const std::string& error);
  GstSegment segment() const;
  void push_to_cut(const KeptFrame& frame);
  void push_as_it_is(const KeptFrame& frame);
  void send(const KeptFrame& frame);
  bool is_cut(GstClockTime own, StreamTime time, StreamTime end);

  /** The clip's own time, which begins with the first frame, and leaves room before it. */
  GstClockTime own_time(StreamTime time) const;
  StreamTime stream_time(GstClockTime own) const;

  ClipPlan plan_;
  std::function<void()> done_;
  SharedCaps caps_;
  const std::shared_ptr<GstElement> pipeline_;
  GstElement* source_ = nullptr;  ///< owned by the pipeline
  ClipFile file_;
  std::optional<StreamTime> origin_;  ///< of the clip's own time: set before the first frame is handed on
  bool begun_ = false;
  StreamTime newest_ = 0;             ///< the latest that was sent, where one was
  std::optional<StreamTime> behind_;  ///< the latest of what came, and is shown behind the clip
  std::deque<KeptFrame> held_;        ///< shown behind the clip: written where a frame follows that is in it

  mutable std::mutex mutex_;
  Outcome outcome_;
  std::multiset<GstClockTime> cut_away_;  ///< own times of frames that are only decoded
  bool ended_ = false;
};

}  // namespace gvl::gst
