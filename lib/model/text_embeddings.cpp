/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/text_embeddings.hpp"

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "gvl/error.hpp"
#include "io/quote.hpp"
#include "text/phrasing.hpp"
#include "text/prompt.hpp"

namespace gvl::model {
namespace {

// Queries whose embeddings are kept; whoever asks more has them encoded again.
constexpr std::size_t kMostKnown = 1024;

at::Tensor of_length_1(const at::Tensor& embedding) { return embedding.div(embedding.norm()); }

}  // namespace

TextEmbeddings::TextEmbeddings(const language::ClipTextEmbedder& encoder,
                               std::shared_ptr<const text::Tokenizer> tokenizer, const SimilarityConfig& config,
                               const Cancellation& cancellation)
    : encoder_(encoder), tokenizer_(std::move(tokenizer)), phrasings_(config.phrasings) {
  std::vector<at::Tensor> rows;
  for (const std::string& text : config.generic_queries) {
    try {
      rows.push_back(encode(text, cancellation));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled) throw;
      throw Error(ErrorCode::kMalformed, "generic_queries: " + io::quote(text) + ": " + error.what());
    }
  }
  generic_ = rows.empty() ? at::zeros({0, config.embedding_size}) : at::stack(rows);
}

at::Tensor TextEmbeddings::encode(const std::string& query, const Cancellation& cancellation) const {
  std::vector<at::Tensor> embeddings;
  for (const std::string& phrasing : phrasings_) {
    embeddings.push_back(encoder_.forward(text::encode_phrasing(*tokenizer_, phrasing, query), cancellation));
  }
  return of_length_1(at::stack(embeddings).mean(0));
}

at::Tensor TextEmbeddings::of(const Query& query, const Cancellation& cancellation) const {
  const std::string text = text::require_query(query);
  {
    std::lock_guard lock(mutex_);
    if (const auto known = known_.find(text); known != known_.end()) return known->second;
  }
  at::Tensor embedding = encode(text, cancellation);
  std::lock_guard lock(mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  return known_.emplace(text, std::move(embedding)).first->second;
}

}  // namespace gvl::model
