/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sampler.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/sampling.hpp"
#include "gvlbuffer.hpp"
#include "gvlevent.h"
#include "gvlsegmentmeta.hpp"
#include "gvltensormeta.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_segmenter_debug);
#define GST_CAT_DEFAULT gvl_segmenter_debug

namespace gvl::gst {

namespace {

constexpr GstClockTime kEndlessWindow = 60 * GST_SECOND;
// A longer file is divided: too little would be seen of it.
constexpr GstClockTime kLongestWhole = 120 * GST_SECOND;
// Timestamps that step back by less are jitter; a new segment that goes on within it is no jump.
constexpr GstClockTime kJump = GST_SECOND;
// For each sample that is wanted, where it is chosen; the middle one of each three is where it would be otherwise.
constexpr std::int64_t kCandidates = 3;

GstClockTime distance(GstClockTime a, GstClockTime b) { return a > b ? a - b : b - a; }

GstClockTime frame_interval(const GstVideoInfo& info, const GstCaps* caps) {
  int n = GST_VIDEO_INFO_FPS_N(&info);
  int d = GST_VIDEO_INFO_FPS_D(&info);
  if (n <= 0) gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "max-framerate", &n, &d);
  return n > 0 && d > 0 ? gst_util_uint64_scale(GST_SECOND, d, n) : 0;
}

}  // namespace

/** The segment whose samples are being taken. */
struct Sampler::OpenSegment {
  guint64 index = 0;
  GstClockTime start = 0;
  GstClockTime stop = 0;
  GstClockTime keyframe = 0;
  std::vector<GstClockTime> times;        // of its samples, in stream time order
  std::shared_ptr<SegmentPixels> pixels;  // while samples come in
  Future<Tensor> spatial;
  Future<Tensor> temporal;
  std::shared_ptr<Ticket> ticket;  // null for a skipped one
  Ticket::Hold hold;
};

Sampler::Sampler(GstElement* element, GstPad* sinkpad, GstPad* srcpad, ModelClient& model, SamplerSettings& settings,
                 SamplerStats& stats)
    : element_(element), sinkpad_(sinkpad), srcpad_(srcpad), model_(model), settings_(settings), stats_(stats) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  gst_video_info_init(&info_);
  begin_epoch();
}

Sampler::~Sampler() { drop_held(); }

void Sampler::start() {
  begin_epoch();
  reporter_ = std::make_shared<ErrorReporter>(element_);
  worker_ = std::make_unique<Worker>("gvlsegmenter");
  stats_.frames = stats_.samples = stats_.windows = stats_.segments = stats_.skipped = 0;
  next_run_ = next_segment_ = 0;
  live_.reset();
}

void Sampler::stop() {
  if (reporter_) reporter_->detach();
  reporter_.reset();
  worker_.reset();
  converter_.reset();
  used_model_.reset();
  flush();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  have_info_ = false;
  latency_ = 0;
}

std::shared_ptr<Flow> Sampler::flow() const {
  std::lock_guard lock(mutex_);
  return flow_;
}

Cancellation Sampler::cancellation() const {
  std::lock_guard lock(mutex_);
  return cancellation_;
}

void Sampler::begin_epoch() {
  std::lock_guard lock(mutex_);
  cancellation_.cancel();
  cancellation_ = Cancellation();
  flow_ = std::make_shared<Flow>(settings_.max_pending);
}

void Sampler::interrupt() {
  cancellation().cancel();
  flow()->interrupt();
}

void Sampler::flush() {
  drop_held();
  abort_run();
  last_time_ = next_timestamp_ = GST_CLOCK_TIME_NONE;
  segment_changed_ = false;
  begin_epoch();
}

void Sampler::update_limit() { flow()->set_limit(settings_.max_pending); }

bool Sampler::set_caps(GstCaps* caps) {
  if (!gst_video_info_from_caps(&info_, caps)) {
    gchar* text = gst_caps_to_string(caps);
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT,
                      ("This raw video format is not known to %s.", GST_OBJECT_NAME(element_)), ("caps %s", text));
    g_free(text);
    return false;
  }
  have_info_ = true;
  const auto interval = frame_interval(info_, caps);
  if (latency_.exchange(interval) != interval)
    gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
  return true;
}

