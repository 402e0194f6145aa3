/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clip-event.hpp"
#include "clip-reporter.hpp"
#include "clip-settings.hpp"
#include "clip-writer.hpp"
#include "frame-ring.hpp"
#include "gvlworker.hpp"
#include "location-pattern.hpp"
#include "track.hpp"

namespace gvl::gst {

/**
 * gvlclipper's work: keeps the last frames, and writes those around each event. frame(), begin_session(), turned() and
 * end_of_frames() are for the video's streaming thread; every other member for any thread.
 *
 * What comes beside the video, in tracks, is kept and written with it. Neither stream ever waits for the other here:
 * clips wait for the one that is behind, for a time.
 *
 * At most `max_clips` clips are written at a time. An event that finds no place waits for one; so does the next frame
 * while clips are being closed, so that what is kept is not gone by then.
 */
class ClipRecorder {
 public:
  /** `on_idle` is called from a thread of the recorder's when the last clip is closed and no event waits for a place.
   */
  ClipRecorder(GstElement* element, std::function<void()> on_idle)
      : element_(element), on_idle_(std::move(on_idle)), reporter_(element) {}
  ~ClipRecorder() { stop(); }

  /** READY to PAUSED. Throws Error for a location that is no pattern. */
  void start(const ClipSettings& settings);
  /** Ends every clip: waits until files are closed, for ten seconds at the most. Frames must not come any more. */
  void stop();
  /** Whether frame(), turned() and begin_session() may wait for clips, as they do; a pad that is to be stopped must
   * not. */
  void let_wait(bool may);

  /** Takes the next frame. */
  void frame(KeptFrame frame);
  /** The frames end, or go on elsewhere: clips end with what there is. */
  void end_of_frames();
  /** Another time begins, as after a seek: forgets the frames and the events that go on. Clips that are being written,
   * or wait for it, end: with a warning that says why, if that is early. */
  void begin_session(const std::string& why);
  /** From here on frames are of this GST_TAG_IMAGE_ORIENTATION. */
  void turned(const std::string& orientation);

  /** Clips that begin from here on have this track, too. */
  void add_track(const TrackPointer& track);
  /** It is gone: clips have what came of it. */
  void remove_track(const TrackPointer& track);
  /** Takes the track's next packet. */
  void packet(Track& track, KeptPacket packet);
  /** Whether more of the track is on its way. Where not, clips have what came of it. */
  void expect(Track& track, bool more);
  /** Forgets what came of the track, as after a seek. */
  void forget(Track& track);
  /** Changes what is known of a track. */
  void change(Track& track, const std::function<void(Track&)>& change);
  gsize track_bytes() const;
  /** A warning about one; `lost`: how many clips are not what they should be. */
  void warn_of_tracks(const std::string& text, guint lost) const;

  /** A gvl-event is known (copied), or, with `alerts`, more of it. One without times is none of ours. */
  void add(const GstStructure* event);
  /** No more is told of events that go on: their clips are described as they are. */
  void give_up_alerts();

  /** No clip is being written, and no event waits for a place. */
  bool idle() const;

  ClipStats stats() const { return reporter_.stats(); }

 private:
  struct Clip {
    std::unique_ptr<ClipWriter> writer;
    ClipEventPointer event;
    StreamTime from = 0;
    guint session = 0;
    bool as_it_is = false;               ///< neither decoded nor encoded
    bool early = false;                  ///< begun because its keyframe could not be kept
    std::atomic<bool> filling{true};     ///< gets what is kept
    std::atomic<bool> finished{false};   ///< it gets no more frames
    std::atomic<bool> abandoned{false};  ///< another takes its place: its file is removed
    std::atomic<bool> closed{false};     ///< its pipeline has ended
  };
  using ClipPointer = std::shared_ptr<Clip>;  // a clip may fail while it is fed

  Interval around(const ClipEvent& event) const;
  void want(const ClipEventPointer& event);
  void advance(bool at_end);
  bool begin(const ClipEventPointer& event, bool at_end);
  void start_clip(const ClipEventPointer& event, bool early);
  ClipPlan plan_for(const ClipEventPointer& event, std::size_t first_kept) const;
  bool make_clip(const ClipPointer& clip, const ClipPlan& plan, const SharedCaps& caps);
  void enqueue(const ClipEventPointer& event);
  void start_waiting();
  bool take_place(ClipEventPointer* event);
  bool has_place() const;
  void wait_for_places();
  void forget(const std::string& why);
  void settle();
  void free_places();

  void keep(const KeptFrame& frame);
  void drop_all_kept();
  void retake_early(const KeptFrame& keyframe);
  void retake(const ClipPointer& clip);
  void abandon(Clip& clip);
  void feed_all(const KeptFrame& frame);
  void feed(Clip& clip, const KeptFrame& frame);
  void finish(Clip& clip, StreamTime until);
  void end_early(Clip& clip);
  void finish_all();
  void finish_all_at_once();

  bool take_alert(const GstStructure* event);
  void forget_given_up();
  void end_alert(const ClipEventPointer& alert);
  void give_up_all();
  bool waits_for_news(const ClipPointer& clip);
  void describe_decided();

  bool end_in_clips(const Track* track, guint last_session);
  void trim_tracks();
  void give_up_silent(std::optional<StreamTime> frame);
  void wait_for_tracks();
  void post_wait_for_tracks();
  void cut_off(const ClipPointer& clip);

  void close(const ClipPointer& clip);
  void post_close(const ClipPointer& clip);
  void notify_if_idle();
  bool is_idle() const { return clips_.empty() && undecided_.empty() && queued_.empty() && starting_ == 0; }
  std::vector<ClipPointer> clips() const;

  GstElement* element_;
  std::function<void()> on_idle_;
  ClipReporter reporter_;

  // Held while frames are handed on, which may wait for a disk; guards what follows.
  std::mutex feeding_;
  ClipSettings settings_;
  std::optional<LocationPattern> location_;
  std::string orientation_;
  SharedCaps caps_;  // of the latest frame
  FrameRing ring_;
  StreamTime latest_ = 0;                // of the frames that came, kept or not
  StreamTime reached_ = 0;               // where they end
  guint session_ = 0;                    // how often the video was flushed or went back in time
  std::string why_early_;                // clips end now; empty: as the video does
  bool dropped_ = false;                 // the ring does not begin where the stream did
  bool warned_overfull_ = false;         // once is enough
  std::list<ClipEventPointer> waiting_;  // events that the video has not reached
  std::list<ClipEventPointer> alerts_;   // events that go on, or were given up
  std::list<TrackPointer> tracks_;
  std::atomic<gsize> track_bytes_{0};  // in them

  std::atomic<bool> ended_{false};     // no frame comes any more
  std::atomic<bool> settling_{false};  // none comes that is of the kept ones' kind
  std::atomic<bool> closing_{false};   // nothing comes any more

  mutable std::mutex mutex_;  // guards what follows; taken after feeding_
  std::condition_variable changed_;
  std::list<ClipPointer> clips_;
  std::list<ClipPointer> undecided_;    // whose files are closed, and whose events go on
  std::list<ClipEventPointer> queued_;  // events that wait for a place
  guint starting_ = 0;                  // events that have left it, and are no clip yet
  guint max_clips_ = 1;
  bool stopping_ = false;
  bool may_wait_ = true;
  std::unique_ptr<Worker> closer_;   // closes clips
  std::unique_ptr<Worker> starter_;  // starts those that waited; it may wait for the closer
  std::unique_ptr<Worker> waiter_;   // waits for tracks when the video is over
};

}  // namespace gvl::gst
