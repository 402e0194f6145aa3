/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip-writer.hpp"

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include <algorithm>
#include <utility>

#include "gvl/error.hpp"
#include "gvlguard.hpp"

namespace gvl::gst {

namespace {

// What waits to be written before push() waits.
constexpr guint64 kMostWaiting = 64 << 20;
// Of formats whose index comes last, what is written at once.
constexpr guint kFragment = 1000;  // ms
// No codec reorders more frames.
constexpr std::size_t kMostHeld = 32;

const char* parser_name(const GstStructure* format) {
  static constexpr const char* kParsers[][2] = {{"video/x-h264", "h264parse"},
                                                {"video/x-h265", "h265parse"},
                                                {"video/x-av1", "av1parse"},
                                                {"video/x-vp9", "vp9parse"}};
  gint version = 0;
  if (gst_structure_has_name(format, "video/mpeg") && gst_structure_get_int(format, "mpegversion", &version))
    return version == 4 ? "mpeg4videoparse" : "mpegvideoparse";
  for (const auto& [name, parser] : kParsers)
    if (gst_structure_has_name(format, name)) return parser;
  return nullptr;
}

// GStreamer 1.22 reads MP4's configuration of AV1 without its head, and muxers write that into files.
SharedCaps with_whole_configuration(const SharedCaps& caps) {
  constexpr guint8 kMarkerAndVersion = 0x81;
  const GstStructure* format = gst_caps_get_structure(caps.get(), 0);
  GstBuffer* configuration = nullptr;
  if (!gst_structure_has_name(format, "video/x-av1") ||
      !gst_structure_get(format, "codec_data", GST_TYPE_BUFFER, &configuration, nullptr))
    return caps;
  const bool whole = gst_buffer_memcmp(configuration, 0, &kMarkerAndVersion, 1) == 0;
  gst_buffer_unref(configuration);
  if (whole) return caps;
  GstCaps* without = gst_caps_copy(caps.get());
  gst_structure_remove_field(gst_caps_get_structure(without, 0), "codec_data");
  return own(without);
}

// Matroska does not say when a frame is decoded, and MP4 asks for it.
const char* timestamper_name(const GstStructure* format) {
  if (gst_structure_has_name(format, "video/x-h264")) return "h264timestamper";
  return gst_structure_has_name(format, "video/x-h265") ? "h265timestamper" : nullptr;
}

/** A part of a launch line, where GStreamer has it. */
std::string followed_by(const char* name) {
  GstElementFactory* factory = name ? gst_element_factory_find(name) : nullptr;
  if (!factory) return "";
  gst_object_unref(factory);
  return std::string(" ! ") + name;
}

// What muxers ask of a stream, its parser makes of it.
std::string parser_for(const GstCaps* caps) { return followed_by(parser_name(gst_caps_get_structure(caps, 0))); }

// It shifts all times: by whole hours, so that decoding never begins below 0. It does not tell the parser before it
// which form of the stream the muxer takes: one behind it makes that.
std::string timestamper_for(const GstCaps* caps) {
  const std::string timestamper = followed_by(timestamper_name(gst_caps_get_structure(caps, 0)));
  return timestamper.empty() ? timestamper : timestamper + parser_for(caps);
}

/** Turns frames of this GST_TAG_IMAGE_ORIENTATION upright. */
std::string turning(const std::string& orientation) {
  GstTagList* tags = gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, orientation.c_str(), nullptr);
  GstVideoOrientationMethod method = GST_VIDEO_ORIENTATION_IDENTITY;
  const bool turned = gst_video_orientation_from_tag(tags, &method) && method != GST_VIDEO_ORIENTATION_IDENTITY;
  gst_tag_list_unref(tags);
  return turned ? " ! videoflip video-direction=" + std::to_string(method) : "";
}

bool has_property(gpointer object, const char* name) {
  return g_object_class_find_property(G_OBJECT_GET_CLASS(object), name) != nullptr;
}

// An MP4 file is nothing without its index, which comes last. In fragments each has its own, and at the end the file is
// made an ordinary one.
void write_in_fragments(const GValue* item, gpointer) {
  gpointer muxer = g_value_get_object(item);
  if (!has_property(muxer, "fragment-duration") || !has_property(muxer, "fragment-mode")) return;
  guint duration = 0;
  g_object_get(muxer, "fragment-duration", &duration, nullptr);
  if (duration == 0) {
    g_object_set(muxer, "fragment-duration", kFragment, nullptr);
    gst_util_set_object_arg(G_OBJECT(muxer), "fragment-mode", "first-moov-then-finalise");
  }
}

void tune(GstElement* pipeline) {
  GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(pipeline));
  while (gst_iterator_foreach(elements, write_in_fragments, nullptr) == GST_ITERATOR_RESYNC)
    gst_iterator_resync(elements);
  gst_iterator_free(elements);
}

