/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "scenes/assets.hpp"
#include "scenes/compose.hpp"
#include "scenes/sprites.hpp"

namespace gvl::scenes {

/** Draws the frames of one composition, in any order. Thread safe; the assets must be those it was composed with. */
class Renderer {
 public:
  /** Throws Error(kInvalidArgument) where the composition names assets that are not there. */
  Renderer(std::shared_ptr<const Assets> assets, Composition composition);

  const Scene& scene() const noexcept { return composition_.scene; }
  std::int64_t frames() const noexcept;

  /** The frame shown at `seconds` from the video's start, as 8-bit RGB of the scene's size; the first or last one for
   * times outside. The same time gives the same pixels. OpenCV may use threads of its own: see cv::setNumThreads. */
  void render(double seconds, cv::Mat& rgb) const;

  /** Where in that frame an object (its index in Scene::objects) is drawn, pixels; empty where it is not seen. What
   * faults and other objects do to it does not count. */
  cv::Rect2d place_of(std::size_t object, double seconds) const;

 private:
  struct View {
    double x = 0, y = 0, zoom = 1;    ///< of the frame's centre, pixels, in the world; its magnification
    double shake_x = 0, shake_y = 0;  ///< pixels that the whole picture is moved by
    double sway_x = 0, sway_y = 0;    ///< the part of x and y that objects in the world see
  };
  std::int64_t frame_at(double seconds) const;
  double world_time(double time) const;
  double level_at(double time) const;
  View view_at(double time, std::int64_t frame) const;
  void draw_backdrop(int index, double time, const View& view, cv::Mat& rgb) const;
  void draw_objects(int backdrop, double time, const View& view, cv::Mat& rgb) const;
  bool pose_object(std::size_t index, double time, Sprite::Pose& pose) const;
  bool pose_in_picture(std::size_t index, int backdrop, double time, const View& view, Sprite::Pose& pose) const;
  void draw_shot(int backdrop, double time, const View& view, cv::Mat& rgb) const;
  std::size_t shot_at(double time) const;
  void draw_scene(double time, const View& view, cv::Mat& rgb) const;
  void expose(double time, std::int64_t frame, cv::Mat& rgb) const;

  std::shared_ptr<const Assets> assets_;
  Composition composition_;
  std::vector<cv::Mat> painted_;  ///< by backdrop; empty for photographs and clips
  std::vector<Sprite> sprites_;   ///< by object
};

}  // namespace gvl::scenes
