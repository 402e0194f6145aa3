/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segment-builder.hpp"

#include <algorithm>
#include <utility>

#include "gvl/sampling.hpp"

namespace gvl::gst {

using timeline::Time;

SegmentBuilder::SegmentBuilder(PictureMaker& pictures, const Options& options)
    : pictures_(pictures), options_(options) {
  if (options.candidates == options.samples) return;
  divider_.emplace(options.candidates, options.segments);
  detector_ = std::make_shared<ShotDetector>();
}

bool SegmentBuilder::wants_spatial() const {
  const auto arrival = std::ssize(waiting_) % options_.samples;
  const auto number = options_.backward ? options_.samples - 1 - arrival : arrival;
  return chooses() || is_keyframe(number, options_.samples, options_.keyframes);
}

void SegmentBuilder::add(const Sample& sample) {
  waiting_.push_back({{sample}, chooses() ? analyse(sample.pixels) : std::future<bool>()});
}

// Whether another shot begins with the frame.
std::future<bool> SegmentBuilder::analyse(const std::shared_ptr<FramePixels>& pixels) {
  auto verdict = std::make_shared<std::promise<bool>>();
  auto cut = verdict->get_future();
  pictures_.post([=, verdict = std::move(verdict), detector = detector_, shots = options_.shots,
                  sharpest = options_.sharpest, size = pictures_.temporal_size()] {
    bool begins = false;
    try {
      // A frame may be several candidates: what the first one's segment reads does not change any more.
      if (sharpest && !pixels->failure && !pixels->sharpness) pixels->sharpness = sharpness_of(pixels->temporal, size);
      if (shots && !pixels->failure) begins = detector->begins_shot(pixels->temporal, size);
    } catch (...) {
      pixels->failure = std::current_exception();
    }
    verdict->set_value(begins);
  });
  return cut;
}

bool SegmentBuilder::ends_by(Time time) const {
  if (!is_full()) return false;
  return options_.backward ? time <= waiting_.back().start : time >= waiting_.back().stop;
}

// In stream time order.
std::vector<SegmentBuilder::Sample> SegmentBuilder::take(std::int64_t count) {
  std::vector<Sample> taken;
  for (; count > 0; --count) {
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (options_.backward) std::reverse(taken.begin(), taken.end());
  return taken;
}

BuiltSegment SegmentBuilder::take_full() {
  const auto samples = take(options_.samples);
  std::vector<Sample> keyframes;
  for (std::int64_t i = 0; i < options_.keyframes; ++i)
    keyframes.push_back(samples[static_cast<std::size_t>(keyframe(i))]);
  return build(samples, keyframes, samples.front().start, samples.back().stop);
}

std::optional<BuiltSegment> SegmentBuilder::next() { return divide(false); }

std::optional<BuiltSegment> SegmentBuilder::rest() { return divide(true); }

std::optional<BuiltSegment> SegmentBuilder::divide(bool all) {
  if (!chooses()) return std::nullopt;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (!waiting_[i].cut.valid() || (!all && i + 1 == waiting_.size())) continue;
    divider_->add(waiting_[i].cut.get());
  }
  const auto count = all ? divider_->rest() : divider_->next();
  if (count == 0) return std::nullopt;
  const auto candidates = take(count);
  std::vector<Sample> samples;
  for (const auto index : sample_indices(options_.samples, count))
    samples.push_back(candidates[static_cast<std::size_t>(index)]);
  return build(samples, keyframes_among(samples), candidates.front().start, candidates.back().stop);
}

std::optional<BuiltSegment> SegmentBuilder::cut_short(Time end, const Sample& shown) {
  const auto count = options_.samples, seen = std::ssize(waiting_);
  if (chooses() || 2 * seen < count) {
    waiting_.clear();
    return std::nullopt;
  }
  const auto taken = take(seen);
  const auto missing = options_.backward ? count - seen : 0;  // the first ones
  const auto planned_start = taken.front().start - missing * options_.sample_duration;
  const auto start = options_.backward ? end : planned_start, stop = options_.backward ? taken.back().stop : end;
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto middle = start + timeline::scale(stop - start, 2 * i + 1, 2 * count);
    const auto number = (middle - planned_start) / std::max(options_.sample_duration, Time(1));
    samples.push_back(taken[static_cast<std::size_t>(std::clamp(number - missing, std::int64_t{0}, seen - 1))]);
  }
  std::vector<Sample> keyframes;
  for (std::int64_t i = 0; i < options_.keyframes; ++i) {
    const auto key = keyframe(i) - missing;
    keyframes.push_back(key >= 0 && key < seen ? taken[static_cast<std::size_t>(key)] : shown);
  }
  return build(samples, keyframes, start, stop);
}

std::int64_t SegmentBuilder::keyframe(std::int64_t which) const {
  return keyframe_of(options_.samples, options_.keyframes, which);
}

std::vector<SegmentBuilder::Sample> SegmentBuilder::keyframes_among(const std::vector<Sample>& samples) const {
  const auto sharper = [](const Sample& a, const Sample& b) { return a.pixels->sharpness < b.pixels->sharpness; };
  const auto share = options_.samples / options_.keyframes;
  std::vector<Sample> keyframes;
  for (std::int64_t i = 0; i < options_.keyframes; ++i) {
    const auto first = samples.begin() + i * share;
    keyframes.push_back(options_.sharpest ? *std::max_element(first, first + share, sharper)
                                          : samples[static_cast<std::size_t>(keyframe(i))]);
  }
  return keyframes;
}

BuiltSegment SegmentBuilder::build(const std::vector<Sample>& samples, const std::vector<Sample>& keyframes, Time start,
                                   Time stop) {
  BuiltSegment segment{.start = start, .stop = stop, .keyframe = keyframes[keyframes.size() / 2].time};
  std::vector<std::shared_ptr<FramePixels>> pixels, key_pixels;
  for (const auto& keyframe : keyframes) key_pixels.push_back(keyframe.pixels);
  for (const auto& sample : samples) {
    segment.samples.push_back(sample.time);
    pixels.push_back(sample.pixels);
  }
  segment.spatial = pictures_.stack(std::move(key_pixels), &FramePixels::spatial, pictures_.spatial_size());
  segment.temporal = pictures_.stack(std::move(pixels), &FramePixels::temporal, pictures_.temporal_size());
  return segment;
}

}  // namespace gvl::gst
