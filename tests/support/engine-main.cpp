/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The main program of the engine's tests.

#include <glib.h>

#include <cstdlib>

#include "support/testing.hpp"

int main(int argc, char** argv) {
  // GLib is critical of how it is used: a mistake, although it goes on.
  g_log_set_always_fatal(static_cast<GLogLevelFlags>(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING));
  SRunner* runner = srunner_create(gvl::test::make_suite(argc, argv));
  srunner_run_all(runner, CK_NORMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
