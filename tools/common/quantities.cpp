/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/quantities.hpp"

#include <glib.h>

namespace {

std::string formatted(const char* format, double value) {
  char text[64];
  g_snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string size_text(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < 1e3) return formatted("%.0f B", value);
  if (value < 1e6) return formatted("%.0f kB", value / 1e3);
  if (value < 1e9) return formatted("%.1f MB", value / 1e6);
  return formatted("%.2f GB", value / 1e9);
}

std::string duration_text(double seconds) {
  if (seconds < 100) return formatted("%.0f s", seconds);
  if (seconds < 100 * 60) return formatted("%.0f min", seconds / 60);
  return formatted("%.1f h", seconds / 3600);
}
