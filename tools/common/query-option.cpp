/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/query-option.hpp"

#include <glib.h>

#include "gvl/task.hpp"

std::string query_of(const char* text) {
  g_autofree char* converted =
      g_utf8_validate(text, -1, nullptr) ? nullptr : g_locale_to_utf8(text, -1, nullptr, nullptr, nullptr);
  return converted ? converted : text;
}

bool takes_no_query(const std::string& task) { return gvl::task_from_name(task) == gvl::Task::kDenseCaption; }

std::string fault_of_query(const std::string& query, const std::string& task) {
  if (!g_utf8_validate(query.c_str(), -1, nullptr)) return "the query \"" + query + "\" is not UTF-8";
  const bool blank = query.find_first_not_of(" \t\r\n") == std::string::npos;
  return blank && !takes_no_query(task) ? "a query is empty" : "";
}
