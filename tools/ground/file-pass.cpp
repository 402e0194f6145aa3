/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/file-pass.hpp"

#include <fcntl.h>
#include <gst/pbutils/pbutils.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "common/interrupt.hpp"
#include "ground/complain.hpp"
#include "ground/names.hpp"
#include "ground/programs.hpp"
#include "ground/remote.hpp"
#include "ground/watch.hpp"

namespace {

constexpr guint kTimerEvery = 200;              // ms, for progress and interrupts
constexpr GstClockTime kLate = 2 * GST_SECOND;  // a live video that stands still ends so much after its time

class FilePass {
 public:
  FilePass(const FilePassOptions& options, ProgressBar& progress)
      : options_(options), progress_(progress), remote_(is_remote(options.video)) {}
  ~FilePass() {
    if (pipeline_) {
      gst_element_set_state(pipeline_, GST_STATE_NULL);
      watch_.reset();
      sound_.reset();
      choice_.reset();
      gst_object_unref(pipeline_);
    }
    if (descriptor_ >= 0) close(descriptor_);
  }
  FilePass(const FilePass&) = delete;
  FilePass& operator=(const FilePass&) = delete;

  std::string run() {
    if (!build()) return error_;
    g_autoptr(GMainLoop) loop = g_main_loop_new(nullptr, FALSE);
    loop_ = loop;
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline_);
    gst_bus_add_watch(bus, on_message, this);
    const guint timer = g_timeout_add(kTimerEvery, on_timer, this);
    progress_.begin(without_passwords(options_.doing));
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    g_main_loop_run(loop);
    // A short file may be over before the timer has seen its first frame.
    if (watch_ && watch_->has_begun() && !begun_ && error_.empty()) begin();
    end();
    g_source_remove(timer);
    gst_bus_remove_watch(bus);
    progress_.clear();
    return error_;
  }

