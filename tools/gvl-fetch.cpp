/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-fetch MODEL DIR: loads a published model's release from its authors' repository, as far as it is needed, and
 * makes the model folder DIR of it. Exits 0 when it is there, 1 on wrong usage, 2 when it could not be had, 130 when it
 * was interrupted: the same command then goes on.
 */
#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/interrupt.hpp"
#include "common/quantities.hpp"
#include "common/signal-watch.hpp"
#include "common/tensor-progress.hpp"
#include "common/usage.hpp"
#include "common/version.hpp"
#include "fetch/download.hpp"
#include "fetch/space.hpp"
#include "gvl/config.hpp"
#include "gvl/convert.hpp"
#include "gvl/error.hpp"

namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "grounded-videollm-";
constexpr char kEndpoint[] = "https://huggingface.co";
constexpr char kRepository[] = "WHB139426/Grounded-Video-LLM";
// CLIP (Radford et al. 2021) and TinyCLIP (Wu et al. 2023).
constexpr std::pair<const char*, const char*> kClips[] = {
    {"clip-vit-b-32", "openai/clip-vit-base-patch32"},
    {"clip-vit-b-16", "openai/clip-vit-base-patch16"},
    {"clip-vit-l-14", "openai/clip-vit-large-patch14"},
    {"tinyclip-8m-16", "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M"},
    {"tinyclip-39m-16", "wkcn/TinyCLIP-ViT-39M-16-Text-19M-YFCC15M"},
    {"tinyclip-40m-32", "wkcn/TinyCLIP-ViT-40M-32-Text-19M-LAION400M"},
    {"tinyclip-61m-32", "wkcn/TinyCLIP-ViT-61M-32-Text-29M-LAION400M"},
};

struct Settings {
  std::string variant;  ///< "phi3.5"; empty: a CLIP
  fs::path folder;      ///< of the model
  fs::path release;     ///< of what is loaded
  std::string repository, revision;
  gvl::ConvertOptions convert;
  bool makes_model = true;
  bool keeps_release = true;
  bool only_lists = false;
  DownloadOptions download;
};

/** A published model, and where its authors have it. */
struct Published {
  std::string name;
  std::string repository;
  std::string variant;  ///< of Grounded-VideoLLM's release; empty: a CLIP
};

std::vector<Published> published_models() {
  std::vector<Published> models;
  for (const std::string& variant : gvl::release_variants())
    models.push_back({kPrefix + variant, kRepository, variant});
  for (const auto& [name, repository] : kClips) models.push_back({name, repository, ""});
  return models;
}

std::string known_models() {
  std::string names;
  for (const Published& model : published_models()) names += (names.empty() ? "" : ", ") + model.name;
  return names;
}

Published published_model(const std::string& name) {
  for (Published& model : published_models()) {
    if (model.name == name) return std::move(model);
  }
  throw UsageError(name + ": no published model (there are " + known_models() + ")");
}

std::string variable(const char* name, const char* otherwise) {
  const char* value = g_getenv(name);
  return value && *value ? value : otherwise;
}

/** What the command line says, before it is looked at. */
struct Arguments {
  char *dtype = nullptr, *release = nullptr, *endpoint = nullptr, *repository = nullptr, *revision = nullptr;
  gboolean base = FALSE, dry_run = FALSE, no_convert = FALSE, delete_release = FALSE;
  int connections = 4, retries = 8, timeout = 30;
  double retry_wait = 1;
  gint64 part_size = DownloadOptions().part_size;
  char** rest = nullptr;

  ~Arguments() {
    for (char* text : {dtype, release, endpoint, repository, revision}) g_free(text);
    g_strfreev(rest);
  }

