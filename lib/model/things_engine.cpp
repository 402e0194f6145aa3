/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/things_engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "io/data_types.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/thing_scores.hpp"
#include "text/prompt.hpp"
#include "timeline/presence_search.hpp"
#include "vision/pooling.hpp"

namespace gvl::model {
namespace {

timeline::PresenceSearch presence_search(const ThingSearchConfig& config, double second) {
  return {.smoothing = static_cast<std::size_t>(config.smoothing),
          .part = config.part,
          .gap = static_cast<std::size_t>(config.gap),
          .change = static_cast<std::size_t>(std::max(1L, std::lround(config.change * second)))};
}

std::vector<timeline::FoundSpan> find_in(text::ThingPhase phase, std::vector<double> scores,
                                         const timeline::PresenceSearch& search, std::size_t most) {
  switch (phase) {
    case text::ThingPhase::kArrives:
      return timeline::find_arrivals(scores, search, most);
    case text::ThingPhase::kLeaves:
      return timeline::find_departures(std::move(scores), search, most);
    case text::ThingPhase::kPresent:
      break;
  }
  return timeline::find_presence(scores, search, most);
}

}  // namespace

std::unique_ptr<const vision::Encoder> make_thing_detector(const layers::Parameters& parameters,
                                                           const ModelConfig& config) {
  return vision::make_encoder("nanodet-plus", parameters / "spatial_encoder", config.spatial, config.spatial.keyframes);
}

ThingsEngine::ThingsEngine(const std::filesystem::path& folder, c10::Device device, Cancellation cancellation)
    : SearchEngine(folder, device),
      folder_parameters_(folder, config().dtype, cancellation),
      parameters_(folder_parameters_, device, layers::to_scalar_type(io::traits_of(config().dtype).floating)),
      detector_(make_thing_detector(parameters_, config())),
      words_(load_thing_words(folder)) {}

std::vector<std::string> ThingsEngine::unknown_words(const Query& query) const {
  return words_.unknown_words(query.text);
}

at::Tensor ThingsEngine::encode_spatial(const at::Tensor& pixels, const Cancellation& cancellation) const {
  const at::Tensor values = vision::normalise(pixels.to(device()), config().spatial, parameters_.activation_type());
  return detector_->forward(values, cancellation);
}

std::vector<timeline::FoundSpan> ThingsEngine::search(const at::Tensor& tokens, const Query& query, double second,
                                                      std::size_t most, const Cancellation&) const {
  const ThingSearchConfig& things = config().things;
  const text::SoughtThings sought = words_.read(text::require_query(query));
  std::vector<double> scores = thing_scores(tokens.to(at::kCPU, at::kFloat).contiguous(), config().spatial.objects,
                                            sought, words_.beside(), {things.without_colour, things.colour_gain});
  return find_in(sought.phase, std::move(scores), presence_search(things, second), most);
}

}  // namespace gvl::model
