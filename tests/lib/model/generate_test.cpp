/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language/generate.hpp"

#include <ATen/ops/cat.h>

#include <cmath>
#include <optional>

#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"
#include "model_test.hpp"
#include "random_model.hpp"

using namespace gvl;
using namespace gvl::model::test;
using language::PrefixedGenerator;

namespace {

/** Parameters of a converted fixture behind a decoder whose configuration a test may change. */
struct LoadedDecoder {
  explicit LoadedDecoder(const std::filesystem::path& folder, std::int64_t original_max_positions = 0)
      : config(ModelConfig::load(folder / model::kConfigFile)), source(folder) {
    if (original_max_positions) config.language.original_max_positions = original_max_positions;
    decoder.emplace(layers::Parameters(source, at::kCPU, at::kFloat) / "language_model", config.language);
  }

  at::Tensor prefix(std::int64_t length) const {
    std::vector<std::int64_t> ids;
    for (std::int64_t i = 0; i < length; ++i) ids.push_back(300 + (i * 37) % 700);
    return decoder->embed(ids);
  }

  ModelConfig config;
  model::FolderParameters source;
  std::optional<language::Decoder> decoder;
};

constexpr std::int64_t kNoEnd = -1;

language::GenerationRequest request(const std::vector<std::int64_t>& prompt, std::int64_t count) {
  return {.prompt = prompt, .end_token = kNoEnd, .options = {.max_new_tokens = count}};
}

std::vector<std::int64_t> generate(PrefixedGenerator& generator, const std::vector<std::int64_t>& prompt,
                                   std::int64_t count) {
  return generator.generate(request(prompt, count), {}).tokens;
}

/** Token by token, everything read again each time: no cache to be wrong. */
std::vector<std::int64_t> generate_without_cache(const LoadedDecoder& loaded, const at::Tensor& prefix,
                                                 std::vector<std::int64_t> read, std::int64_t count) {
  std::vector<std::int64_t> tokens;
  for (std::int64_t i = 0; i < count; ++i) {
    PrefixedGenerator fresh(*loaded.decoder, {prefix}, {prefix.size(0) + static_cast<std::int64_t>(read.size())});
    tokens.push_back(fresh.read_prompt(read, {}).argmax().item<std::int64_t>());
    read.push_back(tokens.back());
  }
  return tokens;
}

}  // namespace

GVL_TEST(a_further_question_costs_its_own_tokens) {
  const LoadedDecoder loaded(converted("phi_c"));
  PrefixedGenerator generator(*loaded.decoder, {loaded.prefix(200)}, {.capacity = 400});
  const auto first = generate(generator, {500, 501, 502}, 5);
  ck_assert_int_eq(generator.positions_read(), 200 + 3 + 4);
  generate(generator, {600, 601}, 5);
  ck_assert_int_eq(generator.positions_read(), 200 + 3 + 4 + 2 + 4);
  ck_assert_msg(generate(generator, {500, 501, 502}, 5) == first, "what was asked in between changed the answer");
}

GVL_TEST(the_cache_gives_what_reading_all_gives) {
  for (const char* name : {"phi_c", "llama_c"}) {
    const LoadedDecoder loaded(converted(name));
    const at::Tensor prefix = loaded.prefix(50);
    PrefixedGenerator generator(*loaded.decoder, {prefix}, {.capacity = 100});
    ck_assert(generate(generator, {500, 501}, 12) == generate_without_cache(loaded, prefix, {500, 501}, 12));
  }
}

GVL_TEST(long_rope_switches_where_the_sequence_outgrows_it) {
  // Prefix and prompt fit 60 positions, the answer does not.
  const LoadedDecoder loaded(converted("phi_c"), 60);
  const at::Tensor prefix = loaded.prefix(50);
  PrefixedGenerator generator(*loaded.decoder, {prefix}, {.capacity = 100});
  const auto tokens = generate(generator, {500, 501}, 20);
  ck_assert(tokens == generate_without_cache(loaded, prefix, {500, 501}, 20));
  const LoadedDecoder always_short(converted("phi_c"));
  PrefixedGenerator other(*always_short.decoder, {prefix}, {.capacity = 100});
  ck_assert_msg(generate(other, {500, 501}, 20) != tokens, "the long factors changed nothing");
  // Back behind the switch, the next question is read with the short factors again.
  PrefixedGenerator fresh(*loaded.decoder, {prefix}, {.capacity = 100});
  ck_assert(generate(generator, {700}, 3) == generate(fresh, {700}, 3));
}

