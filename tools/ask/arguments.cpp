/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask/arguments.hpp"

#include <gst/gst.h>

#include <cmath>
#include <utility>

#include "archive/days.hpp"
#include "common/number-option.hpp"
#include "common/query-option.hpp"
#include "common/version.hpp"
#include "gvl/task.hpp"

using gvl::Task;

namespace {

/** What GOption fills. Paths and queries are bytes there. */
struct Parsed {
  char *index = nullptr, *model = nullptr, *device = nullptr, *task = nullptr, *stream = nullptr, *from = nullptr,
       *to = nullptr, *min_confidence = nullptr, *top = nullptr, *report = nullptr, *search = nullptr;
  char** rest = nullptr;
  gboolean json = FALSE, force = FALSE, lists = FALSE;

  Parsed() = default;
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() {
    for (char* text : {index, model, device, task, stream, from, to, min_confidence, top, report, search}) g_free(text);
    g_strfreev(rest);
  }
};

void add_options(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"index", 'i', 0, G_OPTION_ARG_FILENAME, &parsed.index, "Folder of the index", "DIR"},
      {"from", 0, 0, G_OPTION_ARG_STRING, &parsed.from,
       "Ask about what is not before: UTC, or a time of the stream, in seconds or on a clock",
       "2026-01-31T12:00:00Z|SECONDS|H:MM:SS"},
      {"to", 0, 0, G_OPTION_ARG_STRING, &parsed.to, "Ask about what is not behind", "TIME"},
      {"stream", 's', 0, G_OPTION_ARG_STRING, &parsed.stream, "Ask about this stream; default: all", "NAME"},
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &parsed.model,
       "Folder or name of the model (default, faults, things) with which was indexed; else default", "MODEL"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &parsed.device, "auto (default), cpu, cuda or cuda:N", "DEVICE"},
      {"task", 't', 0, G_OPTION_ARG_STRING, &parsed.task, "grounding (default), dense-caption or qa", "TASK"},
      {"min-confidence", 0, 0, G_OPTION_ARG_STRING, &parsed.min_confidence,
       "What the model is less sure of is not told; default: as measured for the model", "0...1"},
      {"top", 'n', 0, G_OPTION_ARG_STRING, &parsed.top, "Tell the N surest; default: all", "N"},
      {"json", 'j', 0, G_OPTION_ARG_NONE, &parsed.json, "Print one JSON object per event", nullptr},
      {"report", 0, 0, G_OPTION_ARG_FILENAME, &parsed.report, "Write a page with pictures and events", "FILE.html"},
      {"force", 'f', 0, G_OPTION_ARG_NONE, &parsed.force, "Replace a report that exists", nullptr},
      {"search", 0, 0, G_OPTION_ARG_STRING, &parsed.search,
       "Ask no model: tell the events that were found while it was indexed, with these words in query or text",
       "WORDS"},
      {"list", 'l', 0, G_OPTION_ARG_NONE, &parsed.lists, "Tell what streams and days are in the index", nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed.rest, nullptr, nullptr},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

bool parse(int argc, char** argv, Parsed& parsed, std::string& fault) {
  g_autoptr(GOptionContext) context = g_option_context_new("QUERY...");
  g_option_context_set_summary(context,
                               "Answers questions about what gvl-index, or gvlground with index=DIR, kept of videos: "
                               "without the videos.\nEvents are told with the surest first.");
  g_option_context_set_description(
      context,
      "Examples:\n"
      "  gvl-ask --index archive --from 2026-01-31T00:00:00Z --to 2026-02-01T00:00:00Z \"a red car is parked\"\n"
      "  gvl-ask --index archive --stream entrance --top 10 --report found.html \"somebody falls\"\n"
      "  gvl-ask --index archive --search \"red car\"\n\n"
      "Exits 0 when all was answered and written, 1 on wrong usage, 2 when something could not be.\n");
  add_options(context, parsed);
  g_option_context_add_group(context, gst_init_get_option_group());
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (g_option_context_parse(context, &argc, &argv, &error)) return true;
  fault = error->message;
  return false;
}

