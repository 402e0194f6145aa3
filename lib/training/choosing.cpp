#include "training/choosing.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
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
#include <vector>

#include "gvl/error.hpp"
#include "training/matching.hpp"

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
at::Tensor saying(const ChoosingModel& model) {
  const at::Tensor rows = model.letters.mul(model.output_gain).to(at::kDouble);
  return rows.t().matmul(at::linalg_inv(rows.matmul(rows.t()))).to(at::kFloat);
}

struct Letters {
  std::vector<std::int64_t> ids;
  std::int64_t before = -1;  ///< the token before a letter
};

/** Tokens of the letters in answers such as "Answer: (B) ...". */
Letters letters_of(const text::Tokenizer& tokenizer, std::int64_t count) {
  const auto answer = [&](std::int64_t number) {
    return tokenizer.encode(std::string("Answer: (") + static_cast<char>('A' + number) + ")", false);
  };
  const std::vector<std::int64_t> a = answer(0), b = answer(1);
  const auto place = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  Letters letters;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::vector<std::int64_t> ids = answer(i);
    if (place == 0 || ids.size() != a.size()) {
      throw Error(ErrorCode::kInvalidArgument, "first_values.choosing needs a tokenizer with a token for each letter");
    }
    letters.ids.push_back(ids[static_cast<std::size_t>(place)]);
    letters.before = ids[static_cast<std::size_t>(place) - 1];
  }
  return letters;
}

/** Flat positions at which the next token is a letter. */
at::Tensor letter_places(const Batch& batch, const Letters& letters) {
  const at::Tensor before = batch.ids.flatten().index_select(0, batch.label_at).eq(letters.before);
  at::Tensor is_letter = at::zeros(batch.labels.sizes(), at::kBool);
  for (const std::int64_t id : letters.ids) is_letter = is_letter.logical_or(batch.labels.eq(id));
  return batch.label_at.index({before.logical_and(is_letter)});
}

/** Of one batch: what it shows. */
ChoosingStates states_of(const Objective& objective, const Batch& batch, const Letters& letters) {
  const std::int64_t last = objective.network().config().language.layers - 1;
  Objective::Seen read, answered;
  objective.observe(batch, [&](std::int64_t layer, const Objective::Seen& seen) {
    if (layer == last - 1) read = seen;
    if (layer == last) answered = seen;
  });
  const at::Tensor texts = normed(read.texts.flatten(0, 2)), places = letter_places(batch, letters);
  const at::Tensor words = batch.numbers.flatten().ge(0).index_fill(0, batch.options.at, false);
  const at::Tensor lengths = answered.texts.flatten(0, 2).to(at::kCPU, at::kFloat).index_select(0, places).norm(2, 1);
  return {texts.index_select(0, places), texts.index_select(0, batch.options.at), batch.options.numbers,
          at::cat({texts.index({words}), normed(read.videos.flatten(0, 1))}), lengths.sum().item<double>()};
}

ChoosingStates states_of(const Objective& objective, std::span<const Sample> samples,
                         std::span<const TokenizedSample> tokens, const Letters& letters) {
  std::vector<at::Tensor> answers, options, numbers, others;
  double length = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Batch batch = make_batch(samples.subspan(i, 1), tokens.subspan(i, 1));
    if (batch.options.at.size(0) == 0) continue;
    const ChoosingStates states = states_of(objective, batch, letters);
    answers.push_back(states.answers);
    options.push_back(states.options);
    numbers.push_back(states.numbers);
    others.push_back(states.others);
    length += states.length;
  }
  if (answers.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "first_values.choosing needs data with multiple-choice questions");
  }
  const at::Tensor all = at::cat(answers);
  return {all, at::cat(options), at::cat(numbers), at::cat(others), length / static_cast<double>(all.size(0))};
}

std::int64_t most_options(std::span<const TokenizedSample> tokens) {
  std::size_t most = 1;
  for (const TokenizedSample& sample : tokens) {
    for (const TokenizedText& text : sample.texts) most = std::max(most, text.options.size());
  }
  return std::min(static_cast<std::int64_t>(most), EventCodes::kOptions);
}

