/* SPDX-License-Identifier: LGPL-2.1-or-later */

// What generated videos count for.

#include "evaluation/measure.hpp"

#include "drawn_answers.hpp"
#include "training/scene_source.hpp"

using namespace gvl;
using namespace gvl::evaluation;
using namespace gvl::evaluation::test;

namespace {

constexpr const char* kRepeating = R"({"scenes": {
  "videos": 4, "seed": 5, "shortest": 15, "longest": 25, "repeats": 1, "without_objects": 1,
  "photographs": [], "clips": [], "emoji_font": "",
  "conversations": {"grounding": 4, "absent": 1, "dense_caption": 0, "referring": 0, "multiple_choice": 0,
                    "open_question": 0, "caption": 0}}})";

GVL_TEST(all_times_of_a_query_are_true) {
  const io::JsonValue configuration = io::JsonValue::parse(kRepeating, "eval.json");
  DrawnAnswers model;
  const Curve curve = calibrate(model, configuration, 0.5, {}).overall();

  const training::SceneSource source(training::SceneSourceOptions::read(configuration.object("scenes")),
                                     model.config());
  std::size_t times = 0, queries = 0;
  for (std::int64_t i = 0; i < 4; ++i) {
    for (const scenes::Conversation& talk : source.conversations(source.composition(i).scene, i)) {
      times += talk.moments.size();
      queries += !talk.moments.empty();
    }
  }
  ck_assert_uint_gt(times, queries);
  ck_assert_uint_eq(curve.labelled(), times);
}

}  // namespace
