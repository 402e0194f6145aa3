/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "text/limits.hpp"
#include "text/piece.hpp"

namespace gvl::text {

/**
 * The `normalizer` of a tokenizer.json: null, Prepend, Replace, NFC, Lowercase, and sequences of them. Thread safe.
 * What a user wrote and what not are composed (NFC) each for itself.
 */
class Normalizer {
 public:
  Normalizer() = default;
  /** Throws Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  explicit Normalizer(const io::JsonValue& normalizer);

  /** Changes the piece's text; what replaces untrusted text is untrusted. Throws Error when the budget does not
   * do. */
  void apply(Piece& piece, TextBudget& budget) const;

  /** Bytes that the patterns need. */
  std::size_t memory() const noexcept { return memory_; }

 private:
  using Step = std::function<Piece(const Piece& piece, TextBudget& budget)>;

  void add_steps(const io::JsonValue& normalizer);
  void add_replace(const io::JsonValue& replace);

  std::vector<Step> steps_;
  std::size_t memory_ = 0;
};

}  // namespace gvl::text
