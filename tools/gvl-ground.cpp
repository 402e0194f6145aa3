/*
 * gvl-ground [OPTION...] VIDEO... [QUERY...]: finds moments of video files by plain language, and makes of them what
 * people look at: text, JSON, captions, clips, a video with the events drawn on it, a page. A thin main over
 * pipelines. Exits 0 when every query was answered, 1 on wrong usage, 2 when the input, the model or an output cannot
 * be used.
 */
#include <gst/gst.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "ground/file-pass.hpp"
#include "ground/report.hpp"
#include "gvlevent.h"

namespace {

constexpr int kAnswered = 0;
constexpr int kUsage = 1;
constexpr int kUnusable = 2;

struct Arguments {
  std::string model;
  std::string task = "grounding";
  std::string device;
  bool json = false;
  double min_confidence = -1;                       ///< below 0: the model's
  std::string events, vtt, clips, overlay, report;  ///< outputs; empty: not wanted
  std::vector<std::string> videos;
  std::vector<std::string> queries;
};

/** "12.40 s - 25.00 s  0.83  it goes black: From 12.40 seconds to 25.00 seconds." */
std::string describe(const GstStructure* event) {
  std::string line;
  guint64 start = 0, stop = 0;
  if (gst_structure_get_uint64(event, "start", &start) && gst_structure_get_uint64(event, "stop", &stop)) {
    g_autofree char* times = g_strdup_printf("%.2f s - %.2f s  ", static_cast<double>(start) / GST_SECOND,
                                             static_cast<double>(stop) / GST_SECOND);
    line += times;
  }
  double confidence = 0;
  gst_structure_get_double(event, "confidence", &confidence);
  g_autofree char* sure = g_strdup_printf("%.2f  ", confidence);
  const char* query = gst_structure_get_string(event, "query");
  const std::string asked = query && *query ? std::string(query) + ": " : "";
  return line + sure + asked + gst_structure_get_string(event, "text");
}

/** A file that is gone at the end. */
class TemporaryFile {
 public:
  TemporaryFile() { close(g_file_open_tmp("gvl-events-XXXXXX.jsonl", &name_, nullptr)); }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(name_, ignored);
    g_free(name_);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const char* name() const { return name_; }

 private:
  char* name_ = nullptr;
};

std::string json_lines(const FoundEvents& found) {
  std::string lines;
  for (const EventPointer& event : found.events) {
    GstStructure* with_file = gst_structure_copy(event.get());
    gst_structure_set(with_file, "file", G_TYPE_STRING, found.video.c_str(), nullptr);
    g_autofree char* line = gvl_event_to_json(with_file);
    gst_structure_free(with_file);
    lines += std::string(line) + "\n";
  }
  return lines;
}

/** How a video with this name is encoded; empty where there is no way. */
std::string encoding_for(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  const std::string vp8 = "vp8enc deadline=1 cpu-used=4 end-usage=cq cq-level=12 target-bitrate=20000000";
  if (extension == ".mkv") return vp8 + " ! matroskamux";
  if (extension == ".webm") return vp8 + " ! webmmux";
  if (extension != ".mp4") return {};
  for (const char* encoder : {"x264enc", "openh264enc", "avenc_mpeg4"}) {
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(encoder);
    if (factory) return std::string(encoder) + (g_str_equal(encoder, "x264enc") ? " ! h264parse" : "") + " ! mp4mux";
  }
  return {};
}

/** One run over all files. Each step returns whether it went well, and says on stderr what did not. */
class Run {
 public:
  explicit Run(const Arguments& arguments)
      : arguments_(arguments), progress_(!arguments.json || isatty(STDOUT_FILENO)) {}

  int run() {
    for (const std::string& video : arguments_.videos) {
      if (!ask(video)) return kUnusable;
    }
    return write_files() && cut_clips() && draw() ? kAnswered : kUnusable;
  }

 private:
  static bool fail(const std::string& reason) {
    std::fprintf(stderr, "gvl-ground: %s\n", reason.c_str());
    return false;
  }

  /** Once for all files. */
  void tell_unknown_words(const GstStructure* message) {
    const std::string query = gst_structure_get_string(message, "query");
    if (!told_.insert(query).second) return;
    std::fprintf(stderr, "gvl-ground: \"%s\": the model never saw these words, and can only guess: %s\n", query.c_str(),
                 gst_structure_get_string(message, "words"));
  }

  bool pass(const FilePassOptions& options) {
    const std::string error = run_file_pass(options, progress_);
    return error.empty() || fail(error);
  }

