/*
 * gvl-ground [--model DIR] [--task TASK] [--json] VIDEO QUERY...: finds moments of a video file by plain language.
 * A thin main over the pipeline `uridecodebin ! gvlground ! fakesink`. Exits 0 when every query was answered, 1 on
 * wrong usage, 2 when the input or the model cannot be used.
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

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
  std::string video;
  std::vector<std::string> queries;
};

/** A line on the terminal that says how far the video was read; silent elsewhere. */
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled) : enabled_(enabled && isatty(STDERR_FILENO)) {}
  ~ProgressBar() { clear(); }

  void show(GstElement* pipeline) {
    gint64 position = 0, duration = 0;
    if (!enabled_ || !gst_element_query_duration(pipeline, GST_FORMAT_TIME, &duration) || duration <= 0) return;
    gst_element_query_position(pipeline, GST_FORMAT_TIME, &position);
    const double done = CLAMP(static_cast<double>(position) / static_cast<double>(duration), 0.0, 1.0);
    const int filled = static_cast<int>(done * kWidth);
    std::fprintf(stderr, "\r[%s%s] %3.0f %% %s", std::string(filled, '#').c_str(),
                 std::string(kWidth - filled, ' ').c_str(), done * 100, done < 1 ? "read    " : "thinking");
    shown_ = true;
  }

  void clear() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
    shown_ = false;
  }

 private:
  static constexpr int kWidth = 40;
  bool enabled_;
  bool shown_ = false;
};

/** "12.40 s - 25.00 s  0.83  a car drives: From 12.40 seconds to 25.00 seconds." */
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

/** One run: the pipeline, what its bus said, and the exit code. */
class Run {
 public:
  explicit Run(const Arguments& arguments)
      : arguments_(arguments), progress_(!arguments.json || isatty(STDOUT_FILENO)) {}
  ~Run() {
    if (!pipeline_) return;
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  int run() {
    if (!build()) return kUnusable;
    g_autoptr(GMainLoop) loop = g_main_loop_new(nullptr, FALSE);
    loop_ = loop;
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline_);
    gst_bus_add_watch(bus, on_message, this);
    const guint timer = g_timeout_add(200, on_timer, this);
    const guint interrupt = g_unix_signal_add(SIGINT, on_interrupt, this);
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    g_main_loop_run(loop);
    g_source_remove(timer);
    g_source_remove(interrupt);
    gst_bus_remove_watch(bus);
    progress_.clear();
    return finish();
  }

 private:
  bool build() {
    pipeline_ = gst_pipeline_new(nullptr);
    GstElement* source = gst_element_factory_make("uridecodebin", nullptr);
    ground_ = gst_element_factory_make("gvlground", nullptr);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    if (!source || !ground_ || !sink) return fail("GStreamer lacks uridecodebin, gvlground or fakesink");
    gst_bin_add_many(GST_BIN(pipeline_), source, ground_, sink, nullptr);
    gst_element_link(ground_, sink);

    g_autoptr(GError) error = nullptr;
    g_autofree char* uri = gst_filename_to_uri(arguments_.video.c_str(), &error);
    if (!uri) return fail(error->message);
    g_object_set(source, "uri", uri, nullptr);
    g_object_set(sink, "sync", FALSE, nullptr);
    if (!arguments_.model.empty()) g_object_set(ground_, "model", arguments_.model.c_str(), nullptr);
    if (!arguments_.device.empty()) g_object_set(ground_, "device", arguments_.device.c_str(), nullptr);
    gst_util_set_object_arg(G_OBJECT(ground_), "task", arguments_.task.c_str());
    set_queries();
    g_signal_connect(source, "autoplug-continue", G_CALLBACK(on_autoplug_continue), this);
    g_signal_connect(source, "pad-added", G_CALLBACK(on_pad_added), this);
    g_signal_connect(source, "no-more-pads", G_CALLBACK(on_no_more_pads), this);
    return true;
  }

  void set_queries() {
    GValue queries = G_VALUE_INIT;
    gst_value_array_init(&queries, static_cast<guint>(arguments_.queries.size()));
    for (const std::string& query : arguments_.queries) {
      GValue value = G_VALUE_INIT;
      g_value_init(&value, G_TYPE_STRING);
      g_value_set_string(&value, query.c_str());
      gst_value_array_append_and_take_value(&queries, &value);
    }
    g_object_set_property(G_OBJECT(ground_), "queries", &queries);
    g_value_unset(&queries);
  }

  bool fail(const std::string& reason) {
    progress_.clear();
    if (!failed_) std::fprintf(stderr, "gvl-ground: %s\n", reason.c_str());
    failed_ = true;
    if (loop_) g_main_loop_quit(loop_);
    return false;
  }

