/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <opencv2/core.hpp>

#include "scenes/backdrops.hpp"
#include "scenes/composer.hpp"

namespace gvl::scenes {
namespace {

constexpr std::size_t kMostObjects = 4;

bool arrives(EventKind kind) { return kind == EventKind::kAppears || kind == EventKind::kEnters; }
bool departs(EventKind kind) { return kind == EventKind::kDisappears || kind == EventKind::kLeaves; }

bool has(const std::vector<EventKind>& kinds, EventKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/** What an object goes on being seen through: all the rest of the picture's events hide it or make it doubtful. */
bool shows_objects(EventKind kind) {
  return kind == EventKind::kGrayscale || (kind >= EventKind::kPanLeft && kind <= EventKind::kZoomOut);
}

}  // namespace

bool Composer::contrasts(const cv::Vec3b& colour) const {
  for (const Backdrop& backdrop : composition_.look.backdrops) {
    const Texture* texture = texture_of(backdrop);
    const cv::Mat picture = texture ? texture->thumbnail : paint_backdrop(backdrop.index, backdrop.seed, {16, 12});
    const cv::Scalar mean = cv::mean(picture);
    double distance = 0;
    for (int i = 0; i < 3; ++i) distance += std::abs(mean[i] - colour[i]);
    if (distance < 130) return false;
  }
  return true;
}

int Composer::add_object() {
  SceneObject object;
  ObjectLook look;
  const auto taken = [&](const std::string& noun) {
    const auto& objects = composition_.scene.objects;
    return std::any_of(objects.begin(), objects.end(), [&](const auto& other) { return other.noun == noun; });
  };
  const bool shape = assets_.emoji().empty() || random_.chance(0.3);
  // As many attempts as make a second object of one noun unlikely enough: then there is one object less.
  for (int attempt = 0; attempt < 50; ++attempt) {
    if (shape) {
      look.index = static_cast<int>(random_.integer(0, static_cast<std::int64_t>(assets_.shapes().size()) - 1));
      const NamedColour& colour = random_.pick(assets_.colours());
      look.colour = colour.rgb;
      object = {assets_.shapes()[static_cast<std::size_t>(look.index)].noun, colour.name, "", true};
      if (!contrasts(colour.rgb)) continue;
    } else {
      look.index = static_cast<int>(random_.integer(0, static_cast<std::int64_t>(assets_.emoji().size()) - 1));
      const Emoji& emoji = assets_.emoji()[static_cast<std::size_t>(look.index)];
      object = {emoji.noun, emoji.colour, "", false};
    }
    if (taken(object.noun)) continue;
    look.shape = shape;
    look.shadow = random_.chance(0.5);
    look.tilt = random_.chance(0.25) ? random_.uniform(-0.4, 0.4) : 0;
    composition_.scene.objects.push_back(object);
    composition_.look.objects.push_back(look);
    roles_.emplace_back();
    return static_cast<int>(roles_.size()) - 1;
  }
  return -1;
}

bool Composer::may_play(const Role& role, const ObjectLook& look, EventKind kind) const {
  if (role.partnered || role.kinds.size() >= 3 || has(role.kinds, kind)) return false;
  // One that stops was moving all the time: that would make other events of it doubtful.
  if (kind == EventKind::kStops || has(role.kinds, EventKind::kStops)) return role.kinds.empty();
  const auto any = [&](auto test) { return std::any_of(role.kinds.begin(), role.kinds.end(), test); };
  if ((arrives(kind) && any(arrives)) || (departs(kind) && any(departs))) return false;
  // They touch where and as large as they were meant to.
  const auto fits_meeting = [](EventKind k) { return arrives(k) || departs(k) || k == EventKind::kSpins; };
  if (kind == EventKind::kMeet && !std::all_of(role.kinds.begin(), role.kinds.end(), fits_meeting)) return false;
  if (role.partner >= 0 && !fits_meeting(kind)) return false;
  const auto index = static_cast<std::size_t>(look.index);
  return kind != EventKind::kSpins || !look.shape || assets_.shapes()[index].turnable;
}

bool Composer::assign(EventKind kind) {
  std::vector<int> able;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    if (may_play(roles_[i], composition_.look.objects[i], kind)) able.push_back(static_cast<int>(i));
  }
  int chosen = able.empty() ? -1 : random_.pick(able);
  if (chosen < 0 && roles_.size() < kMostObjects) chosen = add_object();
  if (chosen < 0 || !may_play(roles_[static_cast<std::size_t>(chosen)],
                              composition_.look.objects[static_cast<std::size_t>(chosen)], kind)) {
    return false;
  }
  if (kind == EventKind::kMeet) {
    int partner = -1;
    for (std::size_t i = 0; i < roles_.size(); ++i) {
      if (static_cast<int>(i) != chosen && roles_[i].kinds.empty() && !roles_[i].partnered) {
        partner = static_cast<int>(i);
      }
    }
    if (partner < 0 && roles_.size() < kMostObjects) partner = add_object();
    if (partner < 0) return false;
    roles_[static_cast<std::size_t>(partner)].partnered = true;
    roles_[static_cast<std::size_t>(chosen)].partner = partner;
  }
  roles_[static_cast<std::size_t>(chosen)].kinds.push_back(kind);
  return true;
}

void Composer::cast_objects() {
  const auto count = random_.integer(1, static_cast<std::int64_t>(kMostObjects) - (object_kinds_.empty() ? 1 : 0));
  for (std::int64_t i = 0; i < count; ++i) add_object();
  // Meetings first: they need two who do nothing else yet.
  std::stable_partition(object_kinds_.begin(), object_kinds_.end(), [](auto k) { return k == EventKind::kMeet; });
  for (const EventKind kind : object_kinds_) assign(kind);
  for (Role& role : roles_) order_kinds(role);
  choose_sizes();
}

void Composer::order_kinds(Role& role) {
  random_.shuffle(role.kinds);
  const auto rank = [](EventKind kind) {
    if (arrives(kind)) return 0;
    if (departs(kind)) return 3;
    return kind == EventKind::kMeet ? 2 : 1;
  };
  std::stable_sort(role.kinds.begin(), role.kinds.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
}

void Composer::choose_sizes() {
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    const Role& role = roles_[i];
    ObjectLook& look = composition_.look.objects[i];
    SceneObject& object = composition_.scene.objects[i];
    const bool grows = has(role.kinds, EventKind::kGrows), shrinks = has(role.kinds, EventKind::kShrinks);
    const bool meets = role.partnered || role.partner >= 0;
    if (grows || shrinks) {
      look.size = grows && !shrinks ? random_.uniform(0.18, 0.27) : random_.uniform(0.3, 0.42);
    } else if (meets || has(role.kinds, EventKind::kStops)) {
      look.size = random_.uniform(0.2, 0.28);
    } else {
      const auto size = random_.integer(0, 3);
      look.size = size == 0 ? random_.uniform(0.16, 0.2) : size == 1 ? random_.uniform(0.4, 0.5) : 0;
      if (size == 0) object.size = "small";
      if (size == 1) object.size = "large";
      if (size > 1) look.size = random_.uniform(0.23, 0.34);
    }
  }
}

std::vector<Interval> Composer::hidden_times(const ObjectLook& look) const {
  std::vector<Interval> hidden;
  for (const Event& event : composition_.scene.events) {
    if (event.object < 0 && !shows_objects(event.kind)) hidden.push_back({event.start, event.stop});
  }
  const auto& keys = composition_.look.levels;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i - 1].level < 1 || keys[i].level < 1) hidden.push_back({keys[i - 1].time, keys[i].time});
  }
  const auto& shots = composition_.look.shots;
  for (std::size_t i = 0; i < shots.size() && look.backdrop >= 0; ++i) {
    const double stop = i + 1 < shots.size() ? shots[i + 1].start : composition_.scene.duration;
    if (shots[i].backdrop != look.backdrop) hidden.push_back({shots[i].start, stop});
  }
  return hidden;
}

