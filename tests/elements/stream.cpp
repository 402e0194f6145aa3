/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.hpp"

#include <cstring>

#include "gvlcontext.hpp"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.h"

namespace gvl::test {

namespace {

GstPadProbeReturn answer_duration(GstPad*, GstPadProbeInfo* info, gpointer data) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  const auto& duration = *static_cast<std::optional<GstClockTime>*>(data);
  if (GST_QUERY_TYPE(query) != GST_QUERY_DURATION || !duration) return GST_PAD_PROBE_OK;
  gst_query_set_duration(query, GST_FORMAT_TIME, static_cast<gint64>(*duration));
  return GST_PAD_PROBE_HANDLED;
}

std::vector<int> picture_values(GstBuffer* buffer, const char* id, guint64 segment) {
  auto* meta = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(id), segment);
  fail_unless(meta != nullptr, "no tensor %s of segment %" G_GUINT64_FORMAT, id, segment);
  fail_unless(meta->data_type == GVL_TENSOR_DATA_TYPE_UINT8);
  fail_unless_equals_int(meta->num_dims, 4);
  fail_unless_equals_int(meta->dims[1], meta->dims[2]);
  fail_unless_equals_int(meta->dims[3], 3);
  GstMapInfo map;
  fail_unless(gst_buffer_map(meta->data, &map, GST_MAP_READ));
  const gsize picture = meta->dims[1] * meta->dims[2] * 3;
  fail_unless_equals_int(map.size, picture * meta->dims[0]);
  std::vector<int> values;
  for (gsize i = 0; i < meta->dims[0]; ++i) {
    values.push_back(map.data[i * picture]);
    for (gsize j = 0; j < picture; ++j) fail_unless_equals_int(map.data[i * picture + j], values.back());
  }
  gst_buffer_unmap(meta->data, &map);
  return values;
}

}  // namespace

GstBuffer* make_frame(const GstVideoInfo& info, int number, GstClockTime pts, GstClockTime duration) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  gst_buffer_memset(buffer, 0, static_cast<guint8>(number), GST_VIDEO_INFO_SIZE(&info));
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(number);
  return buffer;
}

std::vector<SeenSegment> segments_on(GstBuffer* buffer) {
  std::vector<SeenSegment> seen;
  for (const auto* meta : gst::segments_of(buffer)) {
    SeenSegment segment{meta->index, meta->session, meta->sequence, meta->number,
                        meta->start, meta->stop,    meta->keyframe};
    segment.times.assign(meta->samples, meta->samples + meta->num_samples);
    segment.spatial = picture_values(buffer, GVL_TENSOR_SPATIAL_PIXELS, meta->index).at(0);
    segment.temporal = picture_values(buffer, GVL_TENSOR_TEMPORAL_PIXELS, meta->index);
    segment.buffer_pts = GST_BUFFER_PTS(buffer);
    seen.push_back(std::move(segment));
  }
  return seen;
}

guint64 uint64_of(const GstStructure* structure, const char* field) {
  guint64 value = 0;
  fail_unless(gst_structure_get_uint64(structure, field, &value), "no guint64 %s", field);
  return value;
}

guint64 stat_of(GstElement* element, const char* field) {
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  const guint64 value = uint64_of(stats, field);
  gst_structure_free(stats);
  return value;
}

Stream::Stream(const std::string& launch, const StreamOptions& options)
    : bus_(gst_bus_new()), duration_(options.duration) {
  GError* error = nullptr;
  GstElement* bin = gst_parse_bin_from_description(launch.c_str(), TRUE, &error);
  fail_unless(bin != nullptr, "%s", error ? error->message : "");
  gst_element_set_bus(bin, bus_);
  if (options.model || options.later.valid()) {
    GstContext* context = options.model ? gst::model_context_new(options.model)
                                        : gst::model_context_new(std::make_shared<gst::ModelHandle>(options.later));
    gst_element_set_context(bin, context);
    gst_context_unref(context);
  }
  harness_ = gst_harness_new_with_element(bin, "sink", "src");
  gst_object_unref(bin);
  gst_harness_set_live(harness_, options.live);
  gst_pad_add_probe(harness_->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, answer_duration, &duration_, nullptr);
  gst_pad_add_probe(harness_->sinkpad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, watch_segments, this, nullptr);
  GstCaps* caps = gst_caps_from_string(options.caps.c_str());
  fail_unless(gst_video_info_from_caps(&info_, caps));
  gst_harness_set_src_caps(harness_, caps);
  if (!options.segment) return;
  new_segment(1, 1, 0, GST_CLOCK_TIME_NONE, 0);
}

Stream::~Stream() {
  GstElement* bin = GST_ELEMENT(gst_object_ref(harness_->element));
  gst_harness_teardown(harness_);
  gst_element_set_state(bin, GST_STATE_NULL);
  gst_element_set_bus(bin, nullptr);
  gst_object_unref(bin);
  gst_bus_set_flushing(bus_, TRUE);
  gst_object_unref(bus_);
  for (GstMessage* message : messages_) gst_message_unref(message);
}

