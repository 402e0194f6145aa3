/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "gvl/cancellation.hpp"
#include "gvl/generation.hpp"
#include "language/decoder.hpp"

namespace gvl::language {

/** What a model generated, and how sure it was of each token: softmax probabilities at temperature 1. */
struct Generation {
  std::vector<std::int64_t> tokens;                 ///< without the end token
  std::vector<double> probabilities;                ///< one a token, and one more for the end token if it came
  std::map<std::size_t, at::Tensor> distributions;  ///< float32 [vocabulary] where the rules say to keep them
  double not_first = 0;                             ///< probability that the rules' not_first token had
};

/** What a caller wants of a generation beside its tokens. */
struct GenerationRules {
  std::optional<std::int64_t> not_first;   ///< a token that must not be the first
  std::function<bool(std::int64_t)> keep;  ///< tokens whose whole distributions are kept
};

/** What is asked of one sequence. */
struct GenerationRequest {
  std::int64_t sequence = 0;         ///< behind which prefix
  std::vector<std::int64_t> prompt;  ///< not empty
  std::int64_t end_token = 0;
  GenerationOptions options;
  GenerationRules rules;
  Cancellation cancellation;  ///< drops this request alone, between two tokens
};

/**
 * Reads prefixes once and answers many prompts behind each: the cache keeps the prefix, each prompt is read after it
 * and forgotten again. Prompts behind different prefixes are answered together, token by token. When LongRoPE's factors
 * change with the length, what was read with the others is read again. Not thread safe; the decoder must outlive it.
 */
class PrefixedGenerator {
 public:
  /** `prefixes` float [n, H] embeddings, one a sequence; `options.capacity` for prefix, prompt and answer together. */
  PrefixedGenerator(const Decoder& decoder, std::vector<at::Tensor> prefixes, const CacheOptions& options);

  /** Logits float32 [vocabulary] of what follows the first prefix and `prompt`: what a generation starts from. */
  at::Tensor read_prompt(const std::vector<std::int64_t>& prompt, const Cancellation& cancellation);

  /**
   * Generates behind prefixes and prompts until each one's end token, max_new_tokens or the capacity. The requests are
   * of different sequences; each is handed over by its index as soon as it is complete, one that is cancelled never.
   * `cancellation` stops all of them, also between two layers: Error(kCancelled).
   */
  void generate(const std::vector<GenerationRequest>& requests, const Cancellation& cancellation,
                const std::function<void(std::size_t index, Generation generation)>& deliver);

  /** The same for a single request. */
  Generation generate(const GenerationRequest& request, const Cancellation& cancellation);

  /** Positions the decoder has read so far, for prefixes and prompts: what the answers cost. */
  std::int64_t positions_read() const noexcept { return positions_read_; }

 private:
  class Ongoing;
  struct Prefix {
    at::Tensor embeddings;
    std::optional<RopeFactors> factors;  ///< what it was read into the cache with; none: it is not there
  };

  at::Tensor read(const std::vector<SequenceInput>& inputs, const Cancellation& cancellation);
  void read_prefixes(const std::vector<Ongoing*>& live, const Cancellation& cancellation);
  at::Tensor read_next(const std::vector<Ongoing*>& live, const Cancellation& cancellation);

  const Decoder& decoder_;
  std::vector<Prefix> prefixes_;  // one a sequence
  KvCache cache_;
  std::int64_t positions_read_ = 0;
};

}  // namespace gvl::language
