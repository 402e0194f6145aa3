/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <utility>

#include "scenes/backdrops.hpp"
#include "scenes/composer.hpp"

namespace gvl::scenes {
namespace {

/** A fault that may come and go slowly. */
bool is_gradual(EventKind kind) {
  return kind == EventKind::kBlur || kind == EventKind::kNoise || kind == EventKind::kTooBright ||
         kind == EventKind::kTooDark || kind == EventKind::kGrayscale;
}

/** Fault::strength. `level`: 0-1. */
double strength_of(EventKind kind, int variant, double level) {
  const auto range = [&](double low, double high) { return low * std::pow(high / low, level); };
  switch (kind) {
    case EventKind::kBlack:
      return variant == 0 ? 16 * level : 0;
    case EventKind::kWhite:
      return 255 - 20 * level;
    case EventKind::kBlur:
      return range(0.018, 0.06);
    case EventKind::kNoise:
      return range(32, 95);
    case EventKind::kBlocks:
      return range(variant == 0 ? 0.06 : 0.07, 0.16);
    case EventKind::kFlicker:
      return range(0.4, 0.85);
    case EventKind::kTooBright:
    case EventKind::kTooDark:
      return level;
    case EventKind::kCovered:
      return 0.88 + 0.22 * level;
    default:
      return 0;
  }
}

}  // namespace

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
      shown = other_backdrop(shown);
      shots.push_back({on_frame((event.start + event.stop) / 2), shown, 0});
    } else if (event.kind == EventKind::kOtherScene) {
      shots.push_back({event.start, other_backdrop(shown), 0});
      shots.push_back({event.stop, shown, 0});
    } else if (event.kind == EventKind::kCrossFade) {
      shown = other_backdrop(shown);
      shots.push_back({event.start, shown, event.stop - event.start});
    }
  }
}

void Composer::direct_camera() {
  CameraMove way_out;
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
    if (is_way_back(event.kind)) {
      move.right = -way_out.right, move.down = -way_out.down, move.zoom = -way_out.zoom;
    }
    if (is_again(event.kind)) way_out = move;
    if (is_long(event.kind)) move.ease = Ease::kLinear;
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
  fault.strength = strength_of(event.kind, fault.variant, level);
  if (is_gradual(event.kind) && random_.chance(0.25)) fault.ramp = slow;
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
    if (of_fade) continue;
    composition_.look.faults.push_back(draw_fault(event));
    if (is_long(event.kind)) go_on_beyond(composition_.look.faults.back());
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

}  // namespace gvl::scenes
