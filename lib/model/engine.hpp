/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <optional>

#include "gvl/cancellation.hpp"
#include "gvl/config.hpp"
#include "model/grounder.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "text/words.hpp"

namespace gvl::model {

/** All that a model folder holds, ready to compute with. Immutable and thread safe. */
struct Engine {
  /** Throws Error naming the file at fault, and Error(kCancelled). */
  Engine(const std::filesystem::path& folder, c10::Device device, std::optional<DataType> cache_type = {},
         Cancellation cancellation = {});

  ModelConfig config;
  FolderParameters parameters;
  Network network;
  Grounder grounder;
  std::optional<text::WordList> words;
};

}  // namespace gvl::model