void Sampler::set_segment(const GstSegment& segment) {
  gst_segment_copy_into(&segment, &segment_);
  segment_changed_ = true;
  next_timestamp_ = GST_CLOCK_TIME_NONE;
}

// ---- frames -----------------------------------------------------------------------------------------------------

GstFlowReturn Sampler::frame(GstBuffer* buffer) {
  stats_.frames++;
  const GstFlowReturn result = take_frame(buffer);
  if (result != GST_FLOW_OK) {
    drop_held();
    abort_run();
  }
  return result;
}

// Takes ownership of `buffer` in every case.
GstFlowReturn Sampler::take_frame(GstBuffer* buffer) {
  GstClockTime time = GST_CLOCK_TIME_NONE;
  if (!prepare() || !stream_time(buffer, &time)) {
    gst_buffer_unref(buffer);
    return have_info_ ? GST_FLOW_ERROR : GST_FLOW_NOT_NEGOTIATED;
  }
  const bool timed = GST_CLOCK_TIME_IS_VALID(time);
  bool sampled = true;
  if (timed && plan_ && jumped(time)) abort_run();
  // What the frame before shows until now belongs to its own buffer.
  if (timed && held_) sampled = roll_over(time) && sample_passed(time);
  const GstFlowReturn pushed = sampled ? push_held() : GST_FLOW_OK;
  if (!sampled || pushed != GST_FLOW_OK) {
    gst_buffer_unref(buffer);
    return pushed != GST_FLOW_OK ? pushed : flow()->failed() ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
  }
  hold(buffer, time);
  if (timed) {
    sampled = roll_over(time);
    if (sampled && !plan_) sampled = plan(time);
    sampled = sampled && sample_passed(time) && sample_reached(time);
    last_time_ = time;
    segment_changed_ = false;
  }
  if (sampled) return GST_FLOW_OK;
  return flow()->failed() ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
}

bool Sampler::prepare() {
  if (!have_info_) return false;
  if (flow()->failed()) return false;
  if (segment_.format != GST_FORMAT_TIME) {
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("The video stream has no times."),
                      ("expected a segment in time format, got %s", gst_format_get_name(segment_.format)));
    return false;
  }
  if (used_model_) return true;
  used_model_ = model_.require();
  if (!used_model_) return false;
  const auto& config = used_model_->config();
  converter_ = std::make_shared<FrameConverter>(config.spatial.image_size, config.temporal.image_size);
  return true;
}

// A frame without a timestamp comes where the frame rate puts it.
bool Sampler::estimate_time(GstBuffer* buffer, GstClockTime* timestamp) {
  const GstClockTime interval = GST_VIDEO_INFO_FPS_N(&info_) > 0 ? latency_.load() : 0;
  *timestamp = GST_BUFFER_PTS(buffer);
  if (!GST_CLOCK_TIME_IS_VALID(*timestamp) && interval) {
    const bool first = !GST_CLOCK_TIME_IS_VALID(next_timestamp_);
    *timestamp = !first ? next_timestamp_ : segment_.rate > 0 ? segment_.start : segment_.stop - interval;
  }
  if (!GST_CLOCK_TIME_IS_VALID(*timestamp)) return false;
  if (segment_.rate > 0)
    next_timestamp_ = *timestamp + interval;
  else
    next_timestamp_ = *timestamp > interval ? *timestamp - interval : 0;
  return true;
}

// Stream time of a frame, GST_CLOCK_TIME_NONE for one outside of the segment. False after an element error.
bool Sampler::stream_time(GstBuffer* buffer, GstClockTime* time) {
  GstClockTime timestamp;
  if (!estimate_time(buffer, &timestamp)) {
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("The video frames have no timestamps."),
                      ("and the caps give no frame rate to estimate them from"));
    return false;
  }
  *time = gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, timestamp);
  return true;
}

void Sampler::hold(GstBuffer* buffer, GstClockTime time) {
  held_ = buffer;
  held_time_ = time;
  held_is_carrier_ = false;
}

void Sampler::drop_held() {
  gst_clear_buffer(&held_);
  held_frame_.reset();
  unpushed_ = 0;
  unpushed_holds_.clear();
}

std::shared_ptr<const Frame> Sampler::held_frame() {
  if (!held_frame_) held_frame_ = std::make_shared<const Frame>(held_, info_, held_time_);
  return held_frame_;
}

