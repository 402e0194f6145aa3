/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frame-ring.hpp"

namespace gvl::gst {

/** What a stream beside the video brings. Sound is continuous; the others come now and then. */
enum class TrackKind { kSound, kSubtitles, kData };

/** Something of such a stream, encoded or not. */
struct KeptPacket {
  SharedBuffer buffer;  ///< shares the stream's memory; none: nothing comes between the two times
  SharedCaps caps;
  StreamTime time = 0;
  StreamTime end = 0;  ///< `time` where it is not known
};

/**
 * A stream beside the video, and the last of it: as much as is needed for the video that is kept. For one thread at a
 * time.
 */
class Track {
 public:
  Track(std::string name, TrackKind kind) : name_(std::move(name)), kind_(kind) {}

  const std::string& name() const { return name_; }
  bool continuous() const { return kind_ == TrackKind::kSound; }

  /** Forgets all, and what comes is kept within these limits. */
  void start(GstClockTime history, gsize bytes);
  void clear();

  /** False where it goes back in time: what was kept is gone then. */
  bool push(KeptPacket packet);
  /** The tags of the stream, NULL for none (transfer none). */
  void set_tags(GstTagList* tags);
  /** Of the stream, NULL for none. */
  GstTagList* tags() const { return tags_.get(); }

  /** Drops what is too old for video that begins at `from`, where there is some. */
  void trim(std::optional<StreamTime> from);
  /** Drops what begins at `until` or later. */
  void trim_behind(StreamTime until);

  /** How often it was flushed or went back in time: what came before is not of the same time. */
  guint session() const { return session_; }
  /** It is of this one, whatever it has been. */
  void join(guint session) { session_ = session; }
  /** What comes from here on is of the next. */
  void begin_session();

  /** Something is on its way, or nothing is: clips wait for the first. What comes says the first. */
  void expect(bool more);
  /** Whether something is when the stream starts. */
  void set_linked(bool linked);
  /** A stream is there, or was until it ended: a flush may bring more of it. */
  bool has_stream() const { return has_stream_; }
  bool is_expected() const { return expected_; }
  /**
   * Whether to give it up: it has long been silent, or of another session than the video, and the video, which is at
   * `frame` now, is far ahead; of a video that has ended, none.
   */
  bool is_silent(std::optional<StreamTime> frame, guint video_session);

  const std::deque<KeptPacket>& packets() const { return packets_; }
  gsize bytes() const { return bytes_; }
  /** Where the latest ends; none before the first. */
  std::optional<StreamTime> reached() const { return reached_; }

 private:
  using Clock = std::chrono::steady_clock;
  using TagsPointer = std::unique_ptr<GstTagList, decltype(&gst_tag_list_unref)>;

  void drop_first();
  void forget_missed();

  std::string name_;
  TrackKind kind_;
  TagsPointer tags_{nullptr, gst_tag_list_unref};
  std::deque<KeptPacket> packets_;
  gsize bytes_ = 0;
  StreamTime history_ = G_MAXINT64;
  gsize most_bytes_ = G_MAXSIZE;
  std::optional<StreamTime> reached_;
  bool linked_ = false, expected_ = false, has_stream_ = false;
  guint session_ = 0;
  bool apart_ = false;                             // it is of another session than the video
  std::optional<StreamTime> missed_from_;          // the first frame since the last packet, or since it is apart
  std::optional<Clock::time_point> missed_since_;  // when that came
};

using TrackPointer = std::shared_ptr<Track>;

}  // namespace gvl::gst
