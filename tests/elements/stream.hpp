/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gvl/future.hpp"
#include "gvl/model.hpp"
#include "gvlsegmentsevent.hpp"
#include "support/testing.hpp"

namespace gvl::test {

inline const std::string kEncoders = "gvlspatialencoder ! gvltemporalencoder ! gvlfuser";

/** A frame of the format, every byte of it `number` modulo 256. */
GstBuffer* make_frame(const GstVideoInfo& info, int number, GstClockTime pts, GstClockTime duration);

/** What a buffer's GvlSegmentMeta and gvl/temporal-pixels say. */
struct SeenSegment {
  guint64 index, session, sequence, number;
  GstClockTime start, stop, keyframe;
  std::vector<GstClockTime> times;
  int spatial = -1;           ///< value of the keyframe's pixels
  std::vector<int> temporal;  ///< value of each sample's pixels
  GstClockTime buffer_pts;
};

struct StreamOptions {
  std::string caps = "video/x-raw,format=RGB,width=32,height=24,framerate=25/1";
  bool live = false;
  std::optional<GstClockTime> duration;  ///< what upstream says; none: it does not know
  std::shared_ptr<Model> model;          ///< set as context
  Future<std::shared_ptr<Model>> later;  ///< the same, a model that is still loading
  bool segment = true;                   ///< a plain TIME segment is sent
};

/** GstHarness around a launch line, with a bus and a model. */
class Stream {
 public:
  Stream(const std::string& launch, const StreamOptions& options);
  ~Stream();

  GstHarness* harness() const { return harness_; }
  GstElement* element(const char* name) const;  ///< (transfer none)
  const GstVideoInfo& info() const { return info_; }

  void set_caps(const std::string& caps);
  GstFlowReturn push(int number);  ///< frame number / rate
  GstFlowReturn push_at(int number, GstClockTime pts);
  GstFlowReturn push_range(int first, int last);  ///< [first, last)
  bool send(GstEvent* event);
  void eos() { send(gst_event_new_eos()); }
  void flush();

  /** What upstream says from now on. */
  void set_duration(GstClockTime duration) { duration_ = duration; }
  void new_segment(double rate, double applied_rate, GstClockTime start, GstClockTime stop, GstClockTime time);

  /** The next buffer that came out, or NULL at once when there is none. (transfer full) */
  GstBuffer* try_pull() { return pull_if_there(harness_); }

  /** Takes all buffers that are there; their segments in order. */
  std::vector<SeenSegment> take_segments(int* buffers = nullptr);

  /** What the last gvl-segments event about a sequence said that came out. */
  const gst::SegmentsInfo& sequence(guint64 id) const;

  /** The next message of these types, waited for. (transfer full) */
  GstMessage* wait_message(GstMessageType types);
  /** The next that is there already, or NULL. */
  GstMessage* pop_message(GstMessageType types);
  /** The structures of all element messages called `name` so far, once there are `at_least` so many. */
  std::vector<std::shared_ptr<GstStructure>> element_messages(const char* name, std::size_t at_least = 0);

  /** Fails unless the next error is of this code and its message contains `text`. */
  void expect_error(GQuark domain, int code, const char* text);
  void expect_no_error();

 private:
  static GstBuffer* pull_if_there(GstHarness* harness);
  static GstPadProbeReturn watch_segments(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  GstHarness* harness_;
  GstBus* bus_;
  std::deque<GstMessage*> messages_;  // popped, but not asked for yet
  GstVideoInfo info_;
  std::optional<GstClockTime> duration_;
  std::map<guint64, gst::SegmentsInfo> sequences_;
};

/** The segments that `buffer` carries; pixels are waited for. */
std::vector<SeenSegment> segments_on(GstBuffer* buffer);

/** A structure's guint64 field; fails the test when it is not there. */
guint64 uint64_of(const GstStructure* structure, const char* field);

/** A field of an element's statistics. */
guint64 stat_of(GstElement* element, const char* field);

}  // namespace gvl::test
