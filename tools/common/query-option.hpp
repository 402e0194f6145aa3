/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

/** A query of the command line: UTF-8 as it is in any locale, anything else as the locale's encoding where possible. */
std::string query_of(const char* text);

/** Whether a task needs no query. */
bool takes_no_query(const std::string& task);

/** Why a query cannot be asked, or an empty string. */
std::string fault_of_query(const std::string& query, const std::string& task);
