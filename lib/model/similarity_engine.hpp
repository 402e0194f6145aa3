/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <string>

#include "model/engine.hpp"
#include "model/model_folder.hpp"
#include "model/similarity_network.hpp"
#include "model/text_embeddings.hpp"

namespace gvl::model {

/**
 * A similarity model: the spatial stream embeds every sample, the tokens of a segment and of a window are these
 * embeddings, and a query is answered with the spans whose pictures are like it (timeline/span_search.hpp). The
 * temporal stream carries nothing.
 */
class SimilarityEngine : public Engine {
 public:
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  SimilarityEngine(const std::filesystem::path& folder, c10::Device device, Cancellation cancellation = {});

  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const override;
  at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const override;
  at::Tensor fuse(const at::Tensor& spatial, const at::Tensor& temporal) const override;
  /** Grounding only: other tasks are an Error(kUnsupported) that names the folder. */
  void answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const override;

  const TextEmbeddings& texts() const noexcept { return texts_; }

 private:
  Answer find(const AskedWindow& window, const Query& query) const;

  std::string folder_;
  FolderParameters parameters_;
  SimilarityNetwork network_;
  TextEmbeddings texts_;
};

}  // namespace gvl::model
