/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/version.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

gboolean print_version(const gchar*, const gchar*, gpointer, GError**) {
  std::printf("%s %s\n", g_get_prgname(), GVL_VERSION);
  std::exit(0);
}

}  // namespace

void add_version(GOptionContext* context) {
  const GOptionEntry entries[] = {{"version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK,
                                   reinterpret_cast<gpointer>(print_version), "Print the version and exit", nullptr},
                                  {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}
