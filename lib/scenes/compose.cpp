#include "scenes/compose.hpp"

#include <cmath>
#include <numeric>
#include <utility>

#include "gvl/error.hpp"
#include "scenes/backdrops.hpp"
#include "scenes/composer.hpp"

namespace gvl::scenes {
namespace {

bool is_camera_move(EventKind kind) { return kind >= EventKind::kPanLeft && kind <= EventKind::kZoomOut; }

/** What an edge of the video would cut off: it shows by what is before or after. */
bool needs_before(EventKind kind) {
  return kind == EventKind::kFreeze || (kind >= EventKind::kCut && kind <= EventKind::kCrossFade);
}

double log_uniform(Random& random, double low, double high) {
  return low * std::pow(std::max(high / low, 1.0), random.uniform());
}

}  // namespace

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
  choose_shape();
  place_blocks();
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

EventKind Composer::draw_kind(bool objects_too) {
  std::array<double, kEventKinds> weights = options_.weights;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    // Videos without objects have none of these: those with objects make up for it.
    if (group_of(kind) == EventGroup::kObject) weights[i] *= objects_too ? 2 : 0;
  }
  double left = random_.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t last = 0;
  for (std::size_t i = 0; i < kEventKinds; ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if ((left -= weights[i]) < 0) break;
  }
  return static_cast<EventKind>(last);
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
  return length_limits(kind, std::min(composition_.scene.duration, options_.event_scale));
}

double Composer::draw_length(EventKind kind) {
  const Interval limits = limits_of(kind);
  return log_uniform(random_, limits.start, limits.stop);
}

Composer::Part Composer::black_part() {
  const double shortest = limits_of(EventKind::kBlack).start;
  const bool labelled = options_.weights[static_cast<std::size_t>(EventKind::kBlack)] > 0 &&
                        !planned(EventKind::kBlack) && random_.chance(0.35);
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
    if (one_fade && kind == EventKind::kFadeFromBlack) continue;
    blocks.push_back(block_of(kind));
    if (one_fade && kind == EventKind::kFadeToBlack) {
      const EventKind rise = EventKind::kFadeFromBlack;
      const double shortest = limits_of(rise).start;
      blocks.back().push_back({rise, true, draw_length(rise), shortest});
    }
  }
  random_.shuffle(blocks);
  const double duration = composition_.scene.duration;
  const double gap = std::max(0.02 * duration, 0.5);
  const double room = (object_kinds_.empty() ? 0.92 : 0.6) * duration;
  const auto total = [&] {
    double sum = gap * static_cast<double>(blocks.size() + 1);
    for (const Block& block : blocks) {
      for (const Part& part : block) sum += part.length;
    }
    return sum;
  };
  for (int round = 0; total() > room && !blocks.empty(); ++round) {
    // Shorter first; when all are as short as may be, fewer.
    if (round % 12 == 11) blocks.pop_back();
    for (Block& block : blocks) {
      for (Part& part : block) part.length = std::max(part.length * 0.85, part.shortest);
    }
  }
  put_blocks(blocks);
}