 private:
  void end() {
    if (error_.empty() && sound_ && !missing_.empty())
      say("not all of its streams can be decoded, GStreamer lacks: " + missing_);
    if (!error_.empty() || !options_.at_end) return;
    gint64 duration = 0;
    const bool known = gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration) && duration > 0;
    options_.at_end(consumer_, known ? static_cast<GstClockTime>(duration) : GST_CLOCK_TIME_NONE);
  }

  bool fail(const std::string& reason) {
    if (error_.empty()) error_ = reason;
    if (loop_) g_main_loop_quit(loop_);
    return false;
  }

  /**
   * Pipes by a descriptor: neither an open pipe that nobody writes to nor one that none has opened yet could be left
   * where filesrc waits for it.
   */
  std::string find_source(std::string& fault) {
    const std::string path = path_of(options_.video);
    if (path.empty() || !is_read_once(path)) return uri_of(options_.video, fault);
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ >= 0) return "fd://" + std::to_string(descriptor_);
    fault = is_interrupted() ? "interrupted" : g_strerror(errno);
    return {};
  }

  bool build() {
    pipeline_ = gst_pipeline_new(nullptr);
    GstElement* source = gst_element_factory_make("uridecodebin", nullptr);
    if (!source) return fail("GStreamer lacks uridecodebin");
    std::string fault;
    const std::string uri = find_source(fault);
    if (uri.empty()) {
      gst_object_unref(gst_object_ref_sink(source));
      return fail(of_video(fault));
    }
    gst_bin_add(GST_BIN(pipeline_), source);
    g_autoptr(GError) error = nullptr;
    consumer_ = gst_parse_bin_from_description(options_.consumer.c_str(), FALSE, &error);
    if (!consumer_ || error) return fail(error->message);
    g_autoptr(GstElement) in = gst_bin_get_by_name(GST_BIN(consumer_), "in");
    g_autoptr(GstPad) target = gst_element_get_static_pad(in, "sink");
    gst_element_add_pad(consumer_, gst_ghost_pad_new("sink", target));
    gst_bin_add(GST_BIN(pipeline_), consumer_);
    watch_ = std::make_unique<Watch>(target, options_.longest);
    if (!options_.sound.element.empty()) sound_ = std::make_unique<Sound>(consumer_, options_.sound, options_.longest);
    if (options_.prepare) options_.prepare(consumer_);
    connect(source, uri);
    return true;
  }

  void connect(GstElement* source, const std::string& uri) {
    choice_ = std::make_unique<ProgramChoice>(pipeline_, options_.program);
    if (remote_) keep_from_files(pipeline_);
    g_object_set(source, "uri", uri.c_str(), nullptr);
    g_signal_connect(source, "source-setup", G_CALLBACK(on_source_setup), this);
    g_signal_connect(source, "autoplug-continue", G_CALLBACK(on_autoplug_continue), this);
    g_signal_connect(source, "pad-added", G_CALLBACK(on_pad_added), this);
    g_signal_connect(source, "no-more-pads", G_CALLBACK(on_no_more_pads), this);
  }

  static void on_source_setup(GstElement*, GstElement* source, FilePass* self) {
    if (self->remote_) set_timeout(source, self->options_.timeout);
  }

  /** Whether the consumer takes these caps as they are. */
  bool takes(GstCaps* caps) const {
    g_autoptr(GstPad) sink = gst_element_get_static_pad(consumer_, "sink");
    return gst_pad_query_accept_caps(sink, caps);
  }

  /** What is not wanted is not decoded. */
  static gboolean on_autoplug_continue(GstElement*, GstPad*, GstCaps* caps, FilePass* self) {
    const GstStructure* format = gst_caps_get_structure(caps, 0);
    if (g_str_has_prefix(gst_structure_get_name(format), "audio/")) return self->sound_ && !self->sound_->keeps(caps);
    gboolean parsed = FALSE;
    const bool needs_parsing =
        gst_structure_has_name(format, "video/x-h264") || gst_structure_has_name(format, "video/x-h265");
    if (needs_parsing && !(gst_structure_get_boolean(format, "parsed", &parsed) && parsed)) return TRUE;
    return !(self->options_.encoded && gst_caps_is_fixed(caps) && self->takes(caps));
  }

  static void on_pad_added(GstElement*, GstPad* pad, FilePass* self) {
    g_autoptr(GstCaps) caps = gst_pad_query_caps(pad, nullptr);
    if (gst_caps_is_empty(caps) || gst_caps_is_any(caps)) return;
    const char* name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    if (self->sound_ && g_str_has_prefix(name, "audio/")) self->sound_->link(pad);
    const bool encoded =
        self->options_.encoded && (g_str_has_prefix(name, "video/") || g_str_equal(name, "image/jpeg"));
    if (!g_str_equal(name, "video/x-raw") && !encoded) return;
    g_autoptr(GstPad) sink = gst_element_get_static_pad(self->consumer_, "sink");
    if (!gst_pad_is_linked(sink) && gst_pad_link(pad, sink) == GST_PAD_LINK_OK) self->linked_ = true;
  }

  static void on_no_more_pads(GstElement* source, FilePass* self) {
    if (self->linked_) return;
    GST_ELEMENT_ERROR(source, STREAM, WRONG_TYPE, ("has no video"), (nullptr));
  }

  /** Whether a message comes from the element that writes `output`. */
  bool is_of_output(GstMessage* message) const {
    return !options_.output.empty() && g_strcmp0(GST_MESSAGE_SRC_NAME(message), "file") == 0;
  }

  void take_error(GstMessage* message) {
    g_autoptr(GError) error = nullptr;
    g_autofree char* debug = nullptr;
    gst_message_parse_error(message, &error, &debug);
    GST_INFO("%s", debug ? debug : "");
    if (is_of_output(message))
      fail(options_.output + ": " + error->message);
    else if (!linked_ && !missing_.empty())
      fail(of_video("its video cannot be decoded, GStreamer lacks: " + missing_));
    else
      fail(of_video(remote_ ? reason_of_remote(message) : error->message));
  }

  /** Errors do not say which file they are about. */
  std::string of_video(const std::string& reason) const { return without_passwords(options_.video + ": " + reason); }

  /** Something that would be needed for a stream of the file is not installed. */
  void take_missing(GstMessage* message) {
    g_autofree char* what = gst_missing_plugin_message_get_description(message);
    missing_ += (missing_.empty() ? "" : ", ") + std::string(what);
  }

  void take_element_message(GstMessage* message) {
    if (gst_is_missing_plugin_message(message)) return take_missing(message);
    if (!options_.on_message) return;
    progress_.clear();
    const std::string reason = options_.on_message(gst_message_get_structure(message));
    if (!reason.empty()) fail(reason);
  }

  static gboolean on_message(GstBus*, GstMessage* message, gpointer data) {
    auto* self = static_cast<FilePass*>(data);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) self->take_error(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) g_main_loop_quit(self->loop_);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) self->take_warning(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY) gst_bin_recalculate_latency(GST_BIN(self->pipeline_));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT) self->take_element_message(message);
    return G_SOURCE_CONTINUE;
  }

  /** Those of our elements: a clip that could not be written, say. */
  void take_warning(GstMessage* message) {
    if (!gst_object_has_as_ancestor(GST_MESSAGE_SRC(message), GST_OBJECT(consumer_))) return;
    g_autoptr(GError) error = nullptr;
    gst_message_parse_warning(message, &error, nullptr);
    say(error->message);
  }

  void say(const std::string& what) {
    progress_.clear();
    complain(of_video(what));
  }

  static gboolean on_timer(gpointer data) {
    static_cast<FilePass*>(data)->look_after();
    return G_SOURCE_CONTINUE;
  }

  void look_after() {
    if (watch_->has_begun() && !begun_) begin();
    const double silence = static_cast<double>(watch_->silence()) / GST_SECOND;
    const bool is_over =
        live_ && GST_CLOCK_TIME_IS_VALID(options_.longest) && watch_->lasted() > options_.longest + kLate;
    if (!ending_ && is_interrupted()) take_interrupt();
    if (is_over || ending_) {
      ending_ = true;
      watch_->end(consumer_);
    } else if (remote_ && (live_ || !begun_) && silence > options_.timeout) {
      fail(of_video("the server has sent no picture for " + std::to_string(static_cast<int>(silence)) + " s"));
    }
    if (error_.empty()) progress_.show(pipeline_);
  }

  /** The first frame is there: what can be known of the video is. */
  void begin() {
    begun_ = true;
    GstQuery* query = gst_query_new_latency();
    gboolean live = FALSE;
    if (gst_element_query(pipeline_, query)) gst_query_parse_latency(query, &live, nullptr, nullptr);
    gst_query_unref(query);
    live_ = live;
    if (live_ && !options_.again.empty()) fail(of_video("is live, and " + options_.again + " would read it again"));
    if (options_.program && !choice_->has_chosen())
      fail(of_video("is no transport stream, and has no program " + std::to_string(*options_.program)));
    const std::string fault = options_.at_begin ? options_.at_begin(consumer_, watch_->first_shown()) : "";
    if (!fault.empty()) fail(of_video(fault));
  }

  /** What is live, or comes from a server and has no end that is known, is looked at until it is interrupted. */
  void take_interrupt() {
    gint64 duration = 0;
    const bool has_end = gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration) && duration > 0;
    if (!begun_ || !options_.at_interrupt || !(live_ || (remote_ && !has_end))) {
      fail(of_video("interrupted"));
      return;
    }
    ending_ = true;
    options_.at_interrupt();
  }

  const FilePassOptions& options_;
  ProgressBar& progress_;
  GstElement* pipeline_ = nullptr;
  GstElement* consumer_ = nullptr;  // owned by the pipeline
  GMainLoop* loop_ = nullptr;
  int descriptor_ = -1;  ///< of a pipe that is read
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<ProgramChoice> choice_;
  std::unique_ptr<Sound> sound_;  ///< where it is wanted
  const bool remote_;
  bool begun_ = false;   ///< a frame has come
  bool live_ = false;    ///< known by then
  bool ending_ = false;  ///< EOS was asked for
  bool linked_ = false;
  std::string missing_;  ///< what GStreamer lacks for streams of the file
  std::string error_;
};

}  // namespace

std::string run_file_pass(const FilePassOptions& options, ProgressBar& progress) {
  return FilePass(options, progress).run();
}
