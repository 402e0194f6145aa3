/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/** Generated videos whose every event is known to the millisecond: what models are trained and measured with. */
namespace gvl::scenes {

/** What can happen in a generated video. An event lasts from Event::start to Event::stop. */
enum class EventKind : std::uint8_t {
  // Signal faults: the whole picture, from start to stop.
  kFreeze,
  kBlack,
  kWhite,
  kGrayscale,  ///< turns black and white
  kBlur,       ///< loses focus
  kNoise,      ///< noise, static
  kBlocks,     ///< breaks into blocks
  kFlicker,
  kColorBars,
  kUpsideDown,
  kCovered,  ///< something blocks the lens
  kTooBright,
  kTooDark,
  // Camera and edit.
  kCut,            ///< hard cut to another scene: an instant, start and stop stand around it
  kOtherScene,     ///< another scene is shown, cut in at start and out at stop
  kCrossFade,      ///< one scene dissolves into another
  kFadeToBlack,    ///< the picture darkens from full to black
  kFadeFromBlack,  ///< the picture rises from black to full
  kPanLeft,        ///< the camera turns left: the picture moves to the right
  kPanRight,
  kTiltUp,  ///< the camera turns up: the picture moves down
  kTiltDown,
  kZoomIn,
  kZoomOut,
  kShake,
  // Objects (Event::object, and Event::side where it says so).
  kAppears,  ///< where nothing was, within the picture
  kDisappears,
  kEnters,  ///< from outside by `side`, until it rests
  kLeaves,  ///< moves out by `side`, until nothing is seen of it
  kMovesLeft,
  kMovesRight,
  kMovesUp,
  kMovesDown,
  kStops,  ///< was moving and stands still from start to stop
  kGrows,
  kShrinks,
  kSpins,
  kBounces,  ///< up and down several times
  kMeet,     ///< `object` and `other` come together and touch; until they part or stay
};
inline constexpr std::size_t kEventKinds = static_cast<std::size_t>(EventKind::kMeet) + 1;

/** "freeze", "pan-left", ...: as in files and tables. */
std::string_view name_of(EventKind kind) noexcept;

enum class EventGroup : std::uint8_t { kSignal, kCamera, kObject };
EventGroup group_of(EventKind kind) noexcept;

enum class Side : std::uint8_t { kNone, kLeft, kRight, kTop, kBottom };

/** A thing in the video that events happen to: an emoji or a plain shape. */
struct SceneObject {
  std::string noun;    ///< "cat", "circle": an emoji's or a shape's name, without an article
  std::string colour;  ///< "red", ...: its main colour, empty when it has none that people would agree on
  std::string size;    ///< "small", "large" or empty
  bool shape = false;  ///< a plain shape
};

struct Event {
  EventKind kind = EventKind::kFreeze;
  double start = 0;  ///< seconds from the video's start
  double stop = 0;
  int object = -1;  ///< index into Scene::objects for object events
  int other = -1;   ///< the second one that meets
  Side side = Side::kNone;
};

/** What a generated video shows: enough to talk about it. How it looks is the renderer's (SceneLook). */
struct Scene {
  std::uint64_t seed = 0;
  double duration = 0;  ///< seconds
  int width = 0;
  int height = 0;
  double fps = 0;
  std::vector<std::string> places;   ///< what the backgrounds show, in order of appearance; empty where unknown
  std::vector<SceneObject> objects;  ///< all that are ever seen
  std::vector<Event> events;         ///< by start
};

}  // namespace gvl::scenes
