/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/engine.hpp"

#include "model/composite_engine.hpp"
#include "model/grounded_engine.hpp"
#include "model/model_folder.hpp"
#include "model/similarity_engine.hpp"
#include "model/things_engine.hpp"

namespace gvl::model {

std::shared_ptr<const Engine> load_engine(const std::filesystem::path& folder, c10::Device device,
                                          std::optional<DataType> cache_type, Cancellation cancellation) {
  switch (load_config(folder).type) {
    case ModelType::kSimilarity:
      return std::make_shared<const SimilarityEngine>(folder, device, std::move(cancellation));
    case ModelType::kThings:
      return std::make_shared<const ThingsEngine>(folder, device, std::move(cancellation));
    case ModelType::kComposite:
      return std::make_shared<const CompositeEngine>(folder, device, cache_type, std::move(cancellation));
    case ModelType::kGroundedVideoLlm:
      break;
  }
  return std::make_shared<const GroundedEngine>(folder, device, cache_type, std::move(cancellation));
}

}  // namespace gvl::model
