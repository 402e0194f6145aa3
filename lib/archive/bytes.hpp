/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace gvl::archive {

static_assert(std::endian::native == std::endian::little, "files of an index are little-endian");

/** Numbers and texts, one behind the other. */
class ByteWriter {
 public:
  template <typename Number>
  void number(Number value) {
    static_assert(std::is_arithmetic_v<Number>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  /** Its length, and itself. */
  void text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/** Reads what a ByteWriter wrote. What is not there is 0 or empty, and good() says so. */
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Number>
  Number number() {
    static_assert(std::is_arithmetic_v<Number>);
    Number value{};
    const std::string_view read = take(sizeof value);
    if (good_) std::memcpy(&value, read.data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number<std::uint32_t>())); }

  /** Whether all was there that was read. */
  bool good() const { return good_; }
  /** Whether that was all that there is. */
  bool at_end() const { return good_ && bytes_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    good_ = good_ && count <= bytes_.size();
    if (!good_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
  bool good_ = true;
};

}  // namespace gvl::archive