  int finish() {
    if (!failed_ && events_ == 0) fail(arguments_.video + ": has no frames to look at");
    return failed_ ? kUnusable : kAnswered;
  }

  void print_event(const GstStructure* event) {
    progress_.clear();
    ++events_;
    g_autofree char* json = arguments_.json ? gvl_event_to_json(event) : nullptr;
    std::printf("%s\n", json ? json : describe(event).c_str());
    std::fflush(stdout);
  }

  /** Sound stays as it is packed, and unlinked: only the video is decoded. */
  static gboolean on_autoplug_continue(GstElement*, GstPad*, GstCaps* caps, Run*) {
    return !g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(caps, 0)), "audio/");
  }

  static void on_pad_added(GstElement*, GstPad* pad, Run* run) {
    g_autoptr(GstCaps) caps = gst_pad_query_caps(pad, nullptr);
    if (gst_caps_is_empty(caps) || gst_caps_is_any(caps)) return;
    if (!gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw")) return;
    g_autoptr(GstPad) sink = gst_element_get_static_pad(run->ground_, "sink");
    if (!gst_pad_is_linked(sink) && gst_pad_link(pad, sink) == GST_PAD_LINK_OK) run->linked_ = true;
  }

  static void on_no_more_pads(GstElement* source, Run* run) {
    if (run->linked_) return;
    GST_ELEMENT_ERROR(source, STREAM, WRONG_TYPE, ("has no video"), (nullptr));
  }

  static gboolean on_message(GstBus*, GstMessage* message, gpointer data) {
    auto* run = static_cast<Run*>(data);
    switch (GST_MESSAGE_TYPE(message)) {
      case GST_MESSAGE_ERROR: {
        g_autoptr(GError) error = nullptr;
        g_autofree char* debug = nullptr;
        gst_message_parse_error(message, &error, &debug);
        GST_INFO("%s", debug ? debug : "");
        // Errors of other elements do not say which file they are about.
        const bool ours = gst_object_has_as_ancestor(GST_MESSAGE_SRC(message), GST_OBJECT(run->ground_));
        run->fail(ours ? error->message : run->arguments_.video + ": " + error->message);
        break;
      }
      case GST_MESSAGE_EOS:
        g_main_loop_quit(run->loop_);
        break;
      case GST_MESSAGE_ELEMENT:
        if (gst_message_has_name(message, GVL_EVENT_NAME)) run->print_event(gst_message_get_structure(message));
        break;
      default:
        break;
    }
    return G_SOURCE_CONTINUE;
  }

  static gboolean on_timer(gpointer data) {
    auto* run = static_cast<Run*>(data);
    run->progress_.show(run->pipeline_);
    return G_SOURCE_CONTINUE;
  }

  static gboolean on_interrupt(gpointer data) {
    static_cast<Run*>(data)->fail("interrupted");
    return G_SOURCE_CONTINUE;
  }

  const Arguments& arguments_;
  ProgressBar progress_;
  GstElement* pipeline_ = nullptr;
  GstElement* ground_ = nullptr;
  GMainLoop* loop_ = nullptr;
  bool linked_ = false;
  bool failed_ = false;
  int events_ = 0;
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

}  // namespace

int main(int argc, char** argv) {
  g_autofree char* model = nullptr;
  g_autofree char* task = nullptr;
  g_autofree char* device = nullptr;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &model, "Folder of the model; else the default model", "DIR"},
      {"task", 't', 0, G_OPTION_ARG_STRING, &task, "grounding (default), dense-caption, referring or qa", "TASK"},
      {"device", 'd', 0, G_OPTION_ARG_STRING, &device, "auto (default), cpu, cuda or cuda:N", "DEVICE"},
      {"json", 'j', 0, G_OPTION_ARG_NONE, &json, "One JSON object per event", nullptr},
      {}};
  g_autoptr(GOptionContext) context = g_option_context_new("VIDEO QUERY...");
  g_option_context_set_summary(context, "Finds moments of a video file by plain language.");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_option_context_add_group(context, gst_init_get_option_group());
  g_autofree char* program = g_find_program_in_path(argv[0]);
  g_autoptr(GError) error = nullptr;
  if (!g_option_context_parse(context, &argc, &argv, &error)) return usage(error->message);

  Arguments arguments;
  if (task) arguments.task = task;
  if (!known_task(arguments.task)) return usage("--task " + arguments.task + ": no such task");
  const int fewest = arguments.task == "dense-caption" ? 2 : 3;
  if (argc < fewest) return usage(argc < 2 ? "a video and a query are needed" : "a query is needed");
  arguments.model = model ? model : "";
  arguments.device = device ? device : "";
  arguments.json = json;
  arguments.video = argv[1];
  arguments.queries.assign(argv + 2, argv + argc);
  find_plugin(program ? program : argv[0]);
  return Run(arguments).run();
}
