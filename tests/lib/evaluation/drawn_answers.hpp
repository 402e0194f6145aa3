/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "evaluation_test.hpp"
#include "gvl/model.hpp"

namespace gvl::evaluation::test {

/** Says of every window of a video what was drawn for it; what it is shown does not matter. */
class DrawnAnswers : public Model {
 public:
  DrawnAnswers() {
    config_.frames = 24;
    config_.segments = 12;
    config_.spatial.image_size = config_.temporal.image_size = 8;
    config_.min_confidence = 0.2;
  }

  const ModelConfig& config() const noexcept override { return config_; }
  const std::string& device() const noexcept override { return device_; }
  Future<Tensor> encode_spatial(Future<Tensor> pixels, Cancellation) override { return pixels; }
  Future<Tensor> encode_temporal(Future<Tensor> pixels, Cancellation) override { return pixels; }
  Future<Tensor> fuse(Future<Tensor> spatial, Future<Tensor>, Cancellation) override { return spatial; }
  Future<Tensor> concatenate(std::vector<Future<Tensor>> segments, Cancellation) override { return segments.front(); }
  std::vector<Future<Answer>> answer(VideoWindow window, std::vector<Query> queries, const GenerationOptions&,
                                     Cancellation) override {
    std::vector<Future<Answer>> answers;
    for (const Query& query : queries) {
      Answer answer{.query = query};
      const auto start = static_cast<double>(random_.below(50));
      answer.intervals.push_back({start, std::min(start + 5 + static_cast<double>(random_.below(40)), window.duration),
                                  static_cast<double>(random_.below(1000)) / 1000, ""});
      answers.push_back(Future<Answer>::of(std::move(answer)));
    }
    return answers;
  }

 private:
  ModelConfig config_;
  std::string device_ = "none";
  Random random_;
};

}  // namespace gvl::evaluation::test
