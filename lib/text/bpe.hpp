/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/budget.hpp"
#include "io/json.hpp"
#include "text/hash_tables.hpp"
#include "text/json_cursor.hpp"

namespace gvl::text {

/**
 * Byte pair encoding: the `model` of a tokenizer.json. Const members are thread safe.
 */
class Bpe {
 public:
  /** Largest id that a tokenizer.json may give a token. */
  static constexpr std::int64_t kLargestId = (std::int64_t{1} << 20) - 1;

  /**
   * The `model` of a tokenizer.json and, as JSON, the vocabulary and the merges that were cut out of it. Throws
   * Error(kMalformed) or Error(kUnsupported) naming the file and the member, also when the budget does not do.
   */
  Bpe(const io::JsonValue& model, const CutTokenizer& cut, io::Budget& budget);

  /** Appends the ids of a word, which is valid UTF-8. O(n log n). */
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

  std::optional<std::int64_t> id_of(std::string_view token) const;
  /** Null when no token has this id. */
  const std::string* token_of(std::int64_t id) const;
  /** One more than the highest id. */
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(tokens_.size()); }

 private:
  using Merge = MergeTable::Merge;
  struct ParsedMerge {
    std::int32_t left = 0;
    std::int32_t right = 0;
    std::int32_t merged = 0;
  };
  /** A token of the word as far as it is merged; a doubly linked list in an array. */
  struct Symbol {
    std::int32_t id = 0;
    std::int32_t previous = -1;
    std::int32_t next = -1;
    bool merged_away = false;
  };
  struct Candidate {
    std::uint32_t rank = 0;
    std::int32_t position = 0;
    std::int32_t id = 0;
  };
  class Queue;

  void load_vocabulary(const io::JsonValue& model, std::string_view json, io::Budget& budget);
  void make_room(std::size_t id, io::Budget& budget);
  void index_vocabulary(const io::JsonValue& model, io::Budget& budget);
  void load_merges(const io::JsonValue& model, std::string_view json, io::Budget& budget);
  ParsedMerge parse_merge_of_known(const io::JsonValue& model, std::size_t index, std::string_view json) const;
  void load_byte_tokens();

  std::vector<Symbol> symbols_of(std::string_view word) const;
  bool append_bytes(std::string_view character, std::vector<Symbol>& symbols) const;
  void merge_all(std::vector<Symbol>& symbols) const;
  void propose(const std::vector<Symbol>& symbols, std::int32_t position, Queue& queue) const;
  std::int32_t find(std::string_view token) const;

  std::vector<std::optional<std::string>> tokens_;  // by id
  TokenTable ids_;
  MergeTable merges_;
  std::optional<std::int32_t> unknown_;
  std::vector<std::optional<std::int32_t>> byte_tokens_;  // <0x00> ... <0xFF>, with byte_fallback
  std::string word_end_;                                  // what a word's last character has behind it ("</w>")
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
};

}  // namespace gvl::text