/** Drops from `role.kinds` what finds no place. */
std::vector<Interval> Composer::place_kinds(Role& role, const std::vector<Interval>& hidden) {
  const double duration = composition_.scene.duration;
  const double gap = std::max(0.015 * std::min(duration, options_.event_scale), 0.3);
  std::vector<double> lengths;
  for (const EventKind kind : role.kinds) lengths.push_back(draw_length(kind));
  for (int attempt = 0; !role.kinds.empty(); ++attempt) {
    if (attempt % 40 == 39) {
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        lengths[i] = std::max(lengths[i] * 0.75, limits_of(role.kinds[i]).start);
      }
    }
    if (attempt % 400 == 399) role.kinds.pop_back(), lengths.pop_back();
    double spare = duration - gap * static_cast<double>(lengths.size() + 1), sum = 0;
    for (const double length : lengths) spare -= length;
    if (spare < 0) continue;
    std::vector<double> gaps(lengths.size() + 1);
    for (double& value : gaps) sum += value = -std::log(1 - random_.uniform());
    std::vector<Interval> placed;
    double time = 0;
    bool free = true;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const double start = on_frame(time + gap + gaps[i] / sum * spare);
      const double stop =
          std::min(start + std::ceil(lengths[i] * composition_.scene.fps - 1e-6) / composition_.scene.fps, duration);
      for (const Interval& other : hidden) free = free && (stop + gap <= other.start || start >= other.stop + gap);
      free = free && stop - start + 1e-9 >= limits_of(role.kinds[i]).start;
      placed.push_back({start, stop});
      time = stop;
    }
    if (free) return placed;
  }
  return {};
}

