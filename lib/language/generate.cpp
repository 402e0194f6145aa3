/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/generate.hpp"

#include <ATen/ops/softmax.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <utility>

#include "language/sampler.hpp"

namespace gvl::language {
namespace {

CacheOptions cache_for(const std::vector<at::Tensor>& prefixes, const GeneratorOptions& options) {
  CacheOptions cache{.sequences = options.together, .prefixes = {}, .type = options.type};
  for (const at::Tensor& prefix : prefixes) {
    cache.prefixes.push_back(prefix.size(0));
    cache.capacity = std::max(cache.capacity, options.capacity - prefix.size(0));
  }
  return cache;
}

}  // namespace

/** A request on its way: what was generated of it, and what the cache holds of that. */
class PrefixedGenerator::Ongoing {
 public:
  Ongoing(std::size_t index, GenerationRequest request)
      : index(index), request(std::move(request)), sampler_(this->request.options), ids_(this->request.prompt) {}

  /** Of prompt and answer, as far as they are known. */
  std::int64_t length() const noexcept { return static_cast<std::int64_t>(ids_.size()); }
  std::int64_t read() const noexcept { return static_cast<std::int64_t>(read_); }
  /** Whether all is read but the last token. */
  bool goes_on() const noexcept { return read_ + 1 == ids_.size(); }

  void forget_all() noexcept { read_ = 0; }
  /** The ids that the cache does not hold; from now on it does. */
  std::vector<std::int64_t> take_unread() {
    return {ids_.begin() + static_cast<std::ptrdiff_t>(std::exchange(read_, ids_.size())), ids_.end()};
  }

  /** Chooses the token that `logits` float32 [vocabulary] say. `room`: positions that it may have behind its prefix. */
  void accept(at::Tensor logits, std::int64_t room) {
    if (generation.probabilities.empty() && request.rules.not_first) logits = without_first(logits);
    const Sampler::Choice choice = sampler_.choose(logits);
    generation.probabilities.push_back(choice.probability);
    is_done = choice.token == request.end_token;
    if (is_done) return;
    if (request.rules.keep && request.rules.keep(choice.token)) {
      generation.distributions[generation.tokens.size()] = at::softmax(logits, 0).to(at::kCPU);
    }
    generation.tokens.push_back(choice.token);
    ids_.push_back(choice.token);
    is_done = static_cast<std::int64_t>(generation.tokens.size()) >= request.options.max_new_tokens || length() > room;
  }

  const std::size_t index;
  const GenerationRequest request;
  std::int64_t sequence = 0;  ///< of the cache
  Generation generation;
  bool is_done = false;

 private:
  at::Tensor without_first(const at::Tensor& logits) {
    const std::int64_t token = *request.rules.not_first;
    generation.not_first = at::softmax(logits, 0)[token].item<double>();
    at::Tensor others = logits.clone();
    others[token] = -std::numeric_limits<float>::infinity();
    return others;
  }

  Sampler sampler_;
  std::vector<std::int64_t> ids_;  // prompt and answer
  std::size_t read_ = 0;           // of them, by the decoder
};

/** All that is asked by one call of generate(). */
struct PrefixedGenerator::Work {
  std::deque<std::unique_ptr<Ongoing>> waiting;
  std::vector<std::unique_ptr<Ongoing>> begun;  ///< those behind the same prefix side by side
  std::vector<std::int64_t> free;               ///< the cache's sequences
  std::size_t count = 0;

  explicit Work(std::int64_t together) {
    while (together > 0) free.push_back(--together);
  }

  /** Before all that wait, in this order. */
  void ask(std::vector<GenerationRequest> requests) {
    auto place = waiting.begin();
    for (GenerationRequest& request : requests) {
      place = waiting.insert(place, std::make_unique<Ongoing>(count++, std::move(request))) + 1;
    }
  }

  std::vector<Ongoing*> live() const {
    std::vector<Ongoing*> all;
    for (const auto& each : begun) all.push_back(each.get());
    return all;
  }

