/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "archive/index_reader.hpp"
#include "archive/index_writer.hpp"
#include "archive/segment_record.hpp"
#include "archive/tokens.hpp"
#include "gvl/error.hpp"
#include "gvl/tensor.hpp"
#include "support/testing.hpp"

namespace gvl::archive::test {

inline constexpr std::int64_t kRows = 3, kWidth = 16;
inline constexpr Time kLength = std::chrono::seconds(5);

/** A tensor by its values. */
inline Tensor tensor_of(std::int64_t rows, std::int64_t width, const std::function<float(std::int64_t)>& value) {
  const auto data = allocate_tensor_data(static_cast<std::size_t>(rows * width) * sizeof(float));
  for (std::int64_t i = 0; i < rows * width; ++i) reinterpret_cast<float*>(data.get())[i] = value(i);
  return Tensor(DataType::kFloat32, {rows, width}, std::shared_ptr<const std::byte>(data));
}

/** Tokens by which a segment is known again. */
inline Tensor tokens_of(std::uint64_t number) {
  return tensor_of(kRows, kWidth,
                   [&](std::int64_t i) { return static_cast<float>(number % 1000) - static_cast<float>(i); });
}

inline SegmentFacts facts_of(std::uint64_t number) {
  SegmentFacts facts;
  facts.number = number;
  facts.window = 4;
  facts.hop = 2;
  facts.start = static_cast<std::int64_t>(number) * kLength;
  facts.stop = facts.start + kLength;
  return facts;
}

inline SegmentContent content_of(std::uint64_t number, TokenType type = TokenType::kInt16) {
  return {encode_tokens(tokens_of(number), type), "picture " + std::to_string(number), type,
          static_cast<std::uint32_t>(kRows), static_cast<std::uint32_t>(kWidth)};
}

inline Run run_of_source(const std::string& source = "camera", const std::string& fingerprint = "abc") {
  Run run;
  run.source = source;
  run.fingerprint = fingerprint;
  run.stream_id = "stream";
  return run;
}

/** The one stream of an index. */
inline IndexedStream only_stream(const IndexReader& index) {
  ck_assert_int_eq(index.folders().size(), 1);
  auto stream = index.read(index.folders().front(), {});
  ck_assert(stream.has_value());
  return std::move(*stream);
}

/** All segments of a stream, in order. */
inline std::vector<IndexedSegment> segments_of(const IndexedStream& stream) {
  std::vector<IndexedSegment> segments;
  for (const IndexedRun& run : stream.runs)
    for (const auto& entry : run.entries)
      if (const auto* segment = std::get_if<IndexedSegment>(&entry)) segments.push_back(*segment);
  return segments;
}

/** Fails unless an Error of this code is thrown whose message has these words in it. */
inline void expect_error(ErrorCode code, const std::vector<std::string>& words, const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    ck_assert_msg(error.code() == code, "code %d: %s", static_cast<int>(error.code()), error.what());
    for (const std::string& word : words)
      ck_assert_msg(std::string(error.what()).find(word) != std::string::npos, "no \"%s\" in: %s", word.c_str(),
                    error.what());
    return;
  }
  ck_abort_msg("nothing was thrown");
}

}  // namespace gvl::archive::test
