/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/budget.hpp"
#include "text/piece.hpp"

namespace gvl::text {

/** A token beside the model's vocabulary, as in tokenizer.json's `added_tokens`. */
struct AddedToken {
  std::int64_t id = 0;
  std::string content;
  bool single_word = false;  ///< matches only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< takes the white space behind it along
  bool normalized = true;    ///< its normalized content is looked for in normalized text
  bool special = false;      ///< dropped when decoding
};

/** A set of strings that finds those at a place, in order: what begins alike lies side by side. */
class TokenSet {
 public:
  struct Entry {
    std::string content;
    std::int64_t id = 0;
  };

  TokenSet() = default;
  /** Of equal strings that with the lowest id counts. Empty ones are dropped. */
  explicit TokenSet(std::vector<Entry> entries);

  /**
   * Calls `visit(id, length)` for each string that begins at `position`, shortest first. Gives the number of bytes that
   * were looked at.
   */
  template <typename Visit>
  std::size_t visit_matches(std::string_view text, std::size_t position, Visit&& visit) const;
  bool empty() const noexcept { return entries_.empty(); }

 private:
  std::vector<Entry> entries_;
  std::array<std::size_t, 257> starts_{};  // where those with a first byte begin
};

/**
 * The added tokens of a tokenizer. Those that are not normalized are cut out of the text as it is, the others out of
 * the normalized stretches between them; leftmost first, then longest.
 */
class AddedVocabulary {
 public:
  /** Whether untrusted text may name the token. */
  using Permitted = std::function<bool(std::int64_t id)>;

  /** Longest content of a token, in bytes: what bounds the time to look for it. */
  static constexpr std::size_t kLongestContent = 1024;

  using Visit = std::function<void(Piece)>;

  /** Adds or replaces a token. `normalized` is what the normalizer makes of its content. */
  void add(AddedToken token, std::string normalized);
  /** To be called when tokens were added, before text is split. */
  void index();

  /** Takes the tokens out of text that is not yet normalized: visits pieces in order, none of them empty. */
  void split_raw(const Piece& piece, const Permitted& permitted, io::Budget& work, const Visit& visit) const;
  /** The same for normalized text. */
  void split_normalized(const Piece& piece, const Permitted& permitted, io::Budget& work, const Visit& visit) const;

  std::optional<std::int64_t> id_of(std::string_view content) const;
  /** Null when no added token has this id. */
  const AddedToken* find(std::int64_t id) const;
  /** What decoding starts from: the normalized content of normalized tokens. */
  const std::string& decoded_form(const AddedToken& token) const { return decoded_forms_.at(token.id); }

 private:
  struct Match {
    std::int64_t id = 0;
    std::size_t length = 0;
  };

  static std::optional<Match> longest_at(const TokenSet& set, const Piece& piece, std::size_t position,
                                         const Permitted& permitted, io::Budget& work);
  void split(const TokenSet& set, const Piece& piece, const Permitted& permitted, io::Budget& work,
             const Visit& visit) const;

  std::map<std::int64_t, AddedToken> tokens_;
  std::map<std::int64_t, std::string> decoded_forms_;
  std::map<std::string, std::int64_t, std::less<>> ids_;
  TokenSet raw_;
  TokenSet normalized_;
};

}  // namespace gvl::text