GVL_TEST(long_prefixes_are_read_in_blocks_that_fit_together) {
  const LoadedDecoder loaded(converted("llama_c"));
  const at::Tensor prefix = loaded.prefix(2500);
  PrefixedGenerator in_blocks(*loaded.decoder, {prefix}, {.capacity = 2600});
  const at::Tensor expected = in_blocks.read_prompt({500}, {});
  PrefixedGenerator split(*loaded.decoder, {prefix.narrow(0, 0, 700)}, {.capacity = 2600});
  std::vector<std::int64_t> rest;
  for (std::int64_t i = 700; i < 2500; ++i) rest.push_back(300 + (i * 37) % 700);
  rest.push_back(500);
  ck_assert(expected.sub(split.read_prompt(rest, {})).abs().max().item<double>() < 1e-4);
}

GVL_TEST(an_answer_ends_at_its_end_token_its_limit_and_the_last_position) {
  const LoadedDecoder loaded(converted("phi_c"));
  PrefixedGenerator generator(*loaded.decoder, {loaded.prefix(50)}, {.capacity = 60});
  const auto limited = generator.generate(request({500}, 4), {});
  ck_assert_int_eq(limited.tokens.size(), 4);
  ck_assert_int_eq(limited.probabilities.size(), 4);
  auto ends_at_once = request({500}, 4);
  ends_at_once.end_token = limited.tokens[0];
  const auto ended = generator.generate(ends_at_once, {});
  ck_assert(ended.tokens.empty());
  ck_assert_int_eq(ended.probabilities.size(), 1);
  // 50 + 1 positions are read, 9 more have room, and one token more needs none.
  ck_assert_int_eq(generate(generator, {500}, 1000).size(), 10);
}

GVL_TEST(narrow_weights_say_nearly_the_same) {
  const Fixture fixture = Fixture::open(io::test::fixture("phi_c"));
  const at::Tensor expected = layers::to_aten(fixture.tensors.get("logits_grounding"));
  const TemporaryFolder folder;
  const auto ids = fixture.ids("input_ids_grounding");
  const auto video = std::find(ids.begin(), ids.end(), -200);
  for (const auto& [type, tolerance] : {std::pair{WeightType::kBFloat16, 0.2}, {WeightType::kFloat16, 0.02}}) {
    convert(io::test::fixture("phi_c"), folder / name_of(type), {.dtype = type});
    const LoadedDecoder loaded(folder / name_of(type));
    ck_assert(loaded.config.dtype == type);
    const at::Tensor before = loaded.decoder->embed({ids.begin(), video});
    const at::Tensor tokens = layers::to_aten(fixture.tensors.get("video_tokens"));
    PrefixedGenerator generator(*loaded.decoder, {at::cat({before, tokens})}, {.capacity = 1000});
    const double error = generator.read_prompt({video + 1, ids.end()}, {}).sub(expected).abs().max().item<double>();
    ck_assert_msg(error > 0 && error < tolerance, "%s: %g", name_of(type), error);
  }
}

/** A token that must not come first does not, and how probable it was is reported; kept distributions are whole. */
GVL_TEST(generation_keeps_to_rules) {
  const LoadedDecoder loaded(converted("phi_c"));
  PrefixedGenerator generator(*loaded.decoder, {loaded.prefix(40)}, {.capacity = 80});
  auto asked = request({500, 501}, 4);
  const language::Generation free = generator.generate(asked, {});
  ck_assert(free.distributions.empty());
  asked.rules.not_first = free.tokens[0];
  std::int64_t second = -1;
  asked.rules.keep = [&](std::int64_t token) { return token == second; };
  const language::Generation bound = generator.generate(asked, {});
  ck_assert(bound.tokens[0] != free.tokens[0]);
  ck_assert(std::abs(bound.not_first - free.probabilities[0]) < 1e-6);
  second = bound.tokens[1];
  const language::Generation kept = generator.generate(asked, {});
  ck_assert(kept.distributions.contains(1));
  const at::Tensor& distribution = kept.distributions.at(1);
  ck_assert(std::abs(distribution.sum().item<double>() - 1) < 1e-4);
  ck_assert(std::abs(distribution[second].item<double>() - kept.probabilities[1]) < 1e-5);
}

