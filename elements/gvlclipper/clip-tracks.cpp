/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-tracks.hpp"

#include <gst/app/gstappsrc.h>
#include <gst/audio/audio.h>

#include <algorithm>
#include <utility>

#include "clip-muxer.hpp"
#include "gvlguard.hpp"

namespace gvl::gst {

namespace {

// What waits to be written before a push waits.
constexpr guint64 kMostWaiting = 64 << 20;
// So long a muxer that knows no gaps may wait for what comes behind one.
constexpr StreamTime kLongestGap = 10 * GST_SECOND;

/** Sound as it is, which can be cut anywhere, within [from, stop). */
KeptPacket cut_raw(KeptPacket packet, StreamTime from, StreamTime stop) {
  GstAudioInfo info;
  if (!packet.buffer || !gst_structure_has_name(gst_caps_get_structure(packet.caps.get(), 0), "audio/x-raw") ||
      !gst_audio_info_from_caps(&info, packet.caps.get()))
    return packet;
  const auto samples_in = [&info](StreamTime time) {
    return gst_util_uint64_scale_ceil(static_cast<guint64>(std::max<StreamTime>(time, 0)),
                                      static_cast<guint64>(info.rate), GST_SECOND);
  };
  const auto time_of = [&info](guint64 samples) {
    return static_cast<StreamTime>(gst_util_uint64_scale(samples, GST_SECOND, static_cast<guint64>(info.rate)));
  };
  const guint64 all = gst_buffer_get_size(packet.buffer.get()) / static_cast<guint64>(info.bpf);
  const guint64 first = std::min(samples_in(from - packet.time), all);
  const guint64 last = std::min(samples_in(stop - packet.time), all);
  if (first >= last) return packet;
  if (first == 0 && last == all) return packet;
  packet.buffer = own(gst_audio_buffer_truncate(gst_buffer_copy(packet.buffer.get()), info.bpf, first, last - first));
  packet.end = packet.time + time_of(last);
  packet.time += time_of(first);
  return packet;
}

/** A buffer without content stands for a gap, so that both keep their order in an appsrc. */
GstPadProbeReturn on_buffer(GstPad* pad, GstPadProbeInfo* info, gpointer) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (gst_buffer_n_memory(buffer) > 0) return GST_PAD_PROBE_OK;
  gst_pad_push_event(pad, gst_event_new_gap(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer)));
  return GST_PAD_PROBE_DROP;
}

/** Its end may not be known. */
bool ends_by(const KeptPacket& packet, StreamTime time) {
  return packet.end > packet.time ? packet.end <= time : packet.time < time;
}

}  // namespace

ClipTracks::ClipTracks(GstElement* pipeline, Warn warn)
    : pipeline_(pipeline), warn_(std::move(warn)), muxer_(find_muxer(GST_BIN(pipeline))) {}

ClipTracks::~ClipTracks() { gst_clear_object(&muxer_); }

ClipTracks::ClipTrack* ClipTracks::find(const Track& track) {
  for (ClipTrack& one : tracks_)
    if (one.track.get() == &track) return &one;
  return nullptr;
}

void ClipTracks::add(const TrackPointer& track, guint session) {
  ClipTrack& one = tracks_.emplace_back();
  one.track = track;
  if (track->session() == session)
    for (const KeptPacket& packet : track->packets()) take(*track, packet);
  // Of one that is behind, what is wanted is to come.
  const bool comes = track->session() < session ? track->has_stream() : track->is_expected();
  if (!comes || track->session() > session) end(*track);
}

void ClipTracks::take(const Track& track, const KeptPacket& packet) {
  ClipTrack* one = find(track);
  if (!one || one->over) return;
  // Before the clip's begin another format is none of its.
  const bool differs = one->caps && !gst_caps_is_equal(one->caps.get(), packet.caps.get());
  if (differs && one->begun) {
    warn_(track.name() + ": its format changed: the clip has it until then only");
    one->over = true;
    return;
  }
  if (differs) one->waiting.clear();
  one->caps = packet.caps;
  // How long the last one lasts may be known only now.
  if (!one->waiting.empty() && one->waiting.back().end == one->waiting.back().time)
    one->waiting.back().end = std::max(packet.time, one->waiting.back().time);
  one->waiting.push_back(packet);
}

