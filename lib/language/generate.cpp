/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/generate.hpp"

#include <ATen/ops/softmax.h>

#include <limits>
#include <utility>

#include "language/sampler.hpp"

namespace gvl::language {
namespace {

CacheOptions for_sequences(CacheOptions options, std::size_t count) {
  options.sequences = static_cast<std::int64_t>(count);
  return options;
}

}  // namespace

/** A request on its way: what was generated of it, and what the cache holds of that. */
class PrefixedGenerator::Ongoing {
 public:
  /** `positions`: how many it may have behind its prefix. */
  Ongoing(std::size_t index, const GenerationRequest& request, std::int64_t positions)
      : index(index), request_(request), positions_(positions), sampler_(request.options), ids_(request.prompt) {}

  std::int64_t sequence() const noexcept { return request_.sequence; }
  /** Of prompt and answer, as far as they are known. */
  std::int64_t length() const noexcept { return static_cast<std::int64_t>(ids_.size()); }
  std::int64_t read() const noexcept { return static_cast<std::int64_t>(read_); }

  void forget_all() noexcept { read_ = 0; }
  /** The ids that the cache does not hold; from now on it does. */
  std::vector<std::int64_t> take_unread() {
    return {ids_.begin() + static_cast<std::ptrdiff_t>(std::exchange(read_, ids_.size())), ids_.end()};
  }

  /** Chooses the token that `logits` float32 [vocabulary] say; false when it was the last. */
  bool accept(at::Tensor logits) {
    if (generation.probabilities.empty() && request_.rules.not_first) logits = without_first(logits);
    const Sampler::Choice choice = sampler_.choose(logits);
    generation.probabilities.push_back(choice.probability);
    if (choice.token == request_.end_token) return false;
    if (request_.rules.keep && request_.rules.keep(choice.token)) {
      generation.distributions[generation.tokens.size()] = at::softmax(logits, 0).to(at::kCPU);
    }
    generation.tokens.push_back(choice.token);
    ids_.push_back(choice.token);
    return static_cast<std::int64_t>(generation.tokens.size()) < request_.options.max_new_tokens &&
           length() <= positions_;
  }

  const std::size_t index;
  Generation generation;

 private:
  at::Tensor without_first(const at::Tensor& logits) {
    const std::int64_t token = *request_.rules.not_first;
    generation.not_first = at::softmax(logits, 0)[token].item<double>();
    at::Tensor others = logits.clone();
    others[token] = -std::numeric_limits<float>::infinity();
    return others;
  }

  const GenerationRequest& request_;
  std::int64_t positions_;
  Sampler sampler_;
  std::vector<std::int64_t> ids_;  // prompt and answer
  std::size_t read_ = 0;           // of them, by the decoder
};

PrefixedGenerator::PrefixedGenerator(const Decoder& decoder, std::vector<at::Tensor> prefixes,
                                     const CacheOptions& options)
    : decoder_(decoder), cache_(decoder.make_cache(for_sequences(options, prefixes.size()))) {
  for (at::Tensor& prefix : prefixes) prefixes_.push_back({std::move(prefix), {}});
}

at::Tensor PrefixedGenerator::read(const std::vector<SequenceInput>& inputs, const Cancellation& cancellation) {
  for (const SequenceInput& input : inputs) positions_read_ += input.embeddings.size(0);
  return decoder_.read(inputs, cache_, cancellation);
}

/** Those that the cache does not hold with the factors that the sequences now need. */
void PrefixedGenerator::read_prefixes(const std::vector<Ongoing*>& live, const Cancellation& cancellation) {
  std::vector<SequenceInput> inputs;
  for (Ongoing* ongoing : live) {
    Prefix& prefix = prefixes_.at(static_cast<std::size_t>(ongoing->sequence()));
    const RopeFactors factors = rope_factors_for(decoder_.config(), prefix.embeddings.size(0) + ongoing->length());
    if (prefix.factors == factors) continue;
    prefix.factors.reset();
    cache_.truncate(ongoing->sequence(), 0);
    ongoing->forget_all();
    inputs.push_back({prefix.embeddings, factors, ongoing->sequence()});
  }
  if (inputs.empty()) return;
  read(inputs, cancellation);
  for (const SequenceInput& input : inputs) prefixes_[static_cast<std::size_t>(input.sequence)].factors = input.factors;
}

/** Logits float32 [live, vocabulary] of what follows each one's ids. */
at::Tensor PrefixedGenerator::read_next(const std::vector<Ongoing*>& live, const Cancellation& cancellation) {
  read_prefixes(live, cancellation);
  std::vector<SequenceInput> inputs;
  for (Ongoing* ongoing : live) {
    const Prefix& prefix = prefixes_[static_cast<std::size_t>(ongoing->sequence())];
    cache_.truncate(ongoing->sequence(), prefix.embeddings.size(0) + ongoing->read());
    inputs.push_back({decoder_.embed(ongoing->take_unread()), *prefix.factors, ongoing->sequence()});
  }
  return decoder_.logits(read(inputs, cancellation));
}

at::Tensor PrefixedGenerator::read_prompt(const std::vector<std::int64_t>& prompt, const Cancellation& cancellation) {
  const GenerationRequest request{.prompt = prompt};
  Ongoing ongoing(0, request, 0);
  return read_next({&ongoing}, cancellation).squeeze(0);
}

void PrefixedGenerator::generate(const std::vector<GenerationRequest>& requests, const Cancellation& cancellation,
                                 const std::function<void(std::size_t, Generation)>& deliver) {
  std::vector<Ongoing> all;
  all.reserve(requests.size());
  std::vector<Ongoing*> live;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const at::Tensor& prefix = prefixes_.at(static_cast<std::size_t>(requests[i].sequence)).embeddings;
    live.push_back(&all.emplace_back(i, requests[i], cache_.capacity() - prefix.size(0)));
  }
  const auto drop_cancelled = [&] {
    std::erase_if(live, [&](const Ongoing* each) { return requests[each->index].cancellation.cancelled(); });
    return !live.empty();
  };
  while (drop_cancelled()) {
    cancellation.check();
    const at::Tensor logits = read_next(live, cancellation);
    std::vector<Ongoing*> further;
    for (std::size_t i = 0; i < live.size(); ++i) {
      if (live[i]->accept(logits[static_cast<std::int64_t>(i)])) {
        further.push_back(live[i]);
      } else {
        deliver(live[i]->index, std::move(live[i]->generation));
      }
    }
    live = std::move(further);
  }
}

Generation PrefixedGenerator::generate(const GenerationRequest& request, const Cancellation& cancellation) {
  Generation result;
  generate({request}, cancellation, [&](std::size_t, Generation generation) { result = std::move(generation); });
  return result;
}

}  // namespace gvl::language
