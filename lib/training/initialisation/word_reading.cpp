/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/word_reading.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <cctype>
#include <cmath>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "scenes/watch/things.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x6E6F756E73;
// Letters of a word that can name something.
constexpr std::size_t kShortest = 3;
// Of a noun's token, beside the rest of it.
constexpr double kNamedLength = 1.5;
// Words over which heads look back.
constexpr double kFewWords = 4, kQuestion = 15;
// What the mark of nouns adds to the score of one.
constexpr double kMarkScore = 6;
// Of what is read: beside a token of its usual length it is half as long again.
constexpr double kGain = 2.4;
// What the beginning adds to the score of a picture's token, which shall look at nothing else, and how much of that
// token, behind the norm, is what it is known by.
constexpr double kBeginningScore = 14, kPictureShare = 10;
// How much of what is read is left behind the norm, beside kReadTokenShare.
constexpr double kAskedShare = 12;
// How far a gate is open at the right token, and how far what is common to all words closes it.
constexpr double kOpen = 6, kClosed = 2;
// The length of what is looked for.
constexpr double kSoughtLength = 200;
// The length of what says that pictures are looked at next.
constexpr double kLooksLength = 60;
// The length of what marks the very first token.
constexpr double kNothingLength = 150;
// Units of the MLP for each thing.
constexpr std::int64_t kSteps = 2;

}  // namespace

at::Tensor noun_mark(std::int64_t hidden_size) {
  at::Generator generator = at::detail::createCPUGenerator(kSeed + 1);
  const at::Tensor mark = at::randn({hidden_size}, generator, at::kFloat);
  return mark.div(mark.norm());
}

WordReading::WordReading(const LanguageModelConfig& config, const EventClasses& classes,
                         const text::Tokenizer& tokenizer)
    : config_(config), classes_(classes), heads_({}, config), tokenizer_(tokenizer) {
  if (config.heads % 2 != 0 || config.heads / 2 * config.head_size() < classes.things ||
      config.intermediate_size < reading_units(classes.things) ||
      classes.things != static_cast<std::int64_t>(scenes::kThings)) {
    throw Error(ErrorCode::kInvalidArgument,
                "initialisation: reading nouns needs things and a language model with an even number of heads, half of "
                "them together as wide as there are things, and an MLP with more than two units a thing");
  }
  mark_ = noun_mark(config.hidden_size);
  asked_ = event_codes(classes, config.hidden_size).asked.narrow(0, classes.events, classes.things);
  named_ = at::zeros({config.vocab_size, classes.things});
  const auto name_all = [&](const std::vector<scenes::Noun>& nouns, const at::Tensor& things) {
    for (const scenes::Noun noun : nouns) {
      name(scenes::singular(noun), things);
      name(scenes::plural(noun), things);
    }
  };
  for (std::int64_t i = 0; i < classes.things; ++i) {
    at::Tensor thing = at::zeros({classes.things});
    thing[i] = 1;
    name_all(scenes::thing_at(static_cast<int>(i)).nouns, thing);
  }
  for (const scenes::GeneralWord& word : scenes::general_words()) {
    at::Tensor things = at::zeros({classes.things});
    for (std::size_t i = 0; i < scenes::kThings; ++i) {
      if (word.surely.test(i)) things[static_cast<std::int64_t>(i)] = 1;
    }
    name_all(word.nouns, things.div(things.norm().clamp_min(1)));
  }
}

/**
 * Within a sentence and at its beginning. Of a noun of several words each says a part; short ones ("a pair of") name
 * nothing, nor do parts of words, which are those of others as well ("pass" of "passer-by").
 */
void WordReading::name(const std::string& noun, const at::Tensor& things) {
  std::istringstream stream(noun);
  const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
  const at::Tensor part = things.div(static_cast<double>(words.size()));
  for (const std::string& word : words) {
    if (words.size() > 1 && word.size() < kShortest) continue;
    std::string first = word;
    first.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(first.front())));
    for (const std::string& text : {" " + word, word, first}) {
      const std::vector<std::int64_t> ids = tokenizer_.encode(text, false);
      if (ids.size() != 1) continue;
      at::Tensor named = named_[ids.front()];
      named.copy_(named.maximum(part));
    }
  }
}

at::Tensor WordReading::embeddings(const at::Tensor& table) const {
  const at::Tensor codes = at::matmul(named_, asked_);
  const at::Tensor lengths = table.norm(2, 1, /*keepdim=*/true);
  const at::Tensor length = codes.norm(2, 1, /*keepdim=*/true);
  const at::Tensor known = codes.mul(kNamedLength).div(length.clamp_min(1));
  const at::Tensor marks = at::outer(length.squeeze(1).gt(0).to(at::kFloat), mark_).mul(kNounMarkLength);
  return heads_.with_common(table.add(known.add(marks).mul(lengths)));
}

