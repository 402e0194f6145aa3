/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <memory>

#include "layers/parameters.hpp"
#include "model/model_folder.hpp"
#include "model/search_engine.hpp"
#include "text/thing_words.hpp"
#include "vision/encoder.hpp"

namespace gvl::model {

/** The detector of a model of things, as `parameters` name it. */
std::unique_ptr<const vision::Encoder> make_thing_detector(const layers::Parameters& parameters,
                                                           const ModelConfig& config);

/**
 * A model of things: a detector tells what is in every sample (vision/object_features.hpp), a table of words
 * (text/thing_words.hpp) what a query asks to be seen, and a search in the scores (thing_scores.hpp,
 * timeline/presence_search.hpp) when that is there, comes or goes.
 */
class ThingsEngine : public SearchEngine {
 public:
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  ThingsEngine(const std::filesystem::path& folder, c10::Device device, Cancellation cancellation = {});

  std::vector<std::string> unknown_words(const Query& query) const override;
  at::Tensor encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const override;

 protected:
  std::vector<timeline::FoundSpan> search(const at::Tensor& tokens, const Query& query, double second, std::size_t most,
                                          const Cancellation& cancellation) const override;

 private:
  FolderParameters folder_parameters_;
  layers::Parameters parameters_;
  std::unique_ptr<const vision::Encoder> detector_;
  text::ThingWords words_;
};

}  // namespace gvl::model
