/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "archive/file.hpp"
#include "archive/segment_record.hpp"
#include "gvl/tensor.hpp"

namespace gvl::archive {

/** A stretch of UTC, since 1970-01-01; what has no UTC touches none. */
struct UtcRange {
  std::optional<Time> from;
  std::optional<Time> to;
};

/** A segment and the file that it is in. */
struct IndexedSegment {
  StoredSegment stored;
  std::size_t file = 0;  ///< of IndexedStream::files
};

/** What was indexed of a stream from one start to the next, in the order in which it was written. */
struct IndexedRun {
  Run run;
  std::vector<std::variant<IndexedSegment, SequenceEnd>> entries;
};

/** One stream of an index. */
struct IndexedStream {
  std::string name;
  std::vector<std::filesystem::path> files;  ///< those that were read
  std::vector<IndexedRun> runs;              ///< by when they began
};

/**
 * Reads an index, also while it is written: what was whole when a file is looked at. Nothing that files say is trusted:
 * Error(kMalformed) names the file, and the byte, that is no index's; Error(kNotFound) a folder that is none. For one
 * thread.
 */
class IndexReader {
 public:
  explicit IndexReader(std::filesystem::path index);

  /** The names of the folders of all streams, in order. */
  const std::vector<std::filesystem::path>& folders() const { return folders_; }

  /**
   * What is known of a stream's segments; without `range` of all, else of the days that it touches, and of those beside
   * them. Nothing where there are none. Without the segments' tokens.
   */
  std::optional<IndexedStream> read(const std::filesystem::path& folder, const UtcRange& range) const;

  /** float32 [rows, width]. */
  Tensor tokens(const IndexedStream& stream, const IndexedSegment& segment) const;
  /** A JPEG picture; empty where there is none. */
  std::string picture(const IndexedStream& stream, const IndexedSegment& segment) const;

 private:
  std::string body(const IndexedStream& stream, const IndexedSegment& segment) const;

  std::vector<std::filesystem::path> folders_;
  mutable File file_;  // that was read last
};

}  // namespace gvl::archive