Motion Composer::draw_motion(EventKind kind, const Interval& interval, double size) {
  Motion motion;
  motion.kind = kind;
  motion.start = interval.start, motion.stop = interval.stop;
  motion.ease = random_.pick(std::array{Ease::kLinear, Ease::kLinear, Ease::kSmooth, Ease::kOut, Ease::kIn});
  motion.style = static_cast<int>(random_.integer(0, 2));
  const double far = random_.uniform(0.3, 0.6), length = interval.stop - interval.start;
  switch (kind) {
    case EventKind::kEnters:
    case EventKind::kLeaves:
      motion.side =
          random_.pick(std::array{Side::kLeft, Side::kRight, Side::kLeft, Side::kRight, Side::kTop, Side::kBottom});
      break;
    case EventKind::kMovesLeft:
      motion.right = -far;
      break;
    case EventKind::kMovesRight:
      motion.right = far;
      break;
    case EventKind::kMovesUp:
      motion.down = -far;
      break;
    case EventKind::kMovesDown:
      motion.down = far;
      break;
    case EventKind::kGrows:
      motion.scale = random_.uniform(1.6, 2.2);
      break;
    case EventKind::kShrinks:
      motion.scale = size > 0.5 ? random_.uniform(0.35, 0.5) : random_.uniform(0.4, 0.6);
      break;
    case EventKind::kSpins:
      motion.turns = std::max(1.0, std::round(length / random_.uniform(1.5, 6))) * (random_.chance(0.5) ? 1 : -1);
      motion.ease = Ease::kLinear;
      break;
    case EventKind::kBounces:
      motion.times = static_cast<int>(std::clamp(std::round(length / random_.uniform(0.8, 3)), 2.0, 12.0));
      motion.down = -random_.uniform(0.15, 0.3);
      motion.ease = Ease::kLinear;
      break;
    default:
      break;
  }
  return motion;
}

double Composer::width_of(const ObjectLook& look) const {
  const auto index = static_cast<std::size_t>(look.index);
  const cv::Mat& picture = look.shape ? assets_.shapes()[index].alpha : assets_.emoji()[index].rgba;
  const double longest = std::max(picture.cols, picture.rows);
  return look.size * options_.shortest_side / composition_.scene.width * picture.cols / longest;
}

/** Puts it where its whole way stays within the picture, away from the others. */
void Composer::position(std::size_t index) {
  ObjectLook& look = composition_.look.objects[index];
  double scale = 1, largest = 1;
  for (const Motion& motion : look.motions) largest = std::max(largest, scale *= motion.scale);
  const double shortest = options_.shortest_side;
  const auto axis = [&](double frame, double Motion::*part, double extra) {
    double low = 0, high = 0, sum = 0;
    for (const Motion& motion : look.motions) {
      // A bounce comes back.
      if (motion.kind == EventKind::kBounces) low = std::min(low, sum + motion.*part);
      if (motion.kind != EventKind::kBounces) sum += motion.*part;
      low = std::min(low, sum), high = std::max(high, sum);
    }
    const double margin = (0.52 * look.size * largest + extra) * shortest / frame;
    const double room = std::max(1 - 2 * margin, 0.05), fit = std::min(1.0, room / std::max(high - low, 1e-9));
    for (Motion& motion : look.motions) motion.*part *= fit;
    return Interval{margin - low * fit, std::max(1 - margin - high * fit, margin - low * fit)};
  };
  const Interval across = axis(composition_.scene.width, &Motion::right, look.roam.x + look.wiggle.x);
  const Interval down = axis(composition_.scene.height, &Motion::down, look.roam.y + look.wiggle.y);
  double best = -1;
  for (int attempt = 0; attempt < 12; ++attempt) {
    const double x = random_.uniform(across.start, across.stop), y = random_.uniform(down.start, down.stop);
    double nearest = 10;
    for (std::size_t i = 0; i < index; ++i) {
      const ObjectLook& other = composition_.look.objects[i];
      nearest = std::min(nearest, std::hypot(other.x - x, other.y - y) - (other.size + look.size) / 2);
    }
    if (nearest > best) best = nearest, look.x = x, look.y = y;
  }
}

