/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame-sampler.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gvltime.hpp"
#include "timeline/wording.hpp"

GST_DEBUG_CATEGORY_EXTERN(gvl_segmenter_debug);
#define GST_CAT_DEFAULT gvl_segmenter_debug

namespace gvl::gst {

using timeline::distance;

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What plays between two jumps in time is not worth an answer if it is shorter.
constexpr timeline::Time kMinSession = seconds(1);
// A frame is shown until the next one comes, but behind so long a gap something else begins.
constexpr timeline::Time kMaxShown = hours(1);

}  // namespace

FrameSampler::FrameSampler(GstElement* element, GstPad* sinkpad, GstPad* srcpad, ModelStream& stream,
                           const SegmenterSettings& settings, SegmenterStats& stats)
    : element_(element),
      stream_(stream),
      settings_(settings),
      stats_(stats),
      clock_(element, sinkpad),
      held_(srcpad),
      frames_(clock_, stream, held_),
      emitter_(element, stream, held_, settings, stats) {}

bool FrameSampler::start() {
  if (!stream_.start()) return false;
  emitter_.start();
  stats_.reset();
  session_ = 0;
  sampling_ = true;
  return true;
}

void FrameSampler::stop() {
  stream_.stop();
  builder_.reset();
  pictures_.reset();
  forget();
  planner_.reset();
  model_.reset();
  seeked_ = false;
  clock_.forget();
}

void FrameSampler::interrupt() {
  stream_.interrupt();
  emitter_.interrupt();
}

void FrameSampler::flush() {
  stream_.flush();
  forget();
}

void FrameSampler::forget() {
  held_.drop();
  emitter_.flush();
  abort_session();
  clock_.forget_position();
  seeked_ = true;
  if (planner_) planner_->restart(seeked_);
}

// ---- frames -----------------------------------------------------------------------------------------------------

GstFlowReturn FrameSampler::frame(GstBuffer* buffer) {
  stats_.frames++;
  const GstFlowReturn result = take_frame(buffer);
  if (result != GST_FLOW_OK) {
    held_.drop();
    abort_session();
  }
  return result;
}

// Takes ownership of `buffer` in every case.
GstFlowReturn FrameSampler::take_frame(GstBuffer* buffer) {
  BufferPointer owned(buffer);
  if (!clock_.has_caps()) return GST_FLOW_NOT_NEGOTIATED;
  if (stream_.failed() || !clock_.check_format()) return GST_FLOW_ERROR;
  emitter_.announce();
  // A live stream does not wait for its model.
  if (!model_ && clock_.is_live() && !stream_.model_is_known())
    return pass_unsampled(std::move(owned), "the model is being loaded");
  if (!model_ && !take_model()) return stream_.failed() ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
  std::optional<Time> time;
  if (!clock_.time_of(buffer, &time)) return GST_FLOW_ERROR;
  // What lies outside of the segment is no part of the video.
  const GstFlowReturn result =
      time ? take_timed(std::move(owned), *time) : pass_unsampled(std::move(owned), "they lie outside of the segment");
  return result == GST_FLOW_FLUSHING && stream_.failed() ? GST_FLOW_ERROR : result;
}

GstFlowReturn FrameSampler::pass_unsampled(BufferPointer buffer, const char* why) {
  stats_.unsampled++;
  if (std::exchange(sampling_, false))
    GST_INFO_OBJECT(element_, "frames from %" GST_TIME_FORMAT " on are not sampled: %s",
                    GST_TIME_ARGS(GST_BUFFER_PTS(buffer.get())), why);
  const GstFlowReturn pushed = push_held();
  if (pushed == GST_FLOW_OK) held_.hold(buffer.release());
  return pushed;
}

