/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/complain.hpp"

#include <glib.h>

#include <cstdio>

#include "ground/names.hpp"

bool complain(const std::string& reason) {
  // Not g_printerr(), which knows only what the locale does.
  std::fprintf(stderr, "%s: %s\n", g_get_prgname(), without_passwords(on_one_line(reason)).c_str());
  return false;
}

bool unless(const std::string& reason) { return reason.empty() || complain(reason); }
