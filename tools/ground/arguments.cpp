/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/arguments.hpp"

#include <gst/gst.h>

#include <utility>

#include "ground/encoding.hpp"
#include "gvl/task.hpp"

using gvl::Task;
using gvl::task_from_name;

namespace {

/** What GOption fills. Paths and queries are bytes there: it knows no query that is not of the locale's encoding. */
struct Parsed {
  char *model = nullptr, *task = nullptr, *device = nullptr, *events = nullptr, *vtt = nullptr, *clips = nullptr,
       *overlay = nullptr, *report = nullptr, *min_confidence = nullptr;
  char **queries = nullptr, **rest = nullptr;
  gboolean json = FALSE, force = FALSE, explain = FALSE;

  Parsed() = default;
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() {
    for (char* text : {model, task, device, events, vtt, clips, overlay, report, min_confidence}) g_free(text);
    g_strfreev(queries);
    g_strfreev(rest);
  }
};

/** An option whose value is empty, as by a variable that is not set, was meant. */
std::string fault_of(const Parsed& parsed) {
  const std::pair<const char*, const char*> values[] = {
      {"--model", parsed.model}, {"--device", parsed.device},   {"--events", parsed.events}, {"--vtt", parsed.vtt},
      {"--clips", parsed.clips}, {"--overlay", parsed.overlay}, {"--report", parsed.report}};
  for (const auto& [option, value] : values)
    if (value && !*value) return std::string(option) + ": the value is empty";
  return {};
}

bool parse(int argc, char** argv, Parsed& parsed, std::string& fault) {
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &parsed.model, "Folder of the model; else the default model", "DIR"},
      {"task", 't', 0, G_OPTION_ARG_STRING, &parsed.task, "grounding (default), dense-caption, referring or qa",
       "TASK"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &parsed.device, "auto (default), cpu, cuda or cuda:N", "DEVICE"},
      {"query", 'q', 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed.queries, "What to ask, of each video; may be given often",
       "QUERY"},
      {"min-confidence", 0, 0, G_OPTION_ARG_STRING, &parsed.min_confidence,
       "What a model is less sure of is not told; default: as measured for the model", "0...1"},
      {"explain", 0, 0, G_OPTION_ARG_NONE, &parsed.explain,
       "Say on stderr what each window shows best, and why that is an event or none", nullptr},
      {"json", 'j', 0, G_OPTION_ARG_NONE, &parsed.json, "Print one JSON object per event", nullptr},
      {"events", 0, 0, G_OPTION_ARG_FILENAME, &parsed.events, "Write the events, one JSON object a line", "FILE.jsonl"},
      {"vtt", 0, 0, G_OPTION_ARG_FILENAME, &parsed.vtt, "Write the events as captions (WebVTT)", "FILE.vtt"},
      {"clips", 0, 0, G_OPTION_ARG_FILENAME, &parsed.clips,
       "Write a clip of each event, as it is encoded; never over a file", "DIR"},
      {"overlay", 0, 0, G_OPTION_ARG_FILENAME, &parsed.overlay,
       "Write the video with the events drawn on it, without sound", "FILE.mkv"},
      {"report", 0, 0, G_OPTION_ARG_FILENAME, &parsed.report, "Write a page with timeline, pictures and events",
       "FILE.html"},
      {"force", 'f', 0, G_OPTION_ARG_NONE, &parsed.force, "Replace output files that exist, but never what is read",
       nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed.rest, nullptr, nullptr},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("VIDEO QUERY... | -q QUERY... VIDEO...");
  g_option_context_set_summary(context,
                               "Finds moments of videos by plain language. A VIDEO is a file or a URI.\n"
                               "What comes behind -- is no option.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  g_autoptr(GError) error = nullptr;
  if (g_option_context_parse(context, &argc, &argv, &error)) return true;
  fault = error->message;
  return false;
}

/** UTF-8 is taken as it is in any locale, anything else as the locale's encoding where that is possible. */
std::string query_of(const char* text) {
  g_autofree char* converted =
      g_utf8_validate(text, -1, nullptr) ? nullptr : g_locale_to_utf8(text, -1, nullptr, nullptr, nullptr);
  return converted ? converted : text;
}

/** False where it is no number from 0 to 1. */
bool read_confidence(const char* text, std::optional<double>& confidence) {
  if (!text) return true;
  char* end = nullptr;
  confidence = g_ascii_strtod(text, &end);
  return end != text && !*end && *confidence >= 0 && *confidence <= 1;
}

bool takes_no_query(const std::string& task) { return task_from_name(task) == Task::kDenseCaption; }

/** Why a query cannot be asked, or an empty string. */
std::string fault_of_query(const std::string& query, const std::string& task) {
  if (!g_utf8_validate(query.c_str(), -1, nullptr)) return "the query \"" + query + "\" is not UTF-8";
  const bool blank = query.find_first_not_of(" \t\r\n") == std::string::npos;
  return blank && !takes_no_query(task) ? "a query is empty" : "";
}

/** Why the arguments make no sense together, or an empty string. */
std::string fault_of(const Arguments& arguments) {
  if (!task_from_name(arguments.task)) return "--task " + arguments.task + ": no such task";
  if (arguments.videos.empty()) return "a video and a query are needed";
  if (arguments.queries.empty() && !takes_no_query(arguments.task)) return "a query is needed";
  for (const std::string& query : arguments.queries)
    if (const std::string fault = fault_of_query(query, arguments.task); !fault.empty()) return fault;
  for (const std::string& video : arguments.videos)
    if (video.empty()) return "the name of a video is empty";
  const bool several = arguments.videos.size() > 1;
  if (several && (!arguments.vtt.empty() || !arguments.overlay.empty())) return "--vtt and --overlay take one video";
  if (!arguments.overlay.empty() && !has_known_ending(arguments.overlay))
    return "--overlay " + arguments.overlay + ": .mkv, .webm and .mp4 can be written";
  if (arguments.clips.find("%{") != std::string::npos)
    return "--clips " + arguments.clips + ": a folder with %{ in its name cannot be written to";
  return {};
}

/** Where there is no --query, what follows the first video is asked. */
void take_rest(const Parsed& parsed, Arguments& arguments) {
  for (char** query = parsed.queries; query && *query; ++query) arguments.queries.push_back(query_of(*query));
  for (char** word = parsed.rest; word && *word; ++word) {
    if (parsed.queries || word == parsed.rest)
      arguments.videos.emplace_back(*word);
    else
      arguments.queries.push_back(query_of(*word));
  }
}

}  // namespace

bool read_arguments(int argc, char** argv, Arguments& arguments, std::string& fault) {
  Parsed parsed;
  if (!parse(argc, argv, parsed, fault)) return false;
  fault = fault_of(parsed);
  if (!fault.empty()) return false;
  const auto text = [](const char* value) { return std::string(value ? value : ""); };
  arguments.model = text(parsed.model);
  if (parsed.task) arguments.task = parsed.task;
  arguments.device = text(parsed.device);
  arguments.json = parsed.json;
  arguments.force = parsed.force;
  arguments.explain = parsed.explain;
  if (!read_confidence(parsed.min_confidence, arguments.min_confidence)) {
    fault = "--min-confidence " + text(parsed.min_confidence) + ": a number from 0 to 1 is needed";
    return false;
  }
  arguments.events = text(parsed.events);
  arguments.vtt = text(parsed.vtt);
  arguments.clips = text(parsed.clips);
  arguments.overlay = text(parsed.overlay);
  arguments.report = text(parsed.report);
  take_rest(parsed, arguments);
  fault = fault_of(arguments);
  return fault.empty();
}
