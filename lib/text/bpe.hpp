#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/json.hpp"

namespace gvl::text {

/**
 * Byte pair encoding: the `model` of a tokenizer.json. Const members are thread safe.
 */
class Bpe {
 public:
  /** Largest id that a tokenizer.json may give a token. */
  static constexpr std::int64_t kLargestId = (std::int64_t{1} << 20) - 1;

  /** Throws Error(kMalformed) or Error(kUnsupported) naming the file and the member. */
  explicit Bpe(const io::JsonValue& model);
  Bpe(Bpe&&) noexcept = default;
  Bpe& operator=(Bpe&&) noexcept = default;

  /** Appends the ids of a word, which is valid UTF-8. O(n log n). */
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

  std::optional<std::int64_t> id_of(std::string_view token) const;
  /** Null when no token has this id. */
  const std::string* token_of(std::int64_t id) const;
  /** One more than the highest id. */
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(tokens_.size()); }

 private:
  struct Merge {
    std::uint32_t rank = 0;
    std::int32_t id = 0;
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

  void load_vocabulary(const io::JsonValue& vocabulary);
  void load_merges(const io::JsonValue& merges);
  void add_merge(const io::JsonValue& merges, std::size_t index, std::string_view left, std::string_view right);
  void load_byte_tokens();

  std::vector<Symbol> symbols_of(std::string_view word) const;
  bool append_bytes(std::string_view character, std::vector<Symbol>& symbols) const;
  void merge_all(std::vector<Symbol>& symbols) const;
  void propose(const std::vector<Symbol>& symbols, std::int32_t position, Queue& queue) const;
  const Merge* merge_of(std::int32_t left, std::int32_t right) const;

  std::vector<std::optional<std::string>> tokens_;  // by id; not resized once ids_ refers to its strings
  std::unordered_map<std::string_view, std::int32_t> ids_;
  std::unordered_map<std::uint64_t, Merge> merges_;  // by the two ids
  std::optional<std::int32_t> unknown_;
  std::vector<std::optional<std::int32_t>> byte_tokens_;  // <0x00> ... <0xFF>, with byte_fallback
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
};

}  // namespace gvl::text
