/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive/record_file.hpp"

#include <zlib.h>

#include <algorithm>

#include "archive/bytes.hpp"
#include "gvl/error.hpp"

namespace gvl::archive {

namespace {

constexpr std::string_view kFileMagic = "gvlindex";
constexpr std::uint32_t kRecordMagic = 0x524c5647;  // "GVLR"
constexpr std::size_t kFrameBytes = 7 * sizeof(std::uint32_t);

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/** What lies before a record's head. Its last number is the checksum of the others. */
struct Frame {
  std::uint32_t magic = kRecordMagic;
  std::uint32_t kind = 0;
  std::uint32_t head_bytes = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t head_checksum = 0;
  std::uint32_t body_checksum = 0;

  std::string bytes() const {
    ByteWriter writer;
    for (const std::uint32_t number : {magic, kind, head_bytes, body_bytes, head_checksum, body_checksum})
      writer.number(number);
    std::string numbers = writer.take();
    ByteWriter last;
    last.number(checksum(numbers));
    return numbers + last.take();
  }

  /** Of so many bytes. Nothing where they are none. */
  static std::optional<Frame> of(std::string_view bytes) {
    ByteReader reader(bytes);
    Frame frame;
    for (auto* number :
         {&frame.magic, &frame.kind, &frame.head_bytes, &frame.body_bytes, &frame.head_checksum, &frame.body_checksum})
      *number = reader.number<std::uint32_t>();
    const bool sane =
        frame.magic == kRecordMagic && frame.head_bytes <= kLargestHead && frame.body_bytes <= kLargestBody;
    return sane && frame.bytes() == bytes ? std::optional(frame) : std::nullopt;
  }
};

}  // namespace

RecordReader::RecordReader(const File& file) : file_(file) {
  const std::string magic = file.read(0, kFileMagic.size());
  if (!kFileMagic.starts_with(magic)) fail("is no file of an index");
  if (magic.size() == kFileMagic.size()) position_ = kFileMagic.size();
}

void RecordReader::fail(const std::string& what) const {
  throw Error(ErrorCode::kMalformed, file_.path().string() + ": " + what);
}

// After a power cut, the end of a file may be zeros where data did not reach the disk.
bool RecordReader::is_torn(std::uint64_t size) const {
  constexpr std::size_t kBlock = 1 << 16;
  for (std::uint64_t at = position_ + kFrameBytes; at < size; at += kBlock) {
    const std::string block = file_.read(at, kBlock);
    if (std::any_of(block.begin(), block.end(), [](char byte) { return byte != 0; })) return false;
  }
  return true;
}

// Where only the writing was cut short, what is there of a record is right: else its lengths would mean nothing.
std::optional<Record> RecordReader::next() {
  if (position_ == 0) return std::nullopt;
  const std::uint64_t size = file_.size();
  const std::string start = file_.read(position_, kFrameBytes + kLargestHead);
  if (start.size() < kFrameBytes) return std::nullopt;
  const auto frame = Frame::of(std::string_view(start).substr(0, kFrameBytes));
  if (!frame && is_torn(size)) return std::nullopt;
  if (!frame) fail("byte " + std::to_string(position_) + " begins no record");
  Record record{frame->kind,       start.substr(kFrameBytes, frame->head_bytes),
                position_,         position_ + kFrameBytes + frame->head_bytes,
                frame->body_bytes, frame->body_checksum};
  if (record.end() > size) return std::nullopt;
  const bool is_last = record.end() == size;
  const bool whole = frame->head_checksum == checksum(record.head);
  if (!whole && !is_last)
    fail("the record at byte " + std::to_string(position_) + " is damaged: its checksum is another");
  if (!whole || (is_last && !body_is_whole(file_, record))) return std::nullopt;
  position_ = record.end();
  return record;
}

bool body_is_whole(const File& file, const Record& record) {
  const std::string body = file.read(record.body, record.body_bytes);
  return body.size() == record.body_bytes && checksum(body) == record.body_checksum;
}

std::string read_body(const File& file, const Record& record) {
  std::string body = file.read(record.body, record.body_bytes);
  if (body.size() == record.body_bytes && checksum(body) == record.body_checksum) return body;
  throw Error(ErrorCode::kMalformed, file.path().string() + ": the record at byte " + std::to_string(record.offset) +
                                         " is damaged: its checksum is another");
}

RecordWriter::RecordWriter(const std::filesystem::path& path) : file_(path, File::Mode::kWrite) {
  RecordReader reader(file_);
  while (reader.next()) {
  }
  end_ = reader.end();
  if (file_.size() != end_) file_.cut(end_);
  if (end_ > 0) return;
  file_.write(0, kFileMagic);
  end_ = kFileMagic.size();
}

void RecordWriter::append(std::uint32_t kind, std::string_view head, std::string_view body) {
  if (head.size() > kLargestHead || body.size() > kLargestBody)
    throw Error(ErrorCode::kInvalidArgument, path().string() + ": a record is too large to be written");
  const Frame frame{
      kRecordMagic,   kind,          static_cast<std::uint32_t>(head.size()), static_cast<std::uint32_t>(body.size()),
      checksum(head), checksum(body)};
  const std::string bytes = frame.bytes().append(head).append(body);
  try {
    file_.write(end_, bytes);
  } catch (const Error&) {
    file_.cut(end_);
    throw;
  }
  end_ += bytes.size();
}

}  // namespace gvl::archive