void Composer::put_blocks(const std::vector<Block>& blocks) {
  const double duration = composition_.scene.duration;
  const double gap = std::max(0.02 * duration, 0.5);
  std::vector<double> gaps(blocks.size() + 1);
  double spare = duration;
  for (const Block& block : blocks) {
    // A frame more than it lasts: parts are rounded to whole frames and must not be pushed out of the video.
    for (const Part& part : block) spare -= part.length + 1 / composition_.scene.fps;
  }
  for (double& value : gaps) value = -std::log(1 - random_.uniform());
  const auto at_edge = [&](const Part& part) { return !needs_before(part.kind) && random_.chance(0.12); };
  const bool from_start = !blocks.empty() && at_edge(blocks.front().front());
  const bool to_end = !blocks.empty() && at_edge(blocks.back().back());
  if (from_start) gaps.front() = 0;
  if (to_end && !(from_start && gaps.size() == 2)) gaps.back() = 0;
  double least = 0;
  for (const double value : gaps) least += value > 0 ? gap : 0;
  const double sum = std::accumulate(gaps.begin(), gaps.end(), 0.0);
  double time = 0;
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

void Composer::direct_levels() {
  std::vector<Event>& events = composition_.scene.events;
  std::vector<LevelKey>& keys = composition_.look.levels;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.kind == EventKind::kFadeToBlack) {
      keys.insert(keys.end(), {{event.start, 1}, {event.stop, 0}, {events[i + 1].stop, 0}});
      const bool rises = i + 2 < events.size() && events[i + 2].kind == EventKind::kFadeFromBlack &&
                         events[i + 2].start == events[i + 1].stop;
      if (!rises) keys.push_back({events[i + 1].stop, 1});
    } else if (event.kind == EventKind::kFadeFromBlack) {
      const bool fell = !keys.empty() && keys.back().level == 0 && keys.back().time == event.start;
      if (!fell) keys.insert(keys.end(), {{events[i - 1].start, 1}, {events[i - 1].start, 0}});
      keys.insert(keys.end(), {{event.start, 0}, {event.stop, 1}});
    }
  }
  std::erase_if(events, [](const Event& event) { return event.side == Side::kRight; });
}

const Texture* Composer::texture_of(const Backdrop& backdrop) const {
  const auto index = static_cast<std::size_t>(backdrop.index);
  if (backdrop.source == Backdrop::Source::kPhotograph) return &assets_.photographs()[index].texture;
  if (backdrop.source == Backdrop::Source::kClip) return &assets_.clips()[index].texture;
  return nullptr;
}

/** Whether the planned events show on it and cuts to it can be seen. */
bool Composer::suits(const Backdrop& backdrop) const {
  const Texture* texture = texture_of(backdrop);
  for (const Backdrop& other : composition_.look.backdrops) {
    const Texture* before = texture_of(other);
    if (!texture || !before) continue;
    if (cv::norm(texture->thumbnail, before->thumbnail, cv::NORM_L1) < 16 * 12 * 3 * 30.0) return false;
  }
  if (!texture) return true;
  if (!texture->balanced || (!picture_kinds_.empty() && !texture->detailed)) return false;
  if (planned(EventKind::kGrayscale) && !texture->colourful) return false;
  return !planned(EventKind::kUpsideDown) || texture->asymmetric;
}

Backdrop Composer::draw_backdrop(bool textured) {
  Backdrop backdrop;
  backdrop.seed = random_.next();
  const double clips = assets_.clips().empty() ? 0 : with_objects_ ? 0.25 : 0.5;
  const double painted = with_objects_ ? (textured ? 0.1 : 0.3) : 0.03;
  const double draw = random_.uniform();
  if (draw < clips) {
    backdrop.source = Backdrop::Source::kClip;
    backdrop.index = static_cast<int>(random_.integer(0, static_cast<std::int64_t>(assets_.clips().size()) - 1));
    backdrop.clip_offset = random_.uniform(0, 60);
    backdrop.clip_speed = random_.uniform(0.7, 1.5);
  } else if (draw < 1 - painted && !assets_.photographs().empty()) {
    backdrop.source = Backdrop::Source::kPhotograph;
    backdrop.index = static_cast<int>(random_.integer(0, static_cast<std::int64_t>(assets_.photographs().size()) - 1));
  } else {
    backdrop.index = static_cast<int>(random_.integer(textured ? kFirstTextured : 0, kPaintings - 1));
  }
  backdrop.mirrored = random_.chance(0.5);
  const bool clip = backdrop.source == Backdrop::Source::kClip;
  backdrop.zoom = clip ? random_.uniform(1, 1.7) : random_.uniform(1.05, 1.5);
  const double margin = 0.5 * (1 - 1 / backdrop.zoom);
  backdrop.x = random_.uniform(-margin, margin), backdrop.y = random_.uniform(-margin, margin);
  backdrop.gain = random_.uniform(0.85, 1.08);
  return backdrop;
}

