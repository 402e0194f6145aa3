/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gvl::text {

/**
 * Walks through JSON that io::scan_json() has found right, without keeping anything: for the hundreds of
 * thousands of entries of a vocabulary. The text outlives the cursor.
 */
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view json) : json_(json) {}

  /** The next character that is no white space; 0 at the end. */
  char peek();
  /** Moves past `character` if it is the next one. */
  bool take(char character);
  /** Moves past a string and gives its characters: a view of the JSON, or of `buffer` when it has escapes. */
  std::string_view string(std::string& buffer);
  /** Moves past any value and gives its JSON. */
  std::string_view value();
  /** Where the next character is. */
  std::size_t position();

 private:
  std::string_view json_;
  std::size_t position_ = 0;
};

/** A tokenizer.json with its long parts taken out. */
struct CutTokenizer {
  std::string rest;             ///< with an empty object and array for the two
  std::string_view vocabulary;  ///< model.vocab, an object; empty when there is none
  std::string_view merges;      ///< model.merges, an array; empty when there is none
};

/** Cuts JSON that io::scan_json() has found right. Of members with the same name the last counts. */
CutTokenizer cut_tokenizer(std::string_view json);

}  // namespace gvl::text
