/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Phi-3.5: its checkpoints have q, k, v and gate, up in one matrix each, as our decoder does.
#include "io/language_model.hpp"

namespace gvl::io {
namespace {

constexpr std::string_view kNewlines[] = {"sub_GN", "glb_GN"};

}  // namespace

extern const LanguageModel kPhi3;
constinit const LanguageModel kPhi3{
    .name = "phi3",
    .turns = {.system = "<|system|>\nYou are a helpful AI assistant that can generate responses based on visual "
                        "inputs.",
              .user = "\n<|user|>\n",
              .assistant = "\n<|assistant|>\n",
              .end = "<|endoftext|>"},
    .before_seconds = " ",
    .labels_before_answer = 1,
    .spatial_pooling = SpatialPooling::kMerge2x2,
    .long_rope = true,
    .fused = {},
    .official = {.variant = "phi3.5",
                 .folder = "Phi-3.5-vision-instruct-seperated",  // the release's own spelling
                 .tokenizer = "Phi-3.5-mini-instruct/tokenizer.json",
                 .newline_file = "image_newlines.pth",
                 .newlines = kNewlines,
                 .spatial_projections = {"linear_0", "linear_1"}},
};

}  // namespace gvl::io
