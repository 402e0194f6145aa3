/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/token_rows.hpp"

#include <ATen/ops/tensor.h>

#include <array>

#include "gvl/error.hpp"

namespace gvl::training {

TokenRows::TokenRows(const std::filesystem::path& from, const model::FolderTokenizer& to) {
  const ModelConfig config = ModelConfig::load(from / model::kConfigFile);
  model::require_grounded(from, config, "begun with");
  const auto source = model::load_tokenizer(from / model::kTokenizerFile, config).tokenizer;
  for (std::int64_t id = 0; id < to.tokenizer->size(); ++id) {
    std::vector<std::int64_t>& origin = origins_.emplace_back();
    const auto token = to.tokenizer->id_to_token(id);
    if (!token) continue;
    if (const auto same = source->token_to_id(*token)) {
      origin = {*same};
    } else {
      const std::array<std::int64_t, 1> ids{id};
      origin = source->encode(to.tokenizer->decode(ids, /*skip_special=*/false), /*add_special=*/false);
    }
  }
}

at::Tensor TokenRows::moved(const at::Tensor& table, at::Tensor rows) const {
  for (std::size_t id = 0; id < origins_.size(); ++id) {
    if (origins_[id].empty()) continue;
    const auto origin = table.index_select(0, at::tensor(origins_[id], at::kLong));
    rows.select(0, static_cast<std::int64_t>(id)).copy_(origin.mean(0));
  }
  return rows;
}

}  // namespace gvl::training
