/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gvl/error.hpp"
#include "gvl/tensor.hpp"
#include "support/fixtures.hpp"
#include "support/random.hpp"
#include "support/temporary.hpp"
#include "support/testing.hpp"

namespace gvl::io::test {

using gvl::test::find_fixture;
using gvl::test::fixture;
using gvl::test::Random;
using gvl::test::read_file;
using gvl::test::TemporaryFolder;
using gvl::test::write_file;

inline std::string bytes_of(const Tensor& tensor) { return std::string(tensor.as<char>(), tensor.bytes()); }

/** FNV-1a over name, type, shape and data: one number that all of a tensor must match. */
inline std::uint64_t hash_tensor(std::uint64_t hash, const std::string& name, const Tensor& tensor) {
  for (const char c : name + name_of(tensor.type) + to_string(tensor.shape) + bytes_of(tensor)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}
inline constexpr std::uint64_t kHashStart = 0xcbf29ce484222325U;

// Not fail_unless_equals_string, which keeps pointers into temporaries.
inline void expect_text(const std::string& found, const std::string& expected) {
  ck_assert_msg(found == expected, "found '%s', expected '%s'", found.c_str(), expected.c_str());
}

/** `run` must throw an Error with this code, whose message has every one of `parts`. */
inline void expect_error(const std::string& label, ErrorCode code, const std::vector<std::string>& parts,
                         const std::function<void()>& run) {
  std::string message;
  try {
    run();
  } catch (const Error& error) {
    if (error.code() == code) message = error.what();
    ck_assert_msg(!message.empty(), "%s: error code %d: %s", label.c_str(), static_cast<int>(error.code()),
                  error.what());
    for (const std::string& part : parts) {
      ck_assert_msg(message.find(part) != std::string::npos, "%s: no '%s' in: %s", label.c_str(), part.c_str(),
                    message.c_str());
    }
    return;
  }
  ck_abort_msg("%s: nothing was thrown", label.c_str());
}

inline std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

inline std::span<const std::byte> as_span(const std::string& text) { return std::as_bytes(std::span(text)); }

/** One to four changes of the kinds that files suffer: flipped bits, changed, inserted, deleted and copied bytes. */
inline std::string mutate(std::string text, Random& random) {
  for (std::size_t changes = 1 + random.below(4); changes > 0 && !text.empty(); --changes) {
    const std::size_t position = random.below(text.size());
    switch (random.below(5)) {
      case 0:
        text[position] = static_cast<char>(text[position] ^ (1 << random.below(8)));
        break;
      case 1:
        text[position] = static_cast<char>(random.next() >> 40);
        break;
      case 2:
        text.insert(position, 1, static_cast<char>(random.next() >> 40));
        break;
      case 3:
        text.erase(position, 1);
        break;
      default: {
        const std::size_t from = random.below(text.size());
        const std::string piece = text.substr(from, 1 + random.below(8));
        text.replace(position, std::min(piece.size(), text.size() - position), piece);
      }
    }
  }
  return text;
}

/** What a malformed file may do: load, or throw an Error that names it. */
inline bool loads_or_throws(const std::string& file_name, const std::function<void()>& load) {
  try {
    load();
    return true;
  } catch (const Error& error) {
    ck_assert_msg(std::string(error.what()).find(file_name) != std::string::npos,
                  "the error does not name the file: %s", error.what());
    return false;
  }
}

}  // namespace gvl::io::test
