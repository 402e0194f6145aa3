/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-ground [OPTION...] VIDEO... [QUERY...]: finds moments of videos by plain language, and makes of them what people
 * look at: text, JSON, captions, clips, a video with the events drawn on it, a page. A thin main over pipelines. Exits
 * 0 when every query was answered and all that was asked for is written, 1 on wrong usage, 2 when an input, the model
 * or an output cannot be used: what can be answered and written then still is.
 */
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "common/interrupt.hpp"
#include "common/plugin.hpp"
#include "ground/arguments.hpp"
#include "ground/describe.hpp"
#include "ground/encoding.hpp"
#include "ground/file-pass.hpp"
#include "ground/models.hpp"
#include "ground/names.hpp"
#include "ground/outputs.hpp"
#include "ground/questions.hpp"
#include "ground/report.hpp"
#include "ground/settings.hpp"
#include "ground/standard-output.hpp"
#include "gvl/model.hpp"
#include "gvlevent.h"

namespace {

constexpr int kAnswered = 0;
constexpr int kUsage = 1;
constexpr int kUnusable = 2;

std::string json_line(const std::string& video, const GstStructure* event) {
  GstStructure* with_file = gst_structure_copy(event);
  gst_structure_set(with_file, "file", G_TYPE_STRING, readable_name(video).c_str(), nullptr);
  g_autofree char* line = gvl_event_to_json(with_file);
  gst_structure_free(with_file);
  return line;
}

std::string json_lines(const FoundEvents& found) {
  std::string lines;
  for (const EventPointer& event : found.events) lines += json_line(found.video, event.get()) + "\n";
  return lines;
}

bool is_timed(const EventPointer& event) {
  GstClockTime start, stop;
  return times_of(event.get(), &start, &stop);
}

/** Those without times first. */
void sort_by_start(std::vector<EventPointer>& events) {
  std::stable_sort(events.begin(), events.end(), [](const EventPointer& a, const EventPointer& b) {
    GstClockTime starts[2] = {0, 0}, stop;
    times_of(a.get(), &starts[0], &stop);
    times_of(b.get(), &starts[1], &stop);
    return starts[0] < starts[1];
  });
}

/** One run over all files. Each step returns whether it went well, and says on stderr what did not. */
class Run {
 public:
  explicit Run(const Arguments& arguments)
      : arguments_(arguments),
        progress_(!arguments.json || isatty(STDOUT_FILENO)),
        questions_(questions_of(arguments)),
        models_(arguments.device),
        events_("--events", arguments.events, arguments.force, inputs_),
        vtt_("--vtt", arguments.vtt, arguments.force, inputs_),
        overlay_("--overlay", arguments.overlay, arguments.force, inputs_),
        report_("--report", arguments.report, arguments.force, inputs_) {}

  int run() {
    if (!can_write()) return kUnusable;
    const InterruptGuard guard;
    bool good = true;
    for (const std::string& video : arguments_.videos) {
      // An interrupt that ended one in order means the others, too.
      if (watched_)
        good = fail(video + ": was not looked at: interrupted");
      else
        good = ask(video) && good;
      if (is_stopped()) break;
    }
    good = write_files() && good;
    if (is_stopped()) return kUnusable;
    good = cut_clips() && good;
    good = draw() && good;
    return good && printing_ ? kAnswered : kUnusable;
  }

 private:
  static bool fail(const std::string& reason) {
    std::fprintf(stderr, "gvl-ground: %s\n", without_passwords(on_one_line(reason)).c_str());
    return false;
  }
  static bool unless(const std::string& reason) { return reason.empty() || fail(reason); }

  /** Nothing more is looked at, cut or drawn: what was found is written. */
  bool is_stopped() const { return stopped_ || (is_interrupted() && !watched_); }

  bool stop() {
    stopped_ = true;
    return false;
  }

  /** Once for all files: a model that nobody named, and that is not the usual one. */
  void tell_model(const std::string& name, const std::vector<std::string>& queries) const {
    if (arguments_.model.empty() && !name.empty() && !models_.has(name)) fail(about_choice(name, queries));
  }

  /** Once for all files. */
  void tell_unknown_words(const GstStructure* message) {
    const std::string query = gst_structure_get_string(message, "query");
    if (!told_.insert(query).second) return;
    progress_.clear();
    fail("\"" + shown_query(query) +
         "\": the model does not know these words: " + shown_query(gst_structure_get_string(message, "words")));
  }

