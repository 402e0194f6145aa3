/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlutcclock.hpp"

#include <gst/net/net.h>
#include <sys/timex.h>

#include <algorithm>
#include <cstdlib>

namespace gvl::gst {

/** What says which UTC it is. */
struct UtcSource {
  const char* name;
  int weight;  ///< what weighs more goes before
};

namespace {

constexpr UtcSource kClock{"clock", 0};
constexpr UtcSource kRealtimeClock{"realtime-clock", 1}, kPtpClock{"ptp-clock", 1}, kNtpClock{"ntp-clock", 1};
constexpr UtcSource kNtp{"ntp", 2}, kReferenceTimestamp{"reference-timestamp", 2};

// From 1900, where NTP's time begins, to 1970.
constexpr gint64 kNtpToUnix = gint64{2208988800} * GST_SECOND;
// What TAI, which PTP counts, is ahead of UTC since 2017.
constexpr int kTaiSeconds = 37;
// Clocks that differ by less are the same.
constexpr gint64 kTolerance = 20 * GST_MSECOND;
// Older ones than so many are forgotten.
constexpr std::size_t kMostAnchors = 1024;

// Wide enough for every sum of a few times.
using Wide = __int128;

std::optional<gint64> checked(Wide time) {
  return time >= 0 && time <= G_MAXINT64 ? std::optional(static_cast<gint64>(time)) : std::nullopt;
}

struct Reference {
  gint64 utc;
  const UtcSource* source;
};

std::optional<Reference> reference_of(GstBuffer* buffer) {
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_REFERENCE_TIMESTAMP_META_API_TYPE)) {
    const auto* timestamp = reinterpret_cast<const GstReferenceTimestampMeta*>(meta);
    if (gst_caps_is_any(timestamp->reference) || gst_caps_is_empty(timestamp->reference)) continue;
    const GstStructure* reference = gst_caps_get_structure(timestamp->reference, 0);
    const bool is_unix = gst_structure_has_name(reference, "timestamp/x-unix");
    if (!is_unix && !gst_structure_has_name(reference, "timestamp/x-ntp")) continue;
    const auto utc = checked(Wide{timestamp->timestamp} - (is_unix ? 0 : kNtpToUnix));
    if (utc) return Reference{*utc, is_unix ? &kReferenceTimestamp : &kNtp};
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
  const auto distance = checked(running_time);
  return sign == 0 || !distance ? std::nullopt : std::optional(sign * *distance);
}

// The kernel knows it where a daemon told it, and says 0 otherwise.
int tai_seconds() {
  timex state{};
  return adjtimex(&state) >= 0 && state.tai > 0 ? state.tai : kTaiSeconds;
}

/** A clock that counts UTC by itself: what it shows at 1970-01-01. */
struct UtcKeeper {
  const UtcSource* source;
  gint64 epoch;
};

std::optional<UtcKeeper> keeper_of(GstClock* clock) {
  if (!gst_clock_is_synced(clock)) return std::nullopt;
  if (GST_IS_NTP_CLOCK(clock)) return UtcKeeper{&kNtpClock, kNtpToUnix};
  if (GST_IS_PTP_CLOCK(clock)) return UtcKeeper{&kPtpClock, tai_seconds() * static_cast<gint64>(GST_SECOND)};
  // Clocks that derive from it have its property, and a time of their own.
  if (G_OBJECT_TYPE(clock) != GST_TYPE_SYSTEM_CLOCK) return std::nullopt;
  GstClockType type;
  g_object_get(clock, "clock-type", &type, nullptr);
  return type == GST_CLOCK_TYPE_REALTIME ? std::optional(UtcKeeper{&kRealtimeClock, 0}) : std::nullopt;
}

// What a clock shows when it is 1970-01-01, by what it shows now; nothing where that cannot be said exactly.
std::optional<Wide> epoch_of(GstClock* clock) {
  const Wide before = gst_clock_get_time(clock);
  const Wide utc = Wide{g_get_real_time()} * GST_USECOND;
  // Where the thread was held up between the two, the next buffer's are better.
  const bool at_once = gst_clock_get_time(clock) - before <= kTolerance / 2;
  return at_once ? std::optional(before - utc) : std::nullopt;
}

gchar* text_of(GDateTime* utc) {
  g_autofree gchar* second = g_date_time_format(utc, "%C%y-%m-%dT%H:%M:%S");
  return g_strdup_printf("%s.%03dZ", second, g_date_time_get_microsecond(utc) / 1000);
}

}  // namespace

