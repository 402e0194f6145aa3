/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlutcclock.hpp"

#include <algorithm>
#include <cstdlib>

namespace gvl::gst {

namespace {

// From 1900, where NTP's time begins, to 1970.
constexpr gint64 kNtpToUnix = gint64{2208988800} * GST_SECOND;
// Clocks that differ by less are the same.
constexpr gint64 kTolerance = 20 * GST_MSECOND;
// Older ones than so many are forgotten.
constexpr std::size_t kMostAnchors = 1024;

struct Reference {
  gint64 utc;
  const char* source;
};

std::optional<Reference> reference_of(GstBuffer* buffer) {
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_REFERENCE_TIMESTAMP_META_API_TYPE)) {
    const auto* timestamp = reinterpret_cast<const GstReferenceTimestampMeta*>(meta);
    if (gst_caps_is_empty(timestamp->reference) || !GST_CLOCK_TIME_IS_VALID(timestamp->timestamp)) continue;
    const GstStructure* reference = gst_caps_get_structure(timestamp->reference, 0);
    const auto time = static_cast<gint64>(timestamp->timestamp);
    if (gst_structure_has_name(reference, "timestamp/x-unix")) return Reference{time, "reference-timestamp"};
    if (gst_structure_has_name(reference, "timestamp/x-ntp") && time >= kNtpToUnix)
      return Reference{time - kNtpToUnix, "ntp"};
  }
  return std::nullopt;
}

// Negative before the segment's own.
std::optional<gint64> running_time_of(GstClockTime stream_time, const GstSegment& segment) {
  guint64 position = 0, running_time = 0;
  if (segment.format != GST_FORMAT_TIME) return std::nullopt;
  const int known = gst_segment_position_from_stream_time_full(&segment, GST_FORMAT_TIME, stream_time, &position);
  if (known == 0) return std::nullopt;
  if (known < 0) position = 0;
  const int sign = gst_segment_to_running_time_full(&segment, GST_FORMAT_TIME, position, &running_time);
  if (sign == 0) return std::nullopt;
  return sign * static_cast<gint64>(running_time);
}

}  // namespace

void UtcClock::reset() {
  std::lock_guard lock(mutex_);
  anchors_.clear();
}

std::optional<UtcClock::Anchor> UtcClock::by_clock(GstClockTime stream_time, GstClockTime running_time) const {
  GstClock* clock = gst_element_get_clock(element_);
  if (!clock) return std::nullopt;
  const auto clock_now = static_cast<gint64>(gst_clock_get_time(clock));
  const gint64 utc_now = g_get_real_time() * static_cast<gint64>(GST_USECOND);
  const auto clock_after = static_cast<gint64>(gst_clock_get_time(clock));
  gst_object_unref(clock);
  // Where the thread was held up between the two, the next buffer's are better.
  if (clock_after - clock_now > kTolerance / 2) return std::nullopt;
  const auto shown = static_cast<gint64>(gst_element_get_base_time(element_) + running_time);
  return Anchor{static_cast<gint64>(running_time), static_cast<gint64>(stream_time), utc_now - (clock_now - shown),
                "clock"};
}

void UtcClock::observe(GstBuffer* buffer, const GstSegment& segment, bool live) {
  if (segment.format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
  const auto stream_time = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  const auto running_time = gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(stream_time) || !GST_CLOCK_TIME_IS_VALID(running_time)) return;
  if (const auto reference = reference_of(buffer))
    keep({static_cast<gint64>(running_time), static_cast<gint64>(stream_time), reference->utc, reference->source});
  else if (const auto anchor = live ? by_clock(stream_time, running_time) : std::nullopt)
    keep(*anchor);
}

// The last one holds as long as it says the same. What buffers say goes before what the clock does.
void UtcClock::keep(const Anchor& anchor) {
  std::lock_guard lock(mutex_);
  if (!anchors_.empty()) {
    const Anchor& last = anchors_.back();
    const bool same = std::abs(last.utc_at(anchor.stream_time) - anchor.utc) < kTolerance;
    if (same && anchor.running_time >= last.running_time && anchor.source == last.source) return;
    const bool by_clock = g_str_equal(anchor.source, "clock"), had_better = !g_str_equal(last.source, "clock");
    if (by_clock && had_better && anchor.running_time >= last.running_time) return;
  }
  anchors_.push_back(anchor);
  if (anchors_.size() > kMostAnchors) anchors_.pop_front();
}

std::optional<UtcClock::Utc> UtcClock::utc_of(GstClockTime stream_time, const GstSegment& segment) const {
  if (!GST_CLOCK_TIME_IS_VALID(stream_time)) return std::nullopt;
  const auto running_time = running_time_of(stream_time, segment);
  if (!running_time) return std::nullopt;
  const auto time = static_cast<gint64>(stream_time);
  std::lock_guard lock(mutex_);
  if (anchors_.empty()) return std::nullopt;
  // The latest that came of those before it; what is older than all is counted back from the first.
  const auto before = std::find_if(anchors_.rbegin(), anchors_.rend(),
                                   [&](const Anchor& anchor) { return anchor.running_time <= *running_time; });
  const Anchor& anchor = before == anchors_.rend() ? anchors_.front() : *before;
  const gint64 utc = anchor.utc_at(time);
  if (utc < 0) return std::nullopt;
  return Utc{static_cast<GstClockTime>(utc), anchor.source};
}

gchar* utc_to_text(GstClockTime utc) {
  g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc(static_cast<gint64>(utc / GST_SECOND));
  if (!second) return g_strdup("");
  g_autofree gchar* text = g_date_time_format(second, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf("%s.%03uZ", text, static_cast<guint>(utc % GST_SECOND / GST_MSECOND));
}

}  // namespace gvl::gst