GstFlowReturn Sampler::push_held() {
  if (!held_) return GST_FLOW_OK;
  GstBuffer* buffer = std::exchange(held_, nullptr);
  held_frame_.reset();
  GstFlowReturn result = GST_FLOW_OK;
  if (held_is_carrier_)
    gst_pad_push_event(srcpad_, gvl_carrier_event_new(buffer));
  else
    result = gst_pad_push(srcpad_, buffer);
  // Downstream has taken up its own holds by now.
  unpushed_ = 0;
  unpushed_holds_.clear();
  return result;
}

void Sampler::gap(GstClockTime timestamp, GstClockTime duration) {
  if (!held_ || !GST_CLOCK_TIME_IS_VALID(held_time_) || segment_.format != GST_FORMAT_TIME) return;
  const auto end = timestamp + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  const auto time = gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, end);
  if (GST_CLOCK_TIME_IS_VALID(time)) sample_passed(time);
}

GstFlowReturn Sampler::drain() {
  if (!repeat_last(false)) {
    drop_held();
    return GST_FLOW_FLUSHING;
  }
  plan_.reset();
  tail_.reset();
  return push_held();
}

// ---- windows ----------------------------------------------------------------------------------------------------

bool Sampler::jumped(GstClockTime time) const {
  if (backward() != plan_->backward()) return true;
  if (segment_changed_) return distance(time, last_time_ + (backward() ? 0 : latency_.load())) > kJump;
  return backward() ? time > last_time_ + kJump : time + kJump < last_time_;
}

bool Sampler::upstream_is_live() {
  if (live_) return *live_;
  gboolean live = FALSE;
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(sinkpad_, query)) gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  live_ = live;
  return live;
}

std::optional<GstClockTime> Sampler::stream_duration() {
  gint64 duration = 0;
  if (upstream_is_live() || !gst_pad_peer_query_duration(sinkpad_, GST_FORMAT_TIME, &duration) || duration <= 0)
    return std::nullopt;
  return static_cast<GstClockTime>(duration);
}

// The stream times between which the segment's frames lie, where they are known.
void Sampler::segment_bounds(std::optional<GstClockTime>* low, std::optional<GstClockTime>* high) const {
  const auto start = gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, segment_.start);
  const auto stop = gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, segment_.stop);
  if (GST_CLOCK_TIME_IS_VALID(start)) *low = start;
  if (GST_CLOCK_TIME_IS_VALID(stop)) *high = stop;
  if (segment_.applied_rate < 0) std::swap(*low, *high);
}

std::int64_t Sampler::wanted_hop() const {
  const std::int64_t segments = used_model_->config().segments;
  if (backward()) return segments;
  const double fresh = (1 - settings_.window_overlap) * static_cast<double>(segments);
  return std::clamp<std::int64_t>(std::llround(fresh), 1, segments);
}

// A short file is one window; a longer one is divided so that its last window ends with it.
std::int64_t Sampler::segments_of_file(GstClockTime length, std::int64_t hop) const {
  const std::int64_t window = used_model_->config().segments;
  if (length <= kLongestWhole) return window;
  const auto wanted = static_cast<std::int64_t>(gst_util_uint64_scale_ceil(length, window, kEndlessWindow));
  return window + (wanted - window + hop - 1) / hop * hop;
}

// False when a wait for room was ended.
bool Sampler::plan(GstClockTime time) {
  const auto& config = used_model_->config();
  SegmentPlan::Options options;
  options.samples = config.frames;
  options.segments = config.segments;
  options.fps_n = GST_VIDEO_INFO_FPS_N(&info_);
  options.fps_d = GST_VIDEO_INFO_FPS_D(&info_);
  options.backward = backward();
  if (wants_candidates()) options.samples *= kCandidates;
  const auto before = plan_;
  if (plan_)
    plan_next(time, options);
  else
    plan_first(time, options);
  plan_.emplace(options);
  const bool another_run = !before || !follows(*before);
  // What the run before has not decided yet is its own.
  if (another_run && candidates_ && !end_candidates(true)) return false;
  if (another_run) begin_run();
  // What comes before the first frame is left out by whole windows.
  const auto late = plan_->segments_before(time) / run_.hop * run_.hop;
  arrival_ = std::min(late, plan_->segments() - run_.window) * plan_->samples_per_segment();
  if (another_run) begin_candidates();
  tail_ = held_frame();
  GST_DEBUG_OBJECT(element_, "%" G_GINT64_FORMAT " segments: %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT,
                   plan_->segments(), GST_TIME_ARGS(plan_->start()), GST_TIME_ARGS(plan_->stop()));
  return true;
}

