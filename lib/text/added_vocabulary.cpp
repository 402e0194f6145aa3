#include "text/added_vocabulary.hpp"

#include <algorithm>
#include <utility>

#include "text/utf8.hpp"

namespace gvl::text {
namespace {

bool ends_with_word(std::string_view text) {
  if (text.empty()) return false;
  std::size_t start = text.size() - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return is_word_character(character_at(text, start).value);
}

bool starts_with_word(std::string_view text) { return !text.empty() && is_word_character(character_at(text, 0).value); }

bool stands_alone(std::string_view text, std::size_t start, std::size_t stop) {
  return !ends_with_word(text.substr(0, start)) && !starts_with_word(text.substr(stop));
}

/** Where white space ends, remembered so that many tokens within one long run look through it once. */
struct WhiteRun {
  std::size_t start = 0;
  std::size_t stop = 0;

  std::size_t stop_behind(std::string_view text, std::size_t position) {
    if (position < start || position >= stop) {
      start = position;
      stop = position + leading_white_space(text.substr(position));
    }
    return stop;
  }
};

}  // namespace

void TokenTrie::insert(std::string_view content, std::int64_t id) {
  if (content.empty()) return;
  starts_[static_cast<unsigned char>(content.front())] = true;
  std::size_t node = 0;
  for (const char byte : content) {
    const auto [child, added] = nodes_[node].children.try_emplace(static_cast<unsigned char>(byte), nodes_.size());
    node = child->second;
    if (added) nodes_.emplace_back();
  }
  if (!nodes_[node].id) nodes_[node].id = id;
}

template <typename Visit>
void TokenTrie::visit_matches(std::string_view text, std::size_t position, Visit&& visit) const {
  if (!starts_[static_cast<unsigned char>(text[position])]) return;
  std::size_t node = 0;
  for (std::size_t i = position; i < text.size(); ++i) {
    const auto child = nodes_[node].children.find(static_cast<unsigned char>(text[i]));
    if (child == nodes_[node].children.end()) return;
    node = child->second;
    if (nodes_[node].id) visit(*nodes_[node].id, i + 1 - position);
  }
}

void AddedVocabulary::add(AddedToken token, std::string normalized) {
  const std::int64_t id = token.id;
  ids_[token.content] = id;
  decoded_forms_[id] = token.normalized ? std::move(normalized) : token.content;
  const auto known = tokens_.find(id);
  if (known != tokens_.end()) {
    token.special = token.special || known->second.special;
    known->second = std::move(token);
    rebuild();
    return;
  }
  const AddedToken& added = tokens_.emplace(id, std::move(token)).first->second;
  (added.normalized ? normalized_ : raw_).insert(decoded_forms_.at(id), id);
}

void AddedVocabulary::rebuild() {
  raw_ = TokenTrie();
  normalized_ = TokenTrie();
  for (const auto& [id, token] : tokens_) (token.normalized ? normalized_ : raw_).insert(decoded_forms_.at(id), id);
}

std::vector<Piece> AddedVocabulary::split_raw(const Piece& piece, const Permitted& permitted) const {
  return split(raw_, piece, permitted);
}

std::vector<Piece> AddedVocabulary::split_normalized(const Piece& piece, const Permitted& permitted) const {
  return split(normalized_, piece, permitted);
}

std::optional<AddedVocabulary::Match> AddedVocabulary::longest_at(const TokenTrie& trie, const Piece& piece,
                                                                  std::size_t position,
                                                                  const Permitted& permitted) const {
  std::optional<Match> longest;
  trie.visit_matches(piece.text, position, [&](std::int64_t id, std::size_t length) {
    const bool named_by_untrusted = piece.touches_untrusted(position, position + length);
    if (!named_by_untrusted || (permitted && permitted(id))) longest = Match{id, length};
  });
  return longest;
}

std::vector<Piece> AddedVocabulary::split(const TokenTrie& trie, const Piece& piece, const Permitted& permitted) const {
  std::vector<Piece> pieces;
  const std::string_view text = piece.text;
  WhiteRun white;
  std::size_t done = 0;
  for (std::size_t position = 0; position < text.size() && !trie.empty();) {
    const auto match = longest_at(trie, piece, position, permitted);
    if (!match) {
      ++position;
      continue;
    }
    std::size_t start = position;
    std::size_t stop = position + match->length;
    position = stop;
    const AddedToken& token = tokens_.at(match->id);
    if (token.single_word && !stands_alone(text, start, stop)) continue;
    if (token.lstrip && done < start) start -= trailing_white_space(text.substr(done, start - done));
    if (token.rstrip) stop = white.stop_behind(text, stop);
    if (done < start) pieces.push_back(piece.part(done, start));
    pieces.push_back(Piece{{}, {}, match->id});
    done = stop;
  }
  if (done < text.size()) pieces.push_back(piece.part(done, text.size()));
  return pieces;
}

std::optional<std::int64_t> AddedVocabulary::id_of(std::string_view content) const {
  const auto found = ids_.find(std::string(content));
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

const AddedToken* AddedVocabulary::find(std::int64_t id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : &found->second;
}

}  // namespace gvl::text
