/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>

#include "gvl/config.hpp"

namespace gvl::benchmarks {

/** A published image encoder's sizes. */
struct SimilarityModel {
  const char* name;
  VisionConfig config;
  std::int64_t embedding;
};

/** Of CLIP (Radford et al. 2021) and TinyCLIP (Wu et al. 2023): picture, patch, width, MLP, blocks, heads. */
inline const SimilarityModel kSimilarityModels[] = {
    {"CLIP ViT-B/32", {224, 32, 768, 3072, 12, 12, 1e-5, {0, 0, 0}, {1, 1, 1}}, 512},
    {"CLIP ViT-B/16", {224, 16, 768, 3072, 12, 12, 1e-5, {0, 0, 0}, {1, 1, 1}}, 512},
    {"CLIP ViT-L/14", {224, 14, 1024, 4096, 24, 16, 1e-5, {0, 0, 0}, {1, 1, 1}}, 768},
    {"TinyCLIP ViT-8M/16", {224, 16, 256, 1024, 10, 4, 1e-5, {0, 0, 0}, {1, 1, 1}}, 512},
    {"TinyCLIP ViT-40M/32", {224, 32, 512, 2048, 12, 8, 1e-5, {0, 0, 0}, {1, 1, 1}}, 512},
};

}  // namespace gvl::benchmarks
