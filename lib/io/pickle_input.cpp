/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/pickle_input.hpp"

#include <bit>

#include "gvl/error.hpp"

namespace gvl::io {

static_assert(std::endian::native == std::endian::little, "pickles are little-endian and read in place");

namespace {

// Ample room for a state_dict of 25,000 tensors.
constexpr std::size_t kLongestPickle = std::size_t{32} << 20;

}  // namespace

PickleInput::PickleInput(std::span<const std::byte> pickle, const std::string& source)
    : text_(reinterpret_cast<const char*>(pickle.data()), pickle.size()),
      source_(source),
      budget_(pickle.size(), source + ": its pickle") {
  if (text_.size() > kLongestPickle) {
    fail("it is longer than the limit of " + std::to_string(kLongestPickle) + " bytes");
  }
}

void PickleInput::fail(const std::string& what) const {
  throw Error(ErrorCode::kMalformed,
              source_ + ": not a valid pickle: " + what + " (byte " + std::to_string(position_) + " of data.pkl)");
}

std::string_view PickleInput::bytes(std::uint64_t length) {
  if (length > text_.size() - position_) fail("it ends early");
  const std::string_view result = text_.substr(position_, length);
  position_ += length;
  return result;
}

std::string_view PickleInput::line() {
  const std::size_t end = text_.find('\n', position_);
  if (end == std::string_view::npos) fail("it ends early");
  const std::string_view result = bytes(end - position_);
  ++position_;
  return result;
}

}  // namespace gvl::io