/** What an error says, with the system's word for it where it is hidden in the details. */
std::string text_of(GstMessage* message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  std::string text = error->message;
  const std::string details = debug ? debug : "";
  g_error_free(error);
  g_free(debug);
  if (details.find("not-negotiated") != std::string::npos) return "muxer or encoder do not take this format";
  const std::size_t at = details.find("file descriptor");
  const std::size_t reason = at == std::string::npos ? at : details.find(": ", at);
  return reason == std::string::npos ? text : text + " (" + details.substr(reason + 2) + ")";
}

}  // namespace

std::string ClipWriter::launch_line() const {
  std::string line = "appsrc name=source format=time block=true max-bytes=" + std::to_string(kMostWaiting) +
                     " handle-segment-change=true";
  line += plan_.decode ? " ! decodebin" : plan_.encoder.empty() ? parser_for(caps_.get()) : "";
  if (!plan_.encoder.empty()) line += " ! videoconvert" + turning(plan_.orientation);
  line += " ! identity name=tap silent=true";
  if (plan_.encoder.empty()) line += timestamper_for(caps_.get());
  // Said here, as a muxer's pad is chosen by what it takes, and the first may be for sound.
  line +=
      " ! " + (plan_.encoder.empty() ? gst_structure_get_name(gst_caps_get_structure(caps_.get(), 0)) : plan_.encoder);
  return line + " ! " + plan_.muxer + " ! fdsink name=file";
}

std::shared_ptr<GstElement> ClipWriter::make_pipeline() const {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch_full(launch_line().c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (pipeline) return {pipeline, gst_object_unref};
  const std::string reason = error->message;
  g_error_free(error);
  throw Error(ErrorCode::kInvalidArgument, shown(plan_.path) + ": a clip cannot be made with muxer \"" + plan_.muxer +
                                               "\" and encoder \"" + plan_.encoder + "\": " + reason);
}

/** Owned by the pipeline. */
GstElement* ClipWriter::child(const char* name) const {
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_.get()), name);
  gst_object_unref(element);
  return element;
}

ClipWriter::ClipWriter(ClipPlan plan, const SharedCaps& caps, std::function<void()> done)
    : plan_(std::move(plan)),
      done_(std::move(done)),
      caps_(with_whole_configuration(caps)),
      pipeline_(make_pipeline()),
      source_(child("source")),
      file_(plan_.path),
      tracks_(pipeline_.get(), plan_.warn) {
  g_object_set(child("file"), "fd", file_.descriptor(), nullptr);
  tune(pipeline_.get());
  GstPad* tap = gst_element_get_static_pad(child("tap"), "src");
  gst_pad_add_probe(tap, GST_PAD_PROBE_TYPE_BUFFER, guarded<on_frame>, this, nullptr);
  gst_object_unref(tap);
  GstBus* bus = gst_element_get_bus(pipeline_.get());
  gst_bus_set_sync_handler(bus, guarded<on_message>, this, nullptr);
  gst_object_unref(bus);
}

ClipWriter::~ClipWriter() { stop(); }

void ClipWriter::stop() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  const std::string failure = file_.close();
  std::lock_guard lock(mutex_);
  if (outcome_.error.empty()) outcome_.error = failure;
}

// ---- frames -----------------------------------------------------------------------------------------------------

/** As it is, a file begins with its keyframe; what is decoded is cut to the frame. */
GstSegment ClipWriter::segment() const {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  // No stop: a decoder would end with the first frame behind it, which need not be the last that it is given.
  segment.start = segment.time = own_time(begin());
  segment.base = lead_;
  return segment;
}

/** What is shown behind the clip has all come when its decoding time has, or what is shown behind that comes. */
bool ClipWriter::is_over(const KeptFrame& frame) const {
  if (held_.size() >= kMostHeld) return true;
  if (frame.cut_away() || frame.time < plan_.stop) return false;
  if (frame.decode_time && *frame.decode_time >= std::max(plan_.stop, newest_)) return true;
  return behind_ && frame.time > *behind_;
}

void ClipWriter::push(const KeptFrame& frame) {
  if (!clock_) clock_.emplace(frame.time);
  if (!frame.cut_away() && frame.time >= plan_.stop) behind_ = std::max(behind_.value_or(frame.time), frame.time);
  if (!plan_.encoder.empty())
    push_to_cut(frame);
  else
    push_as_it_is(frame);
}

void ClipWriter::push_to_cut(const KeptFrame& frame) {
  if (frame.cut_away()) {
    std::lock_guard lock(mutex_);
    cut_away_.insert(own_time(frame.time));
  }
  send(frame);
}

/** Of what is shown behind the clip only what others need is written, and what would be a hole then. */
void ClipWriter::push_as_it_is(const KeptFrame& frame) {
  // Before its keyframe is shown what needs the one before that.
  if (frame.time < clock_->origin()) return;
  const bool behind = frame.cut_behind() || frame.time >= plan_.stop;
  if (behind && (frame.cut_behind() || !begun_ || frame.time > newest_)) {
    held_.push_back(frame);
    return;
  }
  for (const KeptFrame& needed : held_) send(needed);
  held_.clear();
  send(frame);
}

