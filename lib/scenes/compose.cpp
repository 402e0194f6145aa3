/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/compose.hpp"

#include <cmath>
#include <numeric>
#include <utility>

#include "gvl/error.hpp"
#include "scenes/composer.hpp"

namespace gvl::scenes {
namespace {

/** What an edge of the video would cut off: it shows by what is before or after. */
bool needs_before(EventKind kind) {
  return kind == EventKind::kFreeze || (kind >= EventKind::kCut && kind <= EventKind::kCrossFade);
}

}  // namespace

double log_uniform(Random& random, double low, double high) {
  return low * std::pow(std::max(high / low, 1.0), random.uniform());
}

Interval length_limits(EventKind kind, double duration) noexcept {
  const auto limits = [&](double low, double high) {
    const double shortest = std::max(low * duration, 0.5);
    return Interval{shortest, std::max(shortest, high * duration)};
  };
  switch (kind) {
    case EventKind::kCut:
      return limits(0.03, 0.03);
    case EventKind::kAppears:
    case EventKind::kDisappears:
      return limits(0.03, 0.08);
    case EventKind::kCrossFade:
      return limits(0.04, 0.15);
    case EventKind::kFadeToBlack:
    case EventKind::kFadeFromBlack:
    case EventKind::kEnters:
    case EventKind::kLeaves:
      return limits(0.04, 0.2);
    default:
      return limits(0.04, 0.4);
  }
}

Composer::Composer(const Assets& assets, std::uint64_t seed, const ComposeOptions& options)
    : assets_(assets), options_(options), random_(seed) {
  const bool times = options.shortest >= 4 && options.longest >= options.shortest && options.longest <= 86400 &&
                     options.event_scale >= 4;
  const bool events = options.fewest_events >= 0 && options.most_events >= options.fewest_events;
  if (!times || !events || options.shortest_side < 32 || options.shortest_side > 4096) {
    throw Error(ErrorCode::kInvalidArgument, "no video can be composed: of 4 s to a day, 32 to 4096 pixels");
  }
  const bool shares = options.repeats >= 0 && options.long_events >= 0 && options.repeats + options.long_events <= 1;
  if (!shares) {
    throw Error(ErrorCode::kInvalidArgument, "shares of repeats and of long events must be from 0 to 1 together");
  }
  double total = 0;
  for (const double weight : options.weights) total += weight >= 0 ? weight : NAN;
  if (!(total > 0)) throw Error(ErrorCode::kInvalidArgument, "weights of event kinds must be positive somewhere");
  composition_.scene.seed = seed;
}

double Composer::on_frame(double seconds) const noexcept {
  return std::round(seconds * composition_.scene.fps) / composition_.scene.fps;
}

bool Composer::planned(EventKind kind) const {
  return std::find(picture_kinds_.begin(), picture_kinds_.end(), kind) != picture_kinds_.end();
}

Composition Composer::compose() {
  choose_frame();
  draw_kinds();
  choose_theme();
  choose_shape();
  place_blocks();
  if (theme_.form == Theme::Form::kLong) add_long_event();
  direct_levels();
  direct_shots();
  direct_camera();
  direct_faults();
  bring_to_life();
  if (with_objects_) {
    cast_objects();
    direct_objects();
  }
  std::stable_sort(composition_.scene.events.begin(), composition_.scene.events.end(),
                   [](const Event& a, const Event& b) { return a.start < b.start; });
  return std::move(composition_);
}

void Composer::choose_frame() {
  Scene& scene = composition_.scene;
  // Whole numbers: OpenCV's AVI writer rounds others.
  scene.fps = random_.pick(std::array{8.0, 10.0, 12.0, 15.0, 24.0, 25.0, 30.0});
  scene.duration = on_frame(log_uniform(random_, options_.shortest, options_.longest));
}

/** The models look at the middle square: what objects do happens there, nearly always. */
void Composer::choose_shape() {
  Scene& scene = composition_.scene;
  const double shape = with_objects_ ? random_.pick(std::array{1.0, 1.0, 1.0, 4.0 / 3})
                                     : random_.pick(std::array{4.0 / 3, 4.0 / 3, 16.0 / 9, 16.0 / 9, 1.0});
  scene.height = options_.shortest_side;
  scene.width = static_cast<int>(std::lround(options_.shortest_side * shape / 2)) * 2;
}

EventKind pick_kind(Random& random, const Weights& weights) {
  double left = random.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t last = 0;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if ((left -= weights[i]) < 0) break;
  }
  return static_cast<EventKind>(last);
}

EventKind Composer::draw_kind(bool objects_too) {
  Weights weights = options_.weights;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    // Videos without objects have none of these: those with objects make up for it.
    if (group_of(kind) == EventGroup::kObject) weights[i] *= objects_too ? 2 : 0;
  }
  return pick_kind(random_, weights);
}

void Composer::draw_kinds() {
  const auto first_object = options_.weights.begin() + static_cast<std::ptrdiff_t>(EventKind::kAppears);
  const bool only_objects = std::accumulate(options_.weights.begin(), first_object, 0.0) <= 0;
  with_objects_ = only_objects || !random_.chance(options_.without_objects);
  auto count = random_.integer(options_.fewest_events, options_.most_events);
  if (random_.chance(options_.single_event)) count = std::max(options_.fewest_events, 1);
  if (random_.chance(options_.without_events)) count = 0;
  for (int attempt = 0; attempt < 100 && count > 0; ++attempt) {
    const EventKind kind = draw_kind(with_objects_);
    const bool object = group_of(kind) == EventGroup::kObject;
    if (!object && planned(kind)) continue;
    (object ? object_kinds_ : picture_kinds_).push_back(kind);
    --count;
  }
}

