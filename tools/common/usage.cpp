/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/usage.hpp"

#include <glib.h>

#include <algorithm>

void require_within(const char* option, double value, double least, double most) {
  if (value >= least && value <= most) return;
  g_autofree char* text = g_strdup_printf("%s %g: a number from %g to %g is needed", option, value, least, most);
  throw UsageError(text);
}

std::string checked_token(const std::string& text, const std::string& from) {
  g_autofree char* copy = g_strdup(text.c_str());
  const std::string stripped = g_strstrip(copy);
  const auto is_letter = [](char c) { return g_ascii_isgraph(c); };
  if (!std::all_of(stripped.begin(), stripped.end(), is_letter)) throw UsageError(from + ": not a token");
  return stripped;
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}
