/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sampler.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/sampling.hpp"
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
// Windows of an announced length that turned out to be too short go on being that long only if this is.
constexpr GstClockTime kShortestGuess = 10 * GST_SECOND;
// What plays between two jumps in time is not worth an answer if it is shorter.
constexpr GstClockTime kShortestSession = GST_SECOND;
// A single picture that says nothing of how long it is shown.
constexpr GstClockTime kStillPicture = 40 * GST_MSECOND;
// The first frame of a stream may be a little late.
constexpr GstClockTime kFirstFrameSlack = 200 * GST_MSECOND;
// Frames on their way into the reservoir: each holds one of the stream's buffers.
constexpr unsigned kMostConversions = 4;
// Timestamps that step back by less are jitter; a new segment that goes on within it is no jump.
constexpr GstClockTime kJump = GST_SECOND;
// A frame is shown until the next one comes, but behind so long a gap something else begins.
constexpr GstClockTime kLongestShown = 3600 * GST_SECOND;
// For each sample that is wanted, where it is chosen; the middle one of each three is where it would be otherwise.
constexpr std::int64_t kCandidates = 3;

GstClockTime distance(GstClockTime a, GstClockTime b) { return a > b ? a - b : b - a; }

GstClockTime interval_of(const GstVideoInfo& info, const GstCaps* caps) {
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
  next_run_ = next_segment_ = session_ = 0;
  live_.reset();
}

void Sampler::stop() {
  if (reporter_) reporter_->detach();
  reporter_.reset();
  worker_.reset();
  converter_.reset();
  reducing_converter_.reset();
  used_model_.reset();
  flush();
  seeked_ = false;
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  have_info_ = false;
  latency_ = 0;
}

std::shared_ptr<Flow> Sampler::flow() const {
  std::lock_guard lock(mutex_);
  return flow_;
}

std::shared_ptr<Flow> Sampler::conversions() const {
  std::lock_guard lock(mutex_);
  return conversions_;
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
  conversions_ = std::make_shared<Flow>(kMostConversions);
}

void Sampler::interrupt() {
  cancellation().cancel();
  flow()->interrupt();
  conversions()->interrupt();
}

void Sampler::flush() {
  drop_held();
  abort_run();
  last_time_ = next_timestamp_ = GST_CLOCK_TIME_NONE;
  segment_changed_ = false;
  seeked_ = trust_duration_ = true;
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
  const auto interval = interval_of(info_, caps);
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
  BufferPointer owned(buffer);
  GstClockTime time = GST_CLOCK_TIME_NONE;
  if (!prepare() || !stream_time(buffer, &time)) return have_info_ ? GST_FLOW_ERROR : GST_FLOW_NOT_NEGOTIATED;
  const bool timed = GST_CLOCK_TIME_IS_VALID(time);
  const GstFlowReturn result = timed ? take_timed(std::move(owned), time) : pass_untimed(std::move(owned));
  return result == GST_FLOW_FLUSHING && flow()->failed() ? GST_FLOW_ERROR : result;
}

// What lies outside of the segment is no part of the video.
GstFlowReturn Sampler::pass_untimed(BufferPointer buffer) {
  const GstFlowReturn pushed = push_held();
  if (pushed == GST_FLOW_OK) hold(buffer.release());
  return pushed;
}