void Sampler::plan_file(GstClockTime start, GstClockTime stop, std::int64_t hop, SegmentPlan::Options& options) const {
  options.start = start;
  options.duration = stop - start;
  const auto samples = options.samples / options.segments;
  options.segments = segments_of_file(stop - start, hop);
  options.samples = options.segments * samples;
}

void Sampler::plan_first(GstClockTime time, SegmentPlan::Options& options) {
  std::optional<GstClockTime> low, high;
  segment_bounds(&low, &high);
  const GstClockTime asked = settings_.window_duration;
  const auto whole = stream_duration();
  announced_end_.reset();
  if (asked == 0 && whole) {
    const auto start = std::min(low.value_or(0), time);
    const auto stop = std::min(*whole, high.value_or(*whole));
    if (time < stop) {
      announced_end_ = stop;
      return plan_file(start, stop, wanted_hop(), options);
    }
  }
  options.duration = asked ? asked : kEndlessWindow;
  if (options.backward) {
    const auto known_end = high ? high : whole;
    const auto end = std::max(known_end.value_or(time), time + std::max<GstClockTime>(1, latency_));
    const auto stop = end - (end - time - 1) / options.duration * options.duration;
    options.start = stop > options.duration ? stop - options.duration : 0;
    options.duration = stop - options.start;
  } else {
    const auto first = upstream_is_live() ? time : std::min(low.value_or(time), time);
    options.start = first + (time - first) / options.duration * options.duration;
  }
}

// The segments of another window follow; windows that got no frame are left out.
void Sampler::plan_next(GstClockTime time, SegmentPlan::Options& options) const {
  const GstClockTime asked = settings_.window_duration;
  const auto usual = asked ? asked : kEndlessWindow;
  options.duration = asked == run_.asked_duration ? plan_->duration_of(run_.window) : usual;
  if (!options.backward) {
    options.start = plan_->stop() + (time - plan_->stop()) / options.duration * options.duration;
    return;
  }
  const auto stop = plan_->start() - (plan_->start() - time - 1) / options.duration * options.duration;
  options.start = stop > options.duration ? stop - options.duration : 0;
  options.duration = stop - options.start;
}

// Whether the plan goes on where the one before it ended, with windows of the same kind.
bool Sampler::follows(const SegmentPlan& before) const {
  if (run_.asked_duration != settings_.window_duration || run_.asked_overlap != settings_.window_overlap) return false;
  if (run_.segmentation != settings_.segmentation || run_.keyframe != settings_.keyframe) return false;
  return backward() ? plan_->stop() == before.start() : plan_->start() == before.stop();
}

void Sampler::begin_run() {
  const std::int64_t window = used_model_->config().segments;
  const bool one_window = announced_end_ && plan_->stop() >= *announced_end_ && plan_->segments() == window;
  run_ = {.id = next_run_++,
          .window = window,
          .hop = one_window ? window : wanted_hop(),
          .asked_duration = settings_.window_duration,
          .asked_overlap = settings_.window_overlap,
          .segmentation = settings_.segmentation,
          .keyframe = settings_.keyframe,
          .state = std::make_shared<RunState>()};
}

// Whether samples are chosen among more; backwards they are not.
bool Sampler::wants_candidates() const {
  return !backward() && (settings_.segmentation != Segmentation::kUniform || settings_.keyframe != Keyframe::kMiddle);
}

// For a run that begins at the plan's next sample.
void Sampler::begin_candidates() {
  candidates_.reset();
  const auto& config = used_model_->config();
  const auto chosen = config.frames_per_segment();
  if (plan_->samples_per_segment() == chosen) return;
  const Candidates::Options options{
      .sizes = {config.spatial.image_size, config.temporal.image_size, chosen},
      .per_sample = kCandidates,
      .segments = announced_end_ ? plan_->segments() - arrival_ / plan_->samples_per_segment() : 0,
      .shots = run_.segmentation == Segmentation::kShots,
      .sharpest = run_.keyframe == Keyframe::kSharpest};
  candidates_.emplace(*worker_, converter_, options);
}

