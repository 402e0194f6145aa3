/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/tensor.hpp"

#include <cstdlib>
#include <utility>

#include "gvl/error.hpp"
#include "io/data_types.hpp"

namespace gvl {

std::size_t size_of(DataType type) noexcept { return io::traits_of(type).bytes; }

const char* name_of(DataType type) noexcept { return io::traits_of(type).name; }

namespace {

class HostStorage : public TensorStorage {
 public:
  explicit HostStorage(std::shared_ptr<const std::byte> data) : data_(std::move(data)) {}

  std::string device() const override { return "cpu"; }
  const std::byte* map() const override { return data_.get(); }

 private:
  std::shared_ptr<const std::byte> data_;
};

}  // namespace

Tensor::Tensor(DataType type, std::vector<std::int64_t> shape, std::shared_ptr<const TensorStorage> storage)
    : type(type), shape(std::move(shape)), storage_(std::move(storage)) {}

Tensor::Tensor(DataType type, std::vector<std::int64_t> shape, std::shared_ptr<const std::byte> data)
    : Tensor(type, std::move(shape), std::make_shared<const HostStorage>(std::move(data))) {}

std::int64_t Tensor::elements() const noexcept {
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) count *= dimension;
  return count;
}

std::shared_ptr<std::byte> allocate_tensor_data(std::size_t bytes) {
  constexpr std::size_t kAlignment = 64;  // a cache line, and what the widest vector instructions like
  const std::size_t rounded = (bytes + kAlignment) / kAlignment * kAlignment;
  auto* data = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
  if (!data) throw Error(ErrorCode::kResource, "out of memory: " + std::to_string(bytes) + " bytes for a tensor");
  return std::shared_ptr<std::byte>(data, [](std::byte* p) { std::free(p); });
}

std::string to_string(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace gvl
