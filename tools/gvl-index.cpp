/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-index --index DIR [OPTION...] VIDEO...: keeps what the model sees of videos in an index, for gvl-ask
 * (docs/archive.md). A thin main over a pipeline. Exits 0 when all was indexed, 1 on wrong usage, 2 when a video, the
 * model or the index cannot be used.
 */
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <filesystem>
#include <string>

#include "common/interrupt.hpp"
#include "common/plugin.hpp"
#include "ground/complain.hpp"
#include "ground/file-pass.hpp"
#include "ground/names.hpp"
#include "gvlcontext.h"
#include "index/arguments.hpp"

namespace {

constexpr int kIndexed = 0;
constexpr int kUsage = 1;
constexpr int kUnusable = 2;

constexpr const char* kPipeline =
    "gvlsegmenter name=in ! gvlspatialencoder ! gvltemporalencoder ! gvlfuser ! gvlindexer name=indexer ! "
    "fakesink sync=false";

/** One run over all videos. */
class Run {
 public:
  explicit Run(const IndexArguments& arguments) : arguments_(arguments), progress_(isatty(STDERR_FILENO)) {}
  ~Run() {
    if (model_) gst_context_unref(model_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  int run() {
    if (!load_model()) return kUnusable;
    const InterruptGuard guard;
    bool good = true;
    for (const std::string& video : arguments_.videos) {
      good = (is_interrupted() ? complain(video + ": was not indexed: interrupted") : index(video)) && good;
    }
    return good ? kIndexed : kUnusable;
  }

 private:
  bool load_model() {
    const auto named = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    g_autoptr(GError) error = nullptr;
    model_ = gvl_model_context_load(named(arguments_.model), named(arguments_.device), &error);
    return model_ || complain("loading " + (arguments_.model.empty() ? "the default model" : arguments_.model) + ": " +
                              error->message);
  }

  std::string stream_of(const std::string& video) const {
    if (!arguments_.stream.empty()) return arguments_.stream;
    const std::string path = path_of(video);
    return readable_text(path.empty() ? without_passwords(video) : std::filesystem::path(path).stem().string());
  }

  void set_segmenter(GstElement* segmenter) const {
    if (arguments_.window)
      g_object_set(segmenter, "window-duration", static_cast<guint64>(*arguments_.window * GST_SECOND), nullptr);
    if (arguments_.overlap) g_object_set(segmenter, "window-overlap", *arguments_.overlap, nullptr);
  }

  void set_indexer(GstElement* indexer, const std::string& video) const {
    g_object_set(indexer, "index", arguments_.index.c_str(), "source-id", stream_of(video).c_str(), "index-utc",
                 arguments_.utc.c_str(), "index-days", static_cast<int>(arguments_.days.value_or(0)), "index-bytes",
                 static_cast<guint64>(arguments_.bytes.value_or(0)), nullptr);
    if (!arguments_.type.empty()) gst_util_set_object_arg(G_OBJECT(indexer), "index-type", arguments_.type.c_str());
  }

  void set_up(GstElement* consumer, const std::string& video) const {
    gst_element_set_context(consumer, model_);
    g_autoptr(GstElement) segmenter = gst_bin_get_by_name(GST_BIN(consumer), "in");
    g_autoptr(GstElement) indexer = gst_bin_get_by_name(GST_BIN(consumer), "indexer");
    set_segmenter(segmenter);
    set_indexer(indexer, video);
  }

  bool index(const std::string& video) {
    const std::string path = path_of(video);
    if (!path.empty() && access(path.c_str(), R_OK) != 0) return complain(video + ": " + g_strerror(errno));
    guint64 segments = 0;
    FilePassOptions options;
    options.video = video;
    options.consumer = kPipeline;
    options.doing = "indexing " + video;
    if (arguments_.longest) options.longest = static_cast<GstClockTime>(*arguments_.longest * GST_SECOND);
    if (arguments_.program) options.program = static_cast<int>(*arguments_.program);
    options.timeout = arguments_.timeout.value_or(30);
    // Ends what is live in order.
    options.at_interrupt = [] {};
    options.prepare = [&](GstElement* consumer) { set_up(consumer, video); };
    options.at_end = [&](GstElement* consumer, GstClockTime) { segments = segments_of(consumer); };
    const std::string fault = run_file_pass(options, progress_);
    if (!fault.empty()) return complain(fault);
    if (segments == 0) return complain(video + ": has no frames to look at");
    std::printf("%s: %llu segments\n", on_one_line(stream_of(video)).c_str(),
                static_cast<unsigned long long>(segments));
    return true;
  }

  static guint64 segments_of(GstElement* consumer) {
    g_autoptr(GstElement) indexer = gst_bin_get_by_name(GST_BIN(consumer), "indexer");
    GstStructure* stats = nullptr;
    guint64 segments = 0;
    g_object_get(indexer, "stats", &stats, nullptr);
    gst_structure_get_uint64(stats, "indexed-segments", &segments);
    gst_structure_free(stats);
    return segments;
  }

  const IndexArguments& arguments_;
  ProgressBar progress_;
  GstContext* model_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  IndexArguments arguments;
  std::string fault;
  if (!read_index_arguments(argc, argv, arguments, fault)) {
    complain(fault);
    std::fprintf(stderr, "try gvl-index --help\n");
    return kUsage;
  }
  gst_pb_utils_init();
  find_plugin(argv[0]);
  return Run(arguments).run();
}
