/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-ground [OPTION...] VIDEO... [QUERY...]: finds moments of videos by plain language, and makes of them what people
 * look at: text, JSON, captions, clips, a video with the events drawn on it, a page. A thin main over pipelines. Exits
 * 0 when every query was answered and all that was asked for is written, 1 on wrong usage, 2 when an input, the model
 * or an output cannot be used: what can be answered and written then still is.
 */
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/interrupt.hpp"
#include "common/plugin.hpp"
#include "ground/account.hpp"
#include "ground/arguments.hpp"
#include "ground/batch.hpp"
#include "ground/complain.hpp"
#include "ground/describe.hpp"
#include "ground/edit-list.hpp"
#include "ground/file-pass.hpp"
#include "ground/frame-count.hpp"
#include "ground/model.hpp"
#include "ground/names.hpp"
#include "ground/output-set.hpp"
#include "ground/report.hpp"
#include "ground/second-pass.hpp"
#include "ground/settings.hpp"
#include "ground/standard-output.hpp"
#include "gvl/model.hpp"
#include "gvlevent.h"

namespace {

constexpr int kAnswered = 0;
constexpr int kUsage = 1;
constexpr int kUnusable = 2;

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
        progress_(!arguments.quiet && (!arguments.json || isatty(STDOUT_FILENO))),
        outputs_(arguments) {}

  int run() {
    if (!outputs_.can_write()) return kUnusable;
    const InterruptGuard guard;
    bool good = ask_about_all();
    good = write_files() && good;
    const bool ended = is_stopped();
    if (!ended) good = cut_clips() && good;
    if (!ended) good = draw() && good;
    tell_account();
    return good && printing_ && !ended ? kAnswered : kUnusable;
  }

 private:
  /** Nothing more is looked at, cut or drawn: what was found is written. */
  bool is_stopped() const { return stopped_ || (is_interrupted() && !watched_); }

  bool stop() {
    stopped_ = true;
    return false;
  }

  // ---- telling --------------------------------------------------------------------------------------------------

  /** What is good to know, and no fault. */
  void note(const std::string& what) {
    if (arguments_.quiet) return;
    progress_.clear();
    complain(what);
  }

  /** Once for all files. */
  void tell_unknown_words(const GstStructure* message) {
    const std::string query = gst_structure_get_string(message, "query");
    if (!told_.insert(query).second) return;
    note("\"" + shown_query(query) +
         "\": the model does not know these words: " + shown_query(gst_structure_get_string(message, "words")));
  }

  void tell_programs(const std::string& video, const GstStructure* message) {
    int program = 0;
    gst_structure_get_int(message, "program", &program);
    note(video + ": has the programs " + gst_structure_get_string(message, "programs") + "; " +
         std::to_string(program) + " is looked at, --program names another");
  }

  /** Of the last video: "looking at a.mkv, 2 of 5". */
  std::string doing() const {
    const std::size_t all = arguments_.videos.size();
    const std::string place = ", " + std::to_string(found_.size()) + " of " + std::to_string(all);
    return "looking at " + found_.back().video + (all > 1 ? place : "");
  }

  /** To people, and to who asks for it: programs that read stderr have no need of it. */
  void tell_account() {
    if (!arguments_.verbose && (arguments_.quiet || !isatty(STDERR_FILENO))) return;
    const double seconds = static_cast<double>(g_get_monotonic_time() - began_) / G_USEC_PER_SEC;
    const std::string account = account_of(found_, arguments_.videos.size(), seconds, arguments_.longest);
    if (!account.empty()) std::fprintf(stderr, "%s\n", account.c_str());
  }

  // ---- asking ---------------------------------------------------------------------------------------------------

  bool ask_about_all() {
    bool good = true;
    for (const std::string& video : arguments_.videos) {
      // An interrupt that ended one in order means the others, too.
      if (watched_)
        good = complain(video + ": was not looked at: interrupted");
      else
        good = ask(video) && good;
      if (is_stopped()) break;
    }
    return good;
  }

  /** Once for all files. There is no use in going on without. */
  bool load_model() {
    if (model_) return true;
    std::string fault;
    model_ = ::load_model(arguments_, fault);
    if (!unless(fault)) return stop();
    if (arguments_.verbose) note(about_model(arguments_, model_.get()));
    return true;
  }

  void set_up(GstElement* consumer) const {
    gst_element_set_context(consumer, model_.get());
    g_autoptr(GstElement) ground = gst_bin_get_by_name(GST_BIN(consumer), "in");
    set_ground(ground, arguments_);
  }

  bool ask(const std::string& video) {
    const std::string path = path_of(video);
    if (!path.empty() && access(path.c_str(), R_OK) != 0) {
      found_.push_back({video, video + ": " + g_strerror(errno), GST_CLOCK_TIME_NONE, {}});
      return complain(found_.back().error);
    }
    if (!load_model()) return false;
    FoundEvents& found = found_.emplace_back(FoundEvents{video, "", GST_CLOCK_TIME_NONE, {}, arguments_.program});
    if (arguments_.verbose) note(doing());
    bool good = look_at(found);
    sort_by_start(found.events);
    good = good && outputs_.write_result(found);
    const bool silent = !good || !found.events.empty() || arguments_.json;
    return good && (silent || unless(print(prefix(video) + "nothing was found")));
  }

