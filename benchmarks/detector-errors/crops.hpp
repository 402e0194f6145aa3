/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>

#include "detector.hpp"

namespace gvl::benchmarks {

/** Writes what is within boxes as pictures, with the name of the colour that is told of it, for people to compare. */
class Crops {
 public:
  /** Nothing is written without a folder, which is there. */
  explicit Crops(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /** FOLDER/NUMBER-CLASS-COLOUR-PERCENT.png, of what is seen in picture `index`. Throws Error naming the file. */
  void write(const Pictures& pictures, std::int64_t index, std::size_t kind, const vision::Box& box);

 private:
  std::filesystem::path folder_;
  int number_ = 0;
};

}  // namespace gvl::benchmarks