  /** Hands over what is done or cancelled, and asks what is asked for that. */
  void settle(const Deliver& deliver) {
    std::vector<std::unique_ptr<Ongoing>> over;
    const auto take_from = [&](auto& queue) {
      for (auto each = queue.begin(); each != queue.end();) {
        if (!(*each)->is_done && !(*each)->request.cancellation.cancelled()) {
          ++each;
          continue;
        }
        over.push_back(std::move(*each));
        each = queue.erase(each);
      }
    };
    take_from(begun);
    for (const auto& each : over) free.push_back(each->sequence);
    take_from(waiting);
    for (const auto& each : over) {
      Generation cancelled;
      cancelled.cancelled = true;
      ask(deliver(each->index, each->is_done ? std::move(each->generation) : std::move(cancelled)));
    }
  }
};

PrefixedGenerator::PrefixedGenerator(const Decoder& decoder, std::vector<at::Tensor> prefixes,
                                     const GeneratorOptions& options)
    : decoder_(decoder),
      capacity_(options.capacity),
      together_(options.together),
      cache_(decoder.make_cache(cache_for(prefixes, options))) {
  for (at::Tensor& prefix : prefixes) prefixes_.push_back({std::move(prefix), {}});
}

at::Tensor PrefixedGenerator::read(const std::vector<SequenceInput>& inputs, const Cancellation& cancellation) {
  for (const SequenceInput& input : inputs) positions_read_ += input.embeddings.size(0);
  return decoder_.read(inputs, cache_, cancellation);
}

/** What it has to be read with, for its length. */
RopeFactors PrefixedGenerator::factors_of(const Ongoing& ongoing) const {
  const at::Tensor& prefix = prefixes_.at(ongoing.request.prefix).embeddings;
  return rope_factors_for(decoder_.config(), prefix.size(0) + ongoing.length());
}

/** Those that read now. Others wait while their prefix is needed with other factors than theirs. */
std::vector<PrefixedGenerator::Ongoing*> PrefixedGenerator::next_of(const std::vector<Ongoing*>& live) const {
  const auto is_wanted = [&](std::size_t prefix, RopeFactors factors) {
    return std::any_of(live.begin(), live.end(), [&](const Ongoing* each) {
      return each->request.prefix == prefix && factors_of(*each) == factors;
    });
  };
  std::vector<Ongoing*> next;
  for (Ongoing* each : live) {
    const std::size_t prefix = each->request.prefix;
    const RopeFactors first = prefixes_.at(prefix).factors.value_or(RopeFactors::kShort);
    const RopeFactors other = first == RopeFactors::kShort ? RopeFactors::kLong : RopeFactors::kShort;
    if (factors_of(*each) == (is_wanted(prefix, first) ? first : other)) next.push_back(each);
  }
  return next;
}

/** Prefixes that the cache does not hold with the factors that `next` need; what of `live` is behind these goes. */
void PrefixedGenerator::read_prefixes(const std::vector<Ongoing*>& next, const std::vector<Ongoing*>& live,
                                      const Cancellation& cancellation) {
  std::vector<SequenceInput> inputs;
  std::vector<Prefix*> read_anew;
  for (const Ongoing* each : next) {
    Prefix& prefix = prefixes_.at(each->request.prefix);
    const std::int64_t number = cache_.prefix(each->request.prefix);
    const bool is_known = !inputs.empty() && inputs.back().sequence == number;
    if (is_known || prefix.factors == factors_of(*each)) continue;
    prefix.factors.reset();
    cache_.truncate(number, 0);
    inputs.push_back({prefix.embeddings, factors_of(*each), number});
    read_anew.push_back(&prefix);
  }
  if (inputs.empty()) return;
  for (Ongoing* each : live) {
    if (!prefixes_.at(each->request.prefix).factors) each->forget_all();
  }
  read(inputs, cancellation);
  for (std::size_t i = 0; i < inputs.size(); ++i) read_anew[i]->factors = inputs[i].factors;
}

/** Logits float32 [next, vocabulary] of what follows each one's ids. */
at::Tensor PrefixedGenerator::read_next(const std::vector<Ongoing*>& next, const Cancellation& cancellation) {
  std::vector<SequenceInput> inputs;
  for (Ongoing* each : next) {
    const Prefix& prefix = prefixes_.at(each->request.prefix);
    cache_.truncate(each->sequence, each->read());
    inputs.push_back({decoder_.embed(each->take_unread()), *prefix.factors, each->sequence});
  }
  return decoder_.logits(read(inputs, cancellation));
}

/** One more token for all that can have one. */
void PrefixedGenerator::step(const std::vector<Ongoing*>& live, const Cancellation& cancellation) {
  std::vector<Ongoing*> next = next_of(live);
  read_prefixes(next, live, cancellation);
  // Apart: what is computed of a single token does not depend on whether others' prompts are read beside it.
  const auto middle =
      std::stable_partition(next.begin(), next.end(), [](const Ongoing* each) { return each->goes_on(); });
  for (const auto& [begin, end] : {std::pair(middle, next.end()), std::pair(next.begin(), middle)}) {
    const std::vector<Ongoing*> part(begin, end);
    if (part.empty()) continue;
    const at::Tensor logits = read_next(part, cancellation);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const at::Tensor& prefix = prefixes_.at(part[i]->request.prefix).embeddings;
      part[i]->accept(logits[static_cast<std::int64_t>(i)], capacity_ - prefix.size(0));
    }
  }
}

void PrefixedGenerator::admit(Work& work) {
  while (!work.waiting.empty() && !work.free.empty()) {
    std::unique_ptr<Ongoing> next = std::move(work.waiting.front());
    work.waiting.pop_front();
    next->sequence = work.free.back();
    work.free.pop_back();
    cache_.restart(next->sequence, cache_.prefix(next->request.prefix));
    const auto is_before = [](const auto& a, const auto& b) { return a->request.prefix < b->request.prefix; };
    work.begun.insert(std::upper_bound(work.begun.begin(), work.begun.end(), next, is_before), std::move(next));
  }
}

at::Tensor PrefixedGenerator::read_prompt(const std::vector<std::int64_t>& prompt, const Cancellation& cancellation) {
  GenerationRequest request;
  request.prompt = prompt;
  Ongoing ongoing(0, std::move(request));
  cache_.restart(ongoing.sequence, cache_.prefix(0));
  read_prefixes({&ongoing}, {&ongoing}, cancellation);
  return read_next({&ongoing}, cancellation).squeeze(0);
}

void PrefixedGenerator::generate(std::vector<GenerationRequest> requests, const Cancellation& cancellation,
                                 const Deliver& deliver) {
  Work work(together_);
  work.ask(std::move(requests));
  for (work.settle(deliver);; work.settle(deliver)) {
    admit(work);
    if (work.begun.empty()) return;
    cancellation.check();
    step(work.live(), cancellation);
  }
}

Generation PrefixedGenerator::generate(const GenerationRequest& request, const Cancellation& cancellation) {
  Generation result;
  generate({request}, cancellation, [&](std::size_t, Generation generation) {
    result = std::move(generation);
    return std::vector<GenerationRequest>();
  });
  return result;
}

}  // namespace gvl::language
