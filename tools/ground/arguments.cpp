/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/arguments.hpp"

#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/number-option.hpp"
#include "common/query-option.hpp"
#include "common/share.hpp"
#include "common/usage.hpp"
#include "common/version.hpp"
#include "ground/batch.hpp"
#include "ground/encoding.hpp"
#include "ground/frame-count.hpp"
#include "gvl/task.hpp"

using gvl::task_from_name;

namespace {

/** What GOption fills. Paths and queries are bytes there: it knows no query that is not of the locale's encoding. */
struct Parsed {
  char *model = nullptr, *task = nullptr, *device = nullptr, *events = nullptr, *vtt = nullptr, *clips = nullptr,
       *overlay = nullptr, *report = nullptr, *min_confidence = nullptr, *window = nullptr, *overlap = nullptr,
       *max_moments = nullptr, *longest = nullptr, *program = nullptr, *timeout = nullptr, *edl = nullptr,
       *otio = nullptr, *timecode = nullptr, *list = nullptr, *shard = nullptr, *results = nullptr;
  char **queries = nullptr, **rest = nullptr;
  gboolean json = FALSE, force = FALSE, explain = FALSE, verbose = FALSE, quiet = FALSE, resume = FALSE;

  Parsed() = default;
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() {
    for (char* text :
         {model,       task,    device,  events,  vtt, clips, overlay,  report, min_confidence, window, overlap,
          max_moments, longest, program, timeout, edl, otio,  timecode, list,   shard,          results})
      g_free(text);
    g_strfreev(queries);
    g_strfreev(rest);
  }
};

/** An option whose value is empty, as by a variable that is not set, was meant. */
std::string fault_of(const Parsed& parsed) {
  const std::pair<const char*, const char*> values[] = {
      {"--model", parsed.model}, {"--device", parsed.device},   {"--events", parsed.events},  {"--vtt", parsed.vtt},
      {"--clips", parsed.clips}, {"--overlay", parsed.overlay}, {"--report", parsed.report},  {"--edl", parsed.edl},
      {"--otio", parsed.otio},   {"--list", parsed.list},       {"--results", parsed.results}};
  for (const auto& [option, value] : values)
    if (value && !*value) return std::string(option) + ": the value is empty";
  return {};
}

void add_options(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &parsed.model,
       "Folder or name of the model (default, faults, things); else default", "MODEL"},
      {"task", 't', 0, G_OPTION_ARG_STRING, &parsed.task, "grounding (default), dense-caption, referring or qa",
       "TASK"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &parsed.device, "auto (default), cpu, cuda or cuda:N", "DEVICE"},
      {"query", 'q', 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed.queries, "What to ask, of each video; may be given often",
       "QUERY"},
      {"min-confidence", 0, 0, G_OPTION_ARG_STRING, &parsed.min_confidence,
       "What a model is less sure of is not told; default: as measured for the model", "0...1"},
      {"window", 0, 0, G_OPTION_ARG_STRING, &parsed.window,
       "How much video one answer covers; default: a video of up to two minutes as a whole, else about a minute",
       "SECONDS"},
      {"overlap", 0, 0, G_OPTION_ARG_STRING, &parsed.overlap,
       "The share of each window that the next one shows again; default: 0.5", "0...0.95"},
      {"max-moments", 0, 0, G_OPTION_ARG_STRING, &parsed.max_moments,
       "How many moments a query may have in one window; default: as gvlground's", "N"},
      {"for", 0, 0, G_OPTION_ARG_STRING, &parsed.longest,
       "Look at so much of each video; default: all, and what is live until it is interrupted", "SECONDS"},
      {"program", 0, 0, G_OPTION_ARG_STRING, &parsed.program,
       "Which program of a transport stream; default: the first of its table", "N"},
      {"timeout", 0, 0, G_OPTION_ARG_STRING, &parsed.timeout, "For how long a server may say nothing; default: 30",
       "SECONDS"},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

void add_outputs(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"explain", 0, 0, G_OPTION_ARG_NONE, &parsed.explain,
       "Say on stderr what each window shows best, and why that is an event or none", nullptr},
      {"json", 'j', 0, G_OPTION_ARG_NONE, &parsed.json, "Print one JSON object per event", nullptr},
      {"events", 0, 0, G_OPTION_ARG_FILENAME, &parsed.events, "Write the events, one JSON object a line", "FILE.jsonl"},
      {"vtt", 0, 0, G_OPTION_ARG_FILENAME, &parsed.vtt, "Write the events as captions (WebVTT)", "FILE.vtt"},
      {"clips", 0, 0, G_OPTION_ARG_FILENAME, &parsed.clips,
       "Write a clip of each event, with sound, as it is encoded; never over a file", "DIR"},
      {"overlay", 0, 0, G_OPTION_ARG_FILENAME, &parsed.overlay,
       "Write the video with the events drawn on it, and its sound", "FILE.mkv"},
      {"report", 0, 0, G_OPTION_ARG_FILENAME, &parsed.report, "Write a page with timeline, pictures and events",
       "FILE.html"},
      {"force", 'f', 0, G_OPTION_ARG_NONE, &parsed.force, "Replace output files that exist, but never what is read",
       nullptr},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed.rest, nullptr, nullptr},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

