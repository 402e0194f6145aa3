/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/temporal.hpp"

#include <algorithm>
#include <cmath>

#include "gvl/error.hpp"

namespace gvl::text {
namespace {

void require_valid(double value, double duration, std::int64_t temporal_tokens) {
  if (!std::isfinite(value) || !std::isfinite(duration) || duration <= 0 || temporal_tokens <= 0) {
    throw Error(ErrorCode::kInvalidArgument, "no time can be told of " + std::to_string(value) + " in a video of " +
                                                 std::to_string(duration) + " seconds with " +
                                                 std::to_string(temporal_tokens) + " temporal tokens");
  }
}

}  // namespace

std::int64_t to_temporal(double seconds, const TimeScale& scale, std::int64_t temporal_tokens) {
  require_valid(seconds, scale.duration(), temporal_tokens);
  const auto largest = static_cast<double>(temporal_tokens);
  const double temporal = scale.uniform() ? largest * seconds / scale.duration() : largest * scale.part_at(seconds);
  return static_cast<std::int64_t>(std::clamp(std::nearbyint(temporal), 0.0, largest));
}

double to_seconds(double temporal, const TimeScale& scale, std::int64_t temporal_tokens) {
  require_valid(temporal, scale.duration(), temporal_tokens);
  const auto largest = static_cast<double>(temporal_tokens);
  return scale.uniform() ? scale.duration() * temporal / largest : scale.seconds_at(temporal / largest);
}

std::string temporal_name(std::int64_t temporal) {
  std::string name = std::to_string(temporal);
  name.insert(name.begin(), '<');
  name.push_back('>');
  return name;
}

TemporalTokens::TemporalTokens(Tokenizer& tokenizer, std::int64_t temporal_tokens) : count_(temporal_tokens) {
  constexpr std::int64_t kMost = 100000;
  if (count_ < 1 || count_ > kMost) {
    throw Error(ErrorCode::kInvalidArgument, std::to_string(count_) + " temporal tokens are not within 1 to 100000");
  }
  std::vector<std::string> names;
  for (std::int64_t temporal = 0; temporal <= count_; ++temporal) names.push_back(temporal_name(temporal));
  names.emplace_back(kGroundingToken);
  ids_ = tokenizer.add_tokens(names);
  grounding_id_ = ids_.back();
  ids_.pop_back();
  for (std::size_t i = 0; i < ids_.size(); ++i) temporals_[ids_[i]] = static_cast<std::int64_t>(i);
}

std::optional<std::int64_t> TemporalTokens::temporal_of(std::int64_t id) const {
  const auto found = temporals_.find(id);
  if (found == temporals_.end()) return std::nullopt;
  return found->second;
}

}  // namespace gvl::text
