/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdio>
#include <cstring>
#include <fstream>

#include "model_test.hpp"
#include "random_model.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

/** Bytes of this process in memory: now ("VmRSS") or at most since forget_peak() ("VmHWM"). */
double resident(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1024;
  }
  ck_abort_msg("no %s in /proc/self/status", field.c_str());
  return 0;
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

ModelConfig large_config() {
  ModelConfig config = small_config();
  config.language.hidden_size = 1024;
  config.language.intermediate_size = 4096;
  config.language.layers = 6;
  config.language.heads = config.language.kv_heads = 16;
  return config;
}

/** What reading a prompt needs beside the weights: the cache, and one block's MLP, attention and residual. */
double activation_bytes(const ModelConfig& config, std::int64_t positions) {
  const LanguageModelConfig& language = config.language;
  const double cache = 2.0 * language.layers * positions * language.hidden_size;
  const double block = static_cast<double>(positions) * (8 * language.hidden_size + 3 * language.intermediate_size);
  return 4 * (cache + block);
}

}  // namespace

GVL_TEST(loading_and_answering_need_little_more_than_the_weights) {
  const TemporaryFolder folder;
  const ModelConfig config = large_config();
  write_random_model(folder / "m", config, io::test::fixture("phi_c/tokenizer/tokenizer.json"));
  const auto weights = static_cast<double>(std::filesystem::file_size(folder.path() / "m/model.safetensors"));

  const double before = resident("VmRSS");
  forget_peak();
  const auto model = Model::load(folder / "m");
  const Tensor empty(DataType::kFloat32, {config.segments * config.tokens_per_segment(), config.language.hidden_size});
  auto data = allocate_tensor_data(empty.bytes());
  std::memset(data.get(), 0, empty.bytes());
  const Tensor tokens(empty.type, empty.shape, data);
  GenerationOptions options;
  options.max_new_tokens = 16;
  model->answer({Future<Tensor>::of(tokens), 8.0}, {{Task::kGrounding, "a car"}}, options, {})[0].get();
  const double used = resident("VmHWM") - before;

  const double allowed = 1.15 * weights + activation_bytes(config, 256);
  std::printf("weights %.0f MB, peak %.0f MB, allowed %.0f MB\n", weights / 1e6, used / 1e6, allowed / 1e6);
  ck_assert_msg(weights > 3e8 && used > 0.5 * weights, "nothing was measured");
  ck_assert(used < allowed);
}
