/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gvl::test {

/** A file or folder of the committed fixtures, or of those that may not be redistributed and may not be at hand. */
inline std::optional<std::filesystem::path> find_fixture(const std::string& name) {
  if (const char* committed = std::getenv("GVL_TEST_DATA")) {
    const auto path = std::filesystem::path(committed) / name;
    if (std::filesystem::exists(path)) return path;
  }
  if (const char* shared = std::getenv("GVL_TEST_SHARED")) {
    const auto path = std::filesystem::path(shared) / "reference" / name;
    if (std::filesystem::exists(path)) return path;
  }
  return std::nullopt;
}

/** One that must be there. */
inline std::filesystem::path fixture(const std::string& name) {
  const auto found = find_fixture(name);
  if (!found) throw std::runtime_error("no fixture " + name + "; run the tests with meson test");
  return *found;
}

/** The committed fixtures, and the others where they are at hand. */
inline std::vector<std::filesystem::path> fixture_folders() {
  std::vector<std::filesystem::path> folders{fixture("phi_c"), fixture("llama_c")};
  for (const char* name : {"phi_a", "llama_a"}) {
    if (const auto found = find_fixture(name)) folders.push_back(*found);
  }
  return folders;
}

}  // namespace gvl::test
