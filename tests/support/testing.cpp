/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/testing.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace gvl::test {

namespace {

/** Ends the program where an argument names no test: nothing tested must not look like a success. */
void check_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto& all = registered();
    if (std::any_of(all.begin(), all.end(), [&](const Registered& one) { return one.name == name; })) continue;
    std::fprintf(stderr, "there is no test %s\n", name.c_str());
    std::exit(EXIT_FAILURE);
  }
}

}  // namespace

Suite* make_suite(int argc, char** argv) {
  const std::vector<std::string> names(argv + 1, argv + argc);
  check_names(names);
  // Check keeps the pointer.
  static const std::string program = std::filesystem::path(argv[0]).filename();
  Suite* suite = suite_create(program.c_str());
  TCase* tests = tcase_create(program.c_str());
  suite_add_tcase(suite, tests);
  for (const Registered& one : registered()) {
    const bool is_asked =
        names.empty() || one.name.empty() || std::find(names.begin(), names.end(), one.name) != names.end();
    if (is_asked) one.add(tests);
  }
  return suite;
}

}  // namespace gvl::test
