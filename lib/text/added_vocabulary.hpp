#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  bool special = false;      ///< left out when decoding
};

/** A set of strings that finds the longest one at a place. */
class TokenTrie {
 public:
  TokenTrie() { nodes_.emplace_back(); }

  void insert(std::string_view content, std::int64_t id);
  /** Calls `visit(id, length)` for each string that begins at `position`, shortest first. */
  template <typename Visit>
  void visit_matches(std::string_view text, std::size_t position, Visit&& visit) const;
  bool empty() const noexcept { return nodes_.size() == 1; }

 private:
  struct Node {
    std::map<unsigned char, std::size_t> children;
    std::optional<std::int64_t> id;
  };

  std::vector<Node> nodes_;
  std::array<bool, 256> starts_{};
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

  /** Adds or replaces a token. `normalized` is what the normalizer makes of its content. */
  void add(AddedToken token, std::string normalized);

  /** Takes the tokens out of text that is not yet normalized: pieces in order, none of them empty. */
  std::vector<Piece> split_raw(const Piece& piece, const Permitted& permitted) const;
  /** The same for normalized text. */
  std::vector<Piece> split_normalized(const Piece& piece, const Permitted& permitted) const;

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

  std::optional<Match> longest_at(const TokenTrie& trie, const Piece& piece, std::size_t position,
                                  const Permitted& permitted) const;
  std::vector<Piece> split(const TokenTrie& trie, const Piece& piece, const Permitted& permitted) const;
  void rebuild();

  std::map<std::int64_t, AddedToken> tokens_;
  std::unordered_map<std::int64_t, std::string> decoded_forms_;
  std::unordered_map<std::string, std::int64_t> ids_;
  TokenTrie raw_;
  TokenTrie normalized_;
};

}  // namespace gvl::text