// Whether all that was seen lies in whole windows; where they overlap, the last may begin anywhere.
bool Sampler::run_may_end() const {
  if (open_ || (candidates_ && !candidates_->empty()) || run_.segments < run_.window) return false;
  return run_.hop < run_.window || run_.segments % run_.window == 0;
}

void Sampler::abort_run() {
  open_.reset();
  candidates_.reset();
  if (plan_ && !run_may_end()) run_.state->aborted = true;
  plan_.reset();
  tail_.reset();
}

// ---- samples ----------------------------------------------------------------------------------------------------

// Completes the plan when the frame of `time` is beyond it, and plans what follows once that frame is held.
bool Sampler::roll_over(GstClockTime time) {
  if (!plan_) return true;
  // A file's announced duration is often a little short: that alone is not worth another answer.
  const bool last = announced_end_ && plan_->stop() >= *announced_end_;
  const GstClockTime slack = last ? plan_->segment_duration() : 0;
  if (!plan_->beyond(time, slack)) return leave_out_empty(time);
  if (!repeat_last(true)) return false;
  return held_time_ != time || plan(time);
}

// Where a whole window got no frame, the run ends, and another begins with the frame of `time`.
bool Sampler::leave_out_empty(GstClockTime time) {
  const auto samples = plan_->samples_per_segment();
  const auto reached = (arrival_ + samples - 1) / samples;
  const auto next = plan_->segments_before(time) / run_.hop * run_.hop;
  if (next < reached + run_.window) return true;
  if (!repeat_last(false)) return false;
  begin_run();
  arrival_ = std::min(next, plan_->segments() - run_.window) * samples;
  begin_candidates();
  return true;
}

// Until the frame of `time` came, the held one was shown.
bool Sampler::sample_passed(GstClockTime time) {
  if (!plan_ || !GST_CLOCK_TIME_IS_VALID(held_time_)) return true;
  while (arrival_ < plan_->samples() && plan_->passed(arrival_, time))
    if (!take(held_frame())) return false;
  return true;
}

bool Sampler::sample_reached(GstClockTime time) {
  while (plan_ && arrival_ < plan_->samples() && plan_->reached(arrival_, time))
    if (!take(held_frame())) return false;
  return true;
}

// Takes the last sample again for what is still to come: of the whole plan, or until the run may end.
bool Sampler::repeat_last(bool whole_plan) {
  if (!plan_ || (!whole_plan && run_may_end())) return true;
  const bool frame_held = held_ && GST_CLOCK_TIME_IS_VALID(held_time_);
  const bool still_shown = frame_held && !plan_->constant_rate() && !plan_->backward();
  const auto last = still_shown ? held_frame() : tail_;
  const bool flush = candidates_ && !whole_plan;
  if (!flush && arrival_ == plan_->samples()) return true;
  if (!held_) {
    held_ = gst_buffer_new();
    held_time_ = GST_CLOCK_TIME_NONE;
    held_is_carrier_ = true;
  }
  if (flush) return end_candidates(true);
  while (arrival_ < plan_->samples() && (whole_plan || !run_may_end()))
    if (!take(last)) return false;
  return true;
}

// Takes `frame` as the next sample. False when a wait for room was ended.
bool Sampler::take(std::shared_ptr<const Frame> frame) {
  tail_ = frame;
  if (candidates_) return take_candidate(frame);
  const auto samples = plan_->samples_per_segment();
  if (!open_ && !begin_segment()) return false;
  const auto sample = plan_->sample_at(arrival_) % samples;
  open_->times[sample] = frame->time;
  if (open_->pixels) {
    stats_.samples++;
    worker_->post([pixels = open_->pixels, converter = converter_, frame = std::move(frame), sample] {
      pixels->convert(*converter, frame, sample);
    });
  }
  if (++arrival_ % samples == 0) {
    open_->keyframe = open_->times[keyframe_of(samples)];
    end_segment(*std::exchange(open_, nullptr));
  }
  return true;
}

bool Sampler::take_candidate(const std::shared_ptr<const Frame>& frame) {
  candidates_->add(frame, plan_->sample_start(arrival_), plan_->sample_start(arrival_ + 1), cancellation());
  ++arrival_;
  return end_candidates(announced_end_ && arrival_ == plan_->samples());
}

