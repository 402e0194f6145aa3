/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/render.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "gvl/error.hpp"
#include "scenes/backdrops.hpp"
#include "scenes/faults.hpp"
#include "scenes/random.hpp"

namespace gvl::scenes {
namespace {

double wave(double amplitude, double time, double period, double phase) {
  return amplitude * std::sin(2 * CV_PI * time / period + phase);
}

/** Back and forth through `count` frames. */
std::size_t there_and_back(double position, std::size_t count) {
  if (count < 2) return 0;
  const auto way = static_cast<std::int64_t>(2 * (count - 1));
  const std::int64_t step = static_cast<std::int64_t>(std::floor(position)) % way;
  return static_cast<std::size_t>(step < static_cast<std::int64_t>(count) ? step : way - step);
}

/** How far a motion is at `time`: 0 before, 1 after. */
double progress(double start, double stop, Ease ease, double time) {
  return eased(ease, (time - start) / std::max(stop - start, 1e-9));
}

}  // namespace

Renderer::Renderer(std::shared_ptr<const Assets> assets, Composition composition)
    : assets_(std::move(assets)), composition_(std::move(composition)) {
  const Look& look = composition_.look;
  const auto check = [](int index, std::size_t count) {
    if (index >= 0 && static_cast<std::size_t>(index) < count) return static_cast<std::size_t>(index);
    throw Error(ErrorCode::kInvalidArgument, "the composition was not made with these assets");
  };
  const cv::Size canvas(composition_.scene.width * 3 / 2, composition_.scene.height * 3 / 2);
  for (const Backdrop& backdrop : look.backdrops) {
    cv::Mat picture;
    if (backdrop.source == Backdrop::Source::kPhotograph) check(backdrop.index, assets_->photographs().size());
    if (backdrop.source == Backdrop::Source::kClip) check(backdrop.index, assets_->clips().size());
    if (backdrop.source == Backdrop::Source::kPainted) picture = paint_backdrop(backdrop.index, backdrop.seed, canvas);
    painted_.push_back(picture);
  }
  for (const ObjectLook& object : look.objects) {
    if (object.shape) {
      const Shape& shape = assets_->shapes()[check(object.index, assets_->shapes().size())];
      sprites_.push_back(Sprite::of_mask(shape.alpha, object.colour));
    } else {
      sprites_.emplace_back(assets_->emoji()[check(object.index, assets_->emoji().size())].rgba);
    }
  }
}

std::int64_t Renderer::frames() const noexcept {
  return std::max<std::int64_t>(std::llround(scene().duration * scene().fps), 1);
}

/** The backgrounds' clock: it may stand still in a freeze. */
double Renderer::world_time(double time) const {
  double lost = 0;
  for (const Fault& fault : composition_.look.faults) {
    if (fault.kind != EventKind::kFreeze || !composition_.look.freeze_holds) continue;
    lost += std::clamp(time - fault.start, 0.0, fault.stop - fault.start);
  }
  return time - lost;
}

double Renderer::level_at(double time) const {
  const std::vector<LevelKey>& keys = composition_.look.levels;
  std::size_t next = 0;
  while (next < keys.size() && keys[next].time <= time + 1e-9) ++next;
  if (next == 0) return 1;
  if (next == keys.size()) return keys.back().level;
  const LevelKey &a = keys[next - 1], &b = keys[next];
  return a.level + (b.level - a.level) * (time - a.time) / std::max(b.time - a.time, 1e-9);
}

Renderer::View Renderer::view_at(double time, std::int64_t frame) const {
  const Look& look = composition_.look;
  const double shortest = std::min(scene().width, scene().height);
  double x = look.camera_x, y = look.camera_y, zoom = look.camera_zoom;
  for (const CameraMove& move : look.moves) {
    const double u = progress(move.start, move.stop, move.ease, time);
    x += u * move.right, y += u * move.down, zoom += u * move.zoom;
  }
  View view;
  const double clock = world_time(time);
  // Two periods that never meet again: hand-held cameras do not repeat themselves.
  view.sway_x = shortest * (wave(look.sway.x, clock, look.sway.period, look.sway.phase) +
                            wave(0.4 * look.sway.x, clock, 0.37 * look.sway.period, 1.3));
  view.sway_y = shortest * (wave(look.sway.y, clock, 1.31 * look.sway.period, look.sway.phase + 1) +
                            wave(0.4 * look.sway.y, clock, 0.43 * look.sway.period, 2.1));
  view.x = x * scene().width + view.sway_x;
  view.y = y * scene().height + view.sway_y;
  view.zoom = std::exp(zoom + wave(look.sway_zoom, clock, 1.7 * look.sway.period, 0.4));
  for (const Shake& shake : look.shakes) {
    if (time < shake.start || time >= shake.stop) continue;
    Random random = Random(shake.seed).fork(static_cast<std::uint64_t>(frame));
    view.shake_x = shortest * shake.amplitude * random.uniform(-1, 1);
    view.shake_y = shortest * shake.amplitude * random.uniform(-1, 1);
  }
  return view;
}

void Renderer::draw_backdrop(int index, double time, const View& view, cv::Mat& rgb) const {
  const Backdrop& backdrop = composition_.look.backdrops[static_cast<std::size_t>(index)];
  const auto asset = static_cast<std::size_t>(backdrop.index);
  cv::Mat picture = painted_[static_cast<std::size_t>(index)];
  if (backdrop.source == Backdrop::Source::kPhotograph) picture = assets_->photographs()[asset].rgb;
  if (backdrop.source == Backdrop::Source::kClip) {
    const Clip& clip = assets_->clips()[asset];
    const double seconds = backdrop.clip_offset + world_time(time) * backdrop.clip_speed;
    picture = clip.frames[there_and_back(seconds * clip.fps, clip.frames.size())];
  }
  const double width = scene().width, height = scene().height;
  const double base = backdrop.zoom * std::max(width / picture.cols, height / picture.rows);
  const double scale = 1 / (base * view.zoom), flip = backdrop.mirrored ? -1 : 1;
  const double left = view.x / base - (width / 2 - 0.5 + view.shake_x) * scale;
  const double top = view.y / base - (height / 2 - 0.5 + view.shake_y) * scale;
  const cv::Matx23d map(flip * scale, 0, (0.5 + backdrop.x) * picture.cols - 0.5 + flip * left, 0, scale,
                        (0.5 + backdrop.y) * picture.rows - 0.5 + top);
  cv::warpAffine(picture, rgb, map, {scene().width, scene().height}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REFLECT_101);
}

/** False when it is not there. */
bool Renderer::pose_object(std::size_t index, double time, Sprite::Pose& pose) const {
  const ObjectLook& look = composition_.look.objects[index];
  const double width = scene().width, height = scene().height, shortest = std::min(width, height);
  pose = {look.x * width, look.y * height, look.size * shortest, look.tilt, 1, look.shadow};
  double moving = time;
  for (const Motion& motion : look.motions) {
    const double u = progress(motion.start, motion.stop, motion.ease, time);
    const bool before = time < motion.start, after = time >= motion.stop;
    pose.x += u * motion.right * width;
    pose.size *= std::pow(motion.scale, u);
    pose.angle += 2 * CV_PI * u * motion.turns;
    if (motion.kind == EventKind::kBounces) {
      pose.y += motion.down * height * std::abs(std::sin(CV_PI * u * motion.times));
    } else {
      pose.y += u * motion.down * height;
    }
    if (motion.kind == EventKind::kStops) moving -= std::clamp(time - motion.start, 0.0, motion.stop - motion.start);
    const bool arrives = motion.kind == EventKind::kAppears || motion.kind == EventKind::kEnters;
    const bool departs = motion.kind == EventKind::kDisappears || motion.kind == EventKind::kLeaves;
    if ((arrives && before) || (departs && after)) return false;
    const double present = arrives ? u : 1 - u;
    if (motion.kind == EventKind::kAppears || motion.kind == EventKind::kDisappears) {
      if (motion.style != 1) pose.alpha *= present;
      if (motion.style != 0) pose.size *= std::max(present, 0.02);
    }
  }
  const Wave &roam = look.roam, &wiggle = look.wiggle;
  pose.x +=
      shortest * (wave(roam.x, moving, roam.period, roam.phase) + wave(wiggle.x, time, wiggle.period, wiggle.phase));
  pose.y += shortest * (wave(roam.y, moving, 0.73 * roam.period, roam.phase + 1) +
                        wave(wiggle.y, time, 1.4 * wiggle.period, wiggle.phase + 2));
  for (const Motion& motion : look.motions) {
    if (motion.kind != EventKind::kEnters && motion.kind != EventKind::kLeaves) continue;
    const double u = progress(motion.start, motion.stop, motion.ease, time);
    const double away = motion.kind == EventKind::kEnters ? 1 - u : u;
    const cv::Size2d half = sprites_[index].half_extent(pose);
    double x = pose.x, y = pose.y;
    if (motion.side == Side::kLeft) x = -half.width;
    if (motion.side == Side::kRight) x = width + half.width;
    if (motion.side == Side::kTop) y = -half.height;
    if (motion.side == Side::kBottom) y = height + half.height;
    pose.x += away * (x - pose.x), pose.y += away * (y - pose.y);
  }
  return true;
}

/** False when it is not there, or not before this backdrop. */
bool Renderer::pose_in_picture(std::size_t index, int backdrop, double time, const View& view,
                               Sprite::Pose& pose) const {
  const ObjectLook& look = composition_.look.objects[index];
  if ((look.backdrop >= 0 && look.backdrop != backdrop) || !pose_object(index, time, pose)) return false;
  if (look.follows_sway) pose.x -= view.sway_x, pose.y -= view.sway_y;
  pose.x += view.shake_x, pose.y += view.shake_y;
  return true;
}

void Renderer::draw_objects(int backdrop, double time, const View& view, cv::Mat& rgb) const {
  for (std::size_t i = 0; i < sprites_.size(); ++i) {
    Sprite::Pose pose;
    if (pose_in_picture(i, backdrop, time, view, pose)) sprites_[i].draw(pose, rgb);
  }
}

void Renderer::draw_shot(int backdrop, double time, const View& view, cv::Mat& rgb) const {
  draw_backdrop(backdrop, time, view, rgb);
  const double gain = composition_.look.backdrops[static_cast<std::size_t>(backdrop)].gain;
  rgb.convertTo(rgb, -1, gain, 0);
  draw_objects(backdrop, time, view, rgb);
}

std::size_t Renderer::shot_at(double time) const {
  const std::vector<Shot>& shots = composition_.look.shots;
  std::size_t now = 0;
  while (now + 1 < shots.size() && shots[now + 1].start <= time + 1e-9) ++now;
  return now;
}

void Renderer::draw_scene(double time, const View& view, cv::Mat& rgb) const {
  const std::vector<Shot>& shots = composition_.look.shots;
  const std::size_t now = shot_at(time);
  const Shot& shot = shots[now];
  draw_shot(shot.backdrop, time, view, rgb);
  const double share = shot.dissolve > 0 ? (time - shot.start) / shot.dissolve : 1;
  if (share >= 1 || now == 0) return;
  cv::Mat before;
  draw_shot(shots[now - 1].backdrop, time, view, before);
  cv::addWeighted(rgb, share, before, 1 - share, 0, rgb);
}

/** What happens on the way from the lens to the wire. */
void Renderer::expose(double time, std::int64_t frame, cv::Mat& rgb) const {
  const Look& look = composition_.look;
  const double drift = 1 + wave(look.drift.x, time, look.drift.period, look.drift.phase);
  rgb.convertTo(rgb, -1, drift, 0);
  add_noise(look.noise, false, Random(scene().seed).fork(static_cast<std::uint64_t>(frame)), rgb);
  const double level = level_at(time);
  if (level < 1) rgb.convertTo(rgb, -1, level, 0);
  for (const Fault& fault : look.faults) {
    if (fault.start <= time + 1e-9 && time + 1e-9 < fault.stop) apply_fault(fault, time, frame, rgb);
  }
}

/** The number of the frame that is shown: in a freeze it is the one that stays. */
std::int64_t Renderer::frame_at(double seconds) const {
  const double position = std::floor(seconds * scene().fps + 1e-6);
  auto frame = static_cast<std::int64_t>(std::clamp(position, 0.0, static_cast<double>(frames() - 1)));
  for (const Fault& fault : composition_.look.faults) {
    const double time = static_cast<double>(frame) / scene().fps;
    const bool frozen = fault.kind == EventKind::kFreeze && fault.start <= time + 1e-9 && time + 1e-9 < fault.stop;
    if (frozen) frame = std::llround(fault.start * scene().fps);
  }
  return frame;
}

void Renderer::render(double seconds, cv::Mat& rgb) const {
  const std::int64_t frame = frame_at(seconds);
  const double time = static_cast<double>(frame) / scene().fps;
  draw_scene(time, view_at(time, frame), rgb);
  expose(time, frame, rgb);
}

cv::Rect2d Renderer::place_of(std::size_t object, double seconds) const {
  const std::int64_t frame = frame_at(seconds);
  const double time = static_cast<double>(frame) / scene().fps;
  const int backdrop = composition_.look.shots[shot_at(time)].backdrop;
  Sprite::Pose pose;
  if (!pose_in_picture(object, backdrop, time, view_at(time, frame), pose) || !Sprite::visible(pose)) return {};
  const cv::Size2d half = sprites_[object].half_extent(pose);
  return cv::Rect2d(pose.x - half.width, pose.y - half.height, 2 * half.width, 2 * half.height) &
         cv::Rect2d(0, 0, scene().width, scene().height);
}

}  // namespace gvl::scenes
