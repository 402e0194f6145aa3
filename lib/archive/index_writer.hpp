/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "archive/catalogue.hpp"
#include "archive/file.hpp"
#include "archive/record_file.hpp"
#include "archive/segment_record.hpp"

namespace gvl::archive {

/** How long a stream's segments and events are kept. */
struct Retention {
  int days = 0;             ///< a day's file is removed when it is so many days old; 0: never
  std::uint64_t bytes = 0;  ///< the oldest days are removed while all take more; 0: as many as there is room for
};

/**
 * Writes one stream of an index: a folder with a file for each day (UTC) of the stream, and a Catalogue.
 *
 * Segments are appended. Once add() has returned, what was added is there whatever happens to the process, and a second
 * later at the latest whatever happens to the machine, as long as segments come. Readers see it at once. Of a segment
 * that was cut short nothing is read, and the next writer goes on before it. Retention removes whole days, never the
 * one that is being written.
 *
 * For one thread. Errors name the file: Error(kResource) where it cannot be written, where another writer has the
 * stream, kInvalidArgument where the index is of another model, kMalformed where a file is damaged.
 */
class IndexWriter {
 public:
  /** `run` without id and time; its source is the stream's name in the index. Makes folders that are not there. */
  IndexWriter(const std::filesystem::path& index, Run run, const Retention& retention);
  ~IndexWriter();
  IndexWriter(const IndexWriter&) = delete;
  IndexWriter& operator=(const IndexWriter&) = delete;

  /** Its place is completed: the run, and its order. */
  void add(SegmentFacts facts, const SegmentContent& content);
  void add(SequenceEnd end);
  /** Its run is completed. */
  void add(StoredEvent event);

  const Run& run() const { return run_; }
  std::uint64_t segments() const { return segments_; }  ///< added by this writer

 private:
  void lock();
  void open_day(const std::string& day);
  void append(RecordKind kind, const std::string& head, const std::string& body);
  void sync_now_and_then();
  void remove_old_days();
  bool is_too_old(const std::string& day) const;
  void remove(const std::filesystem::path& file);

  std::filesystem::path folder_;  // of the stream
  Run run_;
  Retention retention_;
  File lock_;
  std::optional<Catalogue> catalogue_;
  std::optional<RecordWriter> file_;
  std::string day_;                // that file_ is of
  StoredDay stored_;               // what file_ holds
  std::uint64_t older_bytes_ = 0;  // of the stream's other files
  std::uint64_t order_ = 0;
  std::uint64_t segments_ = 0;
  std::chrono::steady_clock::time_point synced_;
};

}  // namespace gvl::archive
