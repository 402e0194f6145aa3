/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/thing_words.hpp"
#include "text/words.hpp"

namespace gvl::model {

/**
 * How well a model knows a text, the lesser the better: whether it finds things that are named, then how many words it
 * does not know. Other models know the words for things, too, from what they were told of the picture around them.
 */
struct Knowledge {
  bool finds_none = true;
  std::size_t unknown = 0;

  auto operator<=>(const Knowledge&) const = default;

  /** Of a model that does not say what it knows: it is taken to know the world. */
  static Knowledge of_the_world() { return {false, 0}; }
};

/** What a model folder says of the words that its model knows. Const members are thread safe. */
class KnownWords {
 public:
  /** Of a model that is no composite. Throws Error naming the file. */
  explicit KnownWords(const std::filesystem::path& folder);

  /** None where the folder does not say. */
  std::optional<Knowledge> of(const std::string& text) const;
  /** Each once, in order; none where the folder does not say. */
  std::vector<std::string> unknown_words(const std::string& text) const;

 private:
  bool finds_things(const std::string& text) const;

  std::optional<text::ThingWords> things_;
  std::optional<text::WordList> words_;
};

/** Which of a composite's members knows a text best: the first one unless another knows more. */
std::size_t best_member(const std::vector<KnownWords>& members, const std::string& text);

}  // namespace gvl::model
