/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "archive/record_file.hpp"
#include "archive/tokens.hpp"
#include "timeline/time.hpp"

namespace gvl::archive {

using timeline::Time;

/** The kinds of records of a stream's file. */
enum class RecordKind : std::uint32_t {
  kRun = 1,
  kSegment = 2,
  kSequenceEnd = 3,
};

/** One stream from where its indexing began to where it ended. */
struct Run {
  std::uint64_t id = 0;     ///< no two of an index are the same
  Time started{};           ///< when, since 1970-01-01 UTC
  std::string fingerprint;  ///< of the model
  std::string source;       ///< the stream, as events call it
  std::string stream_id;    ///< GStreamer's; may be empty
};

/** Where a segment, or the end of a sequence, stands in its run. */
struct Place {
  std::uint64_t run = 0;       ///< Run::id
  std::uint64_t order = 0;     ///< in the run: in the order in which they were written
  std::uint64_t session = 0;   ///< times of two sessions are not comparable
  std::uint64_t sequence = 0;  ///< segments of one are divided alike, and make windows together
};

/** What is known of a segment besides its tokens. Times of the stream are of the session. */
struct SegmentFacts {
  Place place;
  std::uint64_t number = 0;  ///< in its sequence, as timeline::WindowAssembler takes it
  std::uint32_t window = 0;  ///< K: segments of a window
  std::uint32_t hop = 0;     ///< from one window's start to the next one's
  bool backward = false;
  Time start{};
  Time stop{};
  std::optional<Time> utc_start;  ///< since 1970-01-01; both or none
  std::optional<Time> utc_stop;

  Time utc_of(Time time) const { return *utc_start + (time - start); }
};

/** A segment as it is written: its tokens, and a picture of it, which may be empty. */
struct SegmentContent {
  std::string tokens;  ///< as encode_tokens() gives them
  std::string jpeg;
  TokenType type = kDefaultTokenType;
  std::uint32_t rows = 0;   ///< tokens
  std::uint32_t width = 0;  ///< values of a token
};

/** A sequence ended: with its last window, where it has windows. */
struct SequenceEnd {
  Place place;
  std::uint64_t windows = 0;
};

/** A segment in a file: what its body is, and where. */
struct StoredSegment {
  SegmentFacts facts;
  TokenType type = kDefaultTokenType;
  std::uint32_t rows = 0;
  std::uint32_t width = 0;
  std::uint32_t token_bytes = 0;  ///< of the body, at its beginning; the rest is the picture
  Record record;                  ///< without its head
};

/** Heads of records. */
std::string to_head(const Run& run);
std::string to_head(const SegmentFacts& facts, const SegmentContent& content);
std::string to_head(const SequenceEnd& end);

/** The other way; nothing where a record does not say that, or says what cannot be. */
std::optional<Run> run_of(const Record& record);
std::optional<StoredSegment> segment_of(const Record& record);
std::optional<SequenceEnd> sequence_end_of(const Record& record);

}  // namespace gvl::archive
