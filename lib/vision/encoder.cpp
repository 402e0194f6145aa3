/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/encoder.hpp"

#include <string>

#include "gvl/error.hpp"
#include "vision/clip.hpp"
#include "vision/internvideo2.hpp"
#include "vision/nanodet.hpp"
#include "vision/nanodet_plus.hpp"
#include "vision/object_encoder.hpp"

namespace gvl::vision {
namespace {

template <typename Kind>
std::unique_ptr<const Encoder> make(const layers::Parameters& parameters, const VisionConfig& config,
                                    std::int64_t frames) {
  return std::make_unique<const Kind>(parameters, config, frames);
}

template <typename Detector>
std::unique_ptr<const Encoder> make_objects(const layers::Parameters& parameters, const VisionConfig& config,
                                            std::int64_t) {
  return std::make_unique<const ObjectEncoder>(std::make_unique<const Detector>(parameters), config);
}

constexpr EncoderKind kKinds[] = {
    {"clip", false, make<ClipEncoder>},
    {"internvideo2", false, make<InternVideo2Encoder>},
    {"nanodet", true, make_objects<NanoDet>},
    {"nanodet-plus", true, make_objects<NanoDetPlus>},
};

}  // namespace

std::span<const EncoderKind> encoder_kinds() noexcept { return kKinds; }

const EncoderKind& encoder_kind(std::string_view name) {
  std::string known;
  for (const EncoderKind& kind : kKinds) {
    if (kind.name == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw Error(ErrorCode::kUnsupported, "no encoder \"" + std::string(name) + "\", known are " + known);
}

std::unique_ptr<const Encoder> make_encoder(std::string_view usual, const layers::Parameters& parameters,
                                            const VisionConfig& config, std::int64_t frames) {
  return encoder_kind(config.type.empty() ? usual : config.type).make(parameters, config, frames);
}

}  // namespace gvl::vision
