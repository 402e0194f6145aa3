/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "scenes/scene.hpp"
#include "scenes/watch/spans.hpp"
#include "scenes/watch/watched_scene.hpp"

/** What can be seen of tracks, and when: what a truth is made of. */
namespace gvl::scenes {

/** How much it takes for a viewer to say that something is so. */
enum class Reading : std::uint8_t {
  kStrict,   ///< nobody would deny it
  kUsual,    ///< most would say so: the answers' times
  kLenient,  ///< somebody might say so
  kWidest,   ///< the same, also for things that look alike
};
inline constexpr std::size_t kReadings = 3;  ///< that differ in what is seen: kWidest sees as kLenient does

/** Where in the picture. */
enum class Place : std::uint8_t { kAnywhere, kLeft, kRight, kTop, kBottom, kMiddle };

/** One of a movement's directions. */
enum class Direction : std::uint8_t { kLeft, kRight, kUp, kDown, kCloser, kAway };

/** A stretch in which a track looks nearly the same. */
struct Glimpse {
  TimeRange time;
  double part = 0;      ///< of its box that is in the frame
  double area = 0;      ///< of that part, of the frame's
  double x = 0, y = 0;  ///< its centre
};

/** How a visit begins or ends. */
struct Crossing {
  bool surely = false;          ///< it does come, or go, within the video
  bool arguably = false;        ///< somebody might say so
  Side side = Side::kNone;      ///< of the frame's border that it surely crosses; kNone within the frame
  std::array<bool, 5> sides{};  ///< by Side: borders that somebody might name
  TimeRange when;               ///< until it is in, or from when it begins to go
};

/** From when a thing comes into sight until it is out of it. */
struct Visit {
  std::array<TimeRange, kReadings> seen;  ///< by Reading
  bool sure = false;                      ///< seen without doubt, and without interruption
  Crossing in, out;
};

/** A hand puts a thing down or takes it away. */
struct Handling {
  TimeRange when;
  bool placed = false;  ///< else taken away
  bool surely = false;
  const Track* hand = nullptr;
};

/** Everything about one track that queries ask for. */
class Sight {
 public:
  Sight(const Track& track, double duration);

  const Track& track() const noexcept { return *track_; }
  const Spans& seen(Reading reading) const noexcept { return seen_[level(reading)]; }
  Spans seen_at(Place place, Reading reading) const;
  Spans moving(Direction direction, Reading reading) const;
  /** In whatever direction. */
  Spans moving(Reading reading) const;
  Spans resting(Reading reading) const;
  /** When the two are seen at each other. */
  Spans beside(const Sight& other, Reading reading) const;
  const std::vector<Visit>& visits() const noexcept { return visits_; }
  const std::vector<Handling>& handlings() const noexcept { return handlings_; }

  /** Looks for people who put it down or take it away. */
  void watch_hands(const std::vector<Sight>& all);

  static std::size_t level(Reading reading) noexcept;

 private:
  void add_glimpses(double from, double to, bool moves);
  void find_visits(double duration);
  Crossing crossing(const Visit& visit, bool in, double duration) const;
  void find_sides(const Visit& visit, bool in, Crossing& crossing) const;
  std::vector<TimeRange> pieces() const;

  const Track* track_;
  double duration_;
  std::vector<Glimpse> glimpses_;
  std::array<Spans, kReadings> seen_;
  std::vector<Visit> visits_;
  std::vector<Handling> handlings_;
};

/** A scene, which has to outlive this, with what can be seen of its tracks, in their order. */
struct Watched {
  explicit Watched(const WatchedScene& scene);

  const WatchedScene& scene;
  std::vector<Sight> sights;
};

}  // namespace gvl::scenes