namespace {

/** Requests behind prefixes of these lengths, each of which ends at another time. */
std::vector<language::GenerationRequest> requests_behind(std::size_t prefixes) {
  std::vector<language::GenerationRequest> requests;
  for (std::size_t i = 0; i < prefixes; ++i) {
    const auto number = static_cast<std::int64_t>(i);
    requests.push_back(request({500 + number, 600, 610 + number}, 14 - 5 * number));
    requests.back().prefix = i;
  }
  return requests;
}

/** What is generated of requests, by their indices; `order` gets the indices as they were handed over. */
std::vector<language::Generation> generate_all(PrefixedGenerator& generator,
                                               const std::vector<language::GenerationRequest>& requests,
                                               std::vector<std::size_t>* order = nullptr) {
  std::vector<language::Generation> generations(requests.size());
  generator.generate(requests, {}, [&](std::size_t index, language::Generation generation) {
    generations.at(index) = std::move(generation);
    if (order) order->push_back(index);
    return std::vector<language::GenerationRequest>();
  });
  return generations;
}

void expect_same(const language::Generation& generation, const language::Generation& expected) {
  ck_assert(!expected.tokens.empty() && generation.tokens == expected.tokens);
  for (std::size_t i = 0; i < expected.probabilities.size(); ++i) {
    ck_assert(std::abs(generation.probabilities[i] - expected.probabilities[i]) < 1e-4);
  }
}

/** Sequences of different lengths, read together, say what each says alone. */
void check_together(const LoadedDecoder& loaded, const std::vector<std::int64_t>& lengths) {
  std::vector<at::Tensor> prefixes;
  for (const std::int64_t length : lengths) prefixes.push_back(loaded.prefix(length));
  const std::vector<language::GenerationRequest> requests = requests_behind(lengths.size());
  PrefixedGenerator together(*loaded.decoder, prefixes, {.capacity = 1400});
  std::vector<std::size_t> order;
  const auto generations = generate_all(together, requests, &order);
  ck_assert_msg((order == std::vector<std::size_t>{2, 1, 0}), "an answer waited for a longer one");
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    PrefixedGenerator alone(*loaded.decoder, {prefixes[i]}, {.capacity = 1400});
    language::GenerationRequest same = requests[i];
    same.prefix = 0;
    expect_same(generations[i], alone.generate(same, {}));
  }
}

/** Questions of different lengths, each of which ends at another time. */
std::vector<language::GenerationRequest> questions(std::size_t count) {
  std::vector<language::GenerationRequest> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::int64_t>(i);
    std::vector<std::int64_t> prompt(1 + i * 5 % 7, 600 + number);
    prompt.front() = 500 + number;
    all.push_back(request(prompt, 3 + number * 7 % 11));
  }
  return all;
}

}  // namespace

GVL_TEST(sequences_read_together_say_what_each_says_alone) {
  for (const char* name : {"phi_c", "llama_c"}) check_together(LoadedDecoder(converted(name)), {50, 7, 31});
}

/** Blocks that end within a sequence, and a sequence that outgrows the short factors while others do not. */
GVL_TEST(sequences_read_together_may_be_long) {
  check_together(LoadedDecoder(converted("llama_c")), {1000, 1100, 20});
  check_together(LoadedDecoder(converted("phi_c"), 60), {50, 20, 90});
}

GVL_TEST(questions_behind_one_prefix_are_answered_as_each_is_alone) {
  for (const char* name : {"phi_c", "llama_c"}) {
    const LoadedDecoder loaded(converted(name));
    const std::vector<at::Tensor> prefixes{loaded.prefix(50), loaded.prefix(31)};
    std::vector<language::GenerationRequest> requests = questions(12);
    std::int64_t positions = 50 + 31;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      requests[i].prefix = i % 3 == 1;
      positions += static_cast<std::int64_t>(requests[i].prompt.size()) + requests[i].options.max_new_tokens - 1;
    }
    for (const std::int64_t together : {1, 3, 8, 20}) {
      PrefixedGenerator generator(*loaded.decoder, prefixes, {.capacity = 100, .together = together});
      const auto generations = generate_all(generator, requests);
      ck_assert_msg(generator.positions_read() == positions, "something was read twice");
      for (std::size_t i = 0; i < requests.size(); ++i) {
        PrefixedGenerator alone(*loaded.decoder, {prefixes[requests[i].prefix]}, {.capacity = 100});
        language::GenerationRequest same = requests[i];
        same.prefix = 0;
        expect_same(generations[i], alone.generate(same, {}));
      }
    }
  }
}

/** Some outgrow the short factors, behind the same prefix as others that do not. */
GVL_TEST(questions_behind_one_prefix_have_the_factors_of_their_lengths) {
  const LoadedDecoder loaded(converted("phi_c"), 60);
  const at::Tensor prefix = loaded.prefix(50);
  const auto requests = questions(9);
  PrefixedGenerator together(*loaded.decoder, {prefix}, {.capacity = 100, .together = 4});
  const auto generations = generate_all(together, requests);
  bool is_any_long = false, is_any_short = false;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    PrefixedGenerator alone(*loaded.decoder, {prefix}, {.capacity = 100});
    expect_same(generations[i], alone.generate(requests[i], {}));
    const auto read =
        50 + static_cast<std::int64_t>(requests[i].prompt.size()) + requests[i].options.max_new_tokens - 1;
    (read > 60 ? is_any_long : is_any_short) = true;
  }
  ck_assert(is_any_long && is_any_short);
}

