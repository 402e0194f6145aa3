/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/engine.hpp"
#include "model/grounder.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "text/words.hpp"

namespace gvl::model {

/** A Grounded-VideoLLM. */
class GroundedEngine : public Engine {
 public:
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  GroundedEngine(const std::filesystem::path& folder, c10::Device device, std::optional<DataType> cache_type = {},
                 Cancellation cancellation = {});

  std::vector<std::string> unknown_words(const Query& query) const override;
  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const override;
  at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const override;
  at::Tensor fuse(const at::Tensor& spatial, const at::Tensor& temporal) const override;
  void answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const override;

  const Grounder& grounder() const noexcept { return grounder_; }

 private:
  FolderParameters parameters_;
  Network network_;
  Grounder grounder_;
  std::optional<text::WordList> words_;
};

}  // namespace gvl::model
