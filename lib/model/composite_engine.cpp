/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/composite_engine.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/stack.h>

#include <cstdint>
#include <exception>
#include <utility>

#include "gvl/error.hpp"
#include "gvl/sampling.hpp"
#include "io/composite.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"

namespace gvl::model {
namespace {

constexpr std::size_t kLanguage = 0, kThings = 1;  // members

/** `confidence`, of which `from` becomes `to`. */
double rescaled(double confidence, double from, double to) {
  if (confidence < from) return confidence * to / from;
  return from < 1 ? to + (confidence - from) * (1 - to) / (1 - from) : 1;
}

at::Tensor as_wide_as(std::int64_t width, const at::Tensor& tokens) {
  return at::constant_pad_nd(tokens, {0, width - tokens.size(-1)});
}

}  // namespace

/** What a member is asked: some queries of some windows, and which of the composite's these are. */
struct CompositeEngine::Share {
  struct Place {
    std::size_t window;
    std::vector<std::size_t> queries;
  };

  std::vector<AskedWindow> windows;
  std::vector<Place> places;
};

CompositeEngine::CompositeEngine(const std::filesystem::path& folder, c10::Device device,
                                 std::optional<DataType> cache_type, const Cancellation& cancellation)
    : Engine(load_config(folder), device) {
  for (const std::string& name : config().member_names) {
    const std::filesystem::path member = io::member_folder(folder, name);
    members_.push_back(load_engine(member, device, cache_type, cancellation));
    words_.emplace_back(member);
  }
}

std::size_t CompositeEngine::member_for(const Query& query) const {
  return query.task == Task::kGrounding ? best_member(words_, query.text) : kLanguage;
}

std::vector<std::string> CompositeEngine::unknown_words(const Query& query) const {
  return words_[member_for(query)].unknown_words(query.text);
}

at::Tensor CompositeEngine::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const Engine& things = *members_[kThings];
  return things.fuse(things.encode_spatial(pixels, cancellation), {});
}

at::Tensor CompositeEngine::encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const Engine& language = *members_[kLanguage];
  const std::int64_t frames = pixels.size(1), keyframes = language.config().spatial.keyframes;
  std::vector<at::Tensor> seen;
  for (std::int64_t i = 0; i < keyframes; ++i) seen.push_back(pixels.select(1, keyframe_of(frames, keyframes, i)));
  const at::Tensor spatial = language.encode_spatial(at::stack(seen, 1), cancellation).to(at::kFloat);
  return language.fuse(spatial, language.encode_temporal(pixels, cancellation).to(at::kFloat));
}

at::Tensor CompositeEngine::fuse(const at::Tensor& spatial, const at::Tensor& temporal) const {
  const std::int64_t width = config().token_width();
  return at::cat({as_wide_as(width, temporal), as_wide_as(width, spatial)}, 1);
}

Tensor CompositeEngine::tokens_for(std::size_t member, const Tensor& tokens) const {
  const ModelConfig& taken = config().members[member];
  const at::Tensor all = layers::to_aten(tokens).view({config().segments, -1, config().token_width()});
  const std::int64_t begin = member == kLanguage ? 0 : config().members[kLanguage].tokens_per_segment();
  const at::Tensor part = all.narrow(1, begin, taken.tokens_per_segment()).narrow(2, 0, taken.token_width());
  return layers::from_aten(part.reshape({-1, taken.token_width()}));
}

CompositeEngine::Share CompositeEngine::share_of(std::size_t member, const std::vector<AskedWindow>& windows) const {
  Share share;
  for (std::size_t number = 0; number < windows.size(); ++number) {
    const AskedWindow& window = windows[number];
    Share::Place place{number, {}};
    AskedWindow asked{{}, window.scale, {}, window.options, window.cancellation};
    for (std::size_t query = 0; query < window.queries.size(); ++query) {
      if (member_for(window.queries[query]) != member) continue;
      place.queries.push_back(query);
      asked.queries.push_back(window.queries[query]);
    }
    if (asked.queries.empty()) continue;
    asked.tokens = tokens_for(member, window.tokens);
    share.windows.push_back(std::move(asked));
    share.places.push_back(std::move(place));
  }
  return share;
}

Answer CompositeEngine::on_one_scale(std::size_t member, Answer answer) const {
  const double from = config().members[member].min_confidence, to = config().min_confidence;
  answer.confidence = rescaled(answer.confidence, from, to);
  for (Interval& interval : answer.intervals) interval.confidence = rescaled(interval.confidence, from, to);
  return answer;
}

void CompositeEngine::answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const {
  std::vector<AskedWindow> whole;
  std::vector<std::size_t> numbers;
  for (std::size_t number = 0; number < windows.size(); ++number) {
    try {
      expect_tokens(windows[number], config());
      whole.push_back(windows[number]);
      numbers.push_back(number);
    } catch (const Error&) {
      for (std::size_t query = 0; query < windows[number].queries.size(); ++query) {
        deliver({number, query, {}, std::current_exception()});
      }
    }
  }
  for (std::size_t member = 0; member < members_.size(); ++member) {
    const Share share = share_of(member, whole);
    if (share.windows.empty()) continue;
    members_[member]->answer(share.windows, [&](QueryResult result) {
      const Share::Place& place = share.places[result.window];
      result.query = place.queries[result.query];
      result.window = numbers[place.window];
      if (!result.error) result.answer = on_one_scale(member, std::move(result.answer));
      deliver(std::move(result));
    });
  }
}

}  // namespace gvl::model