  void tell_programs(const std::string& video, const GstStructure* message) {
    int program = 0;
    gst_structure_get_int(message, "program", &program);
    progress_.clear();
    fail(video + ": has the programs " + gst_structure_get_string(message, "programs") + "; " +
         std::to_string(program) + " is looked at, --program names another");
  }

  // ---- beforehand -----------------------------------------------------------------------------------------------

  /** The files that are read: videos and the model. */
  void learn_inputs() {
    for (const std::string& video : arguments_.videos) inputs_.add(possible_path_of(video));
    for (const auto& [model, queries] : questions_) {
      try {
        inputs_.add_folder(gvl::model_folder(model).string());
      } catch (const std::exception&) {
        // There is none: reported when it is needed.
      }
    }
  }

  /** It may be appended to. */
  bool can_print() const {
    struct stat file;
    const std::string* input = fstat(STDOUT_FILENO, &file) == 0 ? inputs_.find(file) : nullptr;
    return !input || fail("standard output: is " + *input + ", which is read");
  }

  /** The option that reads the video again, if there is one. */
  std::string reads_again() const {
    return !arguments_.clips.empty() ? "--clips" : overlay_.wanted() ? "--overlay" : "";
  }

  /** Clips and the overlay read the video again, for which pipes are none, nor what is live. */
  bool can_read_again() const {
    const std::string again = reads_again();
    bool good = true;
    for (const std::string& video : arguments_.videos)
      if (!again.empty() && is_read_once(video))
        good = fail(video + ": can be read only once, and " + again + " reads it again");
    return good;
  }

