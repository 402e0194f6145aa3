/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "clip-clock.hpp"
#include "track.hpp"

namespace gvl::gst {

/**
 * What comes beside the video into a clip. A muxer waits until each of its streams has something: what this hands on is
 * always ahead of the video by one packet, so that neither waits for the other in the muxer. For one thread at a time.
 */
class ClipTracks {
 public:
  /** What is told of a track that a clip has not, or not to its end. */
  using Warn = std::function<void(const std::string& text)>;

  /** In this pipeline, whose muxer takes them. */
  ClipTracks(GstElement* pipeline, Warn warn);
  ~ClipTracks();
  ClipTracks(const ClipTracks&) = delete;
  ClipTracks& operator=(const ClipTracks&) = delete;

  /** With what is kept of it that is of this session. Before open(). */
  void add(const TrackPointer& track, guint session);
  /** Another packet of the track. */
  void take(const Track& track, const KeptPacket& packet);
  /** Nothing more comes of it; what has come is written. */
  void end(const Track& track);
  /** The same, of all. */
  void end_all();
  /** There are none. Before open(). */
  void clear() { tracks_.clear(); }

  /** Whether what begins the clip at `from` has come. */
  bool can_open(StreamTime from);
  /**
   * Links the tracks, which begin with the packet that is heard at `from`, where the video begins in the file.
   * `stop`: nothing is heard from here on. The pipeline is stopped still. Returns how long before the video they begin.
   */
  GstClockTime open(const ClipClock& clock, StreamTime from, StreamTime stop);

  /** Nothing is heard from here on, but for what is in the file. */
  void stop_at(StreamTime stop) { stop_ = stop; }

  /** Hands on what is needed before a frame at `time` is. False while that has not come. May wait for a disk. */
  bool lead_to(StreamTime time);
  /** The video ended here: hands on the rest. False while more has to come. */
  bool finish(StreamTime until);

 private:
  struct ClipTrack {
    TrackPointer track;
    std::deque<KeptPacket> waiting;
    SharedCaps caps;                // of all that is in the file
    GstElement* source = nullptr;   // an appsrc, owned by the pipeline
    std::optional<StreamTime> led;  // when the last began that was handed on,
    StreamTime heard = G_MININT64;  // and when it ends
    bool begun = false;             // it is in the file
    bool pushed = false;            // something was
    bool over = false;              // no more is taken
    bool closed = false;            // none is handed on
  };

  bool has_begin(ClipTrack& one, StreamTime from) const;
  bool wanted(const ClipTrack& one) const;
  bool link(ClipTrack& one);
  bool lead(ClipTrack& one, StreamTime time);
  bool lead_empty(ClipTrack& one, StreamTime time);
  bool pass_gap(ClipTrack& one, StreamTime time);
  bool finish(ClipTrack& one);
  void hand_on_first(ClipTrack& one);
  void push(ClipTrack& one, GstBuffer* buffer, StreamTime time, StreamTime end);
  void close(ClipTrack& one);
  ClipTrack* find(const Track& track);

  GstElement* pipeline_;
  Warn warn_;
  GstElement* muxer_;  // NULL where there is none
  std::list<ClipTrack> tracks_;
  std::optional<ClipClock> clock_;  // since they are linked
  StreamTime from_ = 0, stop_ = G_MAXINT64;
  GstSegment segment_;
};

}  // namespace gvl::gst