gboolean print_tasks(const gchar*, const gchar*, gpointer, GError**) {
  for (const auto& [task, name, meaning] : gvl::task_names()) std::printf("%-14s %s\n", name, meaning);
  std::exit(0);
}

void add_editing(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"edl", 0, 0, G_OPTION_ARG_FILENAME, &parsed.edl, "Write the events as an edit decision list (CMX 3600)",
       "FILE.edl"},
      {"otio", 0, 0, G_OPTION_ARG_FILENAME, &parsed.otio,
       "Write the video as a timeline with a marker for each event (OpenTimelineIO)", "FILE.otio"},
      {"timecode", 0, 0, G_OPTION_ARG_STRING, &parsed.timecode,
       "Timecode of the first frame, for --edl and --otio; default: 0. A ; before the frames drops frame numbers, as "
       "is usual at 29.97 and 59.94 frames a second",
       "HH:MM:SS:FF"},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

void add_batch(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"list", 0, 0, G_OPTION_ARG_FILENAME, &parsed.list, "Videos to look at, one a line; what follows is asked",
       "FILE"},
      {"results", 0, 0, G_OPTION_ARG_FILENAME, &parsed.results,
       "Write the events of each video to a file of its own, as soon as it has been looked at", "DIR"},
      {"resume", 0, 0, G_OPTION_ARG_NONE, &parsed.resume, "Leave out the videos that have a file in --results",
       nullptr},
      {"shard", 0, 0, G_OPTION_ARG_STRING, &parsed.shard, "Only share I of N of the videos, for N processes", "I/N"},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

void add_manners(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"verbose", 'v', 0, G_OPTION_ARG_NONE, &parsed.verbose,
       "Say on stderr which model is asked, what is looked at, and at the end what it came to", nullptr},
      {"quiet", 0, 0, G_OPTION_ARG_NONE, &parsed.quiet, "Say on stderr only what goes wrong: no progress, no notes",
       nullptr},
      {"list-tasks", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, reinterpret_cast<gpointer>(print_tasks),
       "Print what --task takes and exit", nullptr},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

bool parse(int argc, char** argv, Parsed& parsed, std::string& fault) {
  g_autoptr(GOptionContext) context =
      g_option_context_new("VIDEO QUERY... | -q QUERY... VIDEO... | --list FILE QUERY...");
  g_option_context_set_summary(context,
                               "Finds moments of videos by plain language. A VIDEO is a file or a URI: file, http, "
                               "https, rtsp and what else\nGStreamer reads. What is live is looked at until Ctrl-C. "
                               "What comes behind -- is no option.");
  g_option_context_set_description(
      context,
      "Examples:\n"
      "  gvl-ground video.mkv \"the picture freezes\" \"colour bars are shown\"\n"
      "  gvl-ground --window 20 --events events.jsonl rtsp://user:password@camera/1 \"a covered lens\"\n"
      "  gvl-ground --program 2 --for 600 https://server/channels.ts \"the picture goes black\"\n\n"
      "Exits 0 when all was answered and written, 1 on wrong usage, 2 when something could not be. Ctrl-C ends what "
      "is\n"
      "live in order, and is no failure there. A password in a URI is never printed.\n");
  add_options(context, parsed);
  add_outputs(context, parsed);
  add_editing(context, parsed);
  add_batch(context, parsed);
  add_manners(context, parsed);
  g_option_context_add_group(context, gst_init_get_option_group());
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (g_option_context_parse(context, &argc, &argv, &error)) return true;
  fault = error->message;
  return false;
}

constexpr double kLongestTime = 1e9;  // seconds