GstFlowReturn FrameSampler::take_timed(BufferPointer buffer, Time time) {
  bool sampled = true;
  if (!std::exchange(sampling_, true))
    GST_INFO_OBJECT(element_, "frames from %" GST_TIME_FORMAT " on are sampled", GST_TIME_ARGS(to_clock_time(time)));
  if (has_plan() && jumped(time)) sampled = end_session(Ending::kJump);
  // What the frame before shows until now belongs to its own buffer; if that has gone, to a metadata event.
  sampled = sampled && advance(time);
  const GstFlowReturn pushed = sampled ? push_held() : GST_FLOW_FLUSHING;
  if (pushed != GST_FLOW_OK) return pushed;
  held_.hold(buffer.release());
  show(time);
  // Backwards it was shown before it comes.
  if (clock_.backward()) sampled = sampled && roll_over(time);
  if (sampled && !has_plan()) sampled = plan_from(time);
  sampled = sampled && sample_passed(time) && sample_reached(time) &&
            end_if_over(clock_.backward() ? time : frames_.shown()->until());
  clock_.passed(time);
  return sampled ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

// False after an element error, and when the wait for it was ended.
bool FrameSampler::take_model() {
  model_ = stream_.model();
  if (!model_) return false;
  const auto& config = model_->config();
  pictures_ = std::make_unique<PictureMaker>(config);
  planner_.emplace(config.frames, config.segments);
  planner_->restart(seeked_);
  return true;
}

// The frame is the one held back.
void FrameSampler::show(Time time) { frames_.show(time, has_plan() ? planner_->announced_end() : std::nullopt); }

// What is attached has to go before an event about other segments does, and the frame with it.
void FrameSampler::keep_frame_if_attached() {
  if (held_.attached() > 0) frames_.outlive_buffer();
}

GstFlowReturn FrameSampler::push_held() {
  frames_.outlive_buffer();
  return held_.push();
}

GstFlowReturn FrameSampler::drain(bool for_good) {
  const bool ended = end_session(for_good ? Ending::kForGood : Ending::kStream);
  if (for_good) emitter_.end_stream();
  clock_.forget_source();
  if (!ended) {
    held_.drop();
    return GST_FLOW_FLUSHING;
  }
  seeked_ = false;
  if (planner_) planner_->restart(seeked_);
  return held_.push();
}

// What a live stream shows for longer than a window would be answered over and over.
bool FrameSampler::jumped(Time time) {
  return clock_.backward() != plan().backward() ||
         clock_.jumped(time, clock_.is_live() ? planner_->window_duration() : kMaxShown);
}

// ---- windows ----------------------------------------------------------------------------------------------------

// False after an element error.
bool FrameSampler::check_window_duration() {
  const auto asked = settings_.windows().duration, shortest = planner_->shortest_window(clock_.facts());
  if (asked == Time() || asked >= shortest) return true;
  GST_ELEMENT_ERROR(
      element_, RESOURCE, SETTINGS,
      ("Windows of %s seconds (window-duration=%" G_GINT64_FORMAT
       ") are too short: this model and frame rate need %s seconds at least. The property counts nanoseconds: ten "
       "seconds are window-duration=10000000000.",
       timeline::exactly_in_seconds(asked).c_str(), static_cast<gint64>(asked.count()),
       timeline::exactly_in_seconds(shortest).c_str()),
      ("a frame, and %" G_GINT64_FORMAT " samples a millisecond apart", static_cast<gint64>(model_->config().frames)));
  return false;
}

// False when a wait for room was ended, or after an element error.
bool FrameSampler::plan_from(Time time) {
  if (!check_window_duration()) {
    stream_.fail();
    return false;
  }
  const auto facts = clock_.facts();
  const auto settings = settings_.windows();
  const auto proposal = planner_->propose(time, facts, settings);
  // What the sequence before has not decided yet is its own.
  if (proposal.begins_sequence && !end_decided(true)) return false;
  if (proposal.begins_sequence) end_segments();
  planner_->accept(proposal, facts, settings);
  // What comes before the first frame is dropped by whole windows.
  const auto arrival = planner_->arrivals_before(time);
  if (proposal.begins_sequence)
    begin_samples(arrival);
  else
    arrival_ = arrival;
  GST_DEBUG_OBJECT(element_, "%" G_GINT64_FORMAT " segments: %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT,
                   plan().segments(), GST_TIME_ARGS(to_clock_time(plan().start())),
                   GST_TIME_ARGS(to_clock_time(plan().stop())));
  return true;
}

// Of a sequence that begins with sample `arrival` of the plan.
void FrameSampler::begin_samples(std::int64_t arrival) {
  arrival_ = arrival;
  planner_->begin_at(arrival);
  frames_.keep_some(2 * static_cast<std::size_t>(model_->config().frames));
  begin_segments();
}

// Of the sequence that begins with the plan's next sample.
void FrameSampler::begin_segments() {
  const auto& sequence = planner_->sequence();
  builder_.emplace(
      *pictures_,
      SegmentBuilder::Options{
          .samples = model_->config().frames_per_segment(),
          .keyframes = model_->config().spatial.keyframes,
          .candidates = plan().samples_per_segment(),
          .segments = planner_->announced_end() ? plan().segments() - arrival_ / plan().samples_per_segment() : 0,
          .shots = sequence.settings.segmentation == timeline::Segmentation::kShots,
          .sharpest = sequence.settings.keyframe == timeline::Keyframe::kSharpest,
          .backward = plan().backward(),
          .sample_duration = plan().sample_duration()});
  keep_frame_if_attached();
  emitter_.begin_sequence(sequence, session_, clock_.is_live(), *model_);
}

void FrameSampler::end_segments() {
  builder_.reset();
  if (!planner_) return;
  keep_frame_if_attached();
  emitter_.end_sequence(planner_->sequence());
}

void FrameSampler::abort_session() {
  end_segments();
  if (planner_) planner_->forget();
  frames_.forget();
  ++session_;
}

// ---- where a session ends ---------------------------------------------------------------------------------------

// Completes what was begun by what was seen. False when a wait was ended.
bool FrameSampler::end_session(Ending ending) {
  bool done = true;
  if (const auto& shown = frames_.shown(); has_plan() && shown) {
    const bool forward = !plan().backward();
    const auto end = forward ? frames_.end() : shown->time();
    ending_ = ending == Ending::kForGood;
    keep_shown(shown->until(), true);
    done = (!forward || sample_passed(end)) && ((ending == Ending::kJump && too_short(end)) || complete(end));
    ending_ = false;
  }
  abort_session();
  return done;
}

// Says so, too: nothing else tells that what played is not answered.
bool FrameSampler::too_short(Time end) {
  const auto& sequence = planner_->sequence();
  if (sequence.has_window() || distance(end, sequence.begin) >= kMinSession) return false;
  stats_.short_sessions++;
  GST_INFO_OBJECT(element_, "session %" G_GUINT64_FORMAT " ended %" GST_TIME_FORMAT " after it began: not answered",
                  session_, GST_TIME_ARGS(to_clock_time(distance(end, sequence.begin))));
  return true;
}

bool FrameSampler::complete(Time end) {
  // What is announced may be rounded.
  const auto slack = std::max<Time>(clock_.facts().frame_interval(), milliseconds(1));
  const bool whole = plan().backward() ? end <= plan().start() + slack : end + slack >= plan().stop();
  if (whole && !repeat_shown()) return false;
  const auto& sequence = planner_->sequence();
  // What segments are divided by shots takes more than one moment of each: those are spread already.
  if (builder_->chooses() && sequence.ended + 1 >= sequence.window && !end_decided(true, end)) return false;
  const bool all_sampled = sequence.ended + (builder_->is_full() ? 1 : 0) >= sequence.window;
  return all_sampled ? cut_short(end) : make_anew(end);
}

// The sequence's only window, of the frames that were kept.
bool FrameSampler::make_anew(Time end) {
  const auto begin = planner_->sequence().begin, first = frames_.first_kept();
  const auto start = std::min(begin, end), stop = std::max(begin, end);
  const bool late = !plan().backward() && planner_->comes_late(first, start, plan().stop() - start);
  end_segments();
  planner_->plan_whole(late ? first : start, stop, clock_.facts(), settings_.windows());
  arrival_ = 0;
  begin_segments();
  while (arrival_ < plan().samples())
    if (!take_kept()) return false;
  if (!end_if_full()) return false;
  GST_DEBUG_OBJECT(element_, "the video was %" GST_TIME_FORMAT " - %" GST_TIME_FORMAT,
                   GST_TIME_ARGS(to_clock_time(plan().start())), GST_TIME_ARGS(to_clock_time(plan().stop())));
  return true;
}

// The segment whose samples are being taken ends with the video.
bool FrameSampler::cut_short(Time end) {
  const auto pixels = frames_.pixels(*pictures_, true, FrameConverter::Reading::kWhole);
  const auto time = frames_.shown()->time();
  const auto segment = builder_->cut_short(end, {time, time, end, pixels});
  return !segment || end_segment(*segment);
}

// Begins again where the plan began, with windows as of a stream without end, and takes up to now what was kept.
bool FrameSampler::plan_endless() {
  GST_DEBUG_OBJECT(element_, "the announced duration was a guess");
  end_segments();
  planner_->plan_endless(clock_.facts(), settings_.windows());
  arrival_ = 0;
  begin_segments();
  while (frames_.has_kept() && wants_samples() && plan().sample_target(arrival_) < frames_.shown()->time())
    if (!take_kept()) return false;
  return true;
}

// ---- samples ----------------------------------------------------------------------------------------------------

// The frame of `time` comes: what the one before shows until then.
bool FrameSampler::advance(Time time) {
  if (!clock_.backward() && !roll_over(time)) return false;
  if (!sample_passed(time)) return false;
  keep_shown(time, false);
  return end_if_over(time);
}

// The frame that is shown may be shown beyond the plan, to where the frame of `time` is: completes it, and those that
// follow, by that frame.
bool FrameSampler::roll_over(Time time) {
  while (has_plan() && planner_->is_beyond(time)) {
    const auto sequence = planner_->sequence().id;
    if (!(planner_->is_short_guess() && frames_.keeps_some() ? plan_endless() : repeat_shown())) return false;
    if (planner_->sequence().id == sequence && !plan_from(time)) return false;
  }
  return true;
}

// Where an announced end holds, samples alone are enough. In case that it does not, a frame for each is kept.
void FrameSampler::keep_shown(Time until, bool last) {
  const auto samples = model_->config().frames;
  const auto least = planner_->announced_end() ? distance(until, planner_->sequence().begin) / samples : Time();
  frames_.keep_shown(*pictures_, until, least, last);
}

// Until the frame of `time` came, the one before was shown.
bool FrameSampler::sample_passed(Time time) {
  if (!frames_.shown()) return true;
  while (wants_samples() && plan().passed(arrival_, time))
    if (!take_shown()) return false;
  return true;
}

bool FrameSampler::sample_reached(Time time) {
  while (wants_samples() && plan().reached(arrival_, time))
    if (!take_shown()) return false;
  return true;
}

// Takes the frame that is shown for all that the plan still wants.
bool FrameSampler::repeat_shown() {
  const auto sequence = planner_->sequence().id;  // the plan may turn out to be another
  while (planner_->sequence().id == sequence && wants_samples())
    if (!take_shown()) return false;
  return end_if_full();
}

// False, like the next ones, when a wait for room was ended.
bool FrameSampler::take_shown() {
  if (!end_if_full()) return false;
  // A window may be made again of what is kept.
  const bool spatial = frames_.keeps_some() || builder_->wants_spatial();
  return take(frames_.shown()->time(), frames_.pixels(*pictures_, spatial, FrameConverter::Reading::kWhole));
}

// The frame that was kept of the next sample's time. Without any, the stream has only just begun.
bool FrameSampler::take_kept() {
  if (!end_if_full()) return false;
  const auto& kept = frames_.kept_at(plan().sample_target(arrival_));
  return take(to_time(kept.time), kept.pixels);
}

bool FrameSampler::take(Time time, std::shared_ptr<FramePixels> pixels) {
  const auto& sequence = planner_->sequence();
  const bool ends = (arrival_ + 1) % plan().samples_per_segment() == 0;
  if (ends && sequence.ended + 1 == sequence.window &&
      !planner_->announcement_holds(clock_.duration().value_or(Time())))
    return plan_endless();
  const auto number = plan().sample_at(arrival_);
  builder_->add({time, plan().sample_start(number), plan().sample_start(number + 1), std::move(pixels)});
  ++arrival_;
  return end_decided(planner_->announced_end() && arrival_ == plan().samples());
}

// Where segments begin with shots: ends those that are decided, or all; of a video that ends at `end`.
bool FrameSampler::end_decided(bool all, std::optional<Time> end) {
  while (builder_) {
    auto segment = all ? builder_->rest() : builder_->next();
    if (!segment) break;
    if (end) segment->stop = std::max(std::min(segment->stop, *end), segment->start + Time(1));
    if (!end_segment(*segment)) return false;
  }
  return true;
}

bool FrameSampler::end_if_full() { return !builder_ || !builder_->is_full() || end_segment(builder_->take_full()); }

// A segment ends with the frame that is shown at its end, not with its last sample: until then it may be cut short.
bool FrameSampler::end_if_over(Time time) { return !builder_ || !builder_->ends_by(time) || end_if_full(); }

bool FrameSampler::end_segment(const BuiltSegment& segment) {
  planner_->count_segment();
  const auto& sequence = planner_->sequence();
  // A file that turns out to be longer than announced may need it yet.
  if (sequence.has_window() && !planner_->is_whole_file()) frames_.keep_none();
  const auto behind_first = sequence.ended - sequence.window;
  if (behind_first >= 0 && behind_first % sequence.hop == 0) stats_.windows++;
  const auto number = static_cast<guint64>(sequence.ended - 1);
  // The news of an overload takes what is attached with it, and the frame.
  frames_.outlive_buffer();
  return emitter_.emit(segment, model_->config(), number, clock_.is_live() && !ending_);
}

}  // namespace gvl::gst
