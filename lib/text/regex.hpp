/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <memory>
#include <string>
#include <utility>

namespace gvl::text {

/** What GRegex reported while matching; null when all went well. */
struct FreeRegexError {
  void operator()(GError* error) const { g_error_free(error); }
};
using RegexError = std::unique_ptr<GError, FreeRegexError>;

/** Calls `visit(const GMatchInfo*, start, stop)` for each match in `subject`, valid UTF-8, from left to right. */
template <typename Visit>
RegexError for_each_match(const GRegex* regex, const std::string& subject, Visit&& visit) {
  struct FreeMatch {
    void operator()(GMatchInfo* match) const { g_match_info_free(match); }
  };
  GError* error = nullptr;
  GMatchInfo* info = nullptr;
  g_regex_match_full(regex, subject.data(), static_cast<gssize>(subject.size()), 0, static_cast<GRegexMatchFlags>(0),
                     &info, &error);
  const std::unique_ptr<GMatchInfo, FreeMatch> owned(info);
  while (!error && g_match_info_matches(info)) {
    gint start = 0;
    gint stop = 0;
    g_match_info_fetch_pos(info, 0, &start, &stop);
    visit(info, static_cast<std::size_t>(start), static_cast<std::size_t>(stop));
    g_match_info_next(info, &error);
  }
  return RegexError(error);
}

}  // namespace gvl::text