  void set_up(GstElement* consumer) const {
    g_autoptr(GstElement) ground = gst_bin_get_by_name(GST_BIN(consumer), "in");
    if (!arguments_.model.empty()) g_object_set(ground, "model", arguments_.model.c_str(), nullptr);
    if (!arguments_.device.empty()) g_object_set(ground, "device", arguments_.device.c_str(), nullptr);
    g_object_set(ground, "min-confidence", std::max(arguments_.min_confidence, -1.0), nullptr);
    gst_util_set_object_arg(G_OBJECT(ground), "task", arguments_.task.c_str());
    GValue queries = G_VALUE_INIT;
    gst_value_array_init(&queries, static_cast<guint>(arguments_.queries.size()));
    for (const std::string& query : arguments_.queries) {
      GValue value = G_VALUE_INIT;
      g_value_init(&value, G_TYPE_STRING);
      g_value_set_string(&value, query.c_str());
      gst_value_array_append_and_take_value(&queries, &value);
    }
    g_object_set_property(G_OBJECT(ground), "queries", &queries);
    g_value_unset(&queries);
  }

  bool ask(const std::string& video) {
    FoundEvents found{video, GST_CLOCK_TIME_NONE, {}};
    bool answered = false;
    FilePassOptions options;
    options.video = video;
    options.consumer = "gvlground name=in ! fakesink sync=false";
    options.doing = "looking at " + video;
    options.prepare = [&](GstElement* consumer) { set_up(consumer); };
    options.on_message = [&](const GstStructure* message) {
      if (gst_structure_has_name(message, "gvl-unknown-words")) return tell_unknown_words(message);
      if (!gst_structure_has_name(message, GVL_EVENT_NAME)) return;
      found.events.emplace_back(gst_structure_copy(message), gst_structure_free);
      print(video, message);
    };
    options.at_end = [&](GstElement* consumer, GstClockTime duration) {
      found.duration = duration;
      g_autoptr(GstElement) ground = gst_bin_get_by_name(GST_BIN(consumer), "in");
      GstStructure* stats = nullptr;
      guint64 frames = 0;
      g_object_get(ground, "stats", &stats, nullptr);
      gst_structure_get_uint64(stats, "frames", &frames);
      gst_structure_free(stats);
      answered = frames > 0;
    };
    if (!pass(options)) return false;
    if (!answered) return fail(video + ": has no frames to look at");
    if (found.events.empty() && !arguments_.json) std::printf("%snothing was found\n", prefix(video).c_str());
    std::stable_sort(found.events.begin(), found.events.end(), [](const EventPointer& a, const EventPointer& b) {
      GstClockTime starts[2] = {0, 0}, stop;
      times_of(a.get(), &starts[0], &stop);
      times_of(b.get(), &starts[1], &stop);
      return starts[0] < starts[1];
    });
    found_.push_back(std::move(found));
    return true;
  }

  std::string prefix(const std::string& video) const { return arguments_.videos.size() > 1 ? video + ": " : ""; }

  void print(const std::string& video, const GstStructure* event) const {
    g_autofree char* json = arguments_.json ? gvl_event_to_json(event) : nullptr;
    std::printf("%s%s\n", json ? "" : prefix(video).c_str(), json ? json : describe(event).c_str());
    std::fflush(stdout);
  }

  static bool write_file(const std::string& file, const std::string& text) {
    g_autoptr(GError) error = nullptr;
    return g_file_set_contents(file.c_str(), text.data(), static_cast<gssize>(text.size()), &error) ||
           fail(error->message);
  }

  bool write_files() const {
    std::string lines;
    for (const FoundEvents& found : found_) lines += json_lines(found);
    return (arguments_.events.empty() || write_file(arguments_.events, lines)) &&
           (arguments_.vtt.empty() || write_file(arguments_.vtt, web_vtt(found_.front()))) &&
           (arguments_.report.empty() || write_file(arguments_.report, html_report(found_)));
  }

  bool cut_clips() {
    if (arguments_.clips.empty()) return true;
    for (const FoundEvents& found : found_) {
      if (found.events.empty()) continue;
      const TemporaryFile events;
      if (!write_file(events.name(), json_lines(found))) return false;
      // A name may hold what a pattern takes for a field.
      std::string stem = std::filesystem::path(found.video).stem().string();
      std::replace(stem.begin(), stem.end(), '%', '_');
      const std::string location = arguments_.clips + "/" + stem + "-%{start}-%{query}.mkv";
      FilePassOptions options;
      options.video = found.video;
      options.consumer = "gvlclipper name=in";
      options.encoded = true;
      options.doing = "cutting clips of " + found.video;
      options.prepare = [&](GstElement* consumer) {
        g_autoptr(GstElement) clipper = gst_bin_get_by_name(GST_BIN(consumer), "in");
        g_object_set(clipper, "events", events.name(), "location", location.c_str(), nullptr);
      };
      if (!pass(options)) return false;
    }
    return true;
  }

  bool draw() {
    if (arguments_.overlay.empty()) return true;
    const FoundEvents& found = found_.front();
    const TemporaryFile events;
    if (!write_file(events.name(), json_lines(found))) return false;
    FilePassOptions options;
    options.video = found.video;
    options.consumer = "videoconvert name=in ! gvloverlay name=overlay ! videoconvert ! " +
                       encoding_for(arguments_.overlay) + " ! filesink name=file";
    options.doing = "drawing on " + found.video;
    options.prepare = [&](GstElement* consumer) {
      g_autoptr(GstElement) overlay = gst_bin_get_by_name(GST_BIN(consumer), "overlay");
      g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(consumer), "file");
      g_object_set(overlay, "events", events.name(), nullptr);
      g_object_set(file, "location", arguments_.overlay.c_str(), nullptr);
    };
    return pass(options);
  }

