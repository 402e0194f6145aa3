#include "io/json_scanner.hpp"

#include <glib.h>

#include <charconv>
#include <system_error>
#include <unordered_set>

#include "io/quote.hpp"

namespace gvl::io {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& source, const JsonLimits& limits)
      : text_(text), source_(source), limits_(limits) {}

  JsonScan run() {
    check_encoding();
    Expect expect = Expect::kValue;
    for (skip_space(); position_ < text_.size(); skip_space()) expect = step(expect);
    if (expect != Expect::kEnd) fail("the text ends early");
    return std::move(scan_);
  }

 private:
  enum class Expect { kValue, kValueOrClose, kName, kNameOrClose, kColon, kCommaOrClose, kEnd };

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kMalformed,
                source_ + ": not valid JSON: " + what + " (byte " + std::to_string(position_) + ")");
  }

  void check_encoding() {
    if (text_.size() > limits_.bytes) {
      throw Error(ErrorCode::kMalformed, source_ + ": JSON text of " + std::to_string(text_.size()) +
                                             " bytes is longer than the limit of " + std::to_string(limits_.bytes));
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
        return open_.back() == '{' ? Expect::kName : Expect::kValue;
      case Expect::kEnd:
        break;
    }
    fail("text after the end");
  }

  Expect value(char c) {
    count_value();
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
    open_.push_back(c);
    ++position_;
    return c == '{' ? Expect::kNameOrClose : Expect::kValueOrClose;
  }

  Expect close(char c) {
    if (open_.empty() || c != (open_.back() == '{' ? '}' : ']')) fail("expected ',' or the end of the list");
    open_.pop_back();
    ++position_;
    return after_value();
  }

  Expect after_value() const noexcept { return open_.empty() ? Expect::kEnd : Expect::kCommaOrClose; }

  void count_value() {
    if (++values_ > limits_.values) fail("more than " + std::to_string(limits_.values) + " values");
  }

  Expect name(char c) {
    if (c != '"') fail("expected a member name");
    count_value();
    const std::size_t start = position_ + 1;
    string();
    const std::string_view name = text_.substr(start, position_ - 1 - start);
    if (open_.size() == 1 && !names_.insert(name).second) scan_.repeated_member = std::string(name);
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
    const std::size_t length = digits();
    if (length > 1 && text_[start] == '0') fail("a number starts with 0");
    bool integer = true;
    if (peek() == '.') {
      integer = false;
      ++position_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      integer = false;
      ++position_;
      if (peek() == '+' || peek() == '-') ++position_;
      digits();
    }
    std::int64_t magnitude = 0;
    if (integer && std::from_chars(text_.data() + start, text_.data() + position_, magnitude).ec ==
                       std::errc::result_out_of_range) {
      scan_.huge_integers.push_back(position_);
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

  std::string_view text_;
  const std::string& source_;
  const JsonLimits& limits_;
  std::size_t position_ = 0;
  std::size_t values_ = 0;
  std::string open_;  // '{' or '[' per level
  std::unordered_set<std::string_view> names_;
  JsonScan scan_;
};

}  // namespace

JsonScan scan_json(std::string_view text, const std::string& source, const JsonLimits& limits) {
  return Scanner(text, source, limits).run();
}

}  // namespace gvl::io
