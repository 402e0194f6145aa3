#pragma once

#include <unistd.h>
#include "support/testing.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "gvl/error.hpp"
#include "gvl/tensor.hpp"

namespace gvl::io::test {

/** A new folder that is removed with all that is in it. */
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gvl-io-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp " + pattern);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, const std::string& content) {
  // A new file each time: the old one may still be mapped.
  std::filesystem::remove(path);
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/** A file of the committed fixtures. */
inline std::filesystem::path fixture(const std::string& name) {
  for (const char* variable : {"GVL_TEST_DATA", "GVL_TEST_SHARED"}) {
    const char* folder = std::getenv(variable);
    if (!folder) continue;
    std::filesystem::path path = folder;
    if (std::strcmp(variable, "GVL_TEST_SHARED") == 0) path /= "reference";
    if (std::filesystem::exists(path / name)) return path / name;
  }
  throw std::runtime_error("no fixture " + name + "; run the tests with meson test");
}

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

/** A small deterministic generator, the same numbers on every machine (xorshift64*). */
class Random {
 public:
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DU;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>((next() >> 16) % limit); }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15U;
};

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
