/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Windows that are answered together.
#include "model/grounder.hpp"

#include <ATen/ops/flip.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <map>

#include "layers/tensor_bridge.hpp"
#include "model/grounded_engine.hpp"
#include "model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;
using model::Grounder;

namespace {

using Answers = std::map<std::pair<std::size_t, std::size_t>, Grounder::Result>;  // by window and query

Answers answer(const model::GroundedEngine& engine, const std::vector<Grounder::Window>& windows) {
  const c10::InferenceMode inference;
  Answers answers;
  engine.grounder().answer(windows, [&](Grounder::Result result) {
    const std::pair key(result.window, result.query);
    ck_assert_msg(answers.emplace(key, std::move(result)).second, "a query was answered twice");
  });
  return answers;
}

/** The fixture's window and its mirror in time, with all queries and with two. */
std::vector<Grounder::Window> two_windows() {
  const Fixture fixture = Fixture::open(io::test::fixture("phi_c"));
  const Tensor tokens = fixture.tensors.get("video_tokens");
  const Tensor mirrored = layers::from_aten(at::flip(layers::to_aten(tokens), {0}));
  const std::vector<Query>& queries = fixture_queries();
  return {{tokens, fixture.duration(), queries, fixture_options(), {}},
          {mirrored, 2 * fixture.duration(), {queries[1], queries[0]}, fixture_options(), {}}};
}

ErrorCode code_of(const Grounder::Result& result) {
  ck_assert(result.error != nullptr);
  try {
    std::rethrow_exception(result.error);
  } catch (const Error& error) {
    return error.code();
  }
}

}  // namespace

GVL_TEST(windows_answered_together_get_the_answers_that_each_gets_alone) {
  const model::GroundedEngine engine(converted("phi_c"), at::kCPU);
  const std::vector<Grounder::Window> windows = two_windows();
  const Answers together = answer(engine, windows);
  ck_assert_int_eq(together.size(), 5);
  for (std::size_t window = 0; window < windows.size(); ++window) {
    for (const auto& [key, alone] : answer(engine, {windows[window]})) {
      const Answer& answer = together.at({window, key.second}).answer;
      ck_assert(!answer.tokens.empty() && answer.tokens == alone.answer.tokens);
      expect_text(answer.text_seconds, alone.answer.text_seconds);
    }
  }
}

/** With several moments of a query, too, which are asked about at once. */
GVL_TEST(queries_of_a_window_get_the_answers_that_each_gets_alone) {
  const model::GroundedEngine engine(converted("phi_c"), at::kCPU);
  Grounder::Window window = two_windows()[0];
  window.options.max_moments = 4;
  window.queries.clear();
  // More than are answered at a time.
  for (int i = 0; i < 10; ++i) window.queries.push_back({Task::kGrounding, "person " + std::to_string(i)});
  window.queries[4] = {Task::kQuestion, "What happens?"};
  const Answers together = answer(engine, {window});
  ck_assert_int_eq(together.size(), window.queries.size());
  for (std::size_t i = 0; i < window.queries.size(); ++i) {
    Grounder::Window one = window;
    one.queries = {window.queries[i]};
    const Answer alone = answer(engine, {one}).at({0, 0}).answer, &beside = together.at({0, i}).answer;
    ck_assert(!alone.tokens.empty() && beside.tokens == alone.tokens);
    ck_assert_int_eq(beside.intervals.size(), alone.intervals.size());
    for (std::size_t j = 0; j < alone.intervals.size(); ++j) {
      ck_assert(std::abs(beside.intervals[j].start - alone.intervals[j].start) < 1e-9);
      ck_assert(std::abs(beside.intervals[j].confidence - alone.intervals[j].confidence) < 1e-3);
    }
  }
}

GVL_TEST(a_window_that_cannot_be_answered_fails_alone) {
  const model::GroundedEngine engine(converted("phi_c"), at::kCPU);
  std::vector<Grounder::Window> windows = two_windows();
  windows.push_back(windows[1]);
  windows[0].cancellation.cancel();
  windows[1].tokens.shape.back() *= 2;
  windows[2].queries[1].text.clear();
  const Answers answers = answer(engine, windows);
  ck_assert_int_eq(answers.size(), 3 + 2 + 2);
  for (std::size_t query = 0; query < 3; ++query) ck_assert(code_of(answers.at({0, query})) == ErrorCode::kCancelled);
  for (std::size_t query = 0; query < 2; ++query) {
    ck_assert(code_of(answers.at({1, query})) == ErrorCode::kInvalidArgument);
  }
  ck_assert(!answers.at({2, 0}).error && !answers.at({2, 0}).answer.tokens.empty());
  ck_assert(code_of(answers.at({2, 1})) == ErrorCode::kInvalidArgument);
}

GVL_TEST(a_window_that_is_cancelled_between_two_tokens_ends_alone) {
  const model::GroundedEngine engine(converted("phi_c"), at::kCPU);
  std::vector<Grounder::Window> windows = two_windows();
  windows[0].queries.resize(1);
  windows[0].options.max_new_tokens = 100000;  // what random weights say would not end before
  const c10::InferenceMode inference;
  Answers answers;
  engine.grounder().answer(windows, [&](Grounder::Result result) {
    if (result.window == 1) windows[0].cancellation.cancel();
    const std::pair key(result.window, result.query);
    answers.emplace(key, std::move(result));
  });
  ck_assert_int_eq(answers.size(), 1 + 2);
  ck_assert(code_of(answers.at({0, 0})) == ErrorCode::kCancelled);
  for (std::size_t query = 0; query < 2; ++query) ck_assert(!answers.at({1, query}).answer.tokens.empty());
}
