/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "clip-clock.hpp"
#include "clip-event.hpp"
#include "clip-file.hpp"
#include "clip-tracks.hpp"
#include "frame-ring.hpp"

namespace gvl::gst {

/** What a clip is to be. */
struct ClipPlan {
  ClipEventPointer event;
  std::string path;         ///< as wished: an unused one like it is taken
  std::string muxer;        ///< a part of a launch line
  std::string encoder;      ///< likewise; empty: frames are written as they are
  std::string orientation;  ///< GST_TAG_IMAGE_ORIENTATION of the frames; what is encoded is turned upright
  bool decode = false;      ///< before they are encoded again
  StreamTime start = 0;     ///< the first frame to be seen
  StreamTime stop = 0;      ///< nothing is seen from here on
  gsize most_waiting = 0;   ///< bytes of frames that may wait for what comes beside them
  ClipTracks::Warn warn;
};

/**
 * A file in the making, in a pipeline of its own: what happens to the stream's pipeline does not cut it off. What is
 * pushed, ended and finished is for one thread at a time; `done` is called once, from a thread of that pipeline.
 *
 * Frames reach the file as they come, and with what comes beside them: of a process that is killed, at most the last
 * second is missing, and what waits for a track that is late.
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

  /** Never from a thread of the pipeline. Closes the file. */
  void stop();

  /** Whether the clip is complete without this frame, the next, and all that follow. */
  bool is_over(const KeptFrame& frame) const;
  /** Waits while the disk is behind. */
  void push(const KeptFrame& frame);
  /** It is to end there, or, where more is in it already, with that. */
  void stop_at(StreamTime stop);
  /** No frame comes any more, as the video ends here; `done` is called when the file is closed. */
  void finish(StreamTime until);

  /** The clip, of this session, has this track, with what is kept of it. Before the first frame. */
  void add(const TrackPointer& track, guint session) { tracks_.add(track, session); }
  /** Another packet of the track. */
  void take(const Track& track, const KeptPacket& packet);
  /** No more comes of the track, or, NULL, of any. */
  void end_track(const Track* track);
  /** It is finished, and waits for a track. From any thread. */
  bool waits_for_tracks() const { return waits_for_tracks_; }

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
  void hand_on();
  void open();
  void hand_on(const KeptFrame& frame);
  StreamTime begin() const { return plan_.encoder.empty() ? clock_->origin() : plan_.start; }
  bool is_cut(GstClockTime own, StreamTime time, StreamTime end);

  GstClockTime own_time(StreamTime time) const { return clock_->own_time(time); }

  ClipPlan plan_;
  std::function<void()> done_;
  SharedCaps caps_;
  const std::shared_ptr<GstElement> pipeline_;
  GstElement* source_ = nullptr;  ///< owned by the pipeline
  ClipFile file_;
  std::optional<ClipClock> clock_;    ///< set before the first frame is handed on
  bool begun_ = false;                ///< a frame was sent
  StreamTime newest_ = 0;             ///< the latest that was sent, where one was
  StreamTime sent_until_ = 0;         ///< and where what was sent ends
  std::optional<StreamTime> behind_;  ///< the latest of what came, and is shown behind the clip
  std::deque<KeptFrame> held_;        ///< shown behind the clip: written where a frame follows that is in it

  ClipTracks tracks_;
  GstClockTime lead_ = 0;          ///< how long before the video they begin
  std::deque<KeptFrame> waiting_;  ///< sent, and wait for tracks
  gsize waiting_bytes_ = 0;
  std::optional<StreamTime> finished_;  ///< the video ends then
  bool opened_ = false;                 ///< the tracks are linked
  bool too_late_ = false;               ///< they are waited for no more
  bool first_ = true;                   ///< no frame was handed on
  bool ended_frames_ = false;           ///< all were
  std::atomic<bool> waits_for_tracks_{false};

  mutable std::mutex mutex_;
  Outcome outcome_;
  std::multiset<GstClockTime> cut_away_;  ///< own times of frames that are only decoded
  bool ended_ = false;
};

}  // namespace gvl::gst
