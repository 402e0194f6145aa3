/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/time_scale.hpp"
#include "text/tokenizer.hpp"

namespace gvl::text {

/**
 * The temporal token of a moment: t = Round(M * seconds / duration), halves to even, clamped to 0 ... M; where segments
 * are not equally long, of its place among them.
 * Throws Error(kInvalidArgument) unless M and the duration are positive and the numbers finite.
 */
std::int64_t to_temporal(double seconds, const TimeScale& scale, std::int64_t temporal_tokens);

/** The moment of a temporal token: duration * t / M seconds, or by its place among the segments. Throws as
 * to_temporal() does. */
double to_seconds(double temporal, const TimeScale& scale, std::int64_t temporal_tokens);

/** "<50>" */
std::string temporal_name(std::int64_t temporal);

/** The temporal tokens <0> ... <M> and <timestamp_grounding> of a tokenizer. Thread safe. */
class TemporalTokens {
 public:
  static constexpr const char* kGroundingToken = "<timestamp_grounding>";

  /** Adds to `tokenizer` those that it lacks. Throws Error(kInvalidArgument) unless M is in 1 ... 100,000. */
  TemporalTokens(Tokenizer& tokenizer, std::int64_t temporal_tokens);

  /** M */
  std::int64_t count() const noexcept { return count_; }
  /** Which moment, 0 ... M, an id stands for. */
  std::optional<std::int64_t> temporal_of(std::int64_t id) const;
  /** The id of a moment, which is in 0 ... M. */
  std::int64_t id_of(std::int64_t temporal) const { return ids_.at(static_cast<std::size_t>(temporal)); }
  /** The ids of all moments, 0 ... M in order. */
  const std::vector<std::int64_t>& ids() const noexcept { return ids_; }
  std::int64_t grounding_id() const noexcept { return grounding_id_; }

 private:
  std::int64_t count_;
  std::vector<std::int64_t> ids_;
  std::unordered_map<std::int64_t, std::int64_t> temporals_;
  std::int64_t grounding_id_ = 0;
};

}  // namespace gvl::text
