/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "text/limits.hpp"
#include "text/piece.hpp"

namespace gvl::text {

/** The `normalizer` of a tokenizer.json: null, Prepend, Replace of a string, and sequences of them. Thread safe. */
class Normalizer {
 public:
  Normalizer() = default;
  /** Throws Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  explicit Normalizer(const io::JsonValue& normalizer);

  /** Changes the piece's text; what replaces untrusted text is untrusted. Throws Error when the budget does not
   * do. */
  void apply(Piece& piece, TextBudget& budget) const;

 private:
  struct Step {
    std::optional<std::string> pattern;  // none: prepend `content`
    std::string content;
  };

  void add_steps(const io::JsonValue& normalizer);

  std::vector<Step> steps_;
};

}  // namespace gvl::text
