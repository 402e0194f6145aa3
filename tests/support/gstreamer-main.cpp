/* SPDX-License-Identifier: LGPL-2.1-or-later */

// The main program of the tests with GStreamer, which know the gvl elements. Where GST_TRACERS=leaks and CK_FORK=no,
// what the tests left alive is printed, and a failure.

#include <unistd.h>

#include <cstdlib>

#include "support/testing.hpp"

namespace {

void load_plugin() {
  GError* error = nullptr;
  GstPlugin* plugin = gst_plugin_load_file(g_getenv("GVL_TEST_PLUGIN"), &error);
  if (!plugin) g_error("%s", error->message);
  gst_object_unref(plugin);
}

int leaks = 0;

// Counts what the leaks tracer logs as it is shut down, and prints it.
void count_leaks(GstDebugCategory* category, GstDebugLevel, const gchar*, const gchar*, gint, GObject*,
                 GstDebugMessage* message, gpointer) {
  const gchar* text = gst_debug_message_get(message);
  if (g_strcmp0(gst_debug_category_get_name(category), "GST_TRACER") != 0 || !g_str_has_prefix(text, "object-alive, "))
    return;
  g_printerr("leaked: %s\n", text);
  ++leaks;
}

// Check's library shuts GStreamer down as the process exits.
void exit_after_shutdown() {
  if (leaks) _exit(EXIT_FAILURE);
}

}  // namespace

int main(int argc, char** argv) {
  std::atexit(exit_after_shutdown);
  gst_check_init(&argc, &argv);
  load_plugin();
  gst_debug_set_threshold_for_name("GST_TRACER", GST_LEVEL_TRACE);
  gst_debug_add_log_function(count_leaks, nullptr, nullptr);
  Suite* suite = gvl::test::make_suite(argc, argv);
  return gst_check_run_suite(suite, g_path_get_basename(argv[0]), argv[0]);
}