/** Both on one height, until they touch. */
void Composer::position_meeting(std::size_t index) {
  ObjectLook& first = composition_.look.objects[index];
  ObjectLook& second = composition_.look.objects[static_cast<std::size_t>(roles_[index].partner)];
  const auto meeting = std::find_if(first.motions.begin(), first.motions.end(),
                                    [](const Motion& motion) { return motion.kind == EventKind::kMeet; });
  if (meeting == first.motions.end()) return;
  first.wiggle = second.wiggle = {};
  first.follows_sway = second.follows_sway = false;
  first.tilt = second.tilt = 0;
  const double widths = (width_of(first) + width_of(second)) / 2;
  const double apart = random_.uniform(0.85, 1) * (0.97 - widths);
  const double way = apart - 0.9 * widths, share = random_.pick(std::array{0.0, 0.5, 0.5, 1.0});
  const double sign = random_.chance(0.5) ? 1 : -1;
  const double middle = 0.5 + random_.uniform(-0.5, 0.5) * (0.97 - widths - apart);
  first.x = middle - sign * apart / 2, second.x = middle + sign * apart / 2;
  first.y = random_.uniform(0.25, 0.75), second.y = first.y + random_.uniform(-0.03, 0.03);
  Motion other = *meeting;
  meeting->right = sign * way * share;
  other.right = -sign * way * (1 - share);
  second.motions.push_back(other);
}

void Composer::direct_objects() {
  std::vector<ObjectLook>& looks = composition_.look.objects;
  const auto& shots = composition_.look.shots;
  // Objects go with the scene that is shown longest, or lie over all of them.
  std::vector<double> shown(composition_.look.backdrops.size());
  for (std::size_t i = 0; i < shots.size(); ++i) {
    const double stop = i + 1 < shots.size() ? shots[i + 1].start : composition_.scene.duration;
    shown[static_cast<std::size_t>(shots[i].backdrop)] += stop - shots[i].start;
  }
  const auto longest = static_cast<int>(std::max_element(shown.begin(), shown.end()) - shown.begin());
  const bool over_all = random_.chance(0.3);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    ObjectLook& look = looks[i];
    look.backdrop = over_all ? -1 : longest;
    const std::vector<Interval> places = place_kinds(roles_[i], hidden_times(look));
    double size = look.size;
    for (std::size_t k = 0; k < places.size(); ++k) {
      look.motions.push_back(draw_motion(roles_[i].kinds[k], places[k], size));
      size *= look.motions.back().scale;
      const bool meets = roles_[i].kinds[k] == EventKind::kMeet;
      add_event({roles_[i].kinds[k], places[k].start, places[k].stop, static_cast<int>(i),
                 meets ? roles_[i].partner : -1, look.motions.back().side});
    }
    if (has(roles_[i].kinds, EventKind::kStops)) {
      look.roam = {random_.uniform(0.16, 0.26), random_.uniform(0.06, 0.2), random_.uniform(3, 7),
                   random_.uniform(0, 6)};
    } else if (random_.chance(0.5)) {
      look.wiggle = {random_.uniform(0.004, 0.014), random_.uniform(0.004, 0.014), random_.uniform(2, 9),
                     random_.uniform(0, 6)};
    }
    look.follows_sway = random_.chance(0.5);
  }
  for (std::size_t i = 0; i < looks.size(); ++i) position(i);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (roles_[i].partner >= 0) position_meeting(i);
  }
}

}  // namespace gvl::scenes
