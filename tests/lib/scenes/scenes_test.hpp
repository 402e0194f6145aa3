/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>
#include <opencv2/core.hpp>
#include <string>

#include "../io/io_test.hpp"
#include "scenes/render.hpp"

namespace gvl::scenes::test {

/** Few of the installed assets, so that tests start soon; painted ones where there are none. */
inline AssetOptions few_assets(bool held_out) {
  AssetOptions options = AssetOptions::installed(held_out);
  options.photographs = {"/usr/share/backgrounds/mate/nature"};
  options.clip_frames = 60;
  options.held_out_share = 3;
  return options;
}

inline const std::shared_ptr<const Assets>& assets() {
  static const auto loaded = std::make_shared<const Assets>(few_assets(false));
  return loaded;
}

inline ComposeOptions only(EventKind kind) {
  ComposeOptions options;
  options.weights = ComposeOptions::filled(0);
  options.weights[static_cast<std::size_t>(kind)] = 1;
  options.fewest_events = options.most_events = 1;
  options.without_events = 0;
  options.longest = 30;
  return options;
}

/** A video of one event, and the same without noise and other restlessness where `still`. */
struct Video {
  Video(EventKind kind, std::uint64_t seed, bool still) : composition(compose(*assets(), seed, only(kind))) {
    label = std::string(name_of(kind)) + " " + std::to_string(seed);
    ck_assert_msg(!composition.scene.events.empty(), "%s: no event", label.c_str());
    for (const Event& candidate : composition.scene.events) {
      if (candidate.kind == kind) event = candidate;
    }
    if (!still) return;
    Look& look = composition.look;
    look.noise = look.sway_zoom = 0;
    look.sway = look.drift = {};
    for (Backdrop& backdrop : look.backdrops) backdrop.clip_speed = 0;
    for (ObjectLook& object : look.objects) object.wiggle = {};
    if (group_of(kind) != EventGroup::kObject) look.objects.clear();
  }

  cv::Mat at(double seconds) const {
    cv::Mat rgb;
    Renderer(assets(), composition).render(seconds, rgb);
    return rgb;
  }
  double frame() const { return 1 / composition.scene.fps; }
  double middle() const { return (event.start + event.stop) / 2; }
  double last() const { return event.stop - frame(); }
  bool has_before() const { return event.start > frame() / 2; }
  bool has_after() const { return event.stop < composition.scene.duration - frame() / 2; }
  void expect(bool right, const char* what) const {
    ck_assert_msg(right, "%s (%.2f to %.2f s): %s", label.c_str(), event.start, event.stop, what);
  }

  Composition composition;
  Event event;
  std::string label;
};

inline double difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * a.elemSize());
}

inline void for_videos(EventKind kind, bool still, const std::function<void(const Video&)>& check) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) check(Video(kind, seed, still));
}

// What is to be the same pixels must not depend on how many threads share the work.
inline void use_one_thread() { cv::setNumThreads(1); }
GVL_FIXTURE(use_one_thread, nullptr);

}  // namespace gvl::scenes::test