GstFlowReturn Sampler::take_timed(BufferPointer buffer, GstClockTime time) {
  bool sampled = true;
  if (plan_ && jumped(time)) sampled = end_session(Ending::kJump);
  // What the frame before shows until now belongs to its own buffer, if that is still here.
  const bool before_is_here = held_;
  if (before_is_here) sampled = sampled && advance(time);
  const GstFlowReturn pushed = sampled ? push() : GST_FLOW_FLUSHING;
  if (pushed != GST_FLOW_OK) return pushed;
  hold(buffer.release());
  if (!before_is_here) sampled = advance(time);
  show(time);
  // Backwards it was shown before it comes.
  if (backward()) sampled = sampled && roll_over(time);
  if (sampled && !plan_) sampled = plan(time);
  sampled = sampled && sample_passed(time) && sample_reached(time);
  end_if_over(backward() ? time : shown_->until);
  last_time_ = time;
  segment_changed_ = false;
  return sampled ? GST_FLOW_OK : GST_FLOW_FLUSHING;
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
  const auto size = config.spatial.image_size, temporal_size = config.temporal.image_size;
  converter_ = std::make_shared<FrameConverter>(size, temporal_size);
  reducing_converter_ = std::make_shared<FrameConverter>(size, temporal_size, FrameConverter::Reading::kReduced);
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

void Sampler::hold(GstBuffer* buffer) {
  held_ = buffer;
  held_is_carrier_ = false;
}

// What is attached now, when no frame is held back, travels by itself.
void Sampler::hold_something() {
  if (held_) return;
  held_ = gst_buffer_new();
  held_is_carrier_ = true;
}

void Sampler::drop_held() {
  gst_clear_buffer(&held_);
  shown_.reset();
  unpushed_ = 0;
  unpushed_holds_.clear();
}

// The frame is the one held back.
void Sampler::show(GstClockTime time) {
  shown_ = Shown{time, end_of(held_, time), nullptr, nullptr};
  end_ = std::max(end_, shown_->until);
}

GstClockTime Sampler::frame_interval() const { return GST_VIDEO_INFO_FPS_N(&info_) > 0 ? latency_.load() : 0; }

GstClockTime Sampler::end_of(GstBuffer* buffer, GstClockTime time) const {
  GstClockTime duration = GST_BUFFER_DURATION(buffer);
  // Also what no file can hold is none.
  if (!GST_CLOCK_TIME_IS_VALID(duration) || duration > G_MAXINT64) duration = 0;
  if (duration == 0) duration = frame_interval();
  if (duration == 0 && announced_end_ && *announced_end_ > time) duration = *announced_end_ - time;
  if (duration == 0 && shown_) duration = distance(time, shown_->time);
  const auto end = time + (duration == 0 ? kStillPicture : duration);
  std::optional<GstClockTime> low, high;
  segment_bounds(&low, &high);
  return high && *high > time ? std::min(end, *high) : end;
}

std::shared_ptr<const Frame> Sampler::shown_frame() {
  if (!shown_->frame) shown_->frame = std::make_shared<const Frame>(held_, info_, shown_->time, orientation_);
  return shown_->frame;
}

// On their way; by this converter if nobody asked before.
std::shared_ptr<FramePixels> Sampler::shown_pixels(const std::shared_ptr<FrameConverter>& converter) {
  if (shown_->pixels) return shown_->pixels;
  shown_->pixels = std::make_shared<FramePixels>();
  const auto& config = used_model_->config();
  const auto hold = std::make_shared<Ticket>(conversions(), Flow::Kind::kSegment)->hold();
  worker_->post([pixels = shown_->pixels, hold, converter, frame = shown_frame(), cancellation = cancellation(),
                 sizes = PictureSizes{config.spatial.image_size, config.temporal.image_size}] {
    convert(*converter, frame, sizes, cancellation, *pixels);
  });
  return shown_->pixels;
}

// What the reservoir keeps is converted once.
Sampler::Sample Sampler::shown_sample() {
  return {shown_->time, shown_frame(), reservoir_ && !candidates_ ? shown_pixels(converter_) : nullptr};
}

GstFlowReturn Sampler::push_held() {
  // It is shown until the next frame comes: samples may still be taken of it.
  if (held_ && !held_is_carrier_ && shown_) shown_frame();
  return push();
}

GstFlowReturn Sampler::push() {
  if (!held_) return GST_FLOW_OK;
  GstBuffer* buffer = std::exchange(held_, nullptr);
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

GstFlowReturn Sampler::drain(bool for_good) {
  if (!end_session(for_good ? Ending::kForGood : Ending::kStream)) {
    drop_held();
    return GST_FLOW_FLUSHING;
  }
  seeked_ = false;
  trust_duration_ = true;
  return push();
}

// ---- windows ----------------------------------------------------------------------------------------------------

bool Sampler::jumped(GstClockTime time) {
  if (backward() != plan_->backward() || distance(time, last_time_) > longest_shown()) return true;
  if (segment_changed_) return distance(time, last_time_ + (backward() ? 0 : latency_.load())) > kJump;
  return backward() ? time > last_time_ + kJump : time + kJump < last_time_;
}

// What a live stream shows for longer than a window would be answered over and over.
GstClockTime Sampler::longest_shown() { return upstream_is_live() ? plan_->duration_of(run_.window) : kLongestShown; }

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

SegmentPlan::Options Sampler::plan_options(bool with_candidates) const {
  const auto& config = used_model_->config();
  SegmentPlan::Options options;
  options.samples = config.frames * (with_candidates ? kCandidates : 1);
  options.segments = config.segments;
  options.fps_n = GST_VIDEO_INFO_FPS_N(&info_);
  options.fps_d = GST_VIDEO_INFO_FPS_D(&info_);
  options.backward = backward();
  return options;
}

// False after an element error. A window has a frame at least, and samples are a millisecond apart: no video is faster.
bool Sampler::check_window_duration() {
  const GstClockTime asked = settings_.window_duration;
  const auto samples = static_cast<GstClockTime>(used_model_->config().frames);
  const auto shortest = std::max(frame_interval(), samples * GST_MSECOND);
  if (asked == 0 || asked >= shortest) return true;
  GST_ELEMENT_ERROR(
      element_, RESOURCE, SETTINGS,
      ("window-duration=%" G_GUINT64_FORMAT " is too short: this model and frame rate need %" G_GUINT64_FORMAT
       " at least. The unit is nanoseconds: ten seconds are window-duration=10000000000.",
       asked, shortest),
      ("a frame, and %" G_GUINT64_FORMAT " samples a millisecond apart", samples));
  return false;
}

// False when a wait for room was ended, or after an element error.
bool Sampler::plan(GstClockTime time) {
  if (!check_window_duration()) {
    flow()->fail();
    return false;
  }
  auto options = plan_options(wants_candidates());
  const auto before = plan_;
  if (plan_)
    plan_next(time, options);
  else
    plan_first(time, options);
  plan_.emplace(options);
  const bool another_run = !before || !follows(*before);
  // What the run before has not decided yet is its own.
  if (another_run && candidates_ && !end_candidates(true)) return false;
  // What comes before the first frame is left out by whole windows.
  if (another_run) begin_run();
  const auto late = plan_->segments_before(time) / run_.hop * run_.hop;
  const auto arrival = std::min(late, plan_->segments() - run_.window) * plan_->samples_per_segment();
  if (another_run)
    begin_samples(arrival);
  else
    arrival_ = arrival;
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

// Whether the first frame of a window that was to begin at `start` comes so late that the window begins with it: what
// is not shown is no part of the video.
bool Sampler::comes_late(GstClockTime time, GstClockTime start, GstClockTime window) const {
  const auto sample = window / static_cast<GstClockTime>(used_model_->config().frames);
  return time > start + std::max(kFirstFrameSlack, sample);
}

// Where a file ends, by what it announces. Some (MPEG-TS) count from elsewhere than 0, and announce how long they are.
std::optional<GstClockTime> Sampler::file_end(std::optional<GstClockTime> low, GstClockTime start) const {
  if (announced_duration_ == 0) return std::nullopt;
  const bool counts_from_elsewhere = !seeked_ && !backward() && low.value_or(0) > 0;
  return announced_duration_ + (counts_from_elsewhere ? start : 0);
}

void Sampler::plan_first(GstClockTime time, SegmentPlan::Options& options) {
  std::optional<GstClockTime> low, high;
  segment_bounds(&low, &high);
  const GstClockTime asked = settings_.window_duration;
  announced_duration_ = trust_duration_ ? stream_duration().value_or(0) : 0;
  announced_end_.reset();
  auto start = std::min(low.value_or(asked || !announced_duration_ ? time : 0), time);
  if (asked == 0) {
    if (const auto end = file_end(low, start)) {
      const auto stop = std::min(*end, high.value_or(*end));
      if (time < stop) {
        announced_end_ = stop;
        if (!options.backward && comes_late(time, start, stop - start)) start = time;
        return plan_file(start, stop, wanted_hop(), options);
      }
    }
  }
  options.duration = asked ? asked : kEndlessWindow;
  if (options.backward) {
    const auto known_end = high ? high : stream_duration();
    const auto end = std::max(known_end.value_or(time), time + std::max<GstClockTime>(1, latency_));
    const auto stop = end - (end - time - 1) / options.duration * options.duration;
    options.start = stop > options.duration ? stop - options.duration : 0;
    options.duration = stop - options.start;
  } else {
    const bool late = comes_late(time, start, options.duration);
    options.start = upstream_is_live() || late ? time : start;
  }
}

// The segments of another window follow.
void Sampler::plan_next(GstClockTime time, SegmentPlan::Options& options) {
  const GstClockTime asked = settings_.window_duration;
  const auto before = plan_->duration_of(run_.window);
  const bool same = asked == run_.asked_duration && (asked || !announced_end_ || before >= kShortestGuess);
  options.duration = same ? before : asked ? asked : kEndlessWindow;
  announced_end_.reset();
  if (!options.backward) {
    options.start = plan_->stop();
    return;
  }
  const auto stop = plan_->start();
  options.start = stop > options.duration ? stop - options.duration : 0;
  options.duration = stop - options.start;
}

// Whether the plan goes on where the one before it ended, with windows of the same kind.
bool Sampler::follows(const SegmentPlan& before) const {
  if (run_.asked_duration != settings_.window_duration || run_.asked_overlap != settings_.window_overlap) return false;
  if (run_.segmentation != settings_.segmentation || run_.keyframe != settings_.keyframe) return false;
  // A file that was to be one window goes on all the same: from here on its windows overlap.
  if (run_.hop != wanted_hop()) return false;
  return backward() ? plan_->stop() == before.start() : plan_->start() == before.stop();
}

void Sampler::begin_run() {
  const std::int64_t window = used_model_->config().segments;
  const bool one_window = announced_end_ && plan_->stop() >= *announced_end_ && plan_->segments() == window;
  run_ = {.id = next_run_++,
          .begin = plan_->backward() ? plan_->stop() : plan_->start(),
          .window = window,
          .hop = one_window ? window : wanted_hop(),
          .asked_duration = settings_.window_duration,
          .asked_overlap = settings_.window_overlap,
          .segmentation = settings_.segmentation,
          .keyframe = settings_.keyframe,
          .state = std::make_shared<RunState>()};
  run_.state->backward = plan_->backward();
}

// Of a run that begins with sample `arrival` of the plan.
void Sampler::begin_samples(std::int64_t arrival) {
  arrival_ = arrival;
  const auto position = plan_->sample_at(arrival) / plan_->samples_per_segment();
  run_.begin = plan_->backward() ? plan_->segment_stop(position) : plan_->segment_start(position);
  reservoir_.emplace(2 * static_cast<std::size_t>(used_model_->config().frames));
  begin_candidates();
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

// What the run began is not to be answered.
void Sampler::abort_segments() {
  open_.reset();
  candidates_.reset();
  if (run_.segments < run_.window && run_.state) run_.state->aborted = true;
}

void Sampler::abort_run() {
  abort_segments();
  plan_.reset();
  end_ = 0;
  reservoir_.reset();
  shown_.reset();
  ++session_;
}

// ---- where a session ends ---------------------------------------------------------------------------------------

// Completes what was begun by what was seen. False when a wait was ended.
bool Sampler::end_session(Ending ending) {
  bool done = true;
  if (plan_ && shown_) {
    const bool forward = !plan_->backward();
    const auto end = forward ? end_ : shown_->time;
    const bool too_short = run_.segments < run_.window && distance(end, run_.begin) < kShortestSession;
    ending_ = ending == Ending::kForGood;
    done = keep_shown(shown_->until, true) && (!forward || sample_passed(end)) &&
           ((ending == Ending::kJump && too_short) || complete(end));
    ending_ = false;
  }
  abort_run();
  return done;
}

bool Sampler::complete(GstClockTime end) {
  // What is announced may be rounded.
  const auto slack = std::max<GstClockTime>(frame_interval(), GST_MSECOND);
  const bool whole = plan_->backward() ? end <= plan_->start() + slack : end + slack >= plan_->stop();
  if (whole && !repeat_shown()) return false;
  // What segments are divided by shots takes more than one moment of each: those are spread already.
  if (candidates_ && run_.segments + 1 >= run_.window && !end_candidates(true, end)) return false;
  const bool all_sampled = run_.segments + (taken_of_open() == plan_->samples_per_segment() ? 1 : 0) >= run_.window;
  return all_sampled ? cut_short(end) : make_anew(end);
}

// The run's only window, of the frames that were kept.
bool Sampler::make_anew(GstClockTime end) {
  auto options = plan_options(false);
  abort_segments();
  const auto start = std::min(run_.begin, end);
  options.start = options.backward || !comes_late(reservoir_->first_time(), start, plan_->stop() - start)
                      ? start
                      : reservoir_->first_time();
  options.duration = std::max<GstClockTime>(std::max(run_.begin, end) - options.start, 1);
  plan_.emplace(options);
  announced_end_ = plan_->stop();
  announced_duration_ = 0;
  begin_run();
  arrival_ = 0;
  while (arrival_ < plan_->samples())
    if (!take_kept()) return false;
  end_open_segment();
  GST_DEBUG_OBJECT(element_, "the video was %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT, GST_TIME_ARGS(plan_->start()),
                   GST_TIME_ARGS(plan_->stop()));
  return true;
}

// The segment whose samples are being taken ends with the video: those that were taken are spread over it. One of which
// less than half was seen is left out: a few frames spread over it would look like frozen ones.
bool Sampler::cut_short(GstClockTime end) {
  const auto samples = plan_->samples_per_segment();
  const auto taken = taken_of_open(), key = keyframe_of(samples);
  const auto missing = plan_->backward() ? samples - taken : 0;  // the first ones
  if (!open_ || 2 * taken < samples) {
    open_.reset();
    return true;
  }
  // The keyframe may be one of those that do not come any more.
  if (key < missing || key >= missing + taken) take_pixels(shown_sample(), key);
  const auto planned_start = open_->start, sample = plan_->sample_duration();
  (plan_->backward() ? open_->start : open_->stop) = end;
  std::vector<std::int64_t> sources;
  std::vector<GstClockTime> times;
  for (std::int64_t i = 0; i < samples; ++i) {
    const auto middle = open_->start + gst_util_uint64_scale(open_->stop - open_->start, 2 * i + 1, 2 * samples);
    const auto shown = static_cast<std::int64_t>((middle - planned_start) / std::max<GstClockTime>(sample, 1));
    sources.push_back(std::clamp(shown, missing, missing + taken - 1));
    times.push_back(open_->times[static_cast<std::size_t>(sources.back())]);
  }
  open_->keyframe = open_->times[static_cast<std::size_t>(key)];
  open_->times = std::move(times);
  if (open_->pixels) worker_->post([pixels = open_->pixels, sources] { pixels->spread(sources); });
  end_segment(*std::exchange(open_, nullptr));
  return true;
}

// How many samples of the segment that is open were taken.
std::int64_t Sampler::taken_of_open() const {
  const auto samples = plan_->samples_per_segment();
  return open_ ? (arrival_ - 1) % samples + 1 : 0;
}

// Whether upstream still announces what the plan was made of: of a file without a duration it may have guessed.
bool Sampler::announcement_holds() {
  if (announced_duration_ == 0) return true;
  const auto now = stream_duration().value_or(0);
  if (distance(now, announced_duration_) <= plan_->sample_duration()) {
    announced_duration_ = 0;
    return true;
  }
  GST_DEBUG_OBJECT(element_, "the duration was a guess: it is now %" GST_TIME_FORMAT, GST_TIME_ARGS(now));
  return false;
}

// Begins again where the plan began, with windows as of a stream without end, and takes up to now what was kept.
bool Sampler::plan_without_end() {
  const auto start = plan_->start();
  auto options = plan_options(false);
  options.start = start;
  options.duration = kEndlessWindow;
  abort_segments();
  trust_duration_ = false;
  announced_end_.reset();
  announced_duration_ = 0;
  plan_.emplace(options);
  begin_run();
  arrival_ = 0;
  while (!reservoir_->empty() && arrival_ < plan_->samples() && plan_->sample_target(arrival_) < shown_->time)
    if (!take_kept()) return false;
  return true;
}

// ---- samples ----------------------------------------------------------------------------------------------------

// The frame of `time` comes: what the one before shows until then.
bool Sampler::advance(GstClockTime time) {
  if (!backward() && !roll_over(time)) return false;
  if (!sample_passed(time) || !keep_shown(time, false)) return false;
  end_if_over(time);
  return true;
}

// The frame that is shown may be shown beyond the plan, to where the frame of `time` is: completes it, and those that
// follow, by that frame.
bool Sampler::roll_over(GstClockTime time) {
  while (plan_ && is_beyond_plan(time)) {
    const bool short_guess = announced_end_ && !plan_->backward() && plan_->duration_of(run_.window) < kShortestGuess;
    const auto run = run_.id;
    if (!(short_guess && reservoir_ ? plan_without_end() : repeat_shown())) return false;
    if (run_.id == run && !plan(time)) return false;
  }
  return true;
}

// A file's announced duration is often a little short: that alone is not worth another answer.
bool Sampler::is_beyond_plan(GstClockTime time) const {
  const bool last = announced_end_ && plan_->stop() >= *announced_end_;
  return plan_->beyond(time, last ? plan_->segment_duration() / 2 : 0);
}

// Keeps the last frame, which is shown until then, if it is among those that a window may be made of again: samples,
// the last one of all, and others as long as the end is not known or not certain. False when a wait for room was ended.
bool Sampler::keep_shown(GstClockTime until, bool last) {
  if (!reservoir_ || !shown_) return true;
  if (!shown_->pixels && !last) {
    if (!wants_unsampled(until)) {
      reservoir_->leave_out();
      return true;
    }
    if (!upstream_is_live() && !conversions()->wait_for_room(0)) return false;
  }
  reservoir_->add(shown_->time, shown_pixels(reducing_converter_));
  return true;
}

// Where an announced end holds, samples alone are enough. In case that it does not, as many as are wanted are kept of
// what has passed.
bool Sampler::wants_unsampled(GstClockTime until) {
  const auto frames = static_cast<GstClockTime>(used_model_->config().frames);
  const auto least = announced_end_ ? distance(until, run_.begin) / frames : 0;
  if (!reservoir_->wants(until, least)) return false;
  return !upstream_is_live() || conversions()->has_room(0);
}

// Until the frame of `time` came, the one before was shown.
bool Sampler::sample_passed(GstClockTime time) {
  if (!shown_) return true;
  while (plan_ && arrival_ < plan_->samples() && plan_->passed(arrival_, time))
    if (!take(shown_sample())) return false;
  return true;
}

bool Sampler::sample_reached(GstClockTime time) {
  while (plan_ && arrival_ < plan_->samples() && plan_->reached(arrival_, time))
    if (!take(shown_sample())) return false;
  return true;
}

// Takes the frame that is shown for all that the plan still wants.
bool Sampler::repeat_shown() {
  const auto run = run_.id;  // the plan may turn out to be another
  while (run_.id == run && arrival_ < plan_->samples())
    if (!take(shown_sample())) return false;
  end_if_full();
  return true;
}

// Takes the next sample. False when a wait for room was ended.
bool Sampler::take(const Sample& sample) {
  if (candidates_) return take_candidate(sample);
  const auto samples = plan_->samples_per_segment();
  end_if_full();
  const bool ends = (arrival_ + 1) % samples == 0;
  if (ends && run_.segments + 1 == run_.window && !announcement_holds()) return plan_without_end();
  if (!open_ && !begin_segment()) return false;
  take_pixels(sample, plan_->sample_at(arrival_) % samples);
  ++arrival_;
  return true;
}

// The frame that was kept of the next sample's time. Without any, the stream has only just begun.
bool Sampler::take_kept() {
  const auto& kept = reservoir_->shown_at(plan_->sample_target(arrival_));
  return take({kept.time, nullptr, kept.pixels});
}

void Sampler::take_pixels(const Sample& sample, std::int64_t number) {
  open_->times[static_cast<std::size_t>(number)] = sample.time;
  if (!open_->pixels) return;
  stats_.samples++;
  worker_->post([pixels = open_->pixels, converter = converter_, sample, number] {
    if (sample.pixels)
      pixels->put(*sample.pixels, number);
    else
      pixels->convert(*converter, sample.frame, number);
  });
}

bool Sampler::take_candidate(const Sample& sample) {
  auto pixels =
      candidates_->add(sample.frame, plan_->sample_start(arrival_), plan_->sample_start(arrival_ + 1), cancellation());
  if (shown_ && shown_->frame == sample.frame) shown_->pixels = std::move(pixels);
  ++arrival_;
  return end_candidates(announced_end_ && arrival_ == plan_->samples());
}

// Ends the segments of candidates that are decided, or all; of a video that ends at `end`. False when a wait for room
// was ended.
bool Sampler::end_candidates(bool all, GstClockTime end) {
  while (auto made = candidates_->next(all)) {
    OpenSegment segment;
    segment.start = made->start;
    segment.stop = std::max(std::min(made->stop, end), made->start + 1);
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
  const bool live = upstream_is_live() && !ending_;
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

void Sampler::end_if_full() {
  if (taken_of_open() == plan_->samples_per_segment()) end_open_segment();
}

// A segment ends with the frame that is shown at its end, not with its last sample: until then it may be cut short.
void Sampler::end_if_over(GstClockTime time) {
  if (!open_ || !plan_) return;
  if (plan_->backward() ? time <= open_->start : time >= open_->stop) end_if_full();
}

void Sampler::end_open_segment() {
  open_->keyframe = open_->times[static_cast<std::size_t>(keyframe_of(plan_->samples_per_segment()))];
  end_segment(*std::exchange(open_, nullptr));
}

void Sampler::end_segment(const OpenSegment& segment) {
  const auto behind_first = ++run_.segments - run_.window;
  // A file that turns out to be longer than announced may need it yet.
  const bool whole_file = announced_end_ && plan_->segments() == run_.window;
  if (behind_first >= 0 && !whole_file) reservoir_.reset();
  if (behind_first >= 0 && behind_first % run_.hop == 0) stats_.windows++;
  if (!segment.ticket) return;
  attach(segment);
  ++unpushed_;
  unpushed_holds_.push_back(segment.hold);
  stats_.segments++;
}

void Sampler::attach(const OpenSegment& segment) {
  hold_something();
  held_ = make_metas_writable(held_);
  auto* meta = gvl_buffer_add_segment_meta(held_, static_cast<guint>(segment.times.size()), segment.times.data());
  meta->index = segment.index;
  meta->session = session_;
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
