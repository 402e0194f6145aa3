/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>

#include "annotation/annotation.hpp"
#include "io/json.hpp"

namespace gvl::annotation {

/** Throws Error(kMalformed) about `record` for more moments than a video can have. */
void require_moments(const io::JsonValue& record, std::size_t count);

/** Videos of an annotation as they are read. */
class Videos {
 public:
  /** Its place. Throws Error(kMalformed) about `record` when it was there before, or when there are too many. */
  std::size_t add(const io::JsonValue& record, const std::string& name, std::optional<double> duration);
  /** Puts reversed times right, cuts them at the video's end, and rejects what then has no length, or no words. */
  void add_moment(std::size_t video, evaluation::Interval time, const std::string& caption);
  void reject(std::size_t video, const std::string& what, const std::string& reason);

  std::optional<double> duration_of(std::size_t video) const { return read_.videos[video].duration; }
  bool empty() const noexcept { return read_.videos.empty(); }
  /** All that have moments, with those in order; the others are rejected. */
  Annotation take();

 private:
  Annotation read_;
  std::unordered_set<std::string> names_;
};

}  // namespace gvl::annotation
