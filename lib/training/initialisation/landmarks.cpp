/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/landmarks.hpp"

#include <ATen/ops/tensor.h>

#include <string>
#include <string_view>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

std::vector<std::int64_t> tokens_of(const text::Tokenizer& tokenizer, std::string_view prompt, const char* name) {
  std::vector<std::int64_t> ids = tokenizer.encode(prompt, false);
  if (!ids.empty()) return ids;
  throw Error(ErrorCode::kInvalidArgument, std::string("initialisation: new layers that read texts need a prompt \"") +
                                               name + "\" that is not empty");
}

std::int64_t word(const text::Tokenizer& tokenizer, std::string_view text) {
  const std::vector<std::int64_t> ids = tokenizer.encode(text, false);
  if (ids.size() == 1) return ids.front();
  throw Error(ErrorCode::kInvalidArgument, "initialisation: new layers that read texts need a tokenizer in which \"" +
                                               std::string(text) + "\" is one token");
}

}  // namespace

Landmarks::Landmarks(const PromptConfig& prompts, const model::FolderTokenizer& tokenizer)
    : beginning(tokens_of(*tokenizer.tokenizer, prompts.system, "system").front()),
      question(tokenizer.temporal.grounding_id()),
      answer(tokens_of(*tokenizer.tokenizer, prompts.assistant, "assistant").back()),
      absent(tokens_of(*tokenizer.tokenizer, prompts.absent, "absent").front()),
      from({word(*tokenizer.tokenizer, "From"), word(*tokenizer.tokenizer, " From")}),
      until({word(*tokenizer.tokenizer, " to")}) {}

at::Tensor direction_of(const at::Tensor& table, const std::vector<std::int64_t>& tokens) {
  const at::Tensor rows = table.index_select(0, at::tensor(tokens, at::kLong));
  return rows.div(rows.norm(2, 1, /*keepdim=*/true)).sum(0);
}

}  // namespace gvl::training
