/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-convert [--base] [--variant NAME] [--dtype TYPE] OFFICIAL_DIR|CLIP_DIR|MODEL_DIR OUT_DIR: makes a model folder
 * from the official release, or from a CLIP in Hugging Face's layout. gvl-convert --dtype TYPE MODEL_DIR OUT_DIR: makes
 * one of another type from a model folder. gvl-convert --verify DIR checks one. Exits 0 when all is well, 1 on wrong
 * usage, 2 when the folder cannot be converted or is no good.
 */
#include <glib.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include "common/tensor-progress.hpp"
#include "common/version.hpp"
#include "gvl/config.hpp"
#include "gvl/convert.hpp"
#include "gvl/error.hpp"

namespace {

std::string described(const gvl::ModelSummary& summary) {
  g_autofree char* size = g_format_size(summary.bytes);
  return "a model of type " + summary.type + ", " + gvl::name_of(summary.dtype) + ", " +
         std::to_string(summary.tensors) + " tensors, " + size;
}

int usage(const std::string& reason) {
  std::fprintf(
      stderr,
      "gvl-convert: %s\nusage: gvl-convert [--base] [--variant NAME] [--dtype TYPE] OFFICIAL_DIR|CLIP_DIR|MODEL_DIR "
      "OUT_DIR | --verify DIR\n",
      reason.c_str());
  return 1;
}

int verify(const char* folder, const gvl::ConvertOptions& options) {
  const gvl::ModelSummary summary = gvl::verify(folder, options.progress);
  std::printf("%s: %s: loads, and all its weights are finite numbers\n", folder, described(summary).c_str());
  return 0;
}

int convert(const char* from, const char* out, gvl::ConvertOptions options) {
  gvl::ModelSummary made;
  options.begin = [&made](const gvl::ModelSummary& summary) { made = summary; };
  gvl::convert(from, out, options);
  std::printf("%s: %s\n", out, described(made).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char *dtype = nullptr, *variant = nullptr;
  gboolean base = FALSE, verifies = FALSE;
  const std::string types = "Type of the weights written (" + gvl::weight_type_names() + "); default: the release's";
  const GOptionEntry entries[] = {
      {"base", 0, 0, G_OPTION_ARG_NONE, &base, "The weights that training begins with, without what was fine-tuned",
       nullptr},
      {"variant", 0, 0, G_OPTION_ARG_STRING, &variant, "Which model, of a folder that holds several: phi3.5, llama3",
       "NAME"},
      {"dtype", 0, 0, G_OPTION_ARG_STRING, &dtype, types.c_str(), "TYPE"},
      {"verify", 0, 0, G_OPTION_ARG_NONE, &verifies, "Check a model folder instead", nullptr},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("OFFICIAL_DIR|CLIP_DIR|MODEL_DIR OUT_DIR");
  g_option_context_set_summary(context,
                               "Makes a model folder from a folder in Grounded-VideoLLM's official layout, from a CLIP "
                               "in Hugging Face's, or from "
                               "a model folder of another type.");
  g_option_context_add_main_entries(context, entries, nullptr);
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);
  if (argc != (verifies ? 2 : 3)) return usage(verifies ? "one folder is needed" : "two folders are needed");

  gvl::ConvertOptions options;
  options.base = base;
  if (variant) options.variant = variant;
  if (dtype) {
    options.dtype = gvl::weight_type_from_name(dtype);
    if (!options.dtype)
      return usage(std::string("--dtype ") + dtype + ": not a type of weights (" + gvl::weight_type_names() + ")");
  }
  options.progress = show_tensor_progress;
  try {
    return verifies ? verify(argv[1], options) : convert(argv[1], argv[2], options);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-convert: %s\n", failure.what());
    return 2;
  }
}