/** A token that is read beside others' gives what it gives alone, whatever the weights are. */
GVL_TEST(a_step_of_several_is_that_of_each_but_for_rounding) {
  const TemporaryFolder folder;
  for (const io::WeightTypeTraits& traits : io::kWeightTypes) {
    convert(io::test::fixture("phi_c"), folder / traits.name, {.dtype = traits.type});
    const LoadedDecoder loaded(folder / traits.name);
    const language::Decoder& decoder = *loaded.decoder;
    const at::Tensor prefix = loaded.prefix(200);
    language::KvCache cache = decoder.make_cache({.capacity = 10, .sequences = 8, .prefixes = {200}});
    decoder.read({{.embeddings = prefix, .sequence = cache.prefix(0)}}, cache, {});
    std::vector<language::SequenceInput> inputs;
    std::vector<at::Tensor> alone;
    for (std::int64_t i = 0; i < 8; ++i) {
      cache.restart(i, cache.prefix(0));
      decoder.read({{.embeddings = decoder.embed({500 + i, 700 - i}), .sequence = i}}, cache, {});
      inputs.push_back({.embeddings = decoder.embed({600 + i}), .sequence = i});
      alone.push_back(decoder.read({inputs.back()}, cache, {}));
      cache.truncate(i, 2);
    }
    const at::Tensor expected = at::cat(alone);
    const double error = decoder.read(inputs, cache, {}).sub(expected).abs().max().item<double>();
    ck_assert_msg(error < 1e-4, "%s: %g", traits.name, error);
    ck_assert(expected[0].sub(expected[7]).abs().max().item<double>() > 0.01);
  }
}

GVL_TEST(what_follows_from_an_answer_is_asked_next) {
  const LoadedDecoder loaded(converted("phi_c"));
  PrefixedGenerator generator(*loaded.decoder, {loaded.prefix(50)}, {.capacity = 100, .together = 1});
  std::vector<std::size_t> order;
  std::vector<std::int64_t> followed;
  generator.generate({request({500}, 3), request({501}, 3)}, {}, [&](std::size_t index, language::Generation done) {
    order.push_back(index);
    if (index == 2) followed = done.tokens;
    return index == 0 ? std::vector{request({500, done.tokens[0]}, 2)} : std::vector<language::GenerationRequest>();
  });
  ck_assert((order == std::vector<std::size_t>{0, 2, 1}));
  const auto all = generate(generator, {500}, 3);
  ck_assert((followed == std::vector<std::int64_t>{all[1], all[2]}));
}

GVL_TEST(a_cancelled_question_is_told_and_the_others_go_on) {
  const LoadedDecoder loaded(converted("phi_c"));
  PrefixedGenerator generator(*loaded.decoder, {loaded.prefix(50)}, {.capacity = 100, .together = 2});
  std::vector<language::GenerationRequest> requests{request({500}, 2), request({501}, 40), request({502}, 40),
                                                    request({503}, 3)};
  requests[1].cancellation = requests[2].cancellation = Cancellation();
  std::vector<bool> cancelled(requests.size());
  std::size_t count = 0;
  generator.generate(requests, {}, [&](std::size_t index, language::Generation generation) {
    if (index == 0) requests[1].cancellation.cancel();
    cancelled[index] = generation.cancelled;
    ++count;
    ck_assert(generation.tokens.size() == (index == 0 ? 2 : index == 3 ? 3 : 0));
    return std::vector<language::GenerationRequest>();
  });
  ck_assert((count == 4 && cancelled == std::vector<bool>{false, true, true, false}));
}

GVL_TEST(a_narrower_cache_says_nearly_the_same) {
  const LoadedDecoder loaded(converted("phi_c"));
  const at::Tensor prefix = loaded.prefix(60);
  const auto logits = [&](c10::ScalarType type) {
    return PrefixedGenerator(*loaded.decoder, {prefix}, {.capacity = 80, .type = type}).read_prompt({500}, {});
  };
  const double error = logits(at::kFloat).sub(logits(at::kBFloat16)).abs().max().item<double>();
  ck_assert_msg(error > 0 && error < 0.1, "%g", error);
}
