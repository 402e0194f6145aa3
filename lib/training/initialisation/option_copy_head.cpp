/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/option_copy_head.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "training/initialisation/query_key_matching.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x63686F6F7365;
constexpr const char* kQueries = "self_attn.qkv_proj.weight";
constexpr const char* kOutput = "self_attn.o_proj.weight";
// How far options stand above everything else, in scores.
constexpr double kAboveOthers = 10;
// Of the direction that tells options from everything else, beside lengths of sqrt(H).
constexpr double kRidge = 50;
// What the letter of an option that is looked at alone gains on the others' logits.
constexpr double kLetterLogit = 3;
// Shared between values and what is made of them, so that neither matrix is much larger than it was.
constexpr double kValueGain = 10;
// By which options' own numbers stand above the others', in log odds.
constexpr double kLeastContrast = 1;

at::Tensor unit(const at::Tensor& x) { return x.div(x.norm()); }

/** x [n, H], each of length sqrt(H). */
at::Tensor normed(const at::Tensor& x) {
  const at::Tensor states = x.to(at::kCPU, at::kFloat);
  return states.div(states.square().mean(-1, /*keepdim=*/true).sqrt());
}

/** The direction along which options are 1 and others 0, by least squares. */
at::Tensor apart(const at::Tensor& options, const at::Tensor& others) {
  const auto with_one = [](const at::Tensor& x) {
    return at::cat({x.to(at::kDouble), at::ones({x.size(0), 1}, at::kDouble)}, 1);
  };
  const at::Tensor few = with_one(options), many = with_one(others);
  const double weight = static_cast<double>(many.size(0)) / static_cast<double>(few.size(0));
  const at::Tensor squares = few.t().matmul(few).mul(weight).add(many.t().matmul(many));
  const at::Tensor solution =
      at::linalg_solve(squares.add(at::eye(few.size(1), at::kDouble), kRidge), few.sum(0).mul(weight).unsqueeze(1));
  return solution.squeeze(1).narrow(0, 0, options.size(1)).to(at::kFloat);
}

/** Directions that change one letter's logit by 1 and no other's, in what the last norm makes of a state. */
at::Tensor saying(const OptionCopyModel& model, std::int64_t letters) {
  const at::Tensor rows = model.letters.narrow(0, 0, letters).mul(model.output_gain).to(at::kDouble);
  return rows.t().matmul(at::linalg_inv(rows.matmul(rows.t()))).to(at::kFloat);
}

struct Letters {
  std::vector<std::int64_t> ids;
  std::int64_t before = -1;  ///< the token before a letter
};

/** Tokens of the letters in answers such as "Answer: (B) ...", which must differ in nothing else. */
Letters letters_of(const text::Tokenizer& tokenizer) {
  const auto answer = [&](std::int64_t number) {
    return tokenizer.encode(std::string("Answer: (") + static_cast<char>('A' + number) + ")", false);
  };
  const std::vector<std::int64_t> a = answer(0), b = answer(1);
  const auto place = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  Letters letters;
  for (std::int64_t i = 0; i < EventCodes::kOptions; ++i) {
    std::vector<std::int64_t> ids = answer(i);
    const bool apart = place > 0 && place < std::ssize(a) && ids.size() == a.size();
    const std::int64_t letter =
        apart ? std::exchange(ids[static_cast<std::size_t>(place)], a[static_cast<std::size_t>(place)]) : -1;
    if (!apart || ids != a || std::find(letters.ids.begin(), letters.ids.end(), letter) != letters.ids.end()) {
      throw Error(ErrorCode::kInvalidArgument,
                  "initialisation.option_copy_head needs a tokenizer with a token for each letter");
    }
    letters.ids.push_back(letter);
  }
  letters.before = a[static_cast<std::size_t>(place) - 1];
  return letters;
}

