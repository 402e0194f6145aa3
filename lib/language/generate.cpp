#include "language/generate.hpp"

#include <ATen/ops/softmax.h>

#include <limits>

#include "language/sampler.hpp"

namespace gvl::language {

PrefixedGenerator::PrefixedGenerator(const Decoder& decoder, at::Tensor prefix, std::int64_t capacity)
    : decoder_(decoder), prefix_(std::move(prefix)), cache_(decoder.make_cache(capacity)) {}

at::Tensor PrefixedGenerator::read(const at::Tensor& embeddings, RopeFactors factors,
                                   const Cancellation& cancellation) {
  positions_read_ += embeddings.size(0);
  return decoder_.read(embeddings, factors, cache_, cancellation);
}

at::Tensor PrefixedGenerator::read_behind_prefix(const std::vector<std::int64_t>& ids,
                                                 const Cancellation& cancellation) {
  const auto length = prefix_.size(0) + static_cast<std::int64_t>(ids.size());
  const RopeFactors factors = rope_factors_for(decoder_.config(), length);
  if (factors_ != factors) {
    factors_.reset();
    cache_.truncate(0);
    read(prefix_, factors, cancellation);
    factors_ = factors;
  }
  cache_.truncate(prefix_.size(0));
  return decoder_.logits(read(decoder_.embed(ids), factors, cancellation)).squeeze(0);
}

at::Tensor PrefixedGenerator::read_next(std::int64_t token, const std::vector<std::int64_t>& all,
                                        const Cancellation& cancellation) {
  if (rope_factors_for(decoder_.config(), cache_.length() + 1) != factors_) {
    return read_behind_prefix(all, cancellation);
  }
  return decoder_.logits(read(decoder_.embed({token}), *factors_, cancellation)).squeeze(0);
}

at::Tensor PrefixedGenerator::read_prompt(const std::vector<std::int64_t>& prompt, const Cancellation& cancellation) {
  return read_behind_prefix(prompt, cancellation);
}

Generation PrefixedGenerator::generate(const std::vector<std::int64_t>& prompt, std::int64_t end_token,
                                       const GenerationOptions& options, const Cancellation& cancellation,
                                       const GenerationRules& rules) {
  Generation generation;
  Sampler sampler(options);
  std::vector<std::int64_t> all = prompt;
  at::Tensor logits = read_behind_prefix(prompt, cancellation);
  if (rules.not_first) {
    generation.not_first = at::softmax(logits, 0)[*rules.not_first].item<double>();
    logits = logits.clone();
    logits[*rules.not_first] = -std::numeric_limits<float>::infinity();
  }
  while (true) {
    const Sampler::Choice choice = sampler.choose(logits);
    generation.probabilities.push_back(choice.probability);
    if (choice.token == end_token) break;
    if (rules.keep && rules.keep(choice.token)) {
      generation.distributions[generation.tokens.size()] = at::softmax(logits, 0).to(at::kCPU);
    }
    generation.tokens.push_back(choice.token);
    all.push_back(choice.token);
    if (static_cast<std::int64_t>(generation.tokens.size()) >= options.max_new_tokens) break;
    if (prefix_.size(0) + static_cast<std::int64_t>(all.size()) > cache_.capacity()) break;
    cancellation.check();
    logits = read_next(choice.token, all, cancellation);
  }
  return generation;
}

}  // namespace gvl::language
