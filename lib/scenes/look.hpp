/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "scenes/ease.hpp"
#include "scenes/scene.hpp"

/** How a generated video looks: everything the renderer needs beside the assets. Times are seconds. */
namespace gvl::scenes {

struct Backdrop {
  enum class Source : std::uint8_t { kPhotograph, kClip, kPainted };
  Source source = Source::kPainted;
  int index = 0;           ///< into the assets; for kPainted the manner (see paint_backdrop)
  std::uint64_t seed = 0;  ///< of a painted one
  double clip_offset = 0;  ///< seconds into the clip
  double clip_speed = 1;
  bool mirrored = false;
  double zoom = 1;      ///< 1 covers the frame; more shows a part
  double x = 0, y = 0;  ///< of its centre that the frame's centre is at, in its widths and heights
  double gain = 1;
};

/** From `start` on `backdrop` is shown, dissolving from the one before for `dissolve` seconds. */
struct Shot {
  double start = 0;
  int backdrop = 0;
  double dissolve = 0;
};

/** Adds up with the others; stays. */
struct CameraMove {
  double start = 0, stop = 0;
  double right = 0, down = 0;  ///< of the camera, in frame widths and heights
  double zoom = 0;             ///< natural logarithm
  Ease ease = Ease::kLinear;
};

struct Shake {
  double start = 0, stop = 0;
  double amplitude = 0;  ///< of the shortest side
  std::uint64_t seed = 0;
};

/** Slow periodic movement. */
struct Wave {
  double x = 0, y = 0;  ///< amplitudes, of the shortest side
  double period = 5;
  double phase = 0;
};

/** The picture's brightness is linear between keys; two at one time make a step. */
struct LevelKey {
  double time = 0, level = 1;
};

struct Fault {
  EventKind kind = EventKind::kBlack;
  double start = 0, stop = 0;
  double ramp = 0;      ///< seconds that it takes to come and to go
  int variant = 0;      ///< manner, by kind
  double strength = 0;  ///< unit by kind
  double angle = 0;     ///< direction in radians
  cv::Vec3b colour{0, 0, 0};
  std::uint64_t seed = 0;
};

struct Motion {
  EventKind kind = EventKind::kAppears;
  double start = 0, stop = 0;
  double right = 0, down = 0;  ///< of a movement, in frame widths and heights
  double scale = 1;            ///< of kGrows and kShrinks: size after to size before
  double turns = 0;            ///< of kSpins
  int times = 0;               ///< of kBounces
  Side side = Side::kNone;
  int style = 0;  ///< of kAppears and kDisappears: 0 fades, 1 scales, 2 both
  Ease ease = Ease::kLinear;
};

struct ObjectLook {
  bool shape = false;
  int index = 0;  ///< into the assets' emoji or shapes
  cv::Vec3b colour{0, 0, 0};
  double size = 0.25;       ///< longer side, of the frame's shortest
  double x = 0.5, y = 0.5;  ///< centre at first, of the frame's width and height
  double tilt = 0;          ///< radians
  int backdrop = -1;        ///< seen with this one only; -1 with all
  bool follows_sway = false;
  bool shadow = true;
  Wave wiggle;
  Wave roam;                    ///< a large figure that it moves along all the time but in kStops
  std::vector<Motion> motions;  ///< by start
};

struct Look {
  std::vector<Backdrop> backdrops;
  std::vector<Shot> shots;  ///< by start; the first at 0
  std::vector<CameraMove> moves;
  std::vector<Shake> shakes;
  double camera_x = 0, camera_y = 0, camera_zoom = 0;  ///< before the moves, in their units
  Wave sway;
  double sway_zoom = 0;
  std::vector<LevelKey> levels;
  Wave drift;                       ///< of brightness: x is its amplitude
  double noise = 0;                 ///< the sensor's, standard deviation in 0 ... 255
  bool freeze_holds = false;        ///< backgrounds go on where a freeze left them, as after ffmpeg's loop
  std::vector<Fault> faults;        ///< by start; they do not overlap
  std::vector<ObjectLook> objects;  ///< Scene::objects in the same order; later ones cover earlier ones
};

}  // namespace gvl::scenes