/** Flat positions at which the next token is a letter. */
at::Tensor letter_places(const Batch& batch, const Letters& letters) {
  const at::Tensor before = batch.ids.flatten().index_select(0, batch.label_at).eq(letters.before);
  at::Tensor is_letter = at::zeros(batch.labels.sizes(), at::kBool);
  for (const std::int64_t id : letters.ids) is_letter = is_letter.logical_or(batch.labels.eq(id));
  return batch.label_at.index({before.logical_and(is_letter)});
}

/** Of one video with questions; `length` is the sum of its answers'. */
OptionCopyStates states_of(const Objective& objective, const Batch& batch, const Letters& letters) {
  const std::int64_t last = objective.network().config().language.layers - 1;
  const at::Tensor places = letter_places(batch, letters);
  const at::Tensor words = batch.numbers.flatten().ge(0).index_fill(0, batch.options.at, false);
  OptionCopyStates states{.numbers = batch.options.numbers, .length = 0};
  objective.observe(batch, [&](std::int64_t layer, const Objective::Seen& seen) {
    const at::Tensor texts = seen.texts.flatten(0, 2).to(at::kCPU, at::kFloat);
    if (layer == last) states.length = texts.index_select(0, places).norm(2, 1).sum().item<double>();
    if (layer != last - 1) return;
    const at::Tensor all = normed(texts);
    states.answers = all.index_select(0, places);
    states.options = all.index_select(0, batch.options.at);
    states.others = at::cat({all.index({words}), normed(seen.videos.flatten(0, 1))});
  });
  return states;
}

OptionCopyStates states_of(const Objective& objective, const MakeLoaded& make, std::int64_t videos,
                           const Letters& letters) {
  std::vector<at::Tensor> answers, options, numbers, others;
  double length = 0;
  for (std::int64_t i = 0; i < videos; ++i) {
    const LoadedSample loaded = make(i);
    const Batch batch = make_batch({&loaded.sample, 1}, {&loaded.tokens, 1});
    if (batch.options.at.size(0) == 0) continue;
    const OptionCopyStates states = states_of(objective, batch, letters);
    answers.push_back(states.answers);
    options.push_back(states.options);
    numbers.push_back(states.numbers);
    others.push_back(states.others);
    length += states.length;
  }
  const at::Tensor all = answers.empty() ? at::Tensor() : at::cat(answers);
  if (!all.defined() || all.size(0) == 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "initialisation.option_copy_head needs data with multiple-choice questions that \"Answer: (A) ...\" answers");
  }
  return {all, at::cat(options), at::cat(numbers), at::cat(others), length / static_cast<double>(all.size(0))};
}

std::string last_layer(const LanguageModelConfig& config) {
  return "language_model.model.layers." + std::to_string(config.layers - 1) + ".";
}

OptionCopyModel model_of(const ParameterSet& parameters, const LanguageModelConfig& config, const Letters& letters,
                         const EventCodes& codes) {
  const auto load = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    return parameters.load(name, shape).detach().to(at::kCPU, at::kFloat);
  };
  const at::Tensor rows = load("language_model.lm_head.weight", {config.vocab_size, config.hidden_size});
  return {load(last_layer(config) + "input_layernorm.weight", {config.hidden_size}),
          load("language_model.model.norm.weight", {config.hidden_size}),
          rows.index_select(0, at::tensor(letters.ids, at::kLong)), codes.option.to(at::kCPU)};
}

}  // namespace

