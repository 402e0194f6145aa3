/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/number-option.hpp"

#include <glib.h>

#include <cmath>

std::string read_number(const NumberOption& number, std::optional<double>& value) {
  if (!number.text) return {};
  char* end = nullptr;
  const double read = g_ascii_strtod(number.text, &end);
  if (end != number.text && !*end && read >= number.least && read <= number.most &&
      (!number.is_whole || read == std::floor(read))) {
    value = read;
    return {};
  }
  return std::string(number.option) + " " + number.text + ": " + number.wanted + " is needed";
}
