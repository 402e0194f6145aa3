/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/json_cursor.hpp"

#include <algorithm>
#include <utility>

#include "io/json_scanner.hpp"

namespace gvl::text {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/** Calls `visit(name, value)` for each member of an object; `value` is a part of `object`. */
template <typename Visit>
void for_each_member(std::string_view object, Visit&& visit) {
  JsonCursor cursor(object);
  std::string buffer;
  cursor.take('{');
  while (cursor.peek() == '"') {
    const std::string name(cursor.string(buffer));
    cursor.take(':');
    visit(name, cursor.value());
    cursor.take(',');
  }
}

}  // namespace

char JsonCursor::peek() {
  while (position_ < json_.size() && is_space(json_[position_])) ++position_;
  return position_ < json_.size() ? json_[position_] : '\0';
}

std::size_t JsonCursor::position() {
  peek();
  return position_;
}

bool JsonCursor::take(char character) {
  if (peek() != character) return false;
  ++position_;
  return true;
}

std::string_view JsonCursor::string(std::string& buffer) {
  peek();
  const std::size_t end = io::end_of_json_string(json_, position_);
  const std::string_view text = json_.substr(position_ + 1, end - position_ - 2);
  position_ = end;
  if (text.find('\\') == text.npos) return text;
  return buffer = io::unescape_json(text);
}

std::string_view JsonCursor::value() {
  const std::size_t start = position();
  std::size_t depth = 0;
  do {
    const char next = peek();
    if (next == '"') {
      position_ = io::end_of_json_string(json_, position_);
    } else if (next == '{' || next == '[') {
      ++depth;
      ++position_;
    } else if (next == '}' || next == ']') {
      --depth;
      ++position_;
    } else if (next == ',' || next == ':') {
      ++position_;
    } else {
      position_ = std::min(json_.find_first_of(",]} \t\n\r", position_), json_.size());
    }
  } while (depth > 0);
  return json_.substr(start, position_ - start);
}

CutTokenizer cut_tokenizer(std::string_view json) {
  CutTokenizer cut;
  if (JsonCursor(json).peek() == '{') {
    std::string_view model;
    for_each_member(json, [&](const std::string& name, std::string_view value) {
      if (name == "model") model = value;
    });
    if (!model.empty() && model.front() == '{') {
      for_each_member(model, [&](const std::string& name, std::string_view value) {
        if (name == "vocab") cut.vocabulary = value.front() == '{' ? value : std::string_view();
        if (name == "merges") cut.merges = value.front() == '[' ? value : std::string_view();
      });
    }
  }
  std::string_view first = cut.vocabulary;
  std::string_view second = cut.merges;
  if (second.data() < first.data()) std::swap(first, second);
  const char* done = json.data();
  for (const std::string_view part : {first, second}) {
    if (part.empty()) continue;
    cut.rest.append(done, part.data()).append({part.front(), part.back()});
    done = part.data() + part.size();
  }
  cut.rest.append(done, json.data() + json.size());
  return cut;
}

}  // namespace gvl::text