void ClipTracks::end(const Track& track) {
  ClipTrack* one = find(track);
  if (one && track.continuous()) one->over = true;
}

void ClipTracks::end_all() {
  for (ClipTrack& one : tracks_) one.over = true;
}

// ---- the begin --------------------------------------------------------------------------------------------------

/** Or it will never have one. What is over before the clip begins is forgotten. */
bool ClipTracks::has_begin(ClipTrack& one, StreamTime from) const {
  while (one.waiting.size() > 1 && ends_by(one.waiting.front(), from)) one.waiting.pop_front();
  if (one.waiting.size() == 1 && ends_by(one.waiting.front(), from) && one.over) one.waiting.clear();
  if (one.over || (!one.track->continuous() && !one.track->is_expected())) return true;
  const auto is_there = [&](const KeptPacket& packet) { return packet.buffer && !ends_by(packet, from); };
  if (std::any_of(one.waiting.begin(), one.waiting.end(), is_there)) return true;
  // Nothing comes, and that is said.
  return !one.waiting.empty() && one.waiting.back().end > from &&
         (!one.track->continuous() || (muxer_ && takes_gaps(muxer_)) || one.waiting.back().end - from > kLongestGap);
}

bool ClipTracks::can_open(StreamTime from) {
  return std::all_of(tracks_.begin(), tracks_.end(), [&](ClipTrack& one) { return has_begin(one, from); });
}

bool ClipTracks::link(ClipTrack& one) {
  if (!muxer_ || (!one.track->continuous() && !takes_sparse(muxer_))) return false;
  GstPad* pad = request_pad_for(muxer_, one.caps.get());
  if (!pad) return false;
  one.source = gst_element_factory_make("appsrc", nullptr);
  g_object_set(one.source, "format", GST_FORMAT_TIME, "block", TRUE, "max-bytes", kMostWaiting, "caps", one.caps.get(),
               "handle-segment-change", TRUE, nullptr);
  gst_bin_add(GST_BIN(pipeline_), one.source);
  GstPad* source = gst_element_get_static_pad(one.source, "src");
  const bool linked = gst_pad_link_maybe_ghosting(source, pad);
  gst_pad_add_probe(source, GST_PAD_PROBE_TYPE_BUFFER, guarded<on_buffer>, nullptr, nullptr);
  if (!linked) {
    gst_element_release_request_pad(muxer_, pad);
    gst_bin_remove(GST_BIN(pipeline_), one.source);
  }
  gst_object_unref(source);
  gst_object_unref(pad);
  return linked;
}

/** Whether something of it is in the clip, or may be: a muxer waits for what it has a pad for. */
bool ClipTracks::wanted(const ClipTrack& one) const {
  const auto is_in = [this](const KeptPacket& packet) { return packet.buffer && packet.time < stop_; };
  if (!one.caps) return false;
  if (std::any_of(one.waiting.begin(), one.waiting.end(), is_in)) return true;
  if (one.over) return false;
  return !one.track->continuous() || (muxer_ && takes_gaps(muxer_) && !one.waiting.empty());
}

GstClockTime ClipTracks::open(const ClipClock& clock, StreamTime from, StreamTime stop) {
  clock_ = clock;
  from_ = from;
  stop_ = stop;
  StreamTime lead = 0;
  for (auto one = tracks_.begin(); one != tracks_.end();) {
    const bool is_wanted = wanted(*one);
    if (!is_wanted || !link(*one)) {
      if (is_wanted) warn_(one->track->name() + ": the muxer has no place for it: the clip is without it");
      one = tracks_.erase(one);
      continue;
    }
    one->begun = true;
    if (one->track->continuous() && one->waiting.front().buffer) {
      KeptPacket& first = one->waiting.front();
      first = cut_raw(std::move(first), from, stop);
      lead = std::max(lead, from - first.time);
    }
    ++one;
  }
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  segment_.start = segment_.time = clock.own_time(from - lead);
  return static_cast<GstClockTime>(lead);
}

// ---- on the way -------------------------------------------------------------------------------------------------