int Composer::add_backdrop() {
  const bool textured = !picture_kinds_.empty() || !with_objects_;
  Backdrop backdrop = draw_backdrop(textured);
  for (int attempt = 0; attempt < 60 && !suits(backdrop); ++attempt) backdrop = draw_backdrop(textured);
  if (!suits(backdrop)) {
    backdrop.source = Backdrop::Source::kPainted;
    backdrop.index = static_cast<int>(random_.integer(kFirstTextured, kPaintings - 1));
  }
  std::string place;
  const auto index = static_cast<std::size_t>(backdrop.index);
  if (backdrop.source == Backdrop::Source::kPhotograph) place = assets_.photographs()[index].place;
  if (backdrop.source == Backdrop::Source::kClip) place = assets_.clips()[index].place;
  composition_.scene.places.push_back(place);
  composition_.look.backdrops.push_back(backdrop);
  return static_cast<int>(composition_.look.backdrops.size()) - 1;
}

void Composer::direct_shots() {
  std::vector<Shot>& shots = composition_.look.shots;
  int shown = add_backdrop();
  shots.push_back({0, shown, 0});
  for (const Event& event : composition_.scene.events) {
    if (event.kind == EventKind::kCut) {
      shown = add_backdrop();
      shots.push_back({on_frame((event.start + event.stop) / 2), shown, 0});
    } else if (event.kind == EventKind::kOtherScene) {
      shots.push_back({event.start, add_backdrop(), 0});
      shots.push_back({event.stop, shown, 0});
    } else if (event.kind == EventKind::kCrossFade) {
      shown = add_backdrop();
      shots.push_back({event.start, shown, event.stop - event.start});
    }
  }
}

void Composer::direct_camera() {
  for (const Event& event : composition_.scene.events) {
    if (event.kind == EventKind::kShake) {
      const double amplitude = random_.uniform(0.03, 0.08);
      composition_.look.shakes.push_back({event.start, event.stop, amplitude, random_.next()});
    }
    if (!is_camera_move(event.kind)) continue;
    CameraMove move{event.start, event.stop, 0, 0, 0, random_.pick(std::array{Ease::kLinear, Ease::kSmooth})};
    const double across = random_.uniform(0.3, 0.8), down = random_.uniform(0.25, 0.6);
    const double zoom = std::log(random_.uniform(1.4, 2.3));
    switch (event.kind) {
      case EventKind::kPanLeft:
        move.right = -across;
        break;
      case EventKind::kPanRight:
        move.right = across;
        break;
      case EventKind::kTiltUp:
        move.down = -down;
        break;
      case EventKind::kTiltDown:
        move.down = down;
        break;
      case EventKind::kZoomIn:
        move.zoom = zoom;
        break;
      default:
        move.zoom = -zoom;
        break;
    }
    composition_.look.moves.push_back(move);
  }
  settle_camera();
}

/** Begins where the whole way stays as much within the background as it can. */
void Composer::settle_camera() {
  Look& look = composition_.look;
  double x = 0, y = 0, zoom = 0;
  Interval across, down;
  double widest = 0;
  for (const CameraMove& move : look.moves) {
    x += move.right, y += move.down, zoom += move.zoom;
    across = {std::min(across.start, x), std::max(across.stop, x)};
    down = {std::min(down.start, y), std::max(down.stop, y)};
    widest = std::min(widest, zoom);
  }
  look.camera_x = -(across.start + across.stop) / 2;
  look.camera_y = -(down.start + down.stop) / 2;
  look.camera_zoom = -widest;
  const double room = 1 + 0.5 * std::max(across.stop - across.start, down.stop - down.start);
  if (look.moves.empty()) return;
  for (Backdrop& backdrop : look.backdrops) {
    backdrop.zoom = std::min(backdrop.zoom * room, 1.8);
    backdrop.x = backdrop.y = 0;
  }
}

