/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <array>

#include "io/config_parts.hpp"

namespace gvl::io {
namespace {

constexpr Named<PictureFit> kFits[] = {{PictureFit::kCrop, "crop"}, {PictureFit::kPad, "pad"}};

std::array<double, 3> read_channels(const JsonValue& object, const std::string& member) {
  const JsonValue array = object.array(member);
  if (array.size() != 3) throw array.error("needs 3 values, red, green and blue");
  return {array.at(0).as_number(), array.at(1).as_number(), array.at(2).as_number()};
}

void read_transformer(const JsonValue& object, VisionConfig& vision) {
  vision.patch_size = object.integer("patch_size", 1, kMaxImage);
  vision.intermediate_size = object.integer("intermediate_size", 1, kMaxWidth);
  vision.layers = object.integer("layers", 0, kMaxLayers);
  vision.heads = object.integer("heads", 1, kMaxWidth);
  vision.norm_eps = positive_number(object, "norm_eps");
  if (object.find("activation")) vision.activation = read_enum(object, "activation", kActivations);
  check_divides(object, "patch_size", vision.image_size, vision.patch_size, "image_size");
  check_divides(object, "heads", vision.hidden_size, vision.heads, "hidden_size");
}

}  // namespace

VisionConfig read_vision(const JsonValue& object) {
  VisionConfig vision;
  vision.type = object.string_or("type", "");
  vision.image_size = object.integer("image_size", 1, kMaxImage);
  vision.hidden_size = object.integer("hidden_size", 1, kMaxWidth);
  vision.mean = read_channels(object, "mean");
  vision.std = read_channels(object, "std");
  for (const double value : vision.std) {
    if (!(value > 0)) throw object.at("std").error("must be above 0");
  }
  if (object.find("fit")) vision.fit = read_enum(object, "fit", kFits);
  vision.objects = object.integer_or("objects", 0, 1, kMostObjects);
  if (vision.objects == 0) read_transformer(object, vision);
  return vision;
}

void write_vision(ConfigWriter& writer, const char* name, const VisionConfig& vision) {
  writer.begin(name);
  if (!vision.type.empty()) writer.add("type", vision.type);
  writer.add("image_size", vision.image_size);
  if (vision.fit != PictureFit::kCrop) writer.add("fit", std::string(name_of_enum(vision.fit, kFits)));
  if (vision.keyframes != 1) writer.add("keyframes", vision.keyframes);
  if (vision.objects > 0) {
    writer.add("objects", vision.objects);
    writer.add("hidden_size", vision.hidden_size);
  } else {
    writer.add("patch_size", vision.patch_size);
    writer.add("hidden_size", vision.hidden_size);
    writer.add("intermediate_size", vision.intermediate_size);
    writer.add("layers", vision.layers);
    writer.add("heads", vision.heads);
    writer.add("norm_eps", vision.norm_eps);
    if (vision.activation != Activation::kQuickGelu)
      writer.add("activation", std::string(name_of_enum(vision.activation, kActivations)));
  }
  writer.add_all("mean", vision.mean);
  writer.add_all("std", vision.std);
  writer.end();
}

}  // namespace gvl::io
