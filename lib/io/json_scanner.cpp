/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/json_scanner.hpp"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace gvl::io {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& source, const JsonLimits& limits, std::vector<JsonEntry>* entries)
      : text_(text), source_(source), limits_(limits), entries_(entries) {}

  void run() {
    check_encoding();
    Expect expect = Expect::kValue;
    for (skip_space(); position_ < text_.size(); skip_space()) expect = step(expect);
    if (expect != Expect::kEnd) fail("the text ends early");
  }

 private:
  enum class Expect { kValue, kValueOrClose, kName, kNameOrClose, kColon, kCommaOrClose, kEnd };

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kMalformed,
                source_ + ": not valid JSON: " + what + " (byte " + std::to_string(position_) + ")");
  }

  void check_encoding() {
    const std::size_t limit = std::min<std::size_t>(limits_.bytes, std::numeric_limits<std::uint32_t>::max());
    if (text_.size() > limit) {
      throw Error(ErrorCode::kMalformed, source_ + ": JSON text of " + std::to_string(text_.size()) +
                                             " bytes is longer than the limit of " + std::to_string(limit));
    }
    const char* end = nullptr;
    if (!g_utf8_validate(text_.data(), static_cast<gssize>(text_.size()), &end)) {
      position_ = static_cast<std::size_t>(end - text_.data());
      fail("not UTF-8");
    }
  }

  void skip_space() noexcept {
    while (position_ < text_.size() && std::string_view(" \t\n\r").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }

  Expect step(Expect expect) {
    const char c = text_[position_];
    switch (expect) {
      case Expect::kValueOrClose:
        if (c == ']') return close(']');
        [[fallthrough]];
      case Expect::kValue:
        return value(c);
      case Expect::kNameOrClose:
        if (c == '}') return close('}');
        [[fallthrough]];
      case Expect::kName:
        return name(c);
      case Expect::kColon:
        if (c != ':') fail("expected ':'");
        ++position_;
        return Expect::kValue;
      case Expect::kCommaOrClose:
        if (c != ',') return close(c);
        ++position_;
        return open_.back().bracket == '{' ? Expect::kName : Expect::kValue;
      case Expect::kEnd:
        break;
    }
    fail("text after the end");
  }

  Expect value(char c) {
    count_value();
    if (!open_.empty() && open_.back().bracket == '[') count_element();
    record();
    if (c == '{' || c == '[') return open(c);
    if (c == '"') {
      string();
    } else if (c == '-' || is_digit(c)) {
      number();
    } else {
      literal();
    }
    return after_value();
  }

  Expect open(char c) {
    if (open_.size() >= limits_.depth) fail("nested deeper than " + std::to_string(limits_.depth) + " levels");
    open_.push_back({c, entries_ ? static_cast<std::uint32_t>(entries_->size() - 1) : 0});
    ++position_;
    return c == '{' ? Expect::kNameOrClose : Expect::kValueOrClose;
  }

  Expect close(char c) {
    if (open_.empty() || c != (open_.back().bracket == '{' ? '}' : ']')) fail("expected ',' or the end of the list");
    if (entries_) (*entries_)[open_.back().entry].next = static_cast<std::uint32_t>(entries_->size());
    open_.pop_back();
    ++position_;
    return after_value();
  }

  Expect after_value() const noexcept { return open_.empty() ? Expect::kEnd : Expect::kCommaOrClose; }

  void count_value() {
    if (++values_ > limits_.values) fail("more than " + std::to_string(limits_.values) + " values");
  }

  void count_element() {
    if (entries_) ++(*entries_)[open_.back().entry].count;
  }

  /** What begins here; arrays and objects learn later where they end. */
  void record() {
    if (!entries_) return;
    const auto index = static_cast<std::uint32_t>(entries_->size());
    entries_->push_back(
        {static_cast<std::uint32_t>(position_), open_.empty() ? index : open_.back().entry, index + 1, 0});
  }

  Expect name(char c) {
    if (c != '"') fail("expected a member name");
    count_value();
    count_element();
    record();
    string();
    return Expect::kColon;
  }

  void string() {
    for (++position_; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '"') {
        ++position_;
        return;
      }
      if (static_cast<unsigned char>(c) < 0x20) fail("control character in a string");
      if (c == '\\') escape();
    }
    fail("a string does not end");
  }

  // Leaves position_ on the escape's last character.
  void escape() {
    if (++position_ >= text_.size()) fail("a string does not end");
    if (text_[position_] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(text_[position_]) == std::string_view::npos) fail("unknown escape");
      return;
    }
    const unsigned unit = hex_digits();
    if (unit == 0) fail("character U+0000 in a string");
    if (unit >= 0xDC00 && unit <= 0xDFFF) fail("lone surrogate in a string");
    if (unit < 0xD800 || unit > 0xDBFF) return;
    if (text_.substr(position_ + 1, 2) != "\\u") fail("lone surrogate in a string");
    position_ += 2;
    const unsigned low = hex_digits();
    if (low < 0xDC00 || low > 0xDFFF) fail("lone surrogate in a string");
  }

  unsigned hex_digits() {
    const std::string_view digits = text_.substr(position_ + 1, 4);
    unsigned unit = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (failure != std::errc() || digits.size() != 4 || end != digits.data() + 4) fail("bad \\u escape");
    position_ += 4;
    return unit;
  }

  void number() {
    if (text_[position_] == '-') ++position_;
    const std::size_t start = position_;
    if (digits() > 1 && text_[start] == '0') fail("a number starts with 0");
    if (peek() == '.') {
      ++position_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++position_;
      if (peek() == '+' || peek() == '-') ++position_;
      digits();
    }
  }

  std::size_t digits() {
    const std::size_t start = position_;
    while (is_digit(peek())) ++position_;
    if (position_ == start) fail("expected a digit");
    return position_ - start;
  }

  char peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }

  void literal() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(position_, word.size()) == word) {
        position_ += word.size();
        return;
      }
    }
    fail("expected a value");
  }

  struct Level {
    char bracket;
    std::uint32_t entry;
  };

  std::string_view text_;
  const std::string& source_;
  const JsonLimits& limits_;
  std::size_t position_ = 0;
  std::size_t values_ = 0;
  std::vector<Level> open_;
  std::vector<JsonEntry>* entries_;
};

std::uint32_t hexadecimal(std::string_view digits) noexcept {
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

/** Appends the character of the \uXXXX at the start of `text` and gives its length, 12 with its low surrogate. */
std::size_t append_unicode_escape(std::string_view text, std::string& out) {
  const std::uint32_t first = hexadecimal(text.substr(2, 4));
  const bool pair = first >= 0xD800 && first <= 0xDFFF;
  const std::uint32_t character =
      pair ? 0x10000 + ((first - 0xD800) << 10) + (hexadecimal(text.substr(8, 4)) - 0xDC00) : first;
  char bytes[6];
  out.append(bytes, static_cast<std::size_t>(g_unichar_to_utf8(character, bytes)));
  return pair ? 12 : 6;
}

char simple_escape(char letter) noexcept {
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

}  // namespace

void scan_json(std::string_view text, const std::string& source, const JsonLimits& limits,
               std::vector<JsonEntry>* entries) {
  Scanner(text, source, limits, entries).run();
}

std::size_t end_of_json_string(std::string_view text, std::size_t position) noexcept {
  std::size_t end = position + 1;
  while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end + 1;
}

std::string unescape_json(std::string_view text) {
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

}  // namespace gvl::io
