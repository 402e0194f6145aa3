/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/normalizer.hpp"

#include <algorithm>
#include <utility>

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

}  // namespace

Normalizer::Normalizer(const io::JsonValue& normalizer) { add_steps(normalizer); }

void Normalizer::add_steps(const io::JsonValue& normalizer) {
  const std::string type = normalizer.string("type");
  if (type != "Sequence") require_steps(normalizer, steps_.size());
  if (type == "Sequence") {
    for (const io::JsonValue& step : normalizer.at("normalizers").elements()) add_steps(step);
  } else if (type == "Prepend") {
    steps_.push_back({std::nullopt, normalizer.string("prepend")});
  } else if (type == "Replace") {
    steps_.push_back({string_pattern(normalizer.object("pattern")), normalizer.string("content")});
  } else {
    throw unsupported_type(normalizer, type);
  }
}

void Normalizer::apply(Piece& piece, TextBudget& budget) const {
  for (const Step& step : steps_) {
    if (piece.text.empty()) break;
    budget.work().take_steps(piece.text.size(), "normalizing");
    piece =
        step.pattern ? replaced(piece, *step.pattern, step.content, budget) : prepended(piece, step.content, budget);
  }
  budget.take_length(piece.text.size());
}

}  // namespace gvl::text
