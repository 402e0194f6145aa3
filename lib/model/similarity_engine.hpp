/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <vector>

#include "model/model_folder.hpp"
#include "model/search_engine.hpp"
#include "model/similarity_network.hpp"
#include "model/text_embeddings.hpp"

namespace gvl::model {

/**
 * A similarity model: the spatial stream embeds every sample, and a query is answered with the spans whose pictures are
 * like it (timeline/span_search.hpp).
 */
class SimilarityEngine : public SearchEngine {
 public:
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  SimilarityEngine(const std::filesystem::path& folder, c10::Device device, Cancellation cancellation = {});

  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const override;

  const TextEmbeddings& texts() const noexcept { return texts_; }

 protected:
  std::vector<timeline::FoundSpan> search(const at::Tensor& tokens, const Query& query, double second, std::size_t most,
                                          const Cancellation& cancellation) const override;

 private:
  FolderParameters parameters_;
  SimilarityNetwork network_;
  TextEmbeddings texts_;
};

}  // namespace gvl::model
