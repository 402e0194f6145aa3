/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "archive_builder.hpp"
#include "io/torch_archive.hpp"
#include "io_test.hpp"

namespace gvl::io::test {

// 0.0f, 1.0f, ..., count - 1.
inline std::string floats(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<float>(i);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    out += packed(bits);
  }
  return out;
}

inline std::vector<float> values_of(const Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  if (!values.empty()) std::memcpy(values.data(), tensor.map(), tensor.bytes());
  return values;
}

inline void touch_all(const TorchArchive& archive) {
  std::uint64_t hash = kHashStart;
  for (const std::string& name : archive.names()) hash = hash_tensor(hash, name, archive.get(name));
}

inline std::string finished(const std::string& instructions) { return pickle::kStart + instructions + "."; }

/** A checkpoint {"w": view} over 24 floats. */
inline ZipBuilder with_view(const pickle::View& view) {
  return checkpoint(finished(pickle::dictionary(pickle::member("w", pickle::tensor(view)))), {floats(24)});
}

inline pickle::View view_of_24(std::vector<std::int64_t> shape, std::vector<std::int64_t> strides,
                               std::int64_t offset = 0) {
  return {"FloatStorage", "0", 24, offset, std::move(shape), std::move(strides)};
}

inline TorchArchive open(const TemporaryFolder& folder, const std::string& content) {
  write_file(folder / "model.pth", content);
  return TorchArchive::open(folder / "model.pth");
}

inline void expect_archive_error(const std::string& label, ErrorCode code, std::vector<std::string> parts,
                                 const std::string& content) {
  const TemporaryFolder folder;
  parts.push_back("model.pth");
  expect_error(label, code, parts, [&] { touch_all(open(folder, content)); });
}

inline void expect_pickle_error(const std::string& label, ErrorCode code, const std::vector<std::string>& parts,
                                const std::string& instructions) {
  expect_archive_error(label, code, parts, checkpoint(finished(instructions), {floats(24)}).build());
}

inline std::string repeat(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace gvl::io::test
