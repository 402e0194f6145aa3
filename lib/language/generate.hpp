#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "gvl/model.hpp"
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

/**
 * Reads a prefix once and answers many prompts behind it: the cache keeps the prefix, each prompt is read after it
 * and forgotten again. When LongRoPE's factors change with the length, what was read with the others is read again.
 * Not thread safe; the decoder must outlive it.
 */
class PrefixedGenerator {
 public:
  /** `prefix` float [n, H] embeddings; `capacity` positions at most, prefix, prompt and answer together. */
  PrefixedGenerator(const Decoder& decoder, at::Tensor prefix, std::int64_t capacity);

  /** Logits float32 [vocabulary] of what follows prefix and prompt (not empty): the state a generation starts from. */
  at::Tensor read_prompt(const std::vector<std::int64_t>& prompt, const Cancellation& cancellation);

  /** Generates behind prefix and prompt until `end_token`, max_new_tokens or the capacity. */
  Generation generate(const std::vector<std::int64_t>& prompt, std::int64_t end_token, const GenerationOptions& options,
                      const Cancellation& cancellation, const GenerationRules& rules = {});

  /** Positions the decoder has read so far, for prefix and prompts: what the answers cost. */
  std::int64_t positions_read() const noexcept { return positions_read_; }

 private:
  at::Tensor read(const at::Tensor& embeddings, RopeFactors factors, const Cancellation& cancellation);
  at::Tensor read_behind_prefix(const std::vector<std::int64_t>& ids, const Cancellation& cancellation);
  at::Tensor read_next(std::int64_t token, const std::vector<std::int64_t>& all, const Cancellation& cancellation);

  const Decoder& decoder_;
  at::Tensor prefix_;
  KvCache cache_;
  std::optional<RopeFactors> factors_;  ///< what the cached prefix was read with; none: not read yet
  std::int64_t positions_read_ = 0;
};

}  // namespace gvl::language
