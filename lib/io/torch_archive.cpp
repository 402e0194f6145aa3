/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/torch_archive.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "gvl/error.hpp"
#include "io/budget.hpp"
#include "io/pickle.hpp"
#include "io/quote.hpp"
#include "io/tensor_size.hpp"
#include "io/zip_archive.hpp"

namespace gvl::io {

static_assert(std::endian::native == std::endian::little, "tensors of archives are read in place");

namespace {

Error unsupported(const MappedFile& file, const std::string& what) {
  return Error(ErrorCode::kUnsupported, file.path().string() + ": " + what);
}

Error malformed(const MappedFile& file, const std::string& tensor, const std::string& what) {
  return Error(ErrorCode::kMalformed, file.path().string() + ": tensor " + quote(tensor) + ": " + what);
}

void check_format(const MappedFile& file) {
  const std::string_view text = file.text();
  if (text.substr(0, 2) == "PK") return;
  if (text[0] == '\x80') {
    throw unsupported(file,
                      "is in PyTorch's format before 1.6; load it with PyTorch and save it again with torch.save");
  }
  throw Error(ErrorCode::kMalformed, file.path().string() + ": is not a PyTorch archive");
}

// torch.save puts everything into one folder, which is named like the file was when it was saved.
std::string find_root(const MappedFile& file, const ZipArchive& zip) {
  constexpr std::string_view kPickle = "/data.pkl";
  std::optional<std::string> root;
  for (const std::string& name : zip.names()) {
    if (!std::string_view(name).ends_with(kPickle) || name.find('/') != name.size() - kPickle.size()) continue;
    if (root) throw Error(ErrorCode::kMalformed, file.path().string() + ": holds two checkpoints");
    root = name.substr(0, name.size() - kPickle.size() + 1);
  }
  if (!root) throw Error(ErrorCode::kMalformed, file.path().string() + ": is a zip archive without data.pkl");
  return *root;
}

void check_byte_order(const MappedFile& file, const ZipArchive& zip, const std::string& root) {
  const std::string entry = root + "byteorder";
  if (!zip.contains(entry)) return;  // PyTorch before 2.1 wrote none
  const std::span<const std::byte> bytes = zip.read(entry);
  const std::string order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (order != "little") throw unsupported(file, "byte order " + quote(order) + ", only 'little' can be read");
}

// One past the last element of a view, in elements of its storage; none when it overflows.
std::optional<std::int64_t> end_of_view(const PickledTensor& tensor) {
  std::int64_t last = tensor.offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  if (__builtin_add_overflow(last, 1, &last)) return std::nullopt;
  return last;
}

void check_view(const MappedFile& file, const std::string& name, const PickledTensor& tensor) {
  const auto elements = checked_elements(tensor.shape);
  if (tensor.shape.size() > kMaximumRank || tensor.shape.size() != tensor.strides.size() || !elements ||
      !checked_bytes(tensor.type, tensor.shape)) {
    throw malformed(file, name, "bad shape " + to_string(tensor.shape) + " or strides " + to_string(tensor.strides));
  }
  if (tensor.offset < 0 || tensor.offset > tensor.storage_elements ||
      std::any_of(tensor.strides.begin(), tensor.strides.end(), [](std::int64_t stride) { return stride < 0; })) {
    throw malformed(file, name,
                    "bad offset " + std::to_string(tensor.offset) + " or strides " + to_string(tensor.strides));
  }
  if (*elements == 0) return;
  const auto end = end_of_view(tensor);
  if (!end || *end > tensor.storage_elements) {
    throw malformed(file, name,
                    "shape " + to_string(tensor.shape) + ", strides " + to_string(tensor.strides) + ", offset " +
                        std::to_string(tensor.offset) + " reach outside a storage of " +
                        std::to_string(tensor.storage_elements) + " elements");
  }
}

// Dimensions of stride 0 repeat data: as many elements as are asked for, from almost no file.
void check_expansion(const MappedFile& file, const std::string& name, const PickledTensor& tensor, Budget& budget) {
  const auto elements = static_cast<std::size_t>(checked_elements(tensor.shape).value_or(0));
  const auto stored = static_cast<std::size_t>(tensor.storage_elements);
  if (elements <= stored) return;
  try {
    budget.take_memory((elements - stored) * size_of(tensor.type));
  } catch (const Error& error) {
    throw Error(ErrorCode::kUnsupported, file.path().string() + ": tensor " + quote(name) + ": shape " +
                                             to_string(tensor.shape) + " repeats a storage of only " +
                                             std::to_string(stored) + " elements; " + error.what());
  }
}

std::span<const std::byte> find_storage(const MappedFile& file, const ZipArchive& zip, const std::string& root,
                                        const std::string& name, const PickledTensor& tensor) {
  std::span<const std::byte> storage;
  try {
    storage = zip.read(root + "data/" + tensor.storage);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(error.what()) + " (tensor " + quote(name) + ")");
  }
  const auto bytes = checked_bytes(tensor.type, {tensor.storage_elements});
  if (!bytes || *bytes != storage.size()) {
    throw malformed(file, name,
                    "its storage has " + std::to_string(storage.size()) + " bytes, expected " +
                        std::to_string(tensor.storage_elements) + " elements of " + name_of(tensor.type));
  }
  return storage;
}

bool is_contiguous(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return true;
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

template <typename Element>
void copy_strided(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides,
                  const std::byte* from, std::byte* to) {
  const std::size_t last = shape.size() - 1;
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t row = 0;
  for (;;) {
    for (std::int64_t i = 0; i < shape[last]; ++i, to += sizeof(Element)) {
      std::memcpy(to, from + (row + i * strides[last]) * static_cast<std::int64_t>(sizeof(Element)), sizeof(Element));
    }
    std::size_t dimension = last;
    for (;;) {
      if (dimension == 0) return;
      --dimension;
      row += strides[dimension];
      if (++index[dimension] < shape[dimension]) break;
      row -= shape[dimension] * strides[dimension];
      index[dimension] = 0;
    }
  }
}

void copy_contiguous(const TensorInfo& info, const std::vector<std::int64_t>& strides, const std::byte* from,
                     std::byte* to) {
  switch (size_of(info.type)) {
    case 1:
      return copy_strided<std::uint8_t>(info.shape, strides, from, to);
    case 2:
      return copy_strided<std::uint16_t>(info.shape, strides, from, to);
    case 4:
      return copy_strided<std::uint32_t>(info.shape, strides, from, to);
    default:
      return copy_strided<std::uint64_t>(info.shape, strides, from, to);
  }
}

}  // namespace

TorchArchive TorchArchive::open(const std::filesystem::path& path) {
  TorchArchive archive;
  archive.file_ = MappedFile::open(path);
  archive.load();
  return archive;
}

void TorchArchive::load() {
  check_format(*file_);
  const ZipArchive zip(file_);
  const std::string root = find_root(*file_, zip);
  check_byte_order(*file_, zip, root);
  Budget expansions(file_->size(), "what such tensors repeat");
  for (auto& [name, tensor] : read_pickled_tensors(zip.read(root + "data.pkl"), path().string())) {
    check_view(*file_, name, tensor);
    check_expansion(*file_, name, tensor, expansions);
    const auto storage = find_storage(*file_, zip, root, name, tensor);
    if (!index_.emplace(name, records_.size()).second) throw malformed(*file_, name, "occurs twice");
    records_.push_back({TensorInfo{name, tensor.type, std::move(tensor.shape)}, std::move(tensor.strides),
                        storage.subspan(static_cast<std::size_t>(tensor.offset) * size_of(tensor.type))});
  }
}

std::vector<std::string> TorchArchive::names() const {
  std::vector<std::string> names;
  names.reserve(records_.size());
  for (const Record& record : records_) names.push_back(record.info.name);
  return names;
}

const TorchArchive::Record& TorchArchive::record(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) {
    throw Error(ErrorCode::kMalformed, path().string() + ": has no tensor " + quote(name));
  }
  return records_[found->second];
}

Tensor TorchArchive::get(const std::string& name) const {
  const Record& record = this->record(name);
  const TensorInfo& info = record.info;
  if (is_contiguous(info.shape, record.strides)) {
    return {info.type, info.shape, std::shared_ptr<const std::byte>(file_, record.storage.data())};
  }
  const auto copy = allocate_tensor_data(Tensor(info.type, info.shape).bytes());
  copy_contiguous(info, record.strides, record.storage.data(), copy.get());
  return {info.type, info.shape, copy};
}

}  // namespace gvl::io