std::string last_layer(const LanguageModelConfig& config) {
  return "language_model.model.layers." + std::to_string(config.layers - 1) + ".";
}

ChoosingModel model_of(const ParameterSet& parameters, const LanguageModelConfig& config, const Letters& letters,
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

HeadValues choosing_head(const LanguageModelConfig& config, const ChoosingStates& states, const ChoosingModel& model) {
  const std::int64_t head = config.head_size(), width = config.hidden_size, letters = model.letters.size(0);
  const at::Tensor slow = at::tensor(slow_dimensions(config), at::kLong);
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const at::Tensor lanes =
      at::zeros({head}, at::kFloat).index_copy(0, slow, unit(at::randn({slow.size(0)}, generator, at::kFloat)));

  const at::Tensor asks = unit(states.answers.mean(0).sub(states.others.mean(0)));
  const double asked = states.answers.matmul(asks).mean().item<double>();
  const at::Tensor right = model.codes[1 + EventCodes::kOptions].mul(model.output_gain);
  const at::Tensor told = right.add(apart(states.options, states.others), kAboveOthers);
  const double scale = std::sqrt(std::sqrt(static_cast<double>(head)) / asked);

  const at::Tensor numbers = model.codes.narrow(0, 1, letters).mul(model.output_gain);
  const at::Tensor values = states.options.matmul(numbers.t());
  const at::Tensor own = at::eye(letters, at::kBool).index_select(0, states.numbers);
  const double contrast = values.index({own}).mean().sub(values.index({own.logical_not()}).mean()).item<double>();
  const double root = std::sqrt(static_cast<double>(width));
  const double gain = kLetterLogit / contrast * states.length / root;
  const at::Tensor v = at::zeros({head, width}), o = at::zeros({width, head});
  v.narrow(0, 0, letters).copy_(numbers.div(model.input_gain).mul(kValueGain));
  o.narrow(1, 0, letters).copy_(saying(model).mul(gain / kValueGain));
  return {at::outer(lanes, asks.div(model.input_gain)).mul(scale),
          at::outer(lanes, told.div(model.input_gain)).mul(scale), v, o};
}

void check_choosing(const LanguageModelConfig& config, const ParameterSet& parameters, std::int64_t head) {
  if (head < 0 || head >= config.heads || config.kv_heads != config.heads || slow_dimensions(config).empty() ||
      config.head_size() < EventCodes::kOptions) {
    throw Error(ErrorCode::kInvalidArgument,
                "first_values.choosing needs a head of the language model that shares no keys and has at least " +
                    std::to_string(EventCodes::kOptions) + " dimensions, and a large rope_theta");
  }
  for (const char* matrix : {kQueries, kOutput}) {
    const std::string name = last_layer(config) + matrix;
    const auto trained = parameters.trained();
    if (std::none_of(trained.begin(), trained.end(), [&](const auto& each) { return each.name == name; })) {
      throw Error(ErrorCode::kInvalidArgument, "first_values.choosing: " + name + " does not learn");
    }
  }
}

void begin_choosing(const Objective& objective, const ParameterSet& parameters, const text::Tokenizer& tokenizer,
                    std::span<const Sample> samples, std::span<const TokenizedSample> tokens, std::int64_t head) {
  const at::NoGradGuard no_gradient;
  const LanguageModelConfig& config = objective.network().config().language;
  const Letters letters = letters_of(tokenizer, most_options(tokens));
  const ChoosingStates states = states_of(objective, samples, tokens, letters);
  const HeadValues values = choosing_head(config, states, model_of(parameters, config, letters, objective.codes()));

  const std::int64_t width = config.hidden_size, size = config.head_size();
  const std::string layer = last_layer(config);
  const at::Tensor qkv = parameters.load(layer + kQueries, {3 * width, width});
  std::int64_t first = head * size;
  for (const at::Tensor& rows : {values.q, values.k, values.v}) {
    qkv.narrow(0, first, size).copy_(rows);
    first += width;
  }
  parameters.load(layer + kOutput, {width, width}).narrow(1, head * size, size).copy_(values.o);
}

}  // namespace gvl::training
