/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "archive/file.hpp"

namespace gvl::archive {

/** The largest head and body of a record, in bytes. */
inline constexpr std::uint32_t kLargestHead = 4096;
inline constexpr std::uint32_t kLargestBody = std::uint32_t{64} << 20;

/** A record as it lies in a file: its head is read with it, its body by RecordReader::body(). */
struct Record {
  std::uint32_t kind = 0;
  std::string head;
  std::uint64_t offset = 0;  ///< of the record
  std::uint64_t body = 0;    ///< offset of its body
  std::uint32_t body_bytes = 0;
  std::uint32_t body_checksum = 0;  ///< CRC-32

  std::uint64_t end() const { return body + body_bytes; }
};

/**
 * The records of a file, in order: the file begins with a magic text, and each record is a frame (a magic number,
 * kind, lengths of head and body, CRC-32 of each, and of these numbers), its head and its body. Numbers are
 * little-endian.
 *
 * A file that is being written, or whose writer was killed, may end in a part of a record: that is not read. Anything
 * else that is no record is Error(kMalformed), which names the file and the byte. For one thread; another may write.
 */
class RecordReader {
 public:
  explicit RecordReader(const File& file);

  /** The next record that is whole; nothing at the end. */
  std::optional<Record> next();

  /** Behind the last record that next() gave: from here on there is nothing, or a part of a record. */
  std::uint64_t end() const { return position_; }

 private:
  [[noreturn]] void fail(const std::string& what) const;
  bool is_torn(std::uint64_t size) const;

  const File& file_;
  std::uint64_t position_ = 0;
};

/** Reads a record's body. Throws Error(kMalformed) where its checksum is another, and as File does. */
std::string read_body(const File& file, const Record& record);

/** Whether a record's body is what its checksum says. */
bool body_is_whole(const File& file, const Record& record);

/**
 * Appends records to a file: makes it, or goes on with it. Then a part of a record at its end, which no reader reads,
 * is cut. Where a record cannot be written, the file is as it was before. Throws as RecordReader and File do.
 */
class RecordWriter {
 public:
  explicit RecordWriter(const std::filesystem::path& path);

  void append(std::uint32_t kind, std::string_view head, std::string_view body);
  void sync() { file_.sync(); }
  std::uint64_t size() const { return end_; }
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  File file_;
  std::uint64_t end_ = 0;
};

}  // namespace gvl::archive
