/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "annotate/settings.hpp"

#include <glib.h>

#include "common/usage.hpp"
#include "common/version.hpp"
#include "gvl/error.hpp"

namespace {

using namespace gvl::annotation;

constexpr const char* kSummary =
    "Makes training data of videos that have captions with times: grounded questions of five options, by a language "
    "model.";
constexpr const char* kDescription =
    "FORMAT is activitynet-captions, qvhighlights or captions, JSON lines {\"video\", \"duration\", \"captions\": "
    "[{\"start\", \"stop\", \"text\"}]}.\n"
    "OUT is a folder, and gets conversations.json, rejected.jsonl and report.json, and what the models answered.\n"
    "A token is read from --token-file or the variable OPENAI_API_KEY, and told to the server of --endpoint alone.\n"
    "See docs/annotate.md.\n";

/** What the command line says, before it is looked at. */
struct Arguments {
  char *endpoint = nullptr, *model = nullptr, *embedding_endpoint = nullptr, *embedding_model = nullptr,
       *token_file = nullptr, *embedding_token_file = nullptr, *videos = nullptr, *ending = nullptr, *dataset = nullptr,
       *from_events = nullptr, *stats = nullptr, *json = nullptr, *video = nullptr;
  gboolean offline = FALSE, resume = FALSE, no_schema = FALSE, for_release = FALSE;
  int questions = 5, attempts = 2, connections = 4, retries = 8, timeout = 120;
  double temperature = -1, retry_wait = 1, min_confidence = 0;
  gint64 seed = 0, max_requests = 0, max_answer_tokens = 0, count = 0;
  char** rest = nullptr;

  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    for (char* text : {endpoint, model, embedding_endpoint, embedding_model, token_file, embedding_token_file, videos,
                       ending, dataset, from_events, stats, json, video})
      g_free(text);
    g_strfreev(rest);
  }

  void parse(int argc, char** argv) {
    g_autoptr(GOptionContext) context = g_option_context_new("FORMAT ANNOTATIONS OUT | --from-events EVENTS OUT");
    g_option_context_set_summary(context, kSummary);
    g_option_context_set_description(context, kDescription);
    add_model(context);
    add_requests(context);
    add_data(context);
    add_version(context);
    g_autoptr(GError) error = nullptr;
    if (!g_option_context_parse(context, &argc, &argv, &error)) throw UsageError(error->message);
  }

