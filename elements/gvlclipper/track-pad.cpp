/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "track-pad.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <optional>

#include "clip-muxer.hpp"
#include "frame-intake.hpp"
#include "gvlguard.hpp"
#include "gvlpads.hpp"

namespace gvl::gst {

namespace {

// Xiph's codecs have three, FLAC has one for each of its blocks of metadata.
constexpr guint kMostHeaders = 64;

struct Template {
  const char* prefix;
  TrackKind kind;
  GstStaticPadTemplate pad;
};

std::array templates{
    Template{"audio_", TrackKind::kSound,
             GST_STATIC_PAD_TEMPLATE("audio_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY)},
    Template{"subtitle_", TrackKind::kSubtitles,
             GST_STATIC_PAD_TEMPLATE("subtitle_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY)},
    Template{"data_", TrackKind::kData,
             GST_STATIC_PAD_TEMPLATE("data_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY)}};

const Template* find_template(const GstPadTemplate* pad_template) {
  for (const Template& one : templates)
    if (g_str_equal(GST_PAD_TEMPLATE_NAME_TEMPLATE(pad_template), one.pad.name_template)) return &one;
  return nullptr;
}

/** What a pad knows: of its streaming thread, but for what it asks of the muxer. */
struct TrackPad {
  TrackPad(const TrackPadOwner& its_owner, TrackKind its_kind, TrackPointer its_track)
      : owner(its_owner), kind(its_kind), track(std::move(its_track)) {
    gst_segment_init(&segment, GST_FORMAT_TIME);
  }

  TrackPadOwner owner;
  TrackKind kind;
  TrackPointer track;
  GstSegment segment;
  SharedCaps caps;
  std::optional<StreamTime> reached;
  guint untimed = 0;     // buffers, before one that says its time
  bool refused = false;  // the muxer takes no such caps

  std::mutex mutex;  // guards what follows
  std::string asked;
  SharedCaps taken;  // by the muxer `asked`

  SharedCaps takes(const std::string& now) {
    std::lock_guard lock(mutex);
    if (!taken || asked != now) {
      taken = caps_of_tracks(now, kind);
      asked = now;
    }
    return taken;
  }
};

TrackPad& of(GstPad* pad) { return *static_cast<TrackPad*>(gst_pad_get_element_private(pad)); }

/** What a pad's function works with: the pad's parent is there until it returns. */
struct Place {
  Place(GstPad* its_pad, GstObject* parent)
      : pad(its_pad), element(GST_ELEMENT(parent)), one(of(pad)), recorder(one.owner.recorder_of(element)) {}

  std::string muxer() const { return one.owner.muxer_of(element); }

  GstPad* pad;
  GstElement* element;
  TrackPad& one;
  ClipRecorder& recorder;
};

/** False for what its segment does not show. */
bool is_shown(const TrackPad& one, StreamTime time, StreamTime end) {
  const auto start = stream_time_of(one.segment, one.segment.start),
             stop = stream_time_of(one.segment, one.segment.stop);
  if (one.segment.rate < 0) return true;
  return !(start && end > time ? end <= *start : start && time < *start) && !(stop && time >= *stop);
}

void take(const Place& place, SharedBuffer buffer, StreamTime time, GstClockTime duration) {
  TrackPad& one = place.one;
  const StreamTime end = GST_CLOCK_TIME_IS_VALID(duration) ? time + static_cast<StreamTime>(duration) : time;
  one.reached = end;
  if (is_shown(one, time, end)) place.recorder.packet(*one.track, {std::move(buffer), one.caps, time, end});
}

GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* taken) {
  const Place place(pad, parent);
  TrackPad& one = place.one;
  // The memory only: a pool's buffer goes back to it.
  SharedBuffer buffer = own(gst_buffer_copy(taken));
  gst_buffer_unref(taken);
  if (one.refused) return GST_FLOW_OK;
  if (!one.caps) return GST_FLOW_NOT_NEGOTIATED;
  auto time = stream_time_of(one.segment, GST_BUFFER_PTS(buffer.get()));
  if (!time) time = stream_time_of(one.segment, GST_BUFFER_DTS(buffer.get()));
  if (!time) time = one.reached;
  // Headers, which are in the caps as well.
  if (!time && ++one.untimed <= kMostHeaders) return GST_FLOW_OK;
  if (!time) {
    GST_ELEMENT_ERROR(parent, STREAM, FORMAT, ("%s: what comes has no timestamps.", GST_PAD_NAME(pad)), (nullptr));
    return GST_FLOW_ERROR;
  }
  const GstClockTime duration = GST_BUFFER_DURATION(buffer.get());
  take(place, std::move(buffer), *time, duration);
  return GST_FLOW_OK;
}

void take_gap(const Place& place, GstEvent* event) {
  GstClockTime timestamp, duration;
  gst_event_parse_gap(event, &timestamp, &duration);
  const auto time = stream_time_of(place.one.segment, timestamp);
  if (time && place.one.caps && !place.one.refused) take(place, nullptr, *time, duration);
}

/** What a muxer does not take must not end the recording of what it takes. */
void take_caps(const Place& place, GstEvent* event) {
  TrackPad& one = place.one;
  GstCaps* caps;
  gst_event_parse_caps(event, &caps);
  const std::string muxer = place.muxer();
  one.refused = !gst_caps_can_intersect(caps, one.takes(muxer).get());
  one.caps = own(gst_caps_ref(caps));
  if (!one.refused) return;
  place.recorder.warn_of_tracks(one.track->name() + ": the muxer \"" + muxer + "\" takes no " +
                                    gst_structure_get_name(gst_caps_get_structure(caps, 0)) +
                                    " there: clips are without it",
                                0);
  place.recorder.expect(*one.track, false);
}

void take_tags(const Place& place, GstEvent* event) {
  GstTagList* tags;
  gst_event_parse_tag(event, &tags);
  place.recorder.change(*place.one.track, [tags](Track& track) {
    GstTagList* merged = gst_tag_list_merge(track.tags(), tags, GST_TAG_MERGE_REPLACE);
    track.set_tags(merged);
    gst_tag_list_unref(merged);
  });
}

void begin_stream(const Place& place) {
  place.one.reached.reset();
  place.recorder.change(*place.one.track, [](Track& track) { track.set_tags(nullptr); });
  place.recorder.expect(*place.one.track, true);
}

gboolean on_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (!parent) return gst_pad_event_default(pad, parent, event);
  const Place place(pad, parent);
  TrackPad& one = place.one;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
      begin_stream(place);
      break;
    case GST_EVENT_CAPS:
      take_caps(place, event);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &one.segment);
      break;
    case GST_EVENT_TAG:
      take_tags(place, event);
      break;
    case GST_EVENT_GAP:
      take_gap(place, event);
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_segment_init(&one.segment, GST_FORMAT_TIME);
      one.reached.reset();
      place.recorder.forget(*one.track);
      break;
    case GST_EVENT_EOS:
      place.recorder.expect(*one.track, false);
      break;
    default:
      break;
  }
  gst_event_unref(event);
  return TRUE;
}

gboolean on_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS) {
    // What is wrong is told when it comes.
    gst_query_set_accept_caps_result(query, TRUE);
    return TRUE;
  }
  if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS || !parent) return gst_pad_query_default(pad, parent, query);
  GstCaps* filter;
  gst_query_parse_caps(query, &filter);
  const Place place(pad, parent);
  const SharedCaps takes = place.one.takes(place.muxer());
  GstCaps* result =
      filter ? gst_caps_intersect_full(filter, takes.get(), GST_CAPS_INTERSECT_FIRST) : gst_caps_ref(takes.get());
  gst_query_set_caps_result(query, result);
  gst_caps_unref(result);
  return TRUE;
}

/** A pad is linked by whoever has it, also where its element is gone. */
void set_linked(GstPad* pad, bool linked) {
  GstElement* element = gst_pad_get_parent_element(pad);
  if (!element) return;
  const Place place(pad, GST_OBJECT(element));
  place.recorder.change(*place.one.track, [linked](Track& track) { track.set_linked(linked); });
  if (!linked) place.recorder.expect(*place.one.track, false);
  gst_object_unref(element);
}

void on_linked(GstPad* pad, GstPad*, gpointer) { set_linked(pad, true); }

void on_unlinked(GstPad* pad, GstPad*, gpointer) { set_linked(pad, false); }

struct Pushing {
  GstEvent* event;
  bool taken = false;
};

gboolean push_from(GstElement*, GstPad* pad, gpointer data) {
  auto* pushing = static_cast<Pushing*>(data);
  if (!is_track_template(GST_PAD_PAD_TEMPLATE(pad))) return TRUE;
  if (gst_pad_push_event(pad, gst_event_ref(pushing->event))) pushing->taken = true;
  return TRUE;
}

}  // namespace

void add_track_templates(GstElementClass* klass) {
  for (Template& one : templates) gst_element_class_add_static_pad_template(klass, &one.pad);
}

bool is_track_template(const GstPadTemplate* pad_template) { return find_template(pad_template) != nullptr; }

GstPad* new_track_pad(GstElement* element, GstPadTemplate* pad_template, const std::string& name,
                      const TrackPadOwner& owner) {
  const TrackKind kind = find_template(pad_template)->kind;
  auto one = std::make_unique<TrackPad>(owner, kind, std::make_shared<Track>(name, kind));
  GstPad* pad = gst_pad_new_from_template(pad_template, name.c_str());
  gst_pad_set_chain_function(pad, GST_DEBUG_FUNCPTR(guarded<chain>));
  gst_pad_set_event_function(pad, GST_DEBUG_FUNCPTR(guarded<on_event>));
  gst_pad_set_query_function(pad, GST_DEBUG_FUNCPTR(guarded<on_query>));
  g_signal_connect(pad, "linked", G_CALLBACK(guarded<on_linked>), nullptr);
  g_signal_connect(pad, "unlinked", G_CALLBACK(guarded<on_unlinked>), nullptr);
  owner.recorder_of(element).add_track(one->track);
  gst_pad_set_element_private(pad, one.get());
  g_object_set_data_full(G_OBJECT(pad), "gvl-track", one.release(),
                         [](gpointer data) { delete static_cast<TrackPad*>(data); });
  return pad;
}

void forget_track_pad(GstElement* element, GstPad* pad) {
  of(pad).owner.recorder_of(element).remove_track(of(pad).track);
}

bool push_from_track_pads(GstElement* element, GstEvent* event) {
  Pushing pushing{event};
  gst_element_foreach_sink_pad(element, push_from, &pushing);
  return pushing.taken;
}

std::string free_name(GstElement* element, const GstPadTemplate* pad_template) {
  const std::string prefix = find_template(pad_template)->prefix;
  for (int number = 0;; ++number) {
    const std::string name = prefix + std::to_string(number);
    GstPad* pad = gst_element_get_static_pad(element, name.c_str());
    if (!pad) return name;
    gst_object_unref(pad);
  }
}

}  // namespace gvl::gst
