/* SPDX-License-Identifier: LGPL-2.1-or-later */
// LLaMA-3: its checkpoints have q, k, v and gate, up apart.
#include "io/language_model.hpp"

namespace gvl::io {
namespace {

std::int64_t query_rows(const LanguageModelConfig& config) { return config.hidden_size; }
std::int64_t key_rows(const LanguageModelConfig& config) { return config.kv_heads * config.head_size(); }
std::int64_t mlp_rows(const LanguageModelConfig& config) { return config.intermediate_size; }

constexpr MatrixPart kQkv[] = {
    {"self_attn.q_proj", query_rows}, {"self_attn.k_proj", key_rows}, {"self_attn.v_proj", key_rows}};
constexpr MatrixPart kGateUp[] = {{"mlp.gate_proj", mlp_rows}, {"mlp.up_proj", mlp_rows}};
constexpr FusedMatrix kFused[] = {{"self_attn.qkv_proj", kQkv}, {"mlp.gate_up_proj", kGateUp}};
constexpr std::string_view kNewlines[] = {"image_newline"};

}  // namespace

extern const LanguageModel kLlama;
constinit const LanguageModel kLlama{
    .name = "llama",
    .turns = {.system =
                  "<|start_header_id|>system<|end_header_id|>You are a helpful language and vision assistant. You "
                  "are able to understand the visual content that the user provides, and assist the user with a "
                  "variety of tasks using natural language.",
              .user = "<|start_header_id|>user<|end_header_id|>",
              .assistant = "<|start_header_id|>assistant<|end_header_id|>",
              .end = "<|eot_id|>"},
    .before_seconds = "",
    .labels_before_answer = 0,
    .spatial_pooling = SpatialPooling::kAdaptive8x8,
    .long_rope = false,
    .fused = kFused,
    .official = {.variant = "llama3",
                 .folder = "llama3-llava-next-8b-seperated",  // the release's own spelling
                 .tokenizer = "llama3-llava-next-8b/tokenizer.json",
                 .newline_file = "image_newline.pth",
                 .newlines = kNewlines,
                 .spatial_projections = {"linear_1", "linear_2"}},
};

}  // namespace gvl::io
