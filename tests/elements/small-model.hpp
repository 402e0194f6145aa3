/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "gvl/convert.hpp"
#include "support/fixtures.hpp"
#include "support/temporary.hpp"

/** The small fixture as a model folder, made once for all tests of a program, which are processes of their own. */
namespace gvl::test {

/** Where the program's tests may write; from make_small_model() to remove_small_model(), its GVL_FIXTURE. */
inline TemporaryFolder* work = nullptr;

inline std::string model_folder() { return (*work / "model").string(); }

inline void make_small_model() {
  work = new TemporaryFolder;
  convert(fixture("phi_c"), model_folder());
}

inline void remove_small_model() { delete work; }

}  // namespace gvl::test
