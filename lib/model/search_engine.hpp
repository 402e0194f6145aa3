/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "model/engine.hpp"
#include "timeline/found_span.hpp"

namespace gvl::model {

/**
 * A model without a language model: the spatial stream tells something of every sample, the tokens of a segment and of
 * a window are just that, and a query is answered with the spans that a search in them finds. The temporal stream
 * carries nothing. Grounding only: other tasks are an Error(kUnsupported) that names the folder.
 */
class SearchEngine : public Engine {
 public:
  at::Tensor encode_temporal(const at::Tensor& pixels, const Cancellation& cancellation) const final;
  at::Tensor fuse(const at::Tensor& spatial, const at::Tensor& temporal) const final;
  void answer(const std::vector<AskedWindow>& windows, const DeliverResult& deliver) const final;

 protected:
  SearchEngine(const std::filesystem::path& folder, c10::Device device);

  /**
   * At most `most` spans, in order of time. `tokens` [K * L, H]: a window's, on device(); `second`: samples, not
   * necessarily whole ones, that are shown in it.
   */
  virtual std::vector<timeline::FoundSpan> search(const at::Tensor& tokens, const Query& query, double second,
                                                  std::size_t most, const Cancellation& cancellation) const = 0;

  const std::string& folder() const noexcept { return folder_; }

 private:
  Answer find(const AskedWindow& window, const Query& query) const;

  std::string folder_;
};

}  // namespace gvl::model
