/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-convert [--base] [--dtype float32|bfloat16|float16] OFFICIAL_DIR OUT_DIR: makes a model folder from the official
 * release. Exits 0 when it is there, 1 on wrong usage, 2 when the release cannot be converted.
 */
#include <glib.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "gvl/config.hpp"
#include "gvl/convert.hpp"
#include "gvl/error.hpp"

namespace {

void show_progress(std::size_t done, std::size_t total) {
  std::fprintf(stderr, "\r%zu of %zu tensors%s", done, total, done == total ? "\n" : "");
}

int usage(const char* reason) {
  std::fprintf(stderr,
               "gvl-convert: %s\nusage: gvl-convert [--base] [--dtype float32|bfloat16|float16] OFFICIAL_DIR OUT_DIR\n",
               reason);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* dtype = nullptr;
  gboolean base = FALSE;
  const GOptionEntry entries[] = {
      {"base", 0, 0, G_OPTION_ARG_NONE, &base, "The weights that training begins with, without what was fine-tuned",
       nullptr},
      {"dtype", 0, 0, G_OPTION_ARG_STRING, &dtype, "Data type of the weights written; default: the release's", "TYPE"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("OFFICIAL_DIR OUT_DIR");
  g_option_context_set_summary(context, "Makes a model folder from a folder in Grounded-VideoLLM's official layout.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != 3) return usage("two folders are needed");

  gvl::ConvertOptions options;
  options.base = base;
  if (dtype) {
    options.dtype = gvl::weight_type_from_name(dtype);
    if (!options.dtype) return usage((std::string("--dtype ") + dtype + ": not a type of weights").c_str());
  }
  if (isatty(STDERR_FILENO)) options.progress = show_progress;
  try {
    gvl::convert(argv[1], argv[2], options);
  } catch (const gvl::Error& failure) {
    std::fprintf(stderr, "gvl-convert: %s\n", failure.what());
    return 2;
  }
  return 0;
}