  void parse(int argc, char** argv) {
    const GOptionEntry entries[] = {
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "Say which files are needed and how large they are", nullptr},
        {"dtype", 0, 0, G_OPTION_ARG_STRING, &dtype, "Data type of the weights written (bfloat16)", "TYPE"},
        {"base", 0, 0, G_OPTION_ARG_NONE, &base, "The weights that training begins with", nullptr},
        {"release", 0, 0, G_OPTION_ARG_FILENAME, &release, "Where the release is loaded to (DIR/release)", "FOLDER"},
        {"no-convert", 0, 0, G_OPTION_ARG_NONE, &no_convert, "Load the release, and make no model of it", nullptr},
        {"delete-release", 0, 0, G_OPTION_ARG_NONE, &delete_release, "Delete the release when the model is there",
         nullptr},
        {"connections", 0, 0, G_OPTION_ARG_INT, &connections, "Connections at a time (4)", "N"},
        {"retries", 0, 0, G_OPTION_ARG_INT, &retries, "Tries after one that fails, in a row (8)", "N"},
        {"retry-wait", 0, 0, G_OPTION_ARG_DOUBLE, &retry_wait, "Before the first of them; then twice as long (1)",
         "SECONDS"},
        {"part-size", 0, 0, G_OPTION_ARG_INT64, &part_size, "Of what one connection loads at a time (16777216)",
         "BYTES"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, "How long a server may say nothing (30)", "SECONDS"},
        {"endpoint", 0, 0, G_OPTION_ARG_STRING, &endpoint, "Server (HF_ENDPOINT, else Hugging Face)", "URL"},
        {"repository", 0, 0, G_OPTION_ARG_STRING, &repository, "Repository (the authors')", "OWNER/NAME"},
        {"revision", 0, 0, G_OPTION_ARG_STRING, &revision, "Its branch, tag or commit (main)", "NAME"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, nullptr, nullptr},
        {}};
    g_autoptr(GOptionContext) context = g_option_context_new("MODEL DIR");
    g_option_context_set_summary(
        context,
        ("Loads a published model and makes the model folder DIR of it. MODEL is one of " + known_models() + ".")
            .c_str());
    g_option_context_set_description(
        context,
        "HF_TOKEN is the token for a repository that wants one. http_proxy, https_proxy, all_proxy and no_proxy "
        "say how servers are reached. What was interrupted goes on when the same command is given again.");
    g_option_context_add_main_entries(context, entries, nullptr);
    add_version(context);
    g_autoptr(GError) error = nullptr;
    if (!g_option_context_parse(context, &argc, &argv, &error)) throw UsageError(error->message);
  }
};

DownloadOptions download_options(const Arguments& arguments) {
  require_within("--connections", arguments.connections, 1, 32);
  require_within("--retries", arguments.retries, 0, 1000);
  require_within("--retry-wait", arguments.retry_wait, 0, 60);
  require_within("--timeout", arguments.timeout, 1, 3600);
  require_within("--part-size", static_cast<double>(arguments.part_size), 1 << 16, 1 << 30);
  DownloadOptions options;
  options.http.endpoint = without_slash(arguments.endpoint ? arguments.endpoint : variable("HF_ENDPOINT", kEndpoint));
  options.http.token = checked_token(variable("HF_TOKEN", ""), "HF_TOKEN");
  options.http.token_place = "the variable HF_TOKEN";
  options.http.agent = "gvl-fetch";
  options.http.timeout = arguments.timeout;
  options.connections = arguments.connections;
  options.retries = {arguments.retries, arguments.retry_wait};
  options.part_size = arguments.part_size;
  return options;
}

Settings settings_of(const Arguments& arguments) {
  if (!arguments.rest || g_strv_length(arguments.rest) != 2) throw UsageError("a model and a folder are needed");
  Settings settings;
  const Published model = published_model(arguments.rest[0]);
  settings.variant = model.variant;
  settings.folder = arguments.rest[1];
  settings.release = arguments.release ? fs::path(arguments.release) : settings.folder / "release";
  settings.repository = arguments.repository ? arguments.repository : model.repository;
  settings.revision = arguments.revision ? arguments.revision : "main";
  settings.convert.base = arguments.base;
  if (arguments.base && model.variant.empty()) throw UsageError("--base: " + model.name + " has no such weights");
  settings.convert.variant = settings.variant;
  settings.convert.dtype = gvl::weight_type_from_name(arguments.dtype ? arguments.dtype : "bfloat16");
  if (!settings.convert.dtype) throw UsageError(std::string("--dtype ") + arguments.dtype + ": not a type of weights");
  settings.makes_model = !arguments.no_convert;
  settings.keeps_release = !arguments.delete_release;
  if (!settings.makes_model && !settings.keeps_release)
    throw UsageError("--no-convert --delete-release: nothing would stay");
  if (settings.folder.empty()) throw UsageError("DIR: is empty");
  settings.only_lists = arguments.dry_run;
  settings.download = download_options(arguments);
  return settings;
}

