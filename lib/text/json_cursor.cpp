#include "text/json_cursor.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "text/utf8.hpp"

namespace gvl::text {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::uint32_t hexadecimal(std::string_view digits) {
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

/** Appends the character of the \uXXXX at the start of `text` and gives its length, 12 with its low surrogate. */
std::size_t append_unicode_escape(std::string_view text, std::string& out) {
  const std::uint32_t first = hexadecimal(text.substr(2, 4));
  if (first < 0xD800 || first > 0xDFFF) {
    out += to_utf8(first);
    return 6;
  }
  const std::uint32_t second = hexadecimal(text.substr(8, 4));
  out += to_utf8(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
  return 12;
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
    } else if (text[i + 1] == 'u') {
      i += append_unicode_escape(text.substr(i), out);
    } else {
      out += simple_escape(text[i + 1]);
      i += 2;
    }
  }
  return out;
}

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

/** Just behind the closing quote of the string that begins at the position. */
std::size_t JsonCursor::end_of_string() const {
  std::size_t end = position_ + 1;
  while (json_[end] != '"') end += json_[end] == '\\' ? 2 : 1;
  return end + 1;
}

std::string_view JsonCursor::string(std::string& buffer) {
  peek();
  const std::size_t end = end_of_string();
  const std::string_view text = json_.substr(position_ + 1, end - position_ - 2);
  position_ = end;
  if (text.find('\\') == text.npos) return text;
  return buffer = unescaped(text);
}

std::string_view JsonCursor::value() {
  const std::size_t start = position();
  std::size_t depth = 0;
  do {
    const char next = peek();
    if (next == '"') {
      position_ = end_of_string();
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
