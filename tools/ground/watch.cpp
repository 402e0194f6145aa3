/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/watch.hpp"

namespace {

constexpr gint64 kPatience = G_USEC_PER_SEC;  // for a frame behind which the stream ends

GstClockTime since(gint64 time) { return static_cast<GstClockTime>(g_get_monotonic_time() - time) * GST_USECOND; }

}  // namespace

Watch::Watch(GstPad* pad, GstClockTime longest)
    : pad_(GST_PAD(gst_object_ref(pad))), longest_(longest), began_at_(g_get_monotonic_time()) {
  probe_ = gst_pad_add_probe(pad_, GST_PAD_PROBE_TYPE_BUFFER, on_frame, this, nullptr);
}

Watch::~Watch() {
  gst_pad_remove_probe(pad_, probe_);
  gst_object_unref(pad_);
}

GstClockTime Watch::silence() const { return since(last_at_ ? last_at_ : began_at_); }

GstClockTime Watch::lasted() const { return first_at_ ? since(first_at_) : 0; }

void Watch::end(GstElement* owner) {
  const gint64 now = g_get_monotonic_time();
  ending_ = true;
  if (asked_at_ == 0) asked_at_ = now;
  // The streaming thread does it with the next frame. Where there is none, its lock is free.
  if (asked_at_ < 0 || now - asked_at_ < kPatience) return;
  asked_at_ = -1;
  gst_element_call_async(owner, end_without_frame, gst_object_ref(pad_), gst_object_unref);
}

void Watch::end_without_frame(GstElement*, gpointer data) { gst_pad_send_event(GST_PAD(data), gst_event_new_eos()); }

void Watch::take_first(GstPad* pad, GstBuffer* buffer) {
  g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  const GstSegment* segment = nullptr;
  if (event) gst_event_parse_segment(event, &segment);
  const GstClockTime shown =
      segment ? gst_segment_to_stream_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)) : GST_CLOCK_TIME_NONE;
  if (GST_CLOCK_TIME_IS_VALID(shown)) first_shown_ = shown;
  first_at_ = last_at_.load();
}

/** Encoded frames come in another order than they are shown in: by DTS none is missing. */
bool Watch::is_behind(GstPad* pad, GstBuffer* buffer) {
  const GstClockTime time = GST_BUFFER_DTS_OR_PTS(buffer);
  GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  if (!event) return false;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  const GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  gst_event_unref(event);
  if (!GST_CLOCK_TIME_IS_VALID(running)) return false;
  if (!GST_CLOCK_TIME_IS_VALID(first_)) first_ = running;
  return running >= first_ && running - first_ >= longest_;
}

GstPadProbeReturn Watch::on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<Watch*>(data);
  self->last_at_ = g_get_monotonic_time();
  if (self->first_at_ == 0) self->take_first(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  if (!self->is_behind(pad, GST_PAD_PROBE_INFO_BUFFER(info)) && !self->ending_) return GST_PAD_PROBE_OK;
  // Of a frame that comes behind EOS the pad itself says that it has ended.
  self->ending_ = true;
  gst_pad_send_event(pad, gst_event_new_eos());
  return GST_PAD_PROBE_DROP;
}
