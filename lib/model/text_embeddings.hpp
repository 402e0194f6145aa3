/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "gvl/task.hpp"
#include "language/clip_text.hpp"
#include "text/tokenizer.hpp"

namespace gvl::model {

/** What texts are to a similarity model: each query is encoded once. Thread safe; the encoder must outlive it. */
class TextEmbeddings {
 public:
  /** Encodes the generic texts. Throws Error(kMalformed) for one, or a phrasing, that is too long. */
  TextEmbeddings(const language::ClipTextEmbedder& encoder, std::shared_ptr<const text::Tokenizer> tokenizer,
                 const SimilarityConfig& config, const Cancellation& cancellation);

  /**
   * [E] of length 1: the mean of the query in all phrasings. Throws Error(kInvalidArgument) for a query that is empty,
   * not UTF-8 or too long, Error(kCancelled).
   */
  at::Tensor of(const Query& query, const Cancellation& cancellation) const;

  /** [generic texts, E], of length 1 each. */
  const at::Tensor& generic() const noexcept { return generic_; }

 private:
  at::Tensor encode(const std::string& query, const Cancellation& cancellation) const;

  const language::ClipTextEmbedder& encoder_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::vector<std::string> phrasings_;
  at::Tensor generic_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, at::Tensor> known_;
};

}  // namespace gvl::model
