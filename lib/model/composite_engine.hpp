/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/engine.hpp"
#include "model/known_words.hpp"

namespace gvl::model {

/**
 * Two models that look at the same segments: a Grounded-VideoLLM and a model of things. A grounding query goes to the
 * one that knows it better (known_words.hpp), other tasks to the Grounded-VideoLLM, which alone has words.
 *
 * The spatial stream is the model of things': its features are that model's tokens. The temporal stream is the
 * Grounded-VideoLLM's, and its features are all that this model makes of a segment: its keyframes are among the frames.
 * A segment's tokens are those of both, one behind the other, the narrower ones filled up with zeros.
 *
 * Confidences are put on one scale: what is a member's min_confidence is the composite's, and between that and 0 and 1
 * they are stretched evenly. Their order does not change.
 */
class CompositeEngine : public Engine {
 public:
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  CompositeEngine(const std::filesystem::path& folder, c10::Device device, std::optional<DataType> cache_type,
                  const Cancellation& cancellation);

  std::vector<std::string> unknown_words(const Query& query) const override;
  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const override;
  at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const override;
  at::Tensor fuse(const at::Tensor& spatial, const at::Tensor& temporal) const override;
  void answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const override;

 private:
  struct Share;

  std::size_t member_for(const Query& query) const;
  Tensor tokens_for(std::size_t member, const Tensor& tokens) const;
  Share share_of(std::size_t member, const std::vector<AskedWindow>& windows) const;
  Answer on_one_scale(std::size_t member, Answer answer) const;

  std::vector<std::shared_ptr<const Engine>> members_;
  std::vector<KnownWords> words_;
};

}  // namespace gvl::model