  const Arguments& arguments_;
  ProgressBar progress_;
  std::set<std::string> told_;  // queries with words that the model does not know
  std::vector<FoundEvents> found_;
};

/** The plugin may be installed, named by GST_PLUGIN_PATH, or beside this program in a build tree. */
void find_plugin(const char* program) {
  for (const std::filesystem::path& folder :
       {std::filesystem::path(GVL_PLUGIN_DIR), std::filesystem::path(program).parent_path() / "../elements"}) {
    g_autoptr(GstElementFactory) factory = gst_element_factory_find("gvlground");
    if (factory) return;
    gst_registry_scan_path(gst_registry_get(), folder.c_str());
  }
}

int usage(const std::string& reason) {
  std::fprintf(stderr, "gvl-ground: %s\ntry gvl-ground --help\n", reason.c_str());
  return kUsage;
}

bool known_task(const std::string& task) {
  return task == "grounding" || task == "dense-caption" || task == "referring" || task == "qa";
}

/** Why the arguments make no sense together, or an empty string. */
std::string fault_of(const Arguments& arguments) {
  if (!known_task(arguments.task)) return "--task " + arguments.task + ": no such task";
  if (arguments.videos.empty()) return "a video and a query are needed";
  if (arguments.queries.empty() && arguments.task != "dense-caption") return "a query is needed";
  if (arguments.min_confidence > 1) return "--min-confidence: more than 1";
  const bool several = arguments.videos.size() > 1;
  if (several && (!arguments.vtt.empty() || !arguments.overlay.empty())) return "--vtt and --overlay take one video";
  if (!arguments.overlay.empty() && encoding_for(arguments.overlay).empty())
    return "--overlay " + arguments.overlay + ": .mkv, .webm and .mp4 can be written (the last with an encoder for it)";
  return {};
}

/** Reads the command line; where there is no --query, what follows the first video is asked. */
bool read(int argc, char** argv, Arguments& arguments, std::string& fault) {
  g_autofree char *model = nullptr, *task = nullptr, *device = nullptr, *events = nullptr, *vtt = nullptr,
                  *clips = nullptr, *overlay = nullptr, *report = nullptr;
  g_auto(GStrv) queries = nullptr;
  gboolean json = FALSE;
  double min_confidence = -1;
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &model, "Folder of the model; else the default model", "DIR"},
      {"task", 't', 0, G_OPTION_ARG_STRING, &task, "grounding (default), dense-caption, referring or qa", "TASK"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &device, "auto (default), cpu, cuda or cuda:N", "DEVICE"},
      {"query", 'q', 0, G_OPTION_ARG_STRING_ARRAY, &queries, "What to ask, of each video; may be given often", "QUERY"},
      {"min-confidence", 0, 0, G_OPTION_ARG_DOUBLE, &min_confidence,
       "What a model is less sure of is not told; default: as measured for the model", "0...1"},
      {"json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object per event", nullptr},
      {"events", 0, 0, G_OPTION_ARG_FILENAME, &events, "Write the events, one JSON object a line", "FILE.jsonl"},
      {"vtt", 0, 0, G_OPTION_ARG_FILENAME, &vtt, "Write the events as captions (WebVTT)", "FILE.vtt"},
      {"clips", 0, 0, G_OPTION_ARG_FILENAME, &clips, "Write a clip of each event, as it is encoded", "DIR"},
      {"overlay", 0, 0, G_OPTION_ARG_FILENAME, &overlay, "Write the video with the events drawn on it, without sound",
       "FILE"},
      {"report", 0, 0, G_OPTION_ARG_FILENAME, &report, "Write a page with timeline, pictures and events", "FILE.html"},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("VIDEO... [QUERY...]");
  g_option_context_set_summary(context,
                               "Finds moments of video files by plain language.\n"
                               "  gvl-ground VIDEO QUERY...\n"
                               "  gvl-ground -q QUERY... VIDEO...");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) {
    fault = error->message;
    return false;
  }
  const auto text = [](const char* value) { return std::string(value ? value : ""); };
  arguments = {text(model),
               task ? task : "grounding",
               text(device),
               json == TRUE,
               min_confidence,
               text(events),
               text(vtt),
               text(clips),
               text(overlay),
               text(report),
               {},
               {}};
  if (queries) {
    for (char** query = queries; *query; ++query) arguments.queries.emplace_back(*query);
    arguments.videos.assign(argv + 1, argv + argc);
  } else if (argc > 1) {
    arguments.videos = {argv[1]};
    arguments.queries.assign(argv + 2, argv + argc);
  }
  fault = fault_of(arguments);
  return fault.empty();
}

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* program = g_find_program_in_path(argv[0]);
  Arguments arguments;
  std::string fault;
  if (!read(argc, argv, arguments, fault)) return usage(fault);
  find_plugin(program ? program : argv[0]);
  return Run(arguments).run();
}
