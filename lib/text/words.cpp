/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/words.hpp"

#include <glib.h>

#include <algorithm>
#include <memory>

#include "gvl/error.hpp"
#include "io/mapped_file.hpp"
#include "io/quote.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

constexpr char32_t kApostrophe = '\'';
constexpr char32_t kCurlyApostrophe = 0x2019;

bool is_apostrophe(char32_t character) { return character == kApostrophe || character == kCurlyApostrophe; }

/** Composed, so that an accent counts the same however it is written. */
std::string composed(std::string_view text) {
  const std::unique_ptr<char, decltype(&g_free)> normal(
      g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_DEFAULT_COMPOSE), g_free);
  return normal ? normal.get() : to_valid_utf8(text);
}

/** Takes characters one by one, and gives words. */
class WordReader {
 public:
  void take(char32_t character) {
    if (is_apostrophe(character)) {
      if (!word_.empty()) apostrophe_ = true;  // of the word, if it goes on
      return;
    }
    if (!is_word_character(character)) return end();
    if (apostrophe_) word_ += '\'';
    apostrophe_ = false;
    digits_ = digits_ || g_unichar_isdigit(character);
    word_ += to_utf8(g_unichar_tolower(character));
  }

  void end() {
    if (!word_.empty() && !digits_) words_.push_back(std::move(word_));
    word_.clear();
    apostrophe_ = digits_ = false;
  }

  std::vector<std::string> words() && {
    end();
    return std::move(words_);
  }

 private:
  std::vector<std::string> words_;
  std::string word_;
  bool apostrophe_ = false;
  bool digits_ = false;
};

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  const std::string normal = composed(text);
  WordReader reader;
  for (std::size_t position = 0; position < normal.size();) {
    const Character character = character_at(normal, position);
    reader.take(character.value);
    position += character.length;
  }
  return std::move(reader).words();
}

void WordList::add_words_of(std::string_view text) {
  for (std::string& word : words_of(text)) words_.insert(std::move(word));
}

WordList WordList::load(const std::filesystem::path& file) {
  const auto mapped = io::MappedFile::open(file, io::MappedFile::Access::kSequential);
  std::string_view rest = mapped->text();
  if (rest.size() > kMostBytes) {
    throw Error(ErrorCode::kMalformed, file.string() + ": is longer than " + std::to_string(kMostBytes) + " bytes");
  }
  WordList list;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::string word(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const auto fail = [&](const char* what) {
      return Error(ErrorCode::kMalformed,
                   file.string() + ": line " + std::to_string(line) + ": " + io::quote(word) + what);
    };
    if (words_of(word) != std::vector{word}) throw fail(" is not one word in lower case");
    if (!list.words_.empty() && *list.words_.rbegin() >= word) throw fail(" is not behind the word before it");
    list.words_.insert(list.words_.end(), word);
  }
  return list;
}

std::string WordList::to_text() const {
  std::string text;
  for (const std::string& word : words_) text += word + "\n";
  return text;
}

bool WordList::contains(std::string_view word) const {
  if (words_.contains(word)) return true;
  const std::size_t apostrophe = word.find('\'');
  return apostrophe != word.npos && words_.contains(word.substr(0, apostrophe));
}

std::vector<std::string> WordList::unknown_words(std::string_view text) const {
  std::vector<std::string> unknown;
  std::set<std::string> seen;
  for (const std::string& word : words_of(text)) {
    if (!contains(word) && seen.insert(word).second) unknown.push_back(word);
  }
  return unknown;
}

}  // namespace gvl::text