// Ends the segments of candidates that are decided, or all. False when a wait for room was ended.
bool Sampler::end_candidates(bool all) {
  while (auto made = candidates_->next(all)) {
    OpenSegment segment;
    segment.start = made->start;
    segment.stop = made->stop;
    segment.keyframe = made->keyframe;
    segment.times = std::move(made->times);
    if (!admit(segment)) return false;
    if (segment.ticket) {
      segment.spatial = std::move(made->spatial);
      segment.temporal = std::move(made->temporal);
      stats_.samples += segment.times.size();
    }
    end_segment(segment);
  }
  return true;
}

bool Sampler::begin_segment() {
  auto segment = std::make_unique<OpenSegment>();
  const auto samples = plan_->samples_per_segment();
  const auto position = plan_->sample_at(arrival_) / samples;
  segment->start = plan_->segment_start(position);
  segment->stop = plan_->segment_stop(position);
  segment->times.assign(samples, 0);
  if (!admit(*segment)) return false;
  if (segment->ticket) {
    const auto& config = used_model_->config();
    const SegmentPixels::Sizes sizes{config.spatial.image_size, config.temporal.image_size, samples};
    segment->pixels = std::make_shared<SegmentPixels>(sizes, cancellation());
    segment->spatial = segment->pixels->spatial();
    segment->temporal = segment->pixels->temporal();
  }
  open_ = std::move(segment);
  return true;
}

// Gives the segment its index, and a ticket unless it is skipped. False when a wait for room was ended.
bool Sampler::admit(OpenSegment& segment) {
  const auto flow = this->flow();
  const bool live = upstream_is_live();
  if (!live && !flow->wait_for_room(unpushed_)) return false;
  segment.index = next_segment_++;
  if (live && !flow->has_room(unpushed_)) {
    report_skipped(segment);
    return true;
  }
  segment.ticket = std::make_shared<Ticket>(flow, Flow::Kind::kSegment);
  segment.hold = segment.ticket->hold();
  return true;
}

void Sampler::report_skipped(const OpenSegment& segment) {
  const guint64 total = ++stats_.skipped;
  GST_INFO_OBJECT(element_, "segment %" G_GUINT64_FORMAT " skipped, %" G_GUINT64_FORMAT " so far", segment.index,
                  total);
  gst_element_post_message(
      element_, gst_message_new_element(GST_OBJECT(element_),
                                        gst_structure_new("gvl-skipped", "segment", G_TYPE_UINT64, segment.index,
                                                          "start", G_TYPE_UINT64, segment.start, "stop", G_TYPE_UINT64,
                                                          segment.stop, "total", G_TYPE_UINT64, total, nullptr)));
}

void Sampler::end_segment(const OpenSegment& segment) {
  const auto behind_first = ++run_.segments - run_.window;
  if (behind_first >= 0 && behind_first % run_.hop == 0) stats_.windows++;
  if (!segment.ticket) return;
  attach(segment);
  ++unpushed_;
  unpushed_holds_.push_back(segment.hold);
  stats_.segments++;
}

void Sampler::attach(const OpenSegment& segment) {
  held_ = make_metas_writable(held_);
  auto* meta = gvl_buffer_add_segment_meta(held_, static_cast<guint>(segment.times.size()), segment.times.data());
  meta->index = segment.index;
  meta->run = run_.id;
  meta->number = static_cast<guint64>(run_.segments - 1);
  meta->window_segments = static_cast<guint>(run_.window);
  meta->window_hop = static_cast<guint>(run_.hop);
  meta->start = segment.start;
  meta->stop = segment.stop;
  meta->keyframe = segment.keyframe;
  set_flow(meta, segment.ticket, run_.state);

  hold_until_ready(segment.ticket, segment.temporal);
  report_failure(segment.temporal, reporter_, segment.ticket->flow(), "converting sampled frames");
  const auto& config = used_model_->config();
  const auto size = config.spatial.image_size, temporal_size = config.temporal.image_size;
  const auto samples = static_cast<std::int64_t>(segment.times.size());
  add_pending_tensor(held_, GVL_TENSOR_SPATIAL_PIXELS, segment.index, DataType::kUInt8, {1, size, size, 3},
                     segment.spatial);
  add_pending_tensor(held_, GVL_TENSOR_TEMPORAL_PIXELS, segment.index, DataType::kUInt8,
                     {samples, temporal_size, temporal_size, 3}, segment.temporal);
}

}  // namespace gvl::gst