  /** All outputs, before hours of analysis: all that cannot be written is reported, and nothing is done. */
  bool can_write() {
    learn_inputs();
    const std::array<const OutputFile*, 4> files{&events_, &vtt_, &overlay_, &report_};
    bool good = can_print();
    good = can_read_again() && good;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!files[i]->wanted()) continue;
      good = unless(files[i]->check()) && good;
      for (std::size_t j = 0; j < i; ++j)
        if (files[j]->wanted() && files[i]->same_as(*files[j]))
          good = fail(files[i]->path() + ": two outputs are to be written to it");
    }
    const std::string fault = arguments_.clips.empty() ? "" : fault_of_folder(arguments_.clips);
    if (!fault.empty()) good = fail("--clips " + arguments_.clips + ": " + fault);
    for (const OutputFile* file : files)
      if (!arguments_.clips.empty() && file->wanted() && file->would_be(arguments_.clips))
        good = fail("--clips " + arguments_.clips + ": " + file->path() + " is to be a file");
    return good && can_draw();
  }

  bool can_draw() {
    if (!overlay_.wanted()) return true;
    std::string fault;
    drawing_ = drawing_and_encoding(overlay_.path(), arguments_.videos.front(), fault);
    return !drawing_.empty() || fail("--overlay " + overlay_.path() + ": cannot be encoded here: " + fault);
  }

  // ---- asking ---------------------------------------------------------------------------------------------------

  /** Null where there is no use in going on. */
  GstContext* load_model(const std::string& name) {
    std::string fault;
    GstContext* model = models_.load(name, fault);
    if (!unless(fault)) stop();
    return model;
  }

  void set_up(GstElement* consumer, GstContext* model, const std::vector<std::string>& queries) const {
    gst_element_set_context(consumer, model);
    g_autoptr(GstElement) ground = gst_bin_get_by_name(GST_BIN(consumer), "in");
    set_ground(ground, arguments_, queries);
  }

  bool ask(const std::string& video) {
    const std::string path = path_of(video);
    if (!path.empty() && access(path.c_str(), R_OK) != 0) {
      found_.push_back({video, video + ": " + g_strerror(errno), GST_CLOCK_TIME_NONE, {}});
      return fail(found_.back().error);
    }
    const Questions questions = questions_about(arguments_, video);
    for (const auto& [name, queries] : questions) {
      tell_model(name, queries);
      if (!load_model(name)) return false;
    }
    FoundEvents& found = found_.emplace_back(FoundEvents{video, "", GST_CLOCK_TIME_NONE, {}, arguments_.program});
    bool good = true;
    for (const auto& [name, queries] : questions) good = good && look_at(found, load_model(name), queries);
    sort_by_start(found.events);
    const bool silent = !good || !found.events.empty() || arguments_.json;
    return good && (silent || unless(print(prefix(video) + "nothing was found")));
  }

  bool look_at(FoundEvents& found, GstContext* model, const std::vector<std::string>& queries) {
    bool answered = false;
    FilePassOptions options = reading(found);
    options.consumer = "gvlground name=in ! fakesink sync=false";
    options.doing = "looking at " + found.video;
    options.again = reads_again();
    if (options.again.empty()) options.at_interrupt = [&] { watched_ = true; };
    options.prepare = [&](GstElement* consumer) { set_up(consumer, model, queries); };
    options.on_message = [&](const GstStructure* message) -> std::string {
      if (gst_structure_has_name(message, "gvl-unknown-words")) tell_unknown_words(message);
      if (gst_structure_has_name(message, "gvl-programs")) tell_programs(found.video, message);
      if (gst_structure_has_name(message, "gvl-verdict")) explain(found.video, message);
      return hear(found, message);
    };
    options.at_end = [&](GstElement* consumer, GstClockTime duration) {
      found.duration = duration;
      answered = frames_of(consumer) > 0;
    };
    found.error = run_file_pass(options, progress_);
    if (found.error.empty() && !answered) found.error = found.video + ": has no frames to look at";
    return unless(found.error);
  }

  /** Keeps events that are over and words that were asked for; prints these, and for people events that go on. */
  std::string hear(FoundEvents& found, const GstStructure* message) {
    gboolean words = FALSE;
    const bool is_event = gst_structure_has_name(message, GVL_EVENT_NAME);
    if (gst_structure_has_name(message, GVL_ANSWER_NAME)) gst_structure_get_boolean(message, "found", &words);
    if (!is_event && !words) return {};
    const bool is_final = words || g_strcmp0(gst_structure_get_string(message, "state"), "closed") == 0;
    if (is_final) found.events.emplace_back(gst_structure_copy(message), gst_structure_free);
    if (!is_final && arguments_.json) return {};
    return print(arguments_.json ? json_line(found.video, message) : prefix(found.video) + describe(message));
  }

  void explain(const std::string& video, const GstStructure* verdict) {
    progress_.clear();
    std::fprintf(stderr, "%s\n", (prefix(video) + describe_verdict(verdict)).c_str());
  }

  /** What all passes over a video have in common. */
  FilePassOptions reading(const FoundEvents& found) const {
    FilePassOptions options;
    options.video = found.video;
    if (arguments_.longest) options.longest = static_cast<GstClockTime>(*arguments_.longest * GST_SECOND);
    options.program = arguments_.program;
    options.timeout = arguments_.timeout;
    return options;
  }

  static guint64 frames_of(GstElement* consumer) {
    g_autoptr(GstElement) ground = gst_bin_get_by_name(GST_BIN(consumer), "in");
    GstStructure* stats = nullptr;
    guint64 frames = 0;
    g_object_get(ground, "stats", &stats, nullptr);
    gst_structure_get_uint64(stats, "frames", &frames);
    gst_structure_free(stats);
    return frames;
  }

  std::string prefix(const std::string& video) const {
    return arguments_.videos.size() > 1 ? on_one_line(video) + ": " : "";
  }

  bool has_outputs() const {
    return events_.wanted() || vtt_.wanted() || overlay_.wanted() || report_.wanted() || !arguments_.clips.empty();
  }

  /** Why there is no use in going on: nobody reads, and nothing else is wanted. */
  std::string print(const std::string& line) {
    const std::string fault = printing_ ? print_line(line) : "";
    if (fault.empty()) return {};
    printing_ = false;
    if (has_outputs()) {
      fail(fault);
      return {};
    }
    stop();
    return fault;
  }

  // ---- writing --------------------------------------------------------------------------------------------------

  /** Whether a file of events would say anything but that all went wrong. */
  bool has_answers() const {
    return std::any_of(found_.begin(), found_.end(),
                       [](const FoundEvents& found) { return found.error.empty() || !found.events.empty(); });
  }

  /** What was found is kept also where some of the files could not be read, or the rest is not wanted any more. */
  bool write_files() {
    if (!has_answers()) return true;
    std::string lines;
    for (const FoundEvents& found : found_) lines += json_lines(found);
    bool good = !events_.wanted() || unless(events_.write(lines));
    good = (!vtt_.wanted() || unless(vtt_.write(web_vtt(found_.front())))) && good;
    if (is_stopped() || !report_.wanted()) return good;
    return unless(report_.write(html_report(found_))) && good;
  }

  bool cut_clips() {
    bool good = true;
    for (const FoundEvents& found : found_)
      if (!arguments_.clips.empty() && found.error.empty() && !is_stopped()) good = cut_clips_of(found) && good;
    return good;
  }

  static guint64 late_clips(GstElement* consumer) {
    g_autoptr(GstElement) clipper = gst_bin_get_by_name(GST_BIN(consumer), "in");
    GstStructure* stats = nullptr;
    g_object_get(clipper, "stats", &stats, nullptr);
    guint64 late = 0;
    gst_structure_get_uint64(stats, "late", &late);
    gst_structure_free(stats);
    return late;
  }

  bool cut_clips_of(const FoundEvents& found) {
    const auto wanted = std::count_if(found.events.begin(), found.events.end(), is_timed);
    if (wanted == 0) return true;
    const TextInMemory events(json_lines(found));
    if (!events.fault().empty()) return fail("the events of " + found.video + ": " + events.fault());
    const std::string location = arguments_.clips + "/" + stem_of(found.video) + "-%{start}-%{query}.mkv";
    std::ptrdiff_t written = 0;
    FilePassOptions options = reading(found);
    options.consumer = "gvlclipper name=in";
    options.encoded = true;
    options.sound = {"in", "matroskamux"};
    options.doing = "cutting clips of " + found.video;
    options.prepare = [&](GstElement* consumer) {
      g_autoptr(GstElement) clipper = gst_bin_get_by_name(GST_BIN(consumer), "in");
      g_object_set(clipper, "events", events.path().c_str(), "location", location.c_str(), nullptr);
    };
    options.on_message = [&](const GstStructure* message) -> std::string {
      if (gst_structure_has_name(message, "gvl-clip")) ++written;
      return {};
    };
    guint64 late = 0;
    options.at_end = [&](GstElement* consumer, GstClockTime) { late = late_clips(consumer); };
    if (!unless(run_file_pass(options, progress_))) return false;
    if (late > 0) return fail(found.video + ": " + std::to_string(late) + " clips begin late");
    return written >= wanted || fail(found.video + ": " + std::to_string(wanted - written) + " of " +
                                     std::to_string(wanted) + " clips could not be written");
  }

  bool draw() {
    if (!overlay_.wanted() || is_stopped() || !found_.front().error.empty()) return true;
    const FoundEvents& found = found_.front();
    const TextInMemory events(json_lines(found));
    if (!events.fault().empty()) return fail("the events of " + found.video + ": " + events.fault());
    if (!unless(overlay_.open())) return false;
    FilePassOptions options = reading(found);
    options.consumer = drawing_ + " ! fdsink name=file";
    options.output = overlay_.path();
    options.sound = {kMuxer, {}};
    options.doing = "drawing on " + found.video;
    options.prepare = [&](GstElement* consumer) {
      g_autoptr(GstElement) overlay = gst_bin_get_by_name(GST_BIN(consumer), "overlay");
      g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(consumer), "file");
      g_object_set(overlay, "events", events.path().c_str(), nullptr);
      g_object_set(file, "fd", overlay_.descriptor(), nullptr);
    };
    return unless(run_file_pass(options, progress_)) && unless(overlay_.commit());
  }

  const Arguments& arguments_;
  ProgressBar progress_;
  InputFiles inputs_;
  OutputFile events_, vtt_, overlay_, report_;
  std::string drawing_;  ///< how the overlay is drawn and encoded
  const Questions questions_;
  Models models_;
  std::set<std::string> told_;  ///< queries with words that the model does not know
  std::vector<FoundEvents> found_;
  bool printing_ = true;  ///< standard output takes what is printed
  bool stopped_ = false;
  bool watched_ = false;  ///< what has no end of its own was interrupted, and that ended it in order
};

int usage(const std::string& reason) {
  std::fprintf(stderr, "gvl-ground: %s\ntry gvl-ground --help\n", without_passwords(on_one_line(reason)).c_str());
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  guard_standard_output(kUnusable);
  // Only what characters are: numbers are written the same way everywhere.
  std::setlocale(LC_CTYPE, "");
  Arguments arguments;
  std::string fault;
  if (!read_arguments(argc, argv, arguments, fault)) return usage(fault);
  gst_pb_utils_init();
  find_plugin(argv[0]);
  if (const std::string unset = fault_of_settings(arguments); !unset.empty()) return usage(unset);
  return Run(arguments).run();
}
