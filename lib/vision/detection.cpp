/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/detection.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <tuple>

namespace gvl::vision {
namespace {

constexpr float kSameThing = 0.5F;
// Before what overlaps is left out. A large thing is seen at some dozen places.
constexpr std::int64_t kCandidatesPerObject = 32;

/** Boxes [n, places, 4] of a level in parts of the side: left, top, right, bottom. */
at::Tensor boxes_of(const DetectorLevel& level, std::int64_t size) {
  const std::int64_t places = level.sides.size(1), number = level.sides.size(2) / 4;
  const at::Tensor bins = at::arange(number, level.sides.options());
  const at::Tensor distances = level.sides.unflatten(2, {4, number}).softmax(3).matmul(bins).mul(level.stride);
  const at::Tensor index = at::arange(places, at::TensorOptions().dtype(at::kLong).device(level.sides.device()));
  const auto centre = [&](const at::Tensor& place) {
    return place.to(level.sides.scalar_type()).add(level.centre).mul(level.stride);
  };
  const at::Tensor x = centre(index.remainder(level.across)), y = centre(index.div(level.across, "floor"));
  const auto side = [&](std::int64_t which) { return distances.select(2, which); };
  return at::stack({side(0).neg().add(x), side(1).neg().add(y), side(2).add(x), side(3).add(y)}, 2)
      .div(static_cast<double>(size))
      .clamp(0, 1);
}

/** Strongest first, what overlaps stronger ones left out. `scores` [candidates, classes] and `boxes` on the host. */
std::vector<Detection> without_overlaps(const at::Tensor& scores, const at::Tensor& boxes, std::int64_t most) {
  const float *score = scores.data_ptr<float>(), *edge = boxes.data_ptr<float>();
  std::vector<Detection> kept;
  for (std::int64_t i = 0; i < scores.size(0) && std::ssize(kept) < most; ++i, score += kCocoClasses, edge += 4) {
    Detection candidate{.box = {edge[0], edge[1], edge[2], edge[3]}};
    std::copy_n(score, kCocoClasses, candidate.scores.begin());
    if (candidate.best_score() < kLeastScore) break;
    if (!overlaps_any(kept, candidate.box)) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace

float overlap(const Box& a, const Box& b) noexcept {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (a.area() + b.area() - width * height);
}

bool overlaps_any(const std::vector<Detection>& objects, const Box& box) {
  return std::any_of(objects.begin(), objects.end(),
                     [&](const Detection& other) { return overlap(other.box, box) >= kSameThing; });
}

std::size_t Detection::best_class() const noexcept {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

std::vector<SeenPicture> detect(const std::vector<DetectorLevel>& levels, std::int64_t size, std::int64_t most) {
  std::vector<at::Tensor> level_scores, level_boxes;
  for (const DetectorLevel& level : levels) {
    level_scores.push_back(level.scores);
    level_boxes.push_back(boxes_of(level, size));
  }
  const at::Tensor scores = at::cat(level_scores, 1), boxes = at::cat(level_boxes, 1), best = scores.amax(2);
  const at::Tensor order = std::get<1>(at::topk(best, std::min(best.size(1), kCandidatesPerObject * most), 1));
  const at::Tensor strongest = scores.amax(1).to(at::kCPU, at::kFloat);
  std::vector<SeenPicture> pictures(static_cast<std::size_t>(scores.size(0)));
  for (std::int64_t i = 0; i < scores.size(0); ++i) {
    const auto candidates = [&](const at::Tensor& all) {
      return all[i].index_select(0, order[i]).to(at::kCPU, at::kFloat).contiguous();
    };
    SeenPicture& picture = pictures[static_cast<std::size_t>(i)];
    std::copy_n(strongest.data_ptr<float>() + i * kCocoClasses, kCocoClasses, picture.strongest.begin());
    picture.objects = without_overlaps(candidates(scores), candidates(boxes), most);
  }
  return pictures;
}

}  // namespace gvl::vision
