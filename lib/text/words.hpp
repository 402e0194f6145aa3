/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gvl::text {

/**
 * The words of a text in order, in lower case: what stands between characters that are no letters. An apostrophe within
 * a word belongs to it; what has a digit is no word. The rule is the same for all languages: where they are written
 * without spaces, a run of characters is one word.
 */
std::vector<std::string> words_of(std::string_view text);

/** The words that a model saw when it was trained: the file words.txt of its folder. Const members are thread safe. */
class WordList {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{4} << 20;

  WordList() = default;
  /** Of texts. */
  void add_words_of(std::string_view text);

  /**
   * A file with one word a line, each as words_of() gives it, sorted by their bytes. Throws Error(kNotFound) or
   * Error(kMalformed) naming file and line.
   */
  static WordList load(const std::filesystem::path& file);
  /** What load() reads. */
  std::string to_text() const;

  /** Also "sunset's" where "sunset" is there. */
  bool contains(std::string_view word) const;
  /** The words of `text` that are not there, each once, in order. */
  std::vector<std::string> unknown_words(std::string_view text) const;
  std::size_t size() const noexcept { return words_.size(); }

 private:
  std::set<std::string, std::less<>> words_;
};

}  // namespace gvl::text
