/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>

/** "\r12 of 345 tensors" on stderr, the last one with the line's end; nothing where stderr is no terminal. */
void show_tensor_progress(std::size_t done, std::size_t total);