std::vector<RemoteFile> needed_files(const Settings& settings, std::vector<RemoteFile> listed) {
  std::vector<std::string> paths;
  for (const RemoteFile& file : listed) paths.push_back(file.path);
  const auto needed = settings.variant.empty() ? gvl::clip_release_files(paths)
                                               : gvl::release_files(settings.variant, paths, settings.convert.base);
  std::erase_if(listed, [&](const RemoteFile& file) {
    return std::find(needed.begin(), needed.end(), file.path) == needed.end();
  });
  return listed;
}

/** About: the model is as large as the weights that it is made of, float32 twice as large. */
std::int64_t model_bytes(const Settings& settings, const std::vector<RemoteFile>& files) {
  if (!settings.makes_model) return 0;
  std::int64_t bytes = 0;
  for (const RemoteFile& file : files) bytes += file.size;
  return settings.convert.dtype == gvl::WeightType::kFloat32 ? 2 * bytes : bytes;
}

void list(const Settings& settings, const Repository& repository, const std::vector<RemoteFile>& files,
          std::int64_t missing) {
  std::int64_t total = 0;
  for (const RemoteFile& file : files) {
    std::printf("%14" G_GINT64_FORMAT "  %s\n", static_cast<gint64>(file.size), file.path.c_str());
    total += file.size;
  }
  std::printf("%s at commit %s: %zu files, %s, of which %s are not in %s\n", settings.repository.c_str(),
              repository.commit().c_str(), files.size(), size_text(total).c_str(), size_text(missing).c_str(),
              settings.release.c_str());
}

void delete_release(const fs::path& folder, const std::vector<RemoteFile>& files) {
  std::error_code ignored;
  for (const RemoteFile& file : files) {
    fs::remove(folder / file.path, ignored);
    // Folders that others have put something in stay.
    for (fs::path parent = fs::path(file.path).parent_path(); !parent.empty(); parent = parent.parent_path()) {
      fs::remove(folder / parent, ignored);
    }
  }
  fs::remove(folder, ignored);
}

void make_model(gvl::ConvertOptions options, const fs::path& release, const fs::path& folder) {
  options.begin = [&](const gvl::ModelSummary& summary) {
    std::fprintf(stderr, "making %s: %s, %s\n", folder.c_str(), gvl::name_of(summary.dtype),
                 size_text(static_cast<std::int64_t>(summary.bytes)).c_str());
  };
  options.progress = [](std::size_t done, std::size_t total) {
    if (is_interrupted()) throw Interrupted();
    show_tensor_progress(done, total);
  };
  try {
    gvl::convert(release, folder, options);
  } catch (...) {
    if (isatty(STDERR_FILENO)) std::fputc('\n', stderr);
    throw;
  }
}

void fetch(const Settings& settings, GCancellable* cancellable) {
  const DownloadOptions& options = settings.download;
  HttpClient client(options.http, cancellable);
  std::optional<Repository> repository;
  std::vector<RemoteFile> files;
  const auto tell = [](const std::string& why, double seconds) {
    std::fprintf(stderr, "%s; again in %s\n", why.c_str(), duration_text(seconds).c_str());
  };
  with_retries(
      options.retries, cancellable, [] { return 0; }, tell,
      [&] {
        repository.emplace(client, options.http.endpoint, settings.repository, settings.revision);
        files = needed_files(settings, repository->list(client));
      });
  Download download(*repository, settings.release, options, cancellable);
  const std::int64_t missing = download.bytes_missing(files);
  if (settings.only_lists) return list(settings, *repository, files, missing);
  require_space({{settings.release, missing}, {settings.folder, model_bytes(settings, files)}});
  if (settings.makes_model) require_writable(settings.folder);
  const FolderLock lock(settings.release);
  download.run(files);
  if (!settings.makes_model) return;
  make_model(settings.convert, settings.release, settings.folder);
  if (!settings.keeps_release) delete_release(settings.release, files);
}

}  // namespace

int main(int argc, char** argv) {
  const InterruptGuard guard;
  g_autoptr(GCancellable) cancellable = g_cancellable_new();
  try {
    Arguments arguments;
    arguments.parse(argc, argv);
    const Settings settings = settings_of(arguments);
    const SignalWatch watch(cancellable);
    fetch(settings, cancellable);
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "gvl-fetch: %s\nusage: gvl-fetch [OPTION...] MODEL DIR (--help says more)\n", error.what());
    return 1;
  } catch (const Interrupted&) {
    std::fprintf(stderr, "gvl-fetch: interrupted; the same command goes on from here\n");
    return 130;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gvl-fetch: %s\n", error.what());
    return 2;
  }
}
