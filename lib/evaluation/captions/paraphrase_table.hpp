/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace gvl::evaluation {

/**
 * METEOR's table of paraphrases (paraphrase-en.gz): three lines for each, a probability, which METEOR does not use, a
 * phrase and its paraphrase. Thread safe once it is made.
 */
class ParaphraseTable {
 public:
  using Words = std::vector<std::uint32_t>;

  /** Without paraphrases. */
  ParaphraseTable() = default;
  /**
   * Reads a file in UTF-8, also one that gzip has compressed. Throws Error(kNotFound) or Error(kMalformed) naming file
   * and line, Error(kUnsupported) for lines of more than 1 MiB and more than 64 million lines.
   */
  explicit ParaphraseTable(const std::filesystem::path& file);

  /** The table's numbers of words; kUnknown for those that it does not have. */
  Words numbers_of(const std::vector<std::string>& words) const;

  /** A paraphrase of the phrase of `length` words that begins at a place. */
  struct Paraphrase {
    std::size_t length;
    const Words* words;
  };
  /** All of phrases that begin at `words[start]`, shorter phrases first, and then in the file's order. */
  std::vector<Paraphrase> paraphrases_at(const Words& words, std::size_t start) const;

  static constexpr std::uint32_t kUnknown = 0xffffffff;

 private:
  /** A phrase's beginning: the state that a word leads to from another one. State 0 is no phrase yet. */
  struct State {
    std::unordered_map<std::uint32_t, std::uint32_t> next;
    std::vector<Words> paraphrases;
  };

  Words add_words(const std::string& line);
  void add(const Words& phrase, Words paraphrase);

  std::unordered_map<std::string, std::uint32_t> vocabulary_;
  std::vector<State> states_{State{}};
};

}  // namespace gvl::evaluation
