/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>

/** "3.1 GB" */
std::string size_text(std::int64_t bytes);
/** "4 min" */
std::string duration_text(double seconds);
