/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/segment_record.hpp"

#include <algorithm>
#include <limits>

#include "archive/bytes.hpp"

namespace gvl::archive {

namespace {

constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();
// What no stream reaches, and sums of a few stay far from overflowing.
constexpr Time kLatest = std::chrono::hours(24 * 365 * 100);
constexpr Time kLongestSegment = std::chrono::hours(24);
constexpr std::uint32_t kMostSegments = 4096;

void write(const Place& place, ByteWriter& writer) {
  for (const std::uint64_t number : {place.run, place.order, place.session, place.sequence}) writer.number(number);
}

Place read_place(ByteReader& reader) {
  Place place;
  for (auto* number : {&place.run, &place.order, &place.session, &place.sequence})
    *number = reader.number<std::uint64_t>();
  return place;
}

void write(const std::optional<Time>& time, ByteWriter& writer) { writer.number(time ? time->count() : kNoTime); }

std::optional<Time> read_time(ByteReader& reader) {
  const auto count = reader.number<std::int64_t>();
  return count == kNoTime ? std::nullopt : std::optional(Time(count));
}

bool is_sane(Time start, Time stop) {
  return Time() <= start && start <= stop && stop <= kLatest && stop - start <= kLongestSegment;
}

bool is_sane(const SegmentFacts& facts) {
  if (facts.utc_start.has_value() != facts.utc_stop.has_value()) return false;
  return is_sane(facts.start, facts.stop) && (!facts.utc_start || is_sane(*facts.utc_start, *facts.utc_stop)) &&
         facts.window >= 1 && facts.window <= kMostSegments && facts.hop >= 1 && facts.hop <= facts.window &&
         facts.number < std::numeric_limits<std::uint64_t>::max() / 2;
}

bool is_sane(const StoredSegment& segment) {
  return segment.rows > 0 && segment.width > 0 && segment.rows <= kLargestBody && segment.width <= kLargestBody &&
         unpacked_bytes(segment.type, segment.rows, segment.width) <= kLargestBody &&
         segment.token_bytes <= segment.record.body_bytes;
}

}  // namespace

std::string to_head(const Run& run) {
  ByteWriter writer;
  writer.number(run.id);
  writer.number(run.started.count());
  for (const std::string* text : {&run.fingerprint, &run.source, &run.stream_id}) writer.text(*text);
  return writer.take();
}

std::optional<Run> run_of(const Record& record) {
  ByteReader reader(record.head);
  Run run;
  run.id = reader.number<std::uint64_t>();
  run.started = Time(reader.number<std::int64_t>());
  for (std::string* text : {&run.fingerprint, &run.source, &run.stream_id}) *text = reader.text();
  return reader.at_end() && is_sane(run.started, run.started) ? std::optional(run) : std::nullopt;
}

std::string to_head(const SegmentFacts& facts, const SegmentContent& content) {
  ByteWriter writer;
  write(facts.place, writer);
  writer.number(facts.number);
  writer.number(facts.window);
  writer.number(facts.hop);
  writer.number(facts.start.count());
  writer.number(facts.stop.count());
  write(facts.utc_start, writer);
  write(facts.utc_stop, writer);
  writer.number(static_cast<std::uint8_t>(facts.backward));
  writer.number(static_cast<std::uint8_t>(content.type));
  writer.number(content.rows);
  writer.number(content.width);
  writer.number(static_cast<std::uint32_t>(content.tokens.size()));
  return writer.take();
}

std::optional<StoredSegment> segment_of(const Record& record) {
  ByteReader reader(record.head);
  StoredSegment segment;
  SegmentFacts& facts = segment.facts;
  facts.place = read_place(reader);
  facts.number = reader.number<std::uint64_t>();
  facts.window = reader.number<std::uint32_t>();
  facts.hop = reader.number<std::uint32_t>();
  facts.start = Time(reader.number<std::int64_t>());
  facts.stop = Time(reader.number<std::int64_t>());
  facts.utc_start = read_time(reader);
  facts.utc_stop = read_time(reader);
  facts.backward = reader.number<std::uint8_t>() != 0;
  segment.type = static_cast<TokenType>(reader.number<std::uint8_t>());
  segment.rows = reader.number<std::uint32_t>();
  segment.width = reader.number<std::uint32_t>();
  segment.token_bytes = reader.number<std::uint32_t>();
  segment.record = record;
  segment.record.head.clear();
  const bool known = std::find(kTokenTypes.begin(), kTokenTypes.end(), segment.type) != kTokenTypes.end();
  return reader.at_end() && known && is_sane(facts) && is_sane(segment) ? std::optional(segment) : std::nullopt;
}

std::string to_head(const SequenceEnd& end) {
  ByteWriter writer;
  write(end.place, writer);
  writer.number(end.windows);
  return writer.take();
}

std::optional<SequenceEnd> sequence_end_of(const Record& record) {
  ByteReader reader(record.head);
  SequenceEnd end;
  end.place = read_place(reader);
  end.windows = reader.number<std::uint64_t>();
  return reader.at_end() ? std::optional(end) : std::nullopt;
}

}  // namespace gvl::archive
