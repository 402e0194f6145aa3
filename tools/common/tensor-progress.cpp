/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/tensor-progress.hpp"

#include <unistd.h>

#include <cstdio>

void show_tensor_progress(std::size_t done, std::size_t total) {
  if (!isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r%zu of %zu tensors%s", done, total, done == total ? "\n" : "");
}
