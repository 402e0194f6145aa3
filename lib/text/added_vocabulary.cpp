/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

TokenSet::TokenSet(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::erase_if(entries_, [](const Entry& entry) { return entry.content.empty(); });
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    const int order = a.content.compare(b.content);
    return order != 0 ? order < 0 : a.id < b.id;
  });
  const auto same = [](const Entry& a, const Entry& b) { return a.content == b.content; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  for (const Entry& entry : entries_) ++starts_[static_cast<unsigned char>(entry.content.front()) + 1];
  for (std::size_t byte = 0; byte < 256; ++byte) starts_[byte + 1] += starts_[byte];
}

template <typename Visit>
std::size_t TokenSet::visit_matches(std::string_view text, std::size_t position, Visit&& visit) const {
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  auto first = entries_.begin() + static_cast<std::ptrdiff_t>(starts_[byte(text[position])]);
  auto last = entries_.begin() + static_cast<std::ptrdiff_t>(starts_[byte(text[position]) + 1u]);
  std::size_t length = 1;  // in which all from first to last are like the text
  for (; first != last; ++length) {
    if (first->content.size() == length) {
      visit(first->id, length);
      ++first;
    }
    if (position + length == text.size()) break;
    const unsigned char next = byte(text[position + length]);
    first = std::partition_point(first, last, [&](const Entry& e) { return byte(e.content[length]) < next; });
    last = std::partition_point(first, last, [&](const Entry& e) { return byte(e.content[length]) == next; });
  }
  return length;
}

void AddedVocabulary::add(AddedToken token, std::string normalized) {
  const std::int64_t id = token.id;
  ids_[token.content] = id;
  decoded_forms_[id] = token.normalized ? std::move(normalized) : token.content;
  const auto known = tokens_.find(id);
  if (known != tokens_.end()) {
    token.special = token.special || known->second.special;
    known->second = std::move(token);
  } else {
    tokens_.emplace(id, std::move(token));
  }
}

void AddedVocabulary::index() {
  std::vector<TokenSet::Entry> raw;
  std::vector<TokenSet::Entry> normalized;
  for (const auto& [id, token] : tokens_) (token.normalized ? normalized : raw).push_back({decoded_forms_.at(id), id});
  raw_ = TokenSet(std::move(raw));
  normalized_ = TokenSet(std::move(normalized));
}

void AddedVocabulary::split_raw(const Piece& piece, const Permitted& permitted, io::Budget& work,
                                const Visit& visit) const {
  split(raw_, piece, permitted, work, visit);
}

void AddedVocabulary::split_normalized(const Piece& piece, const Permitted& permitted, io::Budget& work,
                                       const Visit& visit) const {
  split(normalized_, piece, permitted, work, visit);
}

std::optional<AddedVocabulary::Match> AddedVocabulary::longest_at(const TokenSet& set, const Piece& piece,
                                                                  std::size_t position, const Permitted& permitted,
                                                                  io::Budget& work) {
  constexpr std::size_t kStepsPerByte = 8;  // a byte is two binary searches
  std::optional<Match> longest;
  std::size_t checked = position;
  bool named_by_untrusted = false;
  const std::size_t looked_at = set.visit_matches(piece.text, position, [&](std::int64_t id, std::size_t length) {
    named_by_untrusted = named_by_untrusted || piece.touches_untrusted(checked, position + length);
    checked = position + length;
    if (!named_by_untrusted || (permitted && permitted(id))) longest = Match{id, length};
  });
  work.take_steps(looked_at * kStepsPerByte, "looking for added tokens");
  return longest;
}

void AddedVocabulary::split(const TokenSet& set, const Piece& piece, const Permitted& permitted, io::Budget& work,
                            const Visit& visit) const {
  const std::string_view text = piece.text;
  WhiteRun white;
  std::size_t done = 0;
  for (std::size_t position = 0; position < text.size() && !set.empty();) {
    const auto match = longest_at(set, piece, position, permitted, work);
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
    if (done < start) visit(piece.part(done, start));
    visit(Piece{{}, {}, match->id});
    done = stop;
  }
  if (done < text.size()) visit(piece.part(done, text.size()));
}

std::optional<std::int64_t> AddedVocabulary::id_of(std::string_view content) const {
  const auto found = ids_.find(content);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

const AddedToken* AddedVocabulary::find(std::int64_t id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : &found->second;
}

}  // namespace gvl::text