HeadValues option_copy_head(const LanguageModelConfig& config, const OptionCopyStates& states,
                            const OptionCopyModel& model) {
  const std::int64_t head = config.head_size(), width = config.hidden_size;
  const std::int64_t letters = states.numbers.max().item<std::int64_t>() + 1;
  const at::Tensor slow = at::tensor(slow_dimensions(config), at::kLong);
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const at::Tensor lanes =
      at::zeros({head}, at::kFloat).index_copy(0, slow, unit(at::randn({slow.size(0)}, generator, at::kFloat)));

  const at::Tensor asks = unit(states.answers.mean(0).sub(states.others.mean(0)));
  const double asked = states.answers.matmul(asks).mean().item<double>();
  const at::Tensor right = model.codes[1 + EventCodes::kOptions].mul(model.output_gain);
  const at::Tensor told = right.add(apart(states.options, states.others), kAboveOthers);

  const at::Tensor numbers = model.codes.narrow(0, 1, letters).mul(model.output_gain);
  const at::Tensor values = states.options.matmul(numbers.t());
  const at::Tensor own = at::eye(letters, at::kBool).index_select(0, states.numbers);
  const double contrast = values.index({own}).mean().sub(values.index({own.logical_not()}).mean()).item<double>();
  if (letters < 2 || !(asked > 0) || !(contrast > kLeastContrast)) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "initialisation.option_copy_head: options do not tell yet which one they are; a later step may help, or a "
        "larger option_weight");
  }
  const double scale = std::sqrt(std::sqrt(static_cast<double>(head)) / asked);
  const double gain = kLetterLogit / contrast * states.length / std::sqrt(static_cast<double>(width));
  const at::Tensor v = at::zeros({head, width}), o = at::zeros({width, head});
  v.narrow(0, 0, letters).copy_(numbers.div(model.input_gain).mul(kValueGain));
  o.narrow(1, 0, letters).copy_(saying(model, letters).mul(gain / kValueGain));
  HeadValues values_of_head{at::outer(lanes, asks.div(model.input_gain)).mul(scale),
                            at::outer(lanes, told.div(model.input_gain)).mul(scale), v, o};
  for (const at::Tensor& each : {values_of_head.q, values_of_head.k, values_of_head.v, values_of_head.o}) {
    if (!at::isfinite(each).all().item<bool>()) {
      throw Error(ErrorCode::kInvalidArgument,
                  "initialisation.option_copy_head: a norm's weight is 0, or letters' rows are alike");
    }
  }
  return values_of_head;
}

std::vector<std::string> option_copy_matrices(const LanguageModelConfig& config) {
  return {last_layer(config) + kQueries, last_layer(config) + kOutput};
}

void check_option_copy_head(const LanguageModelConfig& config, const ParameterSet& parameters,
                            const DenseSupervision& dense, std::int64_t head) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::kInvalidArgument, "initialisation.option_copy_head " + what);
  };
  if (head < 0 || head >= config.heads || config.kv_heads != config.heads || slow_dimensions(config).empty() ||
      config.head_size() < EventCodes::kOptions) {
    refuse("needs a head of the language model that shares no keys and has at least " +
           std::to_string(EventCodes::kOptions) + " dimensions, and a large rope_theta");
  }
  if (config.layers < 2) refuse("needs a language model of two layers");
  if (!(dense.weight > 0 && dense.option_weight > 0)) refuse("needs dense_supervision with an option_weight");
  const auto trained = parameters.trained();
  for (const std::string& name : option_copy_matrices(config)) {
    const auto is_it = [&](const auto& each) { return each.name == name; };
    if (std::none_of(trained.begin(), trained.end(), is_it)) refuse("needs " + name + " to learn");
    if (!parameters.adapters(name).empty()) refuse("needs " + name + " to learn without lora");
  }
}

void start_option_copy_head(const Objective& objective, const ParameterSet& parameters,
                            const text::Tokenizer& tokenizer, const MakeLoaded& make,
                            const OptionCopyOptions& options) {
  const at::NoGradGuard no_gradient;
  const LanguageModelConfig& config = objective.network().config().language;
  const Letters letters = letters_of(tokenizer);
  const OptionCopyStates states = states_of(objective, make, options.videos, letters);
  const HeadValues values = option_copy_head(config, states, model_of(parameters, config, letters, objective.codes()));

  const std::int64_t width = config.hidden_size, size = config.head_size();
  const at::Tensor qkv = parameters.load(last_layer(config) + kQueries, {3 * width, width});
  std::int64_t first = options.head * size;
  for (const at::Tensor& rows : {values.q, values.k, values.v}) {
    qkv.narrow(0, first, size).copy_(rows);
    first += width;
  }
  parameters.load(last_layer(config) + kOutput, {width, width}).narrow(1, options.head * size, size).copy_(values.o);
}

}  // namespace gvl::training