/** Seconds, or hours, minutes and seconds with colons between them. */
std::optional<double> seconds_of(const std::string& text) {
  double seconds = 0;
  std::size_t from = 0;
  for (int part = 0; part < 3; ++part) {
    const std::size_t colon = text.find(':', from);
    const std::string digits = text.substr(from, colon == text.npos ? text.npos : colon - from);
    char* end = nullptr;
    const double number = g_ascii_strtod(digits.c_str(), &end);
    const bool is_number = !digits.empty() && !*end && std::isfinite(number) && number >= 0 && number < 1e9;
    if (!is_number || !(g_ascii_isdigit(digits.front()) || digits.front() == '.')) return std::nullopt;
    seconds = seconds * 60 + number;
    if (colon == text.npos) return seconds;
    from = colon + 1;
  }
  return std::nullopt;
}

std::string read_time(const char* option, const char* text, std::optional<gvl::timeline::Time>& time, bool& utc) {
  if (!text) return {};
  time = gvl::archive::utc_of_text(text);
  utc = time.has_value();
  if (!time)
    if (const auto seconds = seconds_of(text)) time = gvl::timeline::from_seconds(*seconds);
  return time ? ""
              : std::string(option) + " " + text +
                    ": a time like 2026-01-31T12:00:00Z, 90.5 or 0:01:30 is needed, UTC from 1970 to 2199";
}

std::string read_stretch(const Parsed& parsed, gvl::archive::Stretch& stretch) {
  bool utc[2] = {false, false};
  std::string fault = read_time("--from", parsed.from, stretch.from, utc[0]);
  if (fault.empty()) fault = read_time("--to", parsed.to, stretch.to, utc[1]);
  if (!fault.empty()) return fault;
  if (parsed.from && parsed.to && utc[0] != utc[1])
    return "--from and --to: one is UTC, the other a time of the stream";
  stretch.utc = utc[0] || utc[1];
  if (stretch.from && stretch.to && *stretch.from >= *stretch.to)
    return std::string("--to ") + parsed.to + ": is not behind --from " + parsed.from;
  return {};
}

std::string read_numbers(const Parsed& parsed, AskArguments& arguments) {
  const std::pair<NumberOption, std::optional<double>*> numbers[] = {
      {{"--min-confidence", parsed.min_confidence, 0, 1, false, "a number from 0 to 1"}, &arguments.min_confidence},
      {{"--top", parsed.top, 1, 1e9, true, "a number from 1"}, &arguments.top}};
  for (const auto& [number, value] : numbers)
    if (const std::string fault = read_number(number, *value); !fault.empty()) return fault;
  return {};
}

/** Why the arguments make no sense together, or an empty string. */
std::string fault_of(const AskArguments& arguments) {
  if (arguments.index.empty()) return "--index is needed: the folder of the index";
  const auto task = gvl::task_from_name(arguments.task);
  if (!task) return "--task " + arguments.task + ": no such task";
  if (task == Task::kReferring) return "--task referring: ask with --task qa about the part that --from and --to say";
  if (arguments.search || arguments.lists) {
    if (arguments.search && arguments.lists) return "--search and --list: give one of them";
    return arguments.queries.empty() ? "" : std::string(arguments.lists ? "--list" : "--search") + " takes no query";
  }
  if (arguments.queries.empty() && !takes_no_query(arguments.task)) return "a query is needed";
  for (const std::string& query : arguments.queries)
    if (const std::string fault = fault_of_query(query, arguments.task); !fault.empty()) return fault;
  return {};
}

}  // namespace

bool read_ask_arguments(int argc, char** argv, AskArguments& arguments, std::string& fault) {
  Parsed parsed;
  if (!parse(argc, argv, parsed, fault)) return false;
  const auto text = [](const char* value) { return std::string(value ? value : ""); };
  arguments.index = text(parsed.index);
  arguments.model = text(parsed.model);
  arguments.device = text(parsed.device);
  if (parsed.task) arguments.task = parsed.task;
  arguments.stream = text(parsed.stream);
  arguments.report = text(parsed.report);
  arguments.json = parsed.json;
  arguments.force = parsed.force;
  arguments.lists = parsed.lists;
  if (parsed.search) arguments.search = parsed.search;
  for (char** word = parsed.rest; word && *word; ++word) arguments.queries.push_back(query_of(*word));
  fault = read_stretch(parsed, arguments.stretch);
  if (fault.empty()) fault = read_numbers(parsed, arguments);
  if (fault.empty()) fault = fault_of(arguments);
  return fault.empty();
}
