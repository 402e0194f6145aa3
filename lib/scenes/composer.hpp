/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "scenes/compose.hpp"
#include "scenes/random.hpp"

namespace gvl::scenes {

struct Interval {
  double start = 0, stop = 0;
};

/** Shortest and longest length of an event in a video of `duration` seconds. */
Interval length_limits(EventKind kind, double duration) noexcept;

bool is_camera_move(EventKind kind) noexcept;

/** The way back of a camera's move. */
EventKind opposite(EventKind move) noexcept;

/** Between `low` and `high`, each ratio as likely as another. */
double log_uniform(Random& random, double low, double high);

using Weights = std::array<double, kEventKinds>;

/** One of the kinds, as often as their weights say; one at least must be above 0. */
EventKind pick_kind(Random& random, const Weights& weights);

/** The work of compose(): one video, step by step. */
class Composer {
 public:
  Composer(const Assets& assets, std::uint64_t seed, const ComposeOptions& options);
  Composition compose();

 private:
  /** A stretch of consecutive parts that nothing may come between. */
  struct Part {
    EventKind kind = EventKind::kBlack;
    bool labelled = true;
    double length = 0, shortest = 0;
  };
  using Block = std::vector<Part>;

  /** The kind that a video is about, if it is about one. */
  struct Theme {
    enum class Form : std::uint8_t { kNone, kAgain, kLong };
    Form form = Form::kNone;
    EventKind kind = EventKind::kBlack;
    Interval interval;  ///< of kLong
  };

  // compose.cpp: the plan.
  void choose_frame();
  void choose_shape();
  void draw_kinds();
  EventKind draw_kind(bool objects_too);
  Interval limits_of(EventKind kind) const;
  double draw_length(EventKind kind);
  Block block_of(EventKind kind);
  Part black_part();
  void place_blocks();
  void shorten(std::vector<Block>& blocks) const;
  void put_blocks(const std::vector<Block>& blocks);
  void add_event(const Event& event) { composition_.scene.events.push_back(event); }
  bool planned(EventKind kind) const;
  double on_frame(double seconds) const noexcept;

  // compose_theme.cpp: what comes again and again, or lasts for most of the video.
  void choose_theme();
  void choose_repeats(Random& random);
  void choose_long(Random& random);
  void make_room();
  bool is_again(EventKind kind) const noexcept;
  bool is_long(EventKind kind) const noexcept;
  bool is_way_back(EventKind kind) const noexcept;
  Interval repeated_limits(EventKind kind) const noexcept;
  Interval window() const noexcept;
  double least_gap() const noexcept;
  void drop_block(std::vector<Block>& blocks) const;
  void alternate(std::vector<Block>& blocks) const;
  void add_long_event();
  void go_on_beyond(Fault& fault) const;
  int other_backdrop(int shown);

  // compose_picture.cpp: what is seen of it, but for objects.
  void direct_levels();
  void direct_shots();
  int add_backdrop();
  Backdrop draw_backdrop(bool textured);
  const Texture* texture_of(const Backdrop& backdrop) const;
  bool suits(const Backdrop& backdrop) const;
  void direct_camera();
  void settle_camera();
  void direct_faults();
  Fault draw_fault(const Event& event);
  void bring_to_life();

  // compose_objects.cpp.
  struct Role {
    std::vector<EventKind> kinds;
    int partner = -1;        ///< whom it meets
    bool partnered = false;  ///< is met: must not do anything else
  };
  void cast_objects();
  bool may_play(const Role& role, const ObjectLook& look, EventKind kind) const;
  bool assign(EventKind kind);
  int add_object();
  bool contrasts(const cv::Vec3b& colour) const;
  void choose_sizes();
  void order_kinds(Role& role);
  void direct_objects();
  std::vector<Interval> hidden_times(const ObjectLook& look) const;
  std::vector<Interval> place_kinds(Role& role, const std::vector<Interval>& hidden);
  Motion draw_motion(EventKind kind, const Interval& interval, double size);
  void position(std::size_t index);
  void position_meeting(std::size_t index);
  double width_of(const ObjectLook& look) const;  ///< fraction of the frame's width

  const Assets& assets_;
  const ComposeOptions options_;
  Random random_;
  Composition composition_;
  std::vector<EventKind> picture_kinds_, object_kinds_;
  Theme theme_;
  bool with_objects_ = false;
  std::vector<Role> roles_;
};

}  // namespace gvl::scenes
