/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/normalizer.hpp"

#include <glib.h>

#include <memory>
#include <string_view>
#include <utility>

#include "text/pre_tokenizer.hpp"
#include "text/utf8.hpp"

namespace gvl::text {
namespace {

/** Writes a new text with its trust beside it. */
class Rewriter {
 public:
  Rewriter(const Piece& source, const TextBudget& budget) : source_(source), budget_(budget) {}

  void copy(std::size_t start, std::size_t stop) {
    budget_.require_length(result_.text.size(), stop - start);
    result_.text.append(source_.text, start, stop - start);
    for (std::size_t i = start; i < stop && tracked(); ++i) result_.untrusted.push_back(source_.untrusted[i]);
  }
  void write(const std::string& content, bool untrusted) {
    budget_.require_length(result_.text.size(), content.size());
    result_.text += content;
    if (tracked()) result_.untrusted.insert(result_.untrusted.end(), content.size(), untrusted);
  }
  Piece take() { return std::move(result_); }

 private:
  bool tracked() const { return !source_.untrusted.empty(); }

  const Piece& source_;
  const TextBudget& budget_;
  Piece result_;
};

Piece replaced(const Piece& piece, const std::string& pattern, const std::string& content, TextBudget& budget) {
  take_search(budget.work(), piece.text.size(), pattern.size());
  Rewriter rewriter(piece, budget);
  std::size_t done = 0;
  for (std::size_t found; (found = piece.text.find(pattern, done)) != piece.text.npos; done = found + pattern.size()) {
    rewriter.copy(done, found);
    rewriter.write(content, piece.touches_untrusted(found, found + pattern.size()));
  }
  rewriter.copy(done, piece.text.size());
  return rewriter.take();
}

Piece prepended(const Piece& piece, const std::string& content, const TextBudget& budget) {
  Rewriter rewriter(piece, budget);
  rewriter.write(content, false);
  rewriter.copy(0, piece.text.size());
  return rewriter.take();
}

Piece replaced(const Piece& piece, const SplitPattern& pattern, const std::string& content, TextBudget& budget) {
  Rewriter rewriter(piece, budget);
  pattern.visit(piece.text, budget.work(), [&](std::size_t start, std::size_t stop, bool match) {
    if (match) {
      rewriter.write(content, piece.touches_untrusted(start, stop));
    } else {
      rewriter.copy(start, stop);
    }
  });
  return rewriter.take();
}

/** Unicode's simple mapping; GLib knows it of letters alone, not of Roman numerals and letters in circles. */
char32_t lowered(char32_t character) {
  if (character >= 0x2160 && character <= 0x216F) return character + 16;
  if (character >= 0x24B6 && character <= 0x24CF) return character + 26;
  return g_unichar_tolower(character);
}

Piece in_lower_case(const Piece& piece, TextBudget& budget) {
  constexpr char32_t kDottedI = 0x130;  // the one character that becomes two
  Rewriter rewriter(piece, budget);
  for (std::size_t position = 0; position < piece.text.size();) {
    const Character character = character_at(piece.text, position);
    const bool untrusted = piece.touches_untrusted(position, position + character.length);
    rewriter.write(character.value == kDottedI ? "i\u0307" : to_utf8(lowered(character.value)), untrusted);
    position += character.length;
  }
  return rewriter.take();
}

/** GLib sorts runs of combining marks in time that grows with their square. */
void take_sorting(std::string_view text, TextBudget& budget) {
  std::size_t run = 0;
  for (std::size_t position = 0; position < text.size();) {
    const Character character = character_at(text, position);
    position += character.length;
    run = g_unichar_combining_class(character.value) != 0 ? run + 1 : 0;
    budget.work().take_steps(run, "composing characters");
  }
}

/** Valid UTF-8 without U+0000, composed. */
std::string composed(std::string_view text) {
  const std::unique_ptr<char, decltype(&g_free)> result(
      g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_NFC), g_free);
  return result ? result.get() : std::string(text);
}

Piece composed(const Piece& piece, TextBudget& budget) {
  take_sorting(piece.text, budget);
  Rewriter rewriter(piece, budget);
  for (std::size_t start = 0, stop = 0; start < piece.text.size(); start = stop) {
    const bool untrusted = piece.touches_untrusted(start, start + 1);
    const auto goes_on = [&] {
      return stop < piece.text.size() && piece.text[stop] != 0 && piece.touches_untrusted(stop, stop + 1) == untrusted;
    };
    for (stop = start + 1; piece.text[start] != 0 && goes_on();) ++stop;
    if (piece.text[start] == 0) {
      rewriter.copy(start, stop);
    } else {
      rewriter.write(composed(std::string_view(piece.text).substr(start, stop - start)), untrusted);
    }
  }
  return rewriter.take();
}

}  // namespace

Normalizer::Normalizer(const io::JsonValue& normalizer) { add_steps(normalizer); }

void Normalizer::add_steps(const io::JsonValue& normalizer) {
  const std::string type = normalizer.string("type");
  if (type != "Sequence") require_steps(normalizer, steps_.size());
  if (type == "Sequence") {
    for (const io::JsonValue& step : normalizer.at("normalizers").elements()) add_steps(step);
  } else if (type == "Prepend") {
    steps_.push_back([content = normalizer.string("prepend")](const Piece& piece, TextBudget& budget) {
      return prepended(piece, content, budget);
    });
  } else if (type == "Replace") {
    add_replace(normalizer);
  } else if (type == "NFC") {
    steps_.push_back([](const Piece& piece, TextBudget& budget) { return composed(piece, budget); });
  } else if (type == "Lowercase") {
    steps_.push_back(in_lower_case);
  } else {
    throw unsupported_type(normalizer, type);
  }
}

void Normalizer::add_replace(const io::JsonValue& replace) {
  const io::JsonValue pattern = replace.object("pattern");
  const std::string content = replace.string("content");
  if (const auto regex = pattern.find("Regex")) {
    const SplitPattern compiled(regex->as_string(), *regex);
    memory_ += compiled.memory();
    steps_.push_back(
        [=](const Piece& piece, TextBudget& budget) { return replaced(piece, compiled, content, budget); });
  } else {
    steps_.push_back([text = string_pattern(pattern), content](const Piece& piece, TextBudget& budget) {
      return replaced(piece, text, content, budget);
    });
  }
}

void Normalizer::apply(Piece& piece, TextBudget& budget) const {
  for (const Step& step : steps_) {
    if (piece.text.empty()) break;
    budget.work().take_steps(piece.text.size(), "normalizing");
    piece = step(piece, budget);
  }
  budget.take_length(piece.text.size());
}

}  // namespace gvl::text