Fault Composer::draw_fault(const Event& event) {
  Fault fault{event.kind, event.start, event.stop, 0, 0, 0, random_.uniform(0, 2 * CV_PI), {}, random_.next()};
  const double length = event.stop - event.start;
  const double slow = std::min(random_.uniform(0.015, 0.03) * composition_.scene.duration, 0.25 * length);
  const double level = random_.uniform();
  fault.variant = static_cast<int>(random_.integer(0, 2));
  const auto range = [&](double low, double high) { fault.strength = low * std::pow(high / low, level); };
  bool gradual = false;
  switch (event.kind) {
    case EventKind::kBlack:
      fault.strength = 16 * level * (fault.variant == 0);
      break;
    case EventKind::kWhite:
      fault.strength = 255 - 20 * level;
      break;
    case EventKind::kBlur:
      range(0.018, 0.06), gradual = true;
      break;
    case EventKind::kNoise:
      range(32, 95), gradual = true;
      break;
    case EventKind::kBlocks:
      range(fault.variant == 0 ? 0.06 : 0.07, 0.16);
      break;
    case EventKind::kFlicker:
      range(0.4, 0.85);
      break;
    case EventKind::kTooBright:
    case EventKind::kTooDark:
      fault.strength = level, gradual = true;
      break;
    case EventKind::kGrayscale:
      gradual = true;
      break;
    case EventKind::kCovered:
      fault.strength = 0.88 + 0.22 * level;
      break;
    default:
      break;
  }
  if (gradual && random_.chance(0.25)) fault.ramp = slow;
  if (event.kind == EventKind::kCovered && fault.variant != 0) fault.ramp = slow;
  static const std::array<cv::Vec3b, 6> covers{cv::Vec3b{14, 12, 11}, {30, 24, 20}, {58, 40, 28},
                                               {85, 58, 40},          {62, 62, 64}, {28, 28, 34}};
  fault.colour = random_.pick(covers);
  return fault;
}

void Composer::direct_faults() {
  for (const Event& event : composition_.scene.events) {
    if (group_of(event.kind) != EventGroup::kSignal) continue;
    // The black of a fade is in the levels; a fault would make it another black.
    const auto& keys = composition_.look.levels;
    const bool of_fade = event.kind == EventKind::kBlack && std::any_of(keys.begin(), keys.end(), [&](auto& key) {
                           return key.level == 0 && key.time == event.start;
                         });
    if (!of_fade) composition_.look.faults.push_back(draw_fault(event));
  }
}

void Composer::bring_to_life() {
  Look& look = composition_.look;
  const bool freezes = planned(EventKind::kFreeze);
  const bool clip_only = std::all_of(look.backdrops.begin(), look.backdrops.end(),
                                     [](const auto& b) { return b.source == Backdrop::Source::kClip; });
  if (random_.chance(clip_only ? 0.3 : 0.85) || (freezes && !clip_only)) {
    const double least = freezes ? 0.01 : 0.004;
    look.sway = {random_.uniform(least, 0.016), random_.uniform(least, 0.012), random_.uniform(2.5, 7),
                 random_.uniform(0, 6)};
    look.sway_zoom = random_.uniform(0, 0.01);
  }
  // A part of a take from a tripod may have nothing that moves: then it would seem frozen all the time.
  if (freezes && look.sway.x == 0) {
    for (Backdrop& backdrop : look.backdrops) {
      backdrop.zoom = std::min(backdrop.zoom, 1.1);
      backdrop.x = backdrop.y = 0;
    }
  }
  look.noise = random_.chance(0.3) ? random_.uniform(0, 1) : random_.uniform(1, 5);
  if (look.sway.x == 0) look.noise = std::max(look.noise, 1.5);
  look.drift = {random_.uniform(0, 0.05), 0, random_.uniform(5, 25), random_.uniform(0, 6)};
  look.freeze_holds = random_.chance(0.5);
}

Composition compose(const Assets& assets, std::uint64_t seed, const ComposeOptions& options) {
  return Composer(assets, seed, options).compose();
}

}  // namespace gvl::scenes