Interval Composer::limits_of(EventKind kind) const {
  if (is_again(kind)) return repeated_limits(kind);
  return length_limits(kind, std::min(composition_.scene.duration, options_.event_scale));
}

double Composer::draw_length(EventKind kind) {
  const Interval limits = limits_of(kind);
  return log_uniform(random_, limits.start, limits.stop);
}

Composer::Part Composer::black_part() {
  const double shortest = limits_of(EventKind::kBlack).start;
  const bool labelled = options_.weights[static_cast<std::size_t>(EventKind::kBlack)] > 0 &&
                        theme_.form != Theme::Form::kAgain && !planned(EventKind::kBlack) && random_.chance(0.35);
  if (labelled) return {EventKind::kBlack, true, shortest * random_.uniform(1, 3), shortest};
  const double length = shortest * random_.uniform(0.2, 0.6);
  return {EventKind::kBlack, false, length, length / 2};
}

Composer::Block Composer::block_of(EventKind kind) {
  const Part part{kind, true, draw_length(kind), limits_of(kind).start};
  if (kind == EventKind::kFadeToBlack) return {part, black_part()};
  if (kind == EventKind::kFadeFromBlack) return {black_part(), part};
  return {part};
}

void Composer::place_blocks() {
  std::vector<Block> blocks;
  const bool one_fade = planned(EventKind::kFadeToBlack) && planned(EventKind::kFadeFromBlack);
  for (const EventKind kind : picture_kinds_) {
    if (is_long(kind) || (one_fade && kind == EventKind::kFadeFromBlack)) continue;
    blocks.push_back(block_of(kind));
    if (one_fade && kind == EventKind::kFadeToBlack) {
      const EventKind rise = EventKind::kFadeFromBlack;
      const double shortest = limits_of(rise).start;
      blocks.back().push_back({rise, true, draw_length(rise), shortest});
    }
  }
  random_.shuffle(blocks);
  shorten(blocks);
  alternate(blocks);
  put_blocks(blocks);
}

/** Until they fit. */
void Composer::shorten(std::vector<Block>& blocks) const {
  const double gap = least_gap();
  const double room = (object_kinds_.empty() ? 0.92 : 0.6) * (window().stop - window().start);
  const auto total = [&] {
    double sum = gap * static_cast<double>(blocks.size() + 1);
    for (const Block& block : blocks) {
      for (const Part& part : block) sum += part.length;
    }
    return sum;
  };
  for (int round = 0; total() > room && !blocks.empty(); ++round) {
    // Shorter first; when all are as short as may be, fewer.
    if (round % 12 == 11) drop_block(blocks);
    for (Block& block : blocks) {
      for (Part& part : block) part.length = std::max(part.length * 0.85, part.shortest);
    }
  }
}

void Composer::put_blocks(const std::vector<Block>& blocks) {
  const double duration = composition_.scene.duration;
  const double gap = least_gap();
  const Interval window = this->window();
  std::vector<double> gaps(blocks.size() + 1);
  double spare = window.stop - window.start;
  for (const Block& block : blocks) {
    // A frame more than it lasts: parts are rounded to whole frames and must not be pushed out of the video.
    for (const Part& part : block) spare -= part.length + 1 / composition_.scene.fps;
  }
  for (double& value : gaps) value = -std::log(1 - random_.uniform());
  const auto at_edge = [&](const Part& part) { return !needs_before(part.kind) && random_.chance(0.12); };
  const bool from_start = window.start == 0 && !blocks.empty() && at_edge(blocks.front().front());
  const bool to_end = window.stop == duration && !blocks.empty() && at_edge(blocks.back().back());
  if (from_start) gaps.front() = 0;
  if (to_end && !(from_start && gaps.size() == 2)) gaps.back() = 0;
  double least = 0;
  for (const double value : gaps) least += value > 0 ? gap : 0;
  const double sum = std::accumulate(gaps.begin(), gaps.end(), 0.0);
  double time = window.start;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (gaps[i] > 0) time += gap + gaps[i] / sum * (spare - least);
    for (const Part& part : blocks[i]) {
      // Rounded outwards where a rounding would make it too short.
      const double start = on_frame(time);
      double stop = std::min(on_frame(time + part.length), duration);
      if (part.labelled && stop - start < part.shortest) stop += 1 / composition_.scene.fps;
      if (gaps.back() == 0 && i + 1 == blocks.size() && &part == &blocks[i].back()) stop = duration;
      time = stop;
      Event event{part.kind, start, std::min(stop, duration), -1, -1, Side::kNone};
      add_event(event);
      // Side::kRight of a black part: no label of its own. Removed by direct_levels.
      if (!part.labelled) composition_.scene.events.back().side = Side::kRight;
    }
  }
}

Composition compose(const Assets& assets, std::uint64_t seed, const ComposeOptions& options) {
  return Composer(assets, seed, options).compose();
}

}  // namespace gvl::scenes
