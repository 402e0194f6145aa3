/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/mapped_file.hpp"

namespace gvl::evaluation {

/** Where Debian's package wordnet-base has its files. */
inline constexpr const char* kWordNetFolder = "/usr/share/wordnet";

/**
 * The synonyms of METEOR 1.5: WordNet 3.0's synsets, read from its own files (index.noun, noun.exc, ...).
 *
 * As in METEOR a synset is known by its offset alone, without its part of speech: a noun's and a verb's of the same
 * offset are one. Debian's files have offsets that differ by a few bytes from those that METEOR is shipped with, so
 * that other pairs of the two kinds coincide, some hundreds of 117,659. Thread safe once it is made.
 */
class WordNet {
 public:
  /** Throws Error(kNotFound) or Error(kMalformed) naming file and line. */
  explicit WordNet(const std::filesystem::path& folder);

  /** The synsets of a lower-case word and of what it is a form of ("geese", "walked"), in order. */
  std::vector<std::uint32_t> synsets(const std::string& word) const;

 private:
  struct Range {
    std::uint32_t first, count;  // in offsets_
  };
  using Index = std::unordered_map<std::string_view, Range>;  // of one part of speech

  void read_index(const std::filesystem::path& file, Index& index);
  void read_exceptions(const std::filesystem::path& file);
  bool has(std::string_view word) const;
  void add(std::string_view word, std::vector<std::uint32_t>& to) const;
  std::string base_of(const std::string& word) const;

  std::vector<std::shared_ptr<const io::MappedFile>> files_;  // whose text the words are
  std::array<Index, 4> indices_;
  std::vector<std::uint32_t> offsets_;
  std::unordered_map<std::string_view, std::vector<std::string_view>> bases_;  // of irregular forms
};

}  // namespace gvl::evaluation
