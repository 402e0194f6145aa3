#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <set>
#include <system_error>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"
#include "io/quote.hpp"
#include "io/safetensors.hpp"
#include "io/tensor_size.hpp"

namespace gvl::io {

namespace {

constexpr std::size_t kDataAlignment = 64;

std::string json_string(const std::string& text) {
  if (!g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) {
    throw Error(ErrorCode::kInvalidArgument, "not UTF-8: " + quote(text));
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 7> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string metadata_json(const std::map<std::string, std::string>& metadata) {
  std::string out = "\"__metadata__\":{";
  bool first = true;
  for (const auto& [key, text] : metadata) {
    if (!std::exchange(first, false)) out += ',';
    out += json_string(key);
    out += ':';
    out += json_string(text);
  }
  return out + "}";
}

std::string shape_json(const std::vector<std::int64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(shape[i]);
  }
  return out + "]";
}

void check_tensors(const std::vector<TensorInfo>& tensors) {
  std::set<std::string> names;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.name.empty() || tensor.name == "__metadata__" || !names.insert(tensor.name).second) {
      throw Error(ErrorCode::kInvalidArgument, "tensor name " + quote(tensor.name) + " is empty, reserved or repeated");
    }
    if (tensor.shape.size() > kMaximumRank || !checked_bytes(tensor.type, tensor.shape)) {
      throw Error(ErrorCode::kInvalidArgument,
                  "tensor " + quote(tensor.name) + ": the shape " + to_string(tensor.shape) + " has no size");
    }
  }
}

std::string header_json(const std::vector<TensorInfo>& tensors, const std::map<std::string, std::string>& metadata) {
  std::string out = "{";
  if (!metadata.empty()) out += metadata_json(metadata);
  std::size_t offset = 0;
  for (const TensorInfo& tensor : tensors) {
    const std::size_t bytes = *checked_bytes(tensor.type, tensor.shape);
    std::size_t end = 0;
    if (__builtin_add_overflow(offset, bytes, &end) || end > static_cast<std::size_t>(INT64_MAX)) {
      throw Error(ErrorCode::kInvalidArgument, "the tensors are too large together");
    }
    if (out.size() > 1) out += ",";
    out += json_string(tensor.name) + ":{\"dtype\":\"" + traits_of(tensor.type).safetensors +
           "\",\"shape\":" + shape_json(tensor.shape) + ",\"data_offsets\":[" + std::to_string(offset) + "," +
           std::to_string(end) + "]}";
    offset = end;
  }
  return out + "}";
}

// The length and the header, padded with spaces so that the data behind it is aligned.
std::string file_start(std::string header) {
  const std::size_t length = sizeof(std::uint64_t) + header.size();
  if (header.size() > kLongestSafetensorsHeader - kDataAlignment) {
    throw Error(ErrorCode::kInvalidArgument, "the header is longer than the format allows");
  }
  header.append((kDataAlignment - length % kDataAlignment) % kDataAlignment, ' ');
  std::string start;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    start += static_cast<char>((static_cast<std::uint64_t>(header.size()) >> shift) & 0xFF);
  }
  return start + header;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path, std::vector<TensorInfo> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : path_(std::move(path)), tensors_(std::move(tensors)) {
  std::string start;
  try {
    check_tensors(tensors_);
    start = file_start(header_json(tensors_, metadata));
  } catch (const Error& error) {
    throw Error(error.code(), path_.string() + ": " + error.what());
  }
  create_temporary();
  try {
    write_all(std::as_bytes(std::span(start)));
  } catch (const Error&) {
    discard();
    throw;
  }
}

SafetensorsWriter::~SafetensorsWriter() { discard(); }

void SafetensorsWriter::fail(const std::string& what, int error) const {
  throw Error(ErrorCode::kResource, path_.string() + ": " + what + ": " + std::generic_category().message(error));
}

void SafetensorsWriter::create_temporary() {
  static std::atomic<unsigned> counter{0};
  do {
    temporary_ = path_;
    temporary_ += std::string(".") + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail("cannot create a file in its folder", errno);
}

void SafetensorsWriter::write_all(std::span<const std::byte> data) {
  constexpr std::size_t kLargestWrite = std::size_t{1} << 30;  // Linux writes less than 2 GiB at once
  while (!data.empty()) {
    const ssize_t written = ::write(descriptor_, data.data(), std::min(data.size(), kLargestWrite));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", errno);
    data = data.subspan(static_cast<std::size_t>(written));
  }
}

const TensorInfo& SafetensorsWriter::expect(const std::string& name) const {
  if (descriptor_ < 0) throw Error(ErrorCode::kInvalidArgument, path_.string() + ": is finished or failed already");
  if (next_ == tensors_.size() || tensors_[next_].name != name) {
    throw Error(ErrorCode::kInvalidArgument,
                path_.string() + ": tensor " + quote(name) + " is written, expected " +
                    (next_ == tensors_.size() ? std::string("no more") : quote(tensors_[next_].name)));
  }
  return tensors_[next_];
}

void SafetensorsWriter::write(const std::string& name, std::span<const std::byte> data) {
  const TensorInfo& info = expect(name);
  const std::size_t bytes = *checked_bytes(info.type, info.shape);
  if (data.size() != bytes) {
    throw Error(ErrorCode::kInvalidArgument, path_.string() + ": tensor " + quote(name) + ": expected " +
                                                 std::to_string(bytes) + " bytes, found " +
                                                 std::to_string(data.size()));
  }
  try {
    write_all(data);
  } catch (const Error&) {
    discard();
    throw;
  }
  ++next_;
}

void SafetensorsWriter::write(const std::string& name, const Tensor& tensor) {
  const TensorInfo& info = expect(name);
  if (tensor.type != info.type || tensor.shape != info.shape) {
    throw Error(ErrorCode::kInvalidArgument, path_.string() + ": tensor " + quote(name) + ": expected " +
                                                 name_of(info.type) + " " + to_string(info.shape) + ", found " +
                                                 name_of(tensor.type) + " " + to_string(tensor.shape));
  }
  write(name, {tensor.map(), tensor.bytes()});
}

void SafetensorsWriter::finish() {
  if (descriptor_ < 0) throw Error(ErrorCode::kInvalidArgument, path_.string() + ": is finished or failed already");
  if (next_ != tensors_.size()) {
    throw Error(ErrorCode::kInvalidArgument, path_.string() + ": tensor " + quote(tensors_[next_].name) + " and " +
                                                 std::to_string(tensors_.size() - next_ - 1) +
                                                 " more were not written");
  }
  if (::fsync(descriptor_) != 0) fail("cannot flush to disk", errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot close", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename to it", errno);
  temporary_.clear();
  sync_folder();
}

// Without this, a power cut could leave the folder without the new name although finish() returned.
void SafetensorsWriter::sync_folder() const {
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void SafetensorsWriter::discard() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

}  // namespace gvl::io