  bool look_at(FoundEvents& found) {
    bool answered = false;
    FilePassOptions options = reading(found);
    options.consumer = "gvlground name=in ! fakesink sync=false";
    options.doing = doing();
    options.again = outputs_.reads_again();
    if (options.again.empty()) options.at_interrupt = [&] { watched_ = true; };
    options.prepare = [&](GstElement* consumer) { set_up(consumer); };
    options.on_message = [&](const GstStructure* message) -> std::string {
      if (gst_structure_has_name(message, "gvl-unknown-words")) tell_unknown_words(message);
      if (gst_structure_has_name(message, "gvl-programs")) tell_programs(found.video, message);
      if (gst_structure_has_name(message, "gvl-verdict")) explain(found.video, message);
      return hear(found, message);
    };
    if (!outputs_.needs_timecodes().empty())
      options.at_begin = [&](GstElement* in, GstClockTime first) { return count_frames(in, first); };
    options.at_end = [&](GstElement* consumer, GstClockTime duration) {
      found.duration = duration;
      answered = frames_of(consumer) > 0;
    };
    found.error = run_file_pass(options, progress_);
    if (found.error.empty() && !answered) found.error = found.video + ": has no frames to look at";
    return unless(found.error);
  }

  /** Before hours of analysis: why the video's frames have no timecodes, where these are needed. */
  std::string count_frames(GstElement* consumer, GstClockTime first) {
    g_autoptr(GstElement) ground = gst_bin_get_by_name(GST_BIN(consumer), "in");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(ground, "sink");
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    int numerator = 0, denominator = 1;
    if (caps) gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator);
    std::string fault;
    frames_ = FrameCount::make(numerator, denominator, first, arguments_.timecode, fault);
    return fault.empty() ? "" : fault + " (" + outputs_.needs_timecodes() + ")";
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

  /** Why there is no use in going on: nobody reads, and nothing else is wanted. */
  std::string print(const std::string& line) {
    const std::string fault = printing_ ? print_line(line) : "";
    if (fault.empty()) return {};
    printing_ = false;
    if (outputs_.wanted()) {
      complain(fault);
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

  bool write_for_editing() {
    if (!frames_) return true;
    std::string fault;
    const std::string list = edit_list(found_.front(), *frames_, fault);
    bool good = true;
    if (outputs_.edl.wanted() && !fault.empty())
      good = complain("--edl " + outputs_.edl.path() + ": " + fault);
    else if (outputs_.edl.wanted())
      good = unless(outputs_.edl.write(list));
    if (!outputs_.otio.wanted()) return good;
    return unless(outputs_.otio.write(otio_timeline(found_.front(), *frames_))) && good;
  }

  /** What was found is kept also where some of the files could not be read, or the rest is not wanted any more. */
  bool write_files() {
    if (!has_answers()) return true;
    std::string lines;
    for (const FoundEvents& found : found_) lines += json_lines(found);
    bool good = !outputs_.events.wanted() || unless(outputs_.events.write(lines));
    good = (!outputs_.vtt.wanted() || unless(outputs_.vtt.write(web_vtt(found_.front())))) && good;
    good = write_for_editing() && good;
    if (is_stopped() || !outputs_.report.wanted()) return good;
    return unless(outputs_.report.write(html_report(found_))) && good;
  }

  bool cut_clips() {
    bool good = true;
    for (const FoundEvents& found : found_)
      if (!arguments_.clips.empty() && found.error.empty() && !is_stopped())
        good = ::cut_clips(found, reading(found), arguments_.clips, progress_) && good;
    return good;
  }

  bool draw() {
    const FoundEvents& found = found_.front();
    if (!outputs_.overlay.wanted() || is_stopped() || !found.error.empty()) return true;
    return draw_overlay(found, reading(found), outputs_.drawing(), outputs_.overlay, progress_);
  }

  const Arguments& arguments_;
  ProgressBar progress_;
  std::shared_ptr<GstContext> model_;
  OutputSet outputs_;
  std::set<std::string> told_;  ///< queries with words that the model does not know
  std::vector<FoundEvents> found_;
  std::optional<FrameCount> frames_;             ///< of the video, where editing programs get it
  bool printing_ = true;                         ///< standard output takes what is printed
  const gint64 began_ = g_get_monotonic_time();  ///< microseconds
  bool stopped_ = false;
  bool watched_ = false;  ///< what has no end of its own was interrupted, and that ended it in order
};

int usage(const std::string& reason) {
  complain(reason);
  std::fprintf(stderr, "try gvl-ground --help\n");
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
  const std::size_t done = leave_out_what_is_done(arguments);
  if (done > 0 && arguments.verbose) complain("videos that have results already: " + std::to_string(done));
  // A share may be empty, too.
  return arguments.videos.empty() ? kAnswered : Run(arguments).run();
}
