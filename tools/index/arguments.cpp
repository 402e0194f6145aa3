/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "index/arguments.hpp"

#include <gst/gst.h>

#include <utility>

#include "archive/days.hpp"
#include "archive/tokens.hpp"
#include "common/number-option.hpp"
#include "common/version.hpp"

namespace {

/** What GOption fills. Paths are bytes there. */
struct Parsed {
  char *index = nullptr, *model = nullptr, *device = nullptr, *stream = nullptr, *utc = nullptr, *type = nullptr,
       *window = nullptr, *overlap = nullptr, *days = nullptr, *bytes = nullptr, *longest = nullptr, *program = nullptr,
       *timeout = nullptr;
  char** rest = nullptr;

  Parsed() = default;
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() {
    for (char* text :
         {index, model, device, stream, utc, type, window, overlap, days, bytes, longest, program, timeout})
      g_free(text);
    g_strfreev(rest);
  }
};

void add_options(GOptionContext* context, Parsed& parsed) {
  const GOptionEntry entries[] = {
      {"index", 'i', 0, G_OPTION_ARG_FILENAME, &parsed.index, "Folder of the index; made where there is none", "DIR"},
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &parsed.model,
       "Folder or name of the model (default, faults, things); else default", "MODEL"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &parsed.device, "auto (default), cpu, cuda or cuda:N", "DEVICE"},
      {"stream", 's', 0, G_OPTION_ARG_STRING, &parsed.stream,
       "What the video is called in the index, a camera's name, say; default: the file's name without its ending",
       "NAME"},
      {"utc", 0, 0, G_OPTION_ARG_STRING, &parsed.utc,
       "When the video begins, for a recording; default: what a live stream says, else nothing",
       "2026-01-31T12:00:00Z"},
      {"type", 0, 0, G_OPTION_ARG_STRING, &parsed.type,
       "What tokens are stored as, int16, int10 or int8; default: int10", "TYPE"},
      {"window", 0, 0, G_OPTION_ARG_STRING, &parsed.window,
       "How much video one answer will cover; default: a video of up to two minutes as a whole, else about a minute",
       "SECONDS"},
      {"overlap", 0, 0, G_OPTION_ARG_STRING, &parsed.overlap,
       "The share of each window that the next one shows again; default: 0.5", "0...0.95"},
      {"days", 0, 0, G_OPTION_ARG_STRING, &parsed.days,
       "Remove what the index has of this stream's days that are older; default: never", "N"},
      {"bytes", 0, 0, G_OPTION_ARG_STRING, &parsed.bytes,
       "Remove the oldest days while the stream's take more; default: never", "N"},
      {"for", 0, 0, G_OPTION_ARG_STRING, &parsed.longest,
       "Look at so much of each video; default: all, and what is live until it is interrupted", "SECONDS"},
      {"program", 0, 0, G_OPTION_ARG_STRING, &parsed.program,
       "Which program of a transport stream; default: the first of its table", "N"},
      {"timeout", 0, 0, G_OPTION_ARG_STRING, &parsed.timeout, "For how long a server may say nothing; default: 30",
       "SECONDS"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed.rest, nullptr, nullptr},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

bool parse(int argc, char** argv, Parsed& parsed, std::string& fault) {
  g_autoptr(GOptionContext) context = g_option_context_new("VIDEO...");
  g_option_context_set_summary(context,
                               "Keeps what the model sees of videos in an index, which gvl-ask answers questions "
                               "about without the videos. A VIDEO is\na file or a URI: file, http, https, rtsp and "
                               "what else GStreamer reads. What is live is indexed until Ctrl-C.");
  g_option_context_set_description(
      context,
      "Examples:\n"
      "  gvl-index --index archive --utc 2026-01-31T12:00:00+01:00 --stream entrance monday.mkv\n"
      "  gvl-index --index archive --stream yard --days 30 rtsp://user:password@camera/1\n\n"
      "Exits 0 when all was indexed, 1 on wrong usage, 2 when something could not be: what was written until then "
      "stays.\nWhat is in the index twice is found twice.\n");
  add_options(context, parsed);
  g_option_context_add_group(context, gst_init_get_option_group());
  add_version(context);
  g_autoptr(GError) error = nullptr;
  if (g_option_context_parse(context, &argc, &argv, &error)) return true;
  fault = error->message;
  return false;
}

constexpr double kLongestTime = 1e9;  // seconds
constexpr double kMostBytes = 1e18;

std::string read_numbers(const Parsed& parsed, IndexArguments& arguments) {
  const std::pair<NumberOption, std::optional<double>*> numbers[] = {
      {{"--window", parsed.window, 0.001, kLongestTime, false, "a number of seconds"}, &arguments.window},
      {{"--overlap", parsed.overlap, 0, 0.95, false, "a share up to 0.95"}, &arguments.overlap},
      {{"--days", parsed.days, 1, 36500, true, "a number of days from 1"}, &arguments.days},
      {{"--bytes", parsed.bytes, 1, kMostBytes, true, "a number of bytes from 1"}, &arguments.bytes},
      {{"--for", parsed.longest, 0.001, kLongestTime, false, "a number of seconds"}, &arguments.longest},
      {{"--program", parsed.program, 1, 65535, true, "a number from 1 to 65535"}, &arguments.program},
      {{"--timeout", parsed.timeout, 0.1, 3600, false, "a number of seconds from 0.1 to 3600"}, &arguments.timeout}};
  for (const auto& [number, value] : numbers)
    if (const std::string fault = read_number(number, *value); !fault.empty()) return fault;
  return {};
}

/** Why the arguments make no sense, or an empty string. */
std::string fault_of(const IndexArguments& arguments) {
  if (arguments.index.empty()) return "--index is needed: the folder of the index";
  if (arguments.videos.empty()) return "a video is needed";
  for (const std::string& video : arguments.videos)
    if (video.empty()) return "the name of a video is empty";
  if (!g_utf8_validate(arguments.stream.c_str(), -1, nullptr)) return "--stream: the name is not UTF-8";
  if (!arguments.type.empty() && !gvl::archive::token_type_from_name(arguments.type))
    return "--type " + arguments.type + ": int16, int10 or int8 is needed";
  if (!arguments.utc.empty() && !gvl::archive::utc_of_text(arguments.utc))
    return "--utc " + arguments.utc + ": a time like 2026-01-31T12:00:00Z is needed, from 1970 to 2199";
  if (!arguments.utc.empty() && arguments.videos.size() > 1) return "--utc takes one video";
  return {};
}

}  // namespace

bool read_index_arguments(int argc, char** argv, IndexArguments& arguments, std::string& fault) {
  Parsed parsed;
  if (!parse(argc, argv, parsed, fault)) return false;
  const auto text = [](const char* value) { return std::string(value ? value : ""); };
  arguments.index = text(parsed.index);
  arguments.model = text(parsed.model);
  arguments.device = text(parsed.device);
  arguments.stream = text(parsed.stream);
  arguments.utc = text(parsed.utc);
  arguments.type = text(parsed.type);
  for (char** word = parsed.rest; word && *word; ++word) arguments.videos.emplace_back(*word);
  fault = read_numbers(parsed, arguments);
  if (fault.empty()) fault = fault_of(arguments);
  return fault.empty();
}
