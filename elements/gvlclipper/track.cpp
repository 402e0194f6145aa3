/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "track.hpp"

#include <algorithm>
#include <utility>

namespace gvl::gst {

namespace {

// Less is how files are interleaved and pipelines are scheduled.
constexpr StreamTime kLongestLag = 10 * GST_SECOND;
constexpr auto kLongestSilence = std::chrono::seconds(5);
// A step back by less is an encoder's delay.
constexpr StreamTime kStepBack = GST_SECOND;

gsize size_of(const KeptPacket& packet) { return packet.buffer ? gst_buffer_get_size(packet.buffer.get()) : 0; }

}  // namespace

void Track::start(GstClockTime history, gsize bytes) {
  history_ = static_cast<StreamTime>(std::min<GstClockTime>(history, G_MAXINT64));
  most_bytes_ = bytes;
  session_ = 0;
  apart_ = has_stream_ = false;
  clear();
  expect(linked_);
}

void Track::clear() {
  packets_.clear();
  bytes_ = 0;
  reached_.reset();
  forget_missed();
}

void Track::begin_session() {
  ++session_;
  clear();
}

void Track::forget_missed() {
  missed_from_.reset();
  missed_since_.reset();
}

bool Track::push(KeptPacket packet) {
  const bool goes_back = !packets_.empty() && packet.time + kStepBack < packets_.back().time;
  if (goes_back) begin_session();
  // How long it lasts may be known only now.
  if (!packets_.empty() && packets_.back().end == packets_.back().time)
    packets_.back().end = std::max(packet.time, packets_.back().time);
  reached_ = std::max(reached_.value_or(packet.end), packet.end);
  bytes_ += size_of(packet);
  packets_.push_back(std::move(packet));
  expect(true);
  while (bytes_ > most_bytes_ && packets_.size() > 1) drop_first();
  return !goes_back;
}

void Track::set_tags(GstTagList* tags) { tags_.reset(tags ? gst_tag_list_ref(tags) : nullptr); }

void Track::drop_first() {
  bytes_ -= size_of(packets_.front());
  packets_.pop_front();
}

void Track::trim(std::optional<StreamTime> from) {
  if (!reached_) return;
  // Sound may come before its video.
  const StreamTime oldest = from.value_or(std::max<StreamTime>(*reached_, 0) - std::max(history_, kLongestLag));
  // The last says where the one before it ends.
  while (packets_.size() > 1 && std::max(packets_.front().end, packets_.front().time + 1) <= oldest) drop_first();
}

void Track::trim_behind(StreamTime until) {
  while (!packets_.empty() && packets_.back().time >= until) {
    bytes_ -= size_of(packets_.back());
    packets_.pop_back();
  }
}

void Track::expect(bool more) {
  expected_ = more;
  if (more) has_stream_ = true;
  if (!apart_) forget_missed();
}

void Track::set_linked(bool linked) {
  linked_ = has_stream_ = linked;
  expect(linked);
}

bool Track::is_silent(std::optional<StreamTime> frame, guint video_session) {
  const bool apart = session_ != video_session;
  if (std::exchange(apart_, apart) != apart) forget_missed();
  if (apart ? !has_stream_ : !expected_) return false;
  if (!apart && frame && reached_ && *frame <= *reached_) return false;
  if (!missed_since_) {
    missed_since_ = Clock::now();
    missed_from_ = reached_ && !apart ? reached_ : frame;
  }
  const bool far_ahead = !frame || !missed_from_ || *frame - *missed_from_ > kLongestLag;
  return far_ahead && Clock::now() - *missed_since_ > kLongestSilence;
}

}  // namespace gvl::gst