 private:
  void add_model(GOptionContext* context) {
    const GOptionEntry entries[] = {
        {"endpoint", 0, 0, G_OPTION_ARG_STRING, &endpoint, "Server with OpenAI's interface: http://HOST/v1", "URL"},
        {"model", 0, 0, G_OPTION_ARG_STRING, &model, "Its language model", "NAME"},
        {"embedding-model", 0, 0, G_OPTION_ARG_STRING, &embedding_model, "Its model of sentence embeddings", "NAME"},
        {"embedding-endpoint", 0, 0, G_OPTION_ARG_STRING, &embedding_endpoint, "Another server for those", "URL"},
        {"token-file", 0, 0, G_OPTION_ARG_FILENAME, &token_file, "Has the token (OPENAI_API_KEY)", "FILE"},
        {"embedding-token-file", 0, 0, G_OPTION_ARG_FILENAME, &embedding_token_file, "Has that of --embedding-endpoint",
         "FILE"},
        {"offline", 0, 0, G_OPTION_ARG_NONE, &offline, "No models: templates, and vectors of hashed words", nullptr},
        {"questions", 0, 0, G_OPTION_ARG_INT, &questions, "About a video, at most (5)", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of everything that is drawn (0)", "N"},
        {"temperature", 0, 0, G_OPTION_ARG_DOUBLE, &temperature, "Of the language model (the server's)", "0...2"},
        {"max-answer-tokens", 0, 0, G_OPTION_ARG_INT64, &max_answer_tokens, "Of an answer (the server's)", "N"},
        {"no-schema", 0, 0, G_OPTION_ARG_NONE, &no_schema, "Ask for no JSON schema, which some servers do not know",
         nullptr},
        {}};
    g_option_context_add_main_entries(context, entries, nullptr);
  }

  void add_requests(GOptionContext* context) {
    const GOptionEntry entries[] = {
        {"resume", 0, 0, G_OPTION_ARG_NONE, &resume, "Go on with OUT's answers", nullptr},
        {"max-requests", 0, 0, G_OPTION_ARG_INT64, &max_requests, "In this run, retries counted (no limit)", "N"},
        {"attempts", 0, 0, G_OPTION_ARG_INT, &attempts, "Answers about a video until one has the right form (2)", "N"},
        {"connections", 0, 0, G_OPTION_ARG_INT, &connections, "Requests at a time (4)", "N"},
        {"retries", 0, 0, G_OPTION_ARG_INT, &retries, "Tries after one that fails (8)", "N"},
        {"retry-wait", 0, 0, G_OPTION_ARG_DOUBLE, &retry_wait, "Before the first of them; then twice as long (1)",
         "SECONDS"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, "How long a server may say nothing (120)", "SECONDS"},
        {}};
    g_option_context_add_main_entries(context, entries, nullptr);
  }

  void add_data(GOptionContext* context) {
    const GOptionEntry entries[] = {
        {"count", 0, 0, G_OPTION_ARG_INT64, &count, "Of so many videos, drawn at random (of all)", "N"},
        {"videos", 0, 0, G_OPTION_ARG_FILENAME, &videos, "Folder that has the videos; those that it lacks are left out",
         "DIR"},
        {"ending", 0, 0, G_OPTION_ARG_STRING, &ending, "Without --videos, of names that have none (.mp4)", "TEXT"},
        {"dataset", 0, 0, G_OPTION_ARG_STRING, &dataset, "Name of the data set, in records (FORMAT)", "NAME"},
        {"release", 0, 0, G_OPTION_ARG_NONE, &for_release,
         "Without <timestamp_grounding>, which the authors' loader adds", nullptr},
        {"from-events", 0, 0, G_OPTION_ARG_FILENAME, &from_events, "Events as labels: no questions, no models", "FILE"},
        {"video", 0, 0, G_OPTION_ARG_STRING, &video, "With --from-events: of events that do not say which", "NAME"},
        {"min-confidence", 0, 0, G_OPTION_ARG_DOUBLE, &min_confidence, "With --from-events: of events (0)", "0...1"},
        {"stats", 0, 0, G_OPTION_ARG_FILENAME, &stats, "Say what a file of conversations has", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_FILENAME, &json, "With --stats: write all numbers, too", "FILE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, nullptr, nullptr},
        {}};
    g_option_context_add_main_entries(context, entries, nullptr);
  }
};

void check_numbers(const Arguments& arguments) {
  constexpr double kMany = 1e15;
  require_within("--questions", arguments.questions, 1, 50);
  require_within("--attempts", arguments.attempts, 1, 20);
  require_within("--connections", arguments.connections, 1, 256);
  require_within("--retries", arguments.retries, 0, 1000);
  require_within("--retry-wait", arguments.retry_wait, 0, 60);
  require_within("--timeout", arguments.timeout, 1, 3600);
  require_within("--seed", static_cast<double>(arguments.seed), 0, kMany);
  require_within("--max-requests", static_cast<double>(arguments.max_requests), 0, kMany);
  require_within("--max-answer-tokens", static_cast<double>(arguments.max_answer_tokens), 0, 1e6);
  require_within("--count", static_cast<double>(arguments.count), 0, kMany);
  require_within("--min-confidence", arguments.min_confidence, 0, 1);
  if (arguments.temperature != -1) require_within("--temperature", arguments.temperature, 0, 2);
}

std::string token_from(const char* file, const char* variable) {
  if (!file) return checked_token(variable && g_getenv(variable) ? g_getenv(variable) : "", variable ? variable : "");
  g_autofree char* text = nullptr;
  g_autoptr(GError) error = nullptr;
  // Also of a pipe, as a keeper of passwords has it.
  if (!g_file_get_contents(file, &text, nullptr, &error)) throw UsageError(error->message);
  const std::string token = checked_token(text, file);
  if (token.empty()) throw UsageError(std::string(file) + ": has no token");
  return token;
}

EndpointOptions endpoint_of(const Arguments& arguments) {
  constexpr const char* kVariable = "OPENAI_API_KEY";
  EndpointOptions options;
  options.address = arguments.endpoint;
  options.http.endpoint = options.address;
  options.http.secrets = secrets_in(options.address);
  options.http.token = token_from(arguments.token_file, kVariable);
  options.http.token_place = arguments.token_file ? "--token-file" : std::string("the variable ") + kVariable;
  options.http.agent = "gvl-annotate";
  options.http.timeout = arguments.timeout;
  options.retries = {arguments.retries, arguments.retry_wait};
  return options;
}

/** That of embeddings is told the token of the other server only where it is the same one. */
EndpointOptions embedding_endpoint_of(const Arguments& arguments, EndpointOptions options) {
  if (arguments.embedding_endpoint) options.address = arguments.embedding_endpoint;
  options.http.secrets = secrets_in(options.address);
  if (!arguments.embedding_token_file) {
    if (is_same_server(options.http.endpoint, options.address)) return options;
    options.http.token.clear();
    options.http.token_place = "--embedding-token-file";
    return options;
  }
  options.http.endpoint = options.address;
  options.http.token = token_from(arguments.embedding_token_file, nullptr);
  options.http.token_place = "--embedding-token-file";
  return options;
}

bool names_models(const Arguments& arguments) {
  return arguments.endpoint || arguments.model || arguments.embedding_model || arguments.embedding_endpoint ||
         arguments.token_file || arguments.embedding_token_file;
}

/** Options that mean nothing without another one. */
void check_company(const Arguments& arguments) {
  if (arguments.json && !arguments.stats) throw UsageError("--json needs --stats");
  if (arguments.count > 0 && (arguments.from_events || arguments.stats)) throw UsageError("--count needs annotations");
  if (arguments.video && !arguments.from_events) throw UsageError("--video needs --from-events");
  if (arguments.min_confidence > 0 && !arguments.from_events) throw UsageError("--min-confidence needs --from-events");
  if (arguments.from_events && (arguments.offline || names_models(arguments)))
    throw UsageError("--from-events asks no models: name none, and no --offline");
}

void read_models(const Arguments& arguments, Settings& settings) {
  settings.offline = arguments.offline;
  settings.options.questions = arguments.questions;
  if (settings.offline && names_models(arguments)) throw UsageError("--offline asks no models: name none");
  if (settings.offline) return;
  if (!arguments.endpoint || !arguments.model || !arguments.embedding_model)
    throw UsageError("--endpoint, --model and --embedding-model are needed, or --offline");
  settings.chat = endpoint_of(arguments);
  settings.embeddings = embedding_endpoint_of(arguments, settings.chat);
  settings.options.model = arguments.model;
  settings.embedding_model = arguments.embedding_model;
  settings.options.asks_for_schema = !arguments.no_schema;
  if (arguments.temperature >= 0) settings.options.temperature = arguments.temperature;
  if (arguments.max_answer_tokens > 0) settings.options.max_answer_tokens = arguments.max_answer_tokens;
}

void read_questions(const Arguments& arguments, Settings& settings) {
  if (!arguments.rest || g_strv_length(arguments.rest) != 3)
    throw UsageError("a format, a file of annotations and a folder are needed");
  try {
    settings.format = gvl::evaluation::value_named(kAnnotationFormats, arguments.rest[0]);
  } catch (const gvl::Error& error) {
    throw UsageError(error.what());
  }
  settings.file = arguments.rest[1];
  settings.out = arguments.rest[2];
  settings.dataset = arguments.dataset ? arguments.dataset : arguments.rest[0];
  read_models(arguments, settings);
}

void read_labels(const Arguments& arguments, Settings& settings) {
  if (!arguments.rest || g_strv_length(arguments.rest) != 1)
    throw UsageError("--from-events: a folder is needed, and no more");
  settings.work = Work::kLabels;
  settings.file = arguments.from_events;
  settings.out = arguments.rest[0];
  settings.dataset = arguments.dataset ? arguments.dataset : "events";
  settings.labels = {arguments.min_confidence, arguments.video ? arguments.video : ""};
}

void read_statistics(const Arguments& arguments, Settings& settings) {
  if (arguments.rest || arguments.from_events) throw UsageError("--stats: takes one file, and no more");
  settings.work = Work::kStatistics;
  settings.file = arguments.stats;
  if (arguments.json) settings.out = arguments.json;
}

}  // namespace

Settings read_settings(int argc, char** argv) {
  Arguments arguments;
  arguments.parse(argc, argv);
  check_numbers(arguments);
  check_company(arguments);
  Settings settings;
  settings.options.seed = static_cast<std::uint64_t>(arguments.seed);
  if (arguments.stats)
    read_statistics(arguments, settings);
  else if (arguments.from_events)
    read_labels(arguments, settings);
  else
    read_questions(arguments, settings);
  if (settings.work != Work::kStatistics && settings.out.empty()) throw UsageError("OUT: is empty");
  settings.for_release = arguments.for_release;
  if (arguments.videos) settings.videos = arguments.videos;
  if (arguments.ending) settings.ending = arguments.ending;
  settings.count = arguments.count;
  settings.resumes = arguments.resume;
  settings.attempts = arguments.attempts;
  settings.connections = arguments.connections;
  settings.max_requests = arguments.max_requests;
  return settings;
}
