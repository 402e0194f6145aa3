/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What is said of each language model is complete. That no member was forgotten, the compiler says.
#include "io/language_model.hpp"

#include <set>

#include "io_test.hpp"

using namespace gvl;
using namespace gvl::io;
using namespace gvl::io::test;

namespace {

LanguageModelConfig config_of(const LanguageModel& model) {
  LanguageModelConfig config;
  config.type = model.name;
  config.hidden_size = 48;
  config.intermediate_size = 100;
  config.heads = 6;
  config.kv_heads = 2;
  return config;
}

std::int64_t rows_of(const LanguageModel& model, std::string_view matrix) {
  std::int64_t rows = 0;
  for (const MatrixPart& part : model.parts_of(matrix)) rows += part.rows(config_of(model));
  return rows;
}

}  // namespace

GVL_TEST(names_are_unique_and_found) {
  std::set<std::string_view> names, folders;
  for (const LanguageModel* model : language_models()) {
    ck_assert(names.insert(model->name).second && folders.insert(model->official.folder).second);
    ck_assert(find_language_model(model->name) == model && &language_model(model->name) == model);
  }
  ck_assert(find_language_model("") == nullptr);
  expect_error("unknown", ErrorCode::kUnsupported, {"\"gpt\"", "phi3, llama"}, [] { language_model("gpt"); });
  expect_text(language_model_names(), "phi3, llama");
}

GVL_TEST(every_model_says_all_that_is_needed) {
  for (const LanguageModel* model : language_models()) {
    const PromptTurns& turns = model->turns;
    const OfficialNames& official = model->official;
    for (const std::string_view text : {model->name, turns.system, turns.user, turns.assistant, turns.end,
                                        official.variant, official.folder, official.tokenizer, official.newline_file,
                                        official.spatial_projections[0], official.spatial_projections[1]}) {
      ck_assert_msg(!text.empty(), "%s", std::string(model->name).c_str());
    }
    ck_assert(!official.newlines.empty());
  }
}

/** The parts of the decoder's matrices, where a checkpoint has parts, make up the whole ones. */
GVL_TEST(parts_make_up_the_decoders_matrices) {
  for (const LanguageModel* model : language_models()) {
    const std::int64_t qkv = rows_of(*model, "model.layers.0.self_attn.qkv_proj.weight");
    ck_assert(qkv == 0 || qkv == (6 + 2 * 2) * 8);
    const std::int64_t gate_up = rows_of(*model, "model.layers.0.mlp.gate_up_proj.weight");
    ck_assert(gate_up == 0 || gate_up == 2 * 100);
    ck_assert(model->parts_of("model.layers.0.self_attn.o_proj.weight").empty());
  }
  ck_assert_uint_eq(language_model("llama").parts_of("self_attn.qkv_proj").size(), 3);
}
