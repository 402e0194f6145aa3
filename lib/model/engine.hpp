/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "model/asked_window.hpp"

namespace gvl::model {

/**
 * All that a model folder holds, ready to compute with: what the stages of a Model run. Each type of model is one
 * (ModelType). Const members are thread safe.
 */
class Engine {
 public:
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const ModelConfig& config() const noexcept { return config_; }
  c10::Device device() const noexcept { return device_; }

  /** As Model::unknown_words(). */
  virtual std::vector<std::string> unknown_words(const Query& query) const { return {}; }

  /** Segments' keyframes uint8 [n, keyframes, S, S, 3] -> [n, P, D]. Throws Error(kCancelled) between two layers. */
  virtual at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const = 0;

  /** Segments uint8 [n, frames, S', S', 3] -> their temporal features [n, ...]. Throws likewise. */
  virtual at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const = 0;

  /** Both features of segments, float32 on device(), [n, ...] each -> their tokens [n, L, H]. */
  virtual at::Tensor fuse(const at::Tensor& spatial, const at::Tensor& temporal) const = 0;

  /**
   * Answers the queries of some windows. A query that cannot be asked fails alone, and a window that is none of this
   * model's, or cancelled, with its queries. Throws what fails all of them.
   */
  virtual void answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const = 0;

 protected:
  Engine(ModelConfig config, c10::Device device) : config_(std::move(config)), device_(device) {}

 private:
  ModelConfig config_;
  c10::Device device_;
};

/** Of a model folder. Throws Error naming the file at fault, and Error(kCancelled). */
std::shared_ptr<const Engine> load_engine(const std::filesystem::path& folder, c10::Device device,
                                          std::optional<DataType> cache_type = {}, Cancellation cancellation = {});

}  // namespace gvl::model