/** Queries (0) or keys (1) of a head that looks back over so many words, at nouns first. */
at::Tensor WordReading::looking_back(int which, double words, const ReadingDirections& directions) const {
  at::Tensor rows = heads_.looking_back(words);
  // Where RoPE hardly turns, the query says that a word asks, or that it is a picture's token, which does not.
  const std::int64_t slow = config_.head_size() / 2 - 1;
  const double width = std::sqrt(static_cast<double>(config_.hidden_size));
  const double scale = std::sqrt(static_cast<double>(config_.head_size()));
  const double nothing = std::sqrt(kBeginningScore * scale / (kPictureShare * width));
  rows[config_.head_size() - 1] = (which == 0 ? directions.picture : directions.beginning).mul(nothing);
  if (which == 0) return rows;
  const double mark =
      width * kNounMarkLength / std::sqrt(1 + kNamedLength * kNamedLength + kNounMarkLength * kNounMarkLength);
  const double asking = rows[slow].norm().item<double>() * heads_.normed_length();
  rows[slow].add_(mark_, kMarkScore * scale / (asking * mark));
  return rows;
}

AttentionValues WordReading::attention(const ReadingDirections& directions) const {
  const std::int64_t half = config_.heads / 2, things = asked_.size(0);
  std::vector<at::Tensor> rows;
  for (int which = 0; which < 2; ++which) {
    for (std::int64_t i = 0; i < config_.heads; ++i) {
      rows.push_back(looking_back(which, i < half ? kFewWords : kQuestion, directions));
    }
  }
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const at::Tensor mixed =
      std::get<0>(at::linalg_qr(at::randn({half * config_.head_size(), things}, generator, at::kFloat)));
  const at::Tensor values = at::matmul(mixed, asked_), seen = without(values, directions.beginning);
  rows.push_back(seen);
  rows.push_back(seen);
  const at::Tensor out[] = {values.t(), values.t()};
  return {at::cat(rows), at::cat(at::TensorList(out), 1).mul(kGain)};
}

/**
 * Products of a step and of what is asked for there (SwiGLU: silu(gate) * up). Gates are blind to what is asked for, as
 * that is longer than a token.
 */
MlpValues WordReading::mlp(const ReadingDirections& directions) const {
  const std::int64_t units = config_.intermediate_size, width = config_.hidden_size, things = classes_.things;
  const at::Tensor shown = event_codes(classes_, width).shown;
  const auto phase = [&](std::int64_t number) {
    return shown.narrow(0, number * classes_.count() + classes_.events, things);
  };
  const auto blind = [&](const at::Tensor& direction) {
    return direction.sub(at::matmul(asked_.t(), at::matmul(asked_, direction)));
  };
  MlpValues values{at::zeros({2 * units, width}, at::kFloat), at::zeros({width, units}, at::kFloat)};
  const at::Tensor common = blind(heads_.common());
  const double token = kReadTokenShare * heads_.normed_length() / std::sqrt(width);
  const at::Tensor closed = common.mul(kClosed / (token * common.norm().square().item<double>()));
  const auto gate = [&](const at::Tensor& step) {
    const at::Tensor opens = without(blind(step).unsqueeze(0), common.div(common.norm()))[0];
    return opens.mul(kOpen / (kReadTokenShare * opens.norm().item<double>())).sub(closed);
  };
  constexpr double kOpened = kOpen - kClosed;
  const std::pair<at::Tensor, at::Tensor> steps[kSteps] = {{directions.from, phase(1)}, {directions.until, phase(2)}};
  for (std::int64_t i = 0; i < kSteps; ++i) {
    const auto& [step, sought] = steps[i];
    values.gate_up.narrow(0, i * things, things).copy_(gate(step));
    values.gate_up.narrow(0, units + i * things, things).copy_(asked_);
    values.down.narrow(1, i * things, things).copy_(sought.t().mul(kSoughtLength / (kOpened * kAskedShare)));
  }
  std::int64_t unit = kSteps * things;
  for (const at::Tensor& step : {directions.from, directions.until, directions.answer}) {
    values.gate_up[unit].copy_(gate(step));
    values.gate_up[units + unit].copy_(gate(step));
    values.down.select(1, unit++).copy_(directions.looks.mul(kLooksLength / (kOpened * kOpened)));
  }
  // It has read nothing, and has nothing of what is common.
  const double share = std::sqrt(width);
  for (const std::int64_t row : {unit, units + unit}) values.gate_up[row].copy_(directions.beginning);
  values.down.select(1, unit).copy_(directions.nothing.mul(kNothingLength / (share * share)));
  return values;
}

}  // namespace gvl::training
