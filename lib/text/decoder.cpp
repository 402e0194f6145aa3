/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/decoder.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "text/byte_alphabet.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

std::string joined(const std::vector<std::string>& tokens, std::string_view separator, const TextBudget& budget) {
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i) text += separator;
    budget.require_length(text.size(), tokens[i].size());
    text += tokens[i];
  }
  return text;
}

/** `before` bytes are those of the tokens before this one. */
std::string replaced(const std::string& text, const std::string& pattern, const std::string& content,
                     std::size_t before, TextBudget& budget) {
  take_search(budget.work(), text.size(), pattern.size());
  std::string result;
  std::size_t done = 0;
  for (std::size_t found; (found = text.find(pattern, done)) != text.npos; done = found + pattern.size()) {
    budget.require_length(before + result.size() + text.size(), content.size());
    result.append(text, done, found - done) += content;
  }
  return result.append(text, done);
}

/** The byte that a token like <0x0A> stands for. */
std::optional<char> byte_of(std::string_view token) {
  if (token.size() != 6 || token.substr(0, 3) != "<0x" || token.back() != '>') return std::nullopt;
  int value = 0;
  for (const char digit : token.substr(3, 2)) {
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + (digit - '0');
    } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
      value = value * 16 + ((digit | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return static_cast<char>(value);
}

/** A run of byte tokens becomes its text, or one U+FFFD for each byte when it is not UTF-8 as a whole. */
std::vector<std::string> with_bytes_decoded(std::vector<std::string> tokens) {
  std::vector<std::string> result;
  std::string run;
  const auto flush = [&] {
    if (run.empty()) return;
    if (find_invalid_utf8(run)) {
      result.insert(result.end(), run.size(), to_utf8(0xFFFD));
    } else {
      result.push_back(run);
    }
    run.clear();
  };
  for (std::string& token : tokens) {
    if (const auto byte = byte_of(token)) {
      run += *byte;
    } else {
      flush();
      result.push_back(std::move(token));
    }
  }
  flush();
  return result;
}

std::string stripped(std::string_view text, std::string_view character, std::size_t start, std::size_t stop) {
  for (std::size_t i = 0; i < start && text.substr(0, character.size()) == character; ++i) {
    text.remove_prefix(character.size());
  }
  for (std::size_t i = 0;
       i < stop && text.size() >= character.size() && text.substr(text.size() - character.size()) == character; ++i) {
    text.remove_suffix(character.size());
  }
  return std::string(text);
}

std::string from_byte_level(const std::vector<std::string>& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) bytes += from_byte_alphabet(token).value_or(token);
  return to_valid_utf8(bytes);
}

}  // namespace

Decoder::Decoder(const io::JsonValue& decoder) : any_(true) { add_steps(decoder); }

void Decoder::add_steps(const io::JsonValue& decoder) {
  const std::string type = decoder.string("type");
  if (type != "Sequence") require_steps(decoder, steps_.size());
  if (type == "Sequence") {
    for (const io::JsonValue& step : decoder.at("decoders").elements()) add_steps(step);
  } else if (type == "Replace") {
    steps_.push_back({Kind::kReplace, string_pattern(decoder.object("pattern")), decoder.string("content")});
  } else if (type == "ByteFallback") {
    steps_.push_back({Kind::kByteFallback});
  } else if (type == "Fuse") {
    steps_.push_back({Kind::kFuse});
  } else if (type == "ByteLevel") {
    steps_.push_back({Kind::kByteLevel});
  } else if (type == "Strip") {
    const std::string content = decoder.string("content");
    if (content.empty() || character_at(content, 0).length != content.size()) {
      throw decoder.at("content").error("expected one character");
    }
    constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
    steps_.push_back({Kind::kStrip, "", content, static_cast<std::size_t>(decoder.integer("start", 0, kLargest)),
                      static_cast<std::size_t>(decoder.integer("stop", 0, kLargest))});
  } else {
    throw unsupported_type(decoder, type);
  }
}

std::string Decoder::decode(std::vector<std::string> tokens, TextBudget& budget) const {
  for (const Step& step : steps_) tokens = apply(step, std::move(tokens), budget);
  return joined(tokens, any_ ? "" : " ", budget);
}

std::vector<std::string> Decoder::apply(const Step& step, std::vector<std::string> tokens, TextBudget& budget) {
  std::size_t length = 0;
  for (const std::string& token : tokens) length += token.size();
  budget.require_length(length, 0);
  budget.work().take_steps(length, "decoding");
  length = 0;
  switch (step.kind) {
    case Kind::kReplace:
      for (std::string& token : tokens) {
        token = replaced(token, step.pattern, step.content, length, budget);
        length += token.size();
      }
      return tokens;
    case Kind::kByteFallback:
      return with_bytes_decoded(std::move(tokens));
    case Kind::kFuse:
      return {joined(tokens, "", budget)};
    case Kind::kStrip:
      for (std::string& token : tokens) token = stripped(token, step.content, step.start, step.stop);
      return tokens;
    case Kind::kByteLevel:
      return {from_byte_level(tokens)};
  }
  return tokens;
}

}  // namespace gvl::text