/** What is wrong with the first number that is none. */
std::string read_numbers(const Parsed& parsed, Arguments& arguments) {
  std::optional<double> program, timeout;
  const std::pair<NumberOption, std::optional<double>*> numbers[] = {
      {{"--min-confidence", parsed.min_confidence, 0, 1, false, "a number from 0 to 1"}, &arguments.min_confidence},
      {{"--window", parsed.window, 0.001, kLongestTime, false, "a number of seconds"}, &arguments.window},
      {{"--overlap", parsed.overlap, 0, 1, false, "a share below 1"}, &arguments.overlap},
      {{"--max-moments", parsed.max_moments, 1, G_MAXINT, true, "a number from 1"}, &arguments.max_moments},
      {{"--for", parsed.longest, 0.001, kLongestTime, false, "a number of seconds"}, &arguments.longest},
      {{"--program", parsed.program, 1, 65535, true, "a number from 1 to 65535"}, &program},
      {{"--timeout", parsed.timeout, 0.1, 3600, false, "a number of seconds from 0.1 to 3600"}, &timeout}};
  for (const auto& [number, value] : numbers)
    if (const std::string fault = read_number(number, *value); !fault.empty()) return fault;
  if (program) arguments.program = static_cast<int>(*program);
  arguments.timeout = timeout.value_or(arguments.timeout);
  return {};
}

/** What is wrong with what editing programs are to get. */
std::string fault_of_editing(const Arguments& arguments) {
  const bool wanted = !arguments.edl.empty() || !arguments.otio.empty();
  if (!wanted) return arguments.timecode.empty() ? "" : "--timecode needs --edl or --otio";
  if (gvl::is_for_words(*task_from_name(arguments.task)))
    return "--edl and --otio take events with times: --task " + arguments.task + " has none";
  if (!arguments.timecode.empty() && !is_timecode(arguments.timecode))
    return "--timecode " + arguments.timecode + ": a timecode like 01:00:00:00 is needed";
  return {};
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
  if (arguments.quiet && arguments.verbose) return "--quiet and --verbose: give one of them";
  if (const std::string fault = fault_of_batch(arguments); !fault.empty()) return fault;
  for (const std::string* output : {&arguments.vtt, &arguments.overlay, &arguments.edl, &arguments.otio})
    if (arguments.videos.size() > 1 && !output->empty()) return "--vtt, --overlay, --edl and --otio take one video";
  if (const std::string fault = fault_of_editing(arguments); !fault.empty()) return fault;
  if (!arguments.overlay.empty() && !has_known_ending(arguments.overlay))
    return "--overlay " + arguments.overlay + ": .mkv, .webm and .mp4 can be written";
  if (arguments.clips.find("%{") != std::string::npos)
    return "--clips " + arguments.clips + ": a folder with %{ in its name cannot be written to";
  return {};
}

/** Where there is no --query, what follows the first video, or the list, is asked. */
void take_rest(const Parsed& parsed, Arguments& arguments) {
  for (char** query = parsed.queries; query && *query; ++query) arguments.queries.push_back(query_of(*query));
  for (char** word = parsed.rest; word && *word; ++word) {
    if (parsed.queries || (!parsed.list && word == parsed.rest))
      arguments.videos.emplace_back(*word);
    else
      arguments.queries.push_back(query_of(*word));
  }
}

/** Leaves the videos of a share. Why it is none, or an empty string. */
std::string take_share(const std::string& text, Arguments& arguments) {
  try {
    const Share share = read_share(text);
    std::vector<std::string> videos;
    for (std::size_t place = 0; place < arguments.videos.size(); ++place)
      if (share.has(place)) videos.push_back(std::move(arguments.videos[place]));
    arguments.videos = std::move(videos);
    return {};
  } catch (const UsageError& error) {
    return error.what();
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
  arguments.verbose = parsed.verbose;
  arguments.quiet = parsed.quiet;
  fault = read_numbers(parsed, arguments);
  if (!fault.empty()) return false;
  arguments.events = text(parsed.events);
  arguments.vtt = text(parsed.vtt);
  arguments.clips = text(parsed.clips);
  arguments.overlay = text(parsed.overlay);
  arguments.report = text(parsed.report);
  arguments.edl = text(parsed.edl);
  arguments.otio = text(parsed.otio);
  arguments.timecode = text(parsed.timecode);
  arguments.results = text(parsed.results);
  arguments.resume = parsed.resume;
  if (parsed.list) arguments.videos = videos_of_list(parsed.list, fault);
  if (!fault.empty()) return false;
  take_rest(parsed, arguments);
  fault = fault_of(arguments);
  if (fault.empty() && parsed.shard) fault = take_share(parsed.shard, arguments);
  return fault.empty();
}