void ClipTracks::push(ClipTrack& one, GstBuffer* buffer, StreamTime time, StreamTime end) {
  GST_BUFFER_PTS(buffer) = clock_->own_time(time);
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(buffer) = end > time ? static_cast<GstClockTime>(end - time) : GST_CLOCK_TIME_NONE;
  const bool first = !std::exchange(one.pushed, true);
  one.led = std::max(one.led.value_or(time), time);
  one.heard = std::max(one.heard, end);
  if (!first) {
    gst_app_src_push_buffer(GST_APP_SRC(one.source), buffer);
    return;
  }
  if (one.track->tags()) gst_element_send_event(one.source, gst_event_new_tag(gst_tag_list_ref(one.track->tags())));
  GstSample* sample = gst_sample_new(buffer, one.caps.get(), &segment_, nullptr);
  gst_app_src_push_sample(GST_APP_SRC(one.source), sample);
  gst_sample_unref(sample);
  gst_buffer_unref(buffer);
}

void ClipTracks::hand_on_first(ClipTrack& one) {
  KeptPacket packet = cut_raw(one.waiting.front(), from_, stop_);
  one.waiting.pop_front();
  if (!one.track->continuous() || !packet.buffer) {
    // It was on before the clip began, or comes when the muxer has gone on.
    const StreamTime earliest = one.led.value_or(from_);
    packet.end = std::max(packet.end, earliest);
    packet.time = std::max(packet.time, earliest);
  }
  push(one, packet.buffer ? gst_buffer_copy(packet.buffer.get()) : gst_buffer_new(), packet.time, packet.end);
  // Behind a gap something may begin at once.
  if (!packet.buffer) one.led = packet.end;
}

void ClipTracks::close(ClipTrack& one) {
  one.over = one.closed = true;
  one.waiting.clear();
  gst_app_src_end_of_stream(GST_APP_SRC(one.source));
}

/** False while something has to come. */
bool ClipTracks::lead_empty(ClipTrack& one, StreamTime time) {
  if (one.over || one.heard >= stop_) {
    close(one);
    return true;
  }
  if (one.track->continuous() || one.track->is_expected()) return false;
  if (takes_gaps(muxer_)) push(one, gst_buffer_new(), one.led.value_or(from_), time);
  one.led = time;
  return true;
}

/** The first that waits is a gap, of which the muxer knows nothing. False while what is behind it has to come. */
bool ClipTracks::pass_gap(ClipTrack& one, StreamTime time) {
  if (one.waiting.size() > 1 || one.over || !one.track->continuous()) {
    one.led = std::max(one.led.value_or(from_), one.track->continuous() ? from_ : one.waiting.front().end);
    one.waiting.pop_front();
    return true;
  }
  if (one.waiting.front().end - time <= kLongestGap) return false;
  warn_(one.track->name() + ": nothing came for long: the clip has it until then only");
  close(one);
  return true;
}

/** One packet ahead: the muxer has something of each stream then when it is given the frame. */
bool ClipTracks::lead(ClipTrack& one, StreamTime time) {
  while (!one.closed && (!one.led || *one.led < time)) {
    if (one.waiting.empty()) {
      if (!lead_empty(one, time)) return false;
    } else if (one.waiting.front().time >= stop_) {
      close(one);
    } else if (!one.waiting.front().buffer && !takes_gaps(muxer_)) {
      if (!pass_gap(one, time)) return false;
    } else {
      hand_on_first(one);
    }
  }
  return true;
}

bool ClipTracks::lead_to(StreamTime time) {
  bool all = true;
  for (ClipTrack& one : tracks_) all = lead(one, time) && all;
  return all;
}

// ---- the end ----------------------------------------------------------------------------------------------------

bool ClipTracks::finish(ClipTrack& one) {
  while (!one.closed) {
    const bool has_ended = one.over || one.heard >= stop_ || (!one.track->continuous() && !one.track->is_expected());
    if (one.waiting.empty()) {
      if (!has_ended) return false;
      close(one);
    } else if (one.waiting.front().time >= stop_) {
      close(one);
    } else if (!one.waiting.front().buffer && !takes_gaps(muxer_)) {
      one.heard = std::max(one.heard, one.waiting.front().end);
      one.waiting.pop_front();
    } else {
      hand_on_first(one);
    }
  }
  return true;
}

bool ClipTracks::finish(StreamTime until) {
  stop_ = std::min(stop_, until);
  bool all = true;
  for (ClipTrack& one : tracks_) all = finish(one) && all;
  return all;
}

}  // namespace gvl::gst
