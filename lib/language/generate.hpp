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
  bool cancelled = false;                           ///< it was dropped before it was complete: there is nothing else
};

/** What a caller wants of a generation beside its tokens. */
struct GenerationRules {
  std::optional<std::int64_t> not_first;   ///< a token that must not be the first
  std::function<bool(std::int64_t)> keep;  ///< tokens whose whole distributions are kept
};

/** What is asked behind a prefix. */
struct GenerationRequest {
  std::size_t prefix = 0;            ///< which
  std::vector<std::int64_t> prompt;  ///< not empty
  std::int64_t end_token = 0;
  GenerationOptions options;
  GenerationRules rules;
  Cancellation cancellation;  ///< drops this request alone, between two tokens
};

struct GeneratorOptions {
  std::int64_t capacity = 0;  ///< positions of a prefix, prompt and answer together
  /** Answers in the making at a time, at most: the products of eight rows cost little more than those of one. */
  std::int64_t together = 8;
  c10::ScalarType type = c10::ScalarType::Float;  ///< of the keys and values kept
};

/**
 * Reads prefixes once and answers many prompts behind each: the cache keeps the prefix, prompts are read after it and
 * forgotten again. Prompts, also behind the same prefix, are answered together, token by token; each has the answer
 * that it would have alone, but for rounding. When LongRoPE's factors change with the length, what was read with the
 * others is read again, once all that need those are done. Not thread safe; the decoder must outlive it.
 */
class PrefixedGenerator {
 public:
  /** What is told of a request, by its index; what it returns is asked next, under the next indices. */
  using Deliver = std::function<std::vector<GenerationRequest>(std::size_t index, Generation generation)>;

  /** `prefixes` float [n, H] embeddings. */
  PrefixedGenerator(const Decoder& decoder, std::vector<at::Tensor> prefixes, const GeneratorOptions& options);

  /** Logits float32 [vocabulary] of what follows the first prefix and `prompt`: what a generation starts from. */
  at::Tensor read_prompt(const std::vector<std::int64_t>& prompt, const Cancellation& cancellation);

  /**
   * Generates behind prefixes and prompts until each one's end token, max_new_tokens or the capacity. Requests begin in
   * their order, as soon as there is room; each is handed over when it is complete or cancelled. `cancellation` stops
   * all of them, also between two layers: Error(kCancelled).
   */
  void generate(std::vector<GenerationRequest> requests, const Cancellation& cancellation, const Deliver& deliver);

  /** The same for a single request. */
  Generation generate(const GenerationRequest& request, const Cancellation& cancellation);

  /** Positions the decoder has read so far, for prefixes and prompts: what the answers cost. */
  std::int64_t positions_read() const noexcept { return positions_read_; }

 private:
  class Ongoing;
  struct Work;
  struct Prefix {
    at::Tensor embeddings;
    std::optional<RopeFactors> factors;  ///< what it was read into the cache with; none: it is not there
  };

  at::Tensor read(const std::vector<SequenceInput>& inputs, const Cancellation& cancellation);
  RopeFactors factors_of(const Ongoing& ongoing) const;
  std::vector<Ongoing*> next_of(const std::vector<Ongoing*>& live) const;
  void read_prefixes(const std::vector<Ongoing*>& next, const std::vector<Ongoing*>& live,
                     const Cancellation& cancellation);
  at::Tensor read_next(const std::vector<Ongoing*>& next, const Cancellation& cancellation);
  void step(const std::vector<Ongoing*>& live, const Cancellation& cancellation);
  void admit(Work& work);

  const Decoder& decoder_;
  std::vector<Prefix> prefixes_;
  std::int64_t capacity_, together_;
  KvCache cache_;
  std::int64_t positions_read_ = 0;
};

}  // namespace gvl::language