void ClipWriter::send(const KeptFrame& frame) {
  newest_ = begun_ ? std::max(newest_, frame.time) : frame.time;
  const StreamTime end = frame.time + std::max<StreamTime>(frame.duration, 1);
  sent_until_ = begun_ ? std::max(sent_until_, end) : end;
  begun_ = true;
  waiting_.push_back(frame);
  waiting_bytes_ += gst_buffer_get_size(frame.buffer.get());
  hand_on();
}

// ---- in step with the tracks ------------------------------------------------------------------------------------

void ClipWriter::take(const Track& track, const KeptPacket& packet) {
  tracks_.take(track, packet);
  hand_on();
}

void ClipWriter::end_track(const Track* track) {
  if (track)
    tracks_.end(*track);
  else
    tracks_.end_all();
  hand_on();
}

void ClipWriter::stop_at(StreamTime stop) {
  const StreamTime least = begun_ ? sent_until_ : plan_.start;
  {
    std::lock_guard lock(mutex_);
    plan_.stop = std::max(stop, least);
  }
  if (behind_ && *behind_ < plan_.stop) behind_.reset();
  tracks_.stop_at(plan_.stop);
  hand_on();
}

void ClipWriter::finish(StreamTime until) {
  finished_ = until;
  held_.clear();
  hand_on();
}

/** Links the tracks, and starts. */
void ClipWriter::open() {
  opened_ = true;
  if (begun_)
    lead_ = tracks_.open(*clock_, begin(), plan_.stop);
  else
    tracks_.clear();
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) end("cannot be started");
}

/** What has come, as far as all of it has. */
void ClipWriter::hand_on() {
  if (waiting_bytes_ > plan_.most_waiting && !std::exchange(too_late_, true)) {
    plan_.warn("what comes beside the video is too late (history-bytes): the clip goes on without it");
    tracks_.end_all();
  }
  if (!opened_ && (begun_ ? tracks_.can_open(begin()) : finished_.has_value())) open();
  while (opened_ && !waiting_.empty() && tracks_.lead_to(waiting_.front().time)) {
    hand_on(waiting_.front());
    waiting_bytes_ -= gst_buffer_get_size(waiting_.front().buffer.get());
    waiting_.pop_front();
  }
  if (!finished_) return;
  const bool all_frames = opened_ && waiting_.empty();
  if (all_frames && !std::exchange(ended_frames_, true)) gst_app_src_end_of_stream(GST_APP_SRC(source_));
  waits_for_tracks_ = !all_frames || !tracks_.finish(*finished_);
}

void ClipWriter::hand_on(const KeptFrame& frame) {
  GstBuffer* buffer = gst_buffer_copy(frame.buffer.get());
  const bool decoder_knows = frame.guessed && plan_.decode;
  GST_BUFFER_PTS(buffer) = decoder_knows ? GST_CLOCK_TIME_NONE : own_time(frame.time);
  GST_BUFFER_DTS(buffer) = frame.decode_time ? own_time(*frame.decode_time) : GST_CLOCK_TIME_NONE;
  if (!std::exchange(first_, false)) {
    gst_app_src_push_buffer(GST_APP_SRC(source_), buffer);
    return;
  }
  const GstSegment segment = this->segment();
  GstSample* sample = gst_sample_new(buffer, caps_.get(), &segment, nullptr);
  gst_app_src_push_sample(GST_APP_SRC(source_), sample);
  gst_sample_unref(sample);
  gst_buffer_unref(buffer);
}

ClipWriter::Outcome ClipWriter::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

/** With mutex_. */
bool ClipWriter::is_cut(GstClockTime own, StreamTime time, StreamTime end) {
  const auto found = cut_away_.find(own);
  if (found != cut_away_.end()) {
    cut_away_.erase(found);
    return true;
  }
  return end <= plan_.start || time >= plan_.stop;
}

GstPadProbeReturn ClipWriter::on_frame(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto* self = static_cast<ClipWriter*>(data);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) return GST_PAD_PROBE_OK;
  const StreamTime time = self->clock_->stream_time(GST_BUFFER_PTS(buffer));
  const StreamTime end =
      time + (GST_BUFFER_DURATION_IS_VALID(buffer) ? static_cast<StreamTime>(GST_BUFFER_DURATION(buffer)) : 0);
  std::lock_guard lock(self->mutex_);
  const bool cut = !self->plan_.encoder.empty();
  if (cut && self->is_cut(GST_BUFFER_PTS(buffer), time, end)) return GST_PAD_PROBE_DROP;
  auto& outcome = self->outcome_;
  // An encoder begins no frame before the segment.
  const StreamTime begin = cut ? std::max(time, self->plan_.start) : time;
  outcome.first = std::min(outcome.first.value_or(begin), begin);
  outcome.last = std::max(outcome.last.value_or(end), end);
  return GST_PAD_PROBE_OK;
}

// ---- the end ----------------------------------------------------------------------------------------------------

void ClipWriter::end(const std::string& error) {
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    outcome_.error = error;
  }
  done_();
}

GstBusSyncReply ClipWriter::on_message(GstBus*, GstMessage* message, gpointer data) {
  auto* self = static_cast<ClipWriter*>(data);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) self->end("");
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) self->end(text_of(message));
  gst_message_unref(message);
  return GST_BUS_DROP;
}

}  // namespace gvl::gst