GstPadProbeReturn Stream::watch_segments(GstPad*, GstPadProbeInfo* info, gpointer self) {
  if (const auto said = gst::parse_segments_event(GST_PAD_PROBE_INFO_EVENT(info)); said && said->window_segments > 0)
    static_cast<Stream*>(self)->sequences_[said->sequence] = *said;
  return GST_PAD_PROBE_OK;
}

const gst::SegmentsInfo& Stream::sequence(guint64 id) const {
  const auto found = sequences_.find(id);
  fail_unless(found != sequences_.end(), "no gvl-segments event of sequence %" G_GUINT64_FORMAT, id);
  return found->second;
}

GstElement* Stream::element(const char* name) const {
  GstElement* element = gst_bin_get_by_name(GST_BIN(harness_->element), name);
  fail_unless(element != nullptr, "no element %s", name);
  gst_object_unref(element);
  return element;
}

void Stream::set_caps(const std::string& text) {
  GstCaps* caps = gst_caps_from_string(text.c_str());
  fail_unless(gst_video_info_from_caps(&info_, caps));
  send(gst_event_new_caps(caps));
  gst_caps_unref(caps);
}

GstFlowReturn Stream::push(int number) {
  return push_at(number, gst_util_uint64_scale(number, GST_SECOND * info_.fps_d, info_.fps_n));
}

GstFlowReturn Stream::push_at(int number, GstClockTime pts) {
  const GstClockTime duration = info_.fps_n > 0 ? gst_util_uint64_scale(GST_SECOND, info_.fps_d, info_.fps_n) : -1;
  return gst_harness_push(harness_, make_frame(info_, number, pts, duration));
}

GstFlowReturn Stream::push_range(int first, int last) {
  for (int i = first; i < last; ++i)
    if (const auto result = push(i); result != GST_FLOW_OK) return result;
  return GST_FLOW_OK;
}

bool Stream::send(GstEvent* event) { return gst_harness_push_event(harness_, event); }

void Stream::flush() {
  send(gst_event_new_flush_start());
  send(gst_event_new_flush_stop(TRUE));
}

void Stream::new_segment(double rate, double applied_rate, GstClockTime start, GstClockTime stop, GstClockTime time) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = rate;
  segment.applied_rate = applied_rate;
  segment.start = start;
  segment.stop = stop;
  segment.time = time;
  segment.position = rate > 0 ? start : stop;
  send(gst_event_new_segment(&segment));
}

GstBuffer* Stream::pull_if_there(GstHarness* harness) {
  // try_pull() waits for a minute when there is nothing.
  return gst_harness_buffers_in_queue(harness) ? gst_harness_pull(harness) : nullptr;
}

std::vector<SeenSegment> Stream::take_segments(int* buffers) {
  std::vector<SeenSegment> all;
  while (GstBuffer* buffer = try_pull()) {
    for (auto& segment : segments_on(buffer)) all.push_back(std::move(segment));
    if (buffers) ++*buffers;
    gst_buffer_unref(buffer);
  }
  return all;
}

GstMessage* Stream::wait_message(GstMessageType types) {
  for (;;) {
    if (GstMessage* message = pop_message(types)) return message;
    messages_.push_back(gst_bus_timed_pop(bus_, GST_CLOCK_TIME_NONE));
  }
}

GstMessage* Stream::pop_message(GstMessageType types) {
  while (GstMessage* message = gst_bus_pop(bus_)) messages_.push_back(message);
  for (auto found = messages_.begin(); found != messages_.end(); ++found) {
    GstMessage* message = *found;
    if (!(GST_MESSAGE_TYPE(message) & types)) continue;
    messages_.erase(found);
    return message;
  }
  return nullptr;
}

std::vector<std::shared_ptr<GstStructure>> Stream::element_messages(const char* name, std::size_t at_least) {
  std::vector<std::shared_ptr<GstStructure>> found;
  const auto next = [&] {
    return found.size() < at_least ? wait_message(GST_MESSAGE_ELEMENT) : pop_message(GST_MESSAGE_ELEMENT);
  };
  while (GstMessage* message = next()) {
    const GstStructure* structure = gst_message_get_structure(message);
    if (!name || gst_structure_has_name(structure, name))
      found.emplace_back(gst_structure_copy(structure), gst_structure_free);
    gst_message_unref(message);
  }
  return found;
}

void Stream::expect_error(GQuark domain, int code, const char* text) {
  GstMessage* message = wait_message(GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  fail_unless(strstr(error->message, text) != nullptr, "error \"%s\" does not say \"%s\"", error->message, text);
  fail_unless(g_error_matches(error, domain, code), "error \"%s\" is of code %d", error->message, error->code);
  fail_unless(debug != nullptr && *debug);
  g_error_free(error);
  g_free(debug);
  gst_message_unref(message);
}

void Stream::expect_no_error() {
  GstMessage* message = pop_message(GST_MESSAGE_ERROR);
  if (!message) return;
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  ck_abort_msg("unexpected error: %s", error->message);
}

}  // namespace gvl::test