std::optional<gint64> UtcClock::Anchor::utc_at(gint64 time) const { return checked(Wide{utc} + time - stream_time); }

void UtcClock::reset() {
  std::lock_guard lock(mutex_);
  anchors_.clear();
}

std::optional<UtcClock::Anchor> UtcClock::by_clock(gint64 stream_time, gint64 running_time) const {
  g_autoptr(GstClock) clock = gst_element_get_clock(element_);
  if (!clock) return std::nullopt;
  const Wide shown = Wide{gst_element_get_base_time(element_)} + running_time;
  if (const auto keeper = keeper_of(clock))
    if (const auto utc = checked(shown - keeper->epoch)) return Anchor{running_time, stream_time, *utc, keeper->source};
  const auto epoch = epoch_of(clock);
  const auto utc = epoch ? checked(shown - *epoch) : std::nullopt;
  return utc ? std::optional(Anchor{running_time, stream_time, *utc, &kClock}) : std::nullopt;
}

void UtcClock::observe(GstBuffer* buffer, const GstSegment& segment, bool live) {
  if (segment.format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
  const auto stream_time = checked(gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)));
  const auto running_time = checked(gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)));
  if (!stream_time || !running_time) return;
  if (const auto reference = reference_of(buffer))
    keep({*running_time, *stream_time, reference->utc, reference->source});
  else if (const auto anchor = live ? by_clock(*stream_time, *running_time) : std::nullopt)
    keep(*anchor);
}

// The last one holds as long as it says the same, and before what weighs less.
void UtcClock::keep(const Anchor& anchor) {
  std::lock_guard lock(mutex_);
  if (!anchors_.empty() && anchor.running_time >= anchors_.back().running_time) {
    const Anchor& last = anchors_.back();
    const auto expected = last.utc_at(anchor.stream_time);
    const bool same = expected && std::abs(*expected - anchor.utc) < kTolerance;
    if (anchor.source->weight < last.source->weight || (same && anchor.source == last.source)) return;
  }
  anchors_.push_back(anchor);
  if (anchors_.size() > kMostAnchors) anchors_.pop_front();
}

// The latest that came of those before it; what is older than all is counted back from the first.
const UtcClock::Anchor* UtcClock::anchor_of(GstClockTime stream_time, const GstSegment& segment) const {
  const auto running_time = checked(stream_time) ? running_time_of(stream_time, segment) : std::nullopt;
  if (!running_time || anchors_.empty()) return nullptr;
  const auto before = std::find_if(anchors_.rbegin(), anchors_.rend(),
                                   [&](const Anchor& anchor) { return anchor.running_time <= *running_time; });
  return before == anchors_.rend() ? &anchors_.front() : &*before;
}

std::optional<UtcClock::Utc> UtcClock::utc_of(GstClockTime start, GstClockTime stop, const GstSegment& segment) const {
  std::lock_guard lock(mutex_);
  const Anchor* begin = anchor_of(start, segment);
  const Anchor* end = anchor_of(stop, segment);
  if (begin && end && begin->source != end->source)
    begin = end = begin->source->weight > end->source->weight ? begin : end;
  const auto utc_at = [](const Anchor* anchor, GstClockTime time) {
    const auto utc = anchor ? anchor->utc_at(static_cast<gint64>(time)) : std::nullopt;
    return utc ? static_cast<GstClockTime>(*utc) : GST_CLOCK_TIME_NONE;
  };
  const auto utc_start = utc_at(begin, start), utc_stop = utc_at(end, stop);
  if (!GST_CLOCK_TIME_IS_VALID(utc_start) && !GST_CLOCK_TIME_IS_VALID(utc_stop)) return std::nullopt;
  return Utc{utc_start, utc_stop, (begin ? begin : end)->source->name};
}

gchar* utc_to_text(GstClockTime utc) {
  g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc(static_cast<gint64>(utc / GST_SECOND));
  g_autoptr(GDateTime) time = g_date_time_add(second, static_cast<GTimeSpan>(utc % GST_SECOND / GST_USECOND));
  return text_of(time);
}

gchar* utc_text_of(const gchar* iso8601) {
  g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso8601, nullptr);
  g_autoptr(GDateTime) utc = time ? g_date_time_to_utc(time) : nullptr;
  return utc ? text_of(utc) : nullptr;
}

}  // namespace gvl::gst
