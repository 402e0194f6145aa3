/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gvl-export.h"
#include "gvl/cancellation.hpp"
#include "gvl/model.hpp"
#include "gvldispatcher.hpp"
#include "gvlinflight.hpp"
#include "gvlmodelclient.hpp"
#include "gvlsegmentsevent.hpp"
#include "gvltensormeta.h"

namespace gvl::gst {

/** What an element reads and attaches. */
struct StreamTensors {
  struct Needed {
    const char* id;
    const char* producer;  ///< the factory of the element that attaches it
  };
  std::vector<Needed> needed;
  std::vector<const char*> attached;
};

/**
 * What all elements that compute have in common: the model and its context, what is in flight and how it is cancelled
 * by a flush, the check that the elements before it are there, messages and errors. The element calls it at each change
 * of state and flush. Members are for the streaming thread unless they say otherwise.
 */
class GVL_API ModelStream {
 public:
  /** `element` owns it. */
  explicit ModelStream(GstElement* element) : element_(element), client_(element) {}

  /** What the element reads and attaches; once, when it is made. */
  void declare(StreamTensors tensors) { tensors_ = std::move(tensors); }

  ModelClient& client() { return client_; }  ///< any thread

  /**
   * READY to PAUSED, and back after the pads are inactive. Not on the streaming thread. start() begins to load the
   * model that the element names, if it does; false after an element error.
   */
  bool start();
  void stop();

  /** FLUSH_START, and PAUSED to READY before the pads become inactive: cancels all jobs. Any thread. */
  void interrupt();

  /** FLUSH_STOP: begins anew. Messages that were not posted yet are dropped. */
  void flush();

  /** What the jobs submitted now are cancelled by, with the stream's priority. Any thread. */
  Cancellation cancellation() const;

  /** Posts `message` (transfer full) in order, while the stream goes on. Any thread. */
  void post(GstMessage* message);

  /** Waits until all messages so far are posted; false where the stream was stopped meanwhile. */
  bool wait_posted();

  /** Reports an error, once for all elements of the stream, and ends it. Any thread. */
  void report(const std::exception_ptr& failure, const std::string& while_doing);

  /** Whether somebody reported an error of the stream: it is over. */
  bool failed() const;

  /** Whether an error is reported or is about to be: the stream's end is not to be reached any more. */
  bool failing() const;

  /** The element posted an error itself. */
  void fail();

  /** Takes what a gvl-segments event says, and the event to send on (both transfer full). */
  GstEvent* take(SegmentsInfo info, GstEvent* event);

  /** What the last gvl-segments event said; null before the first. */
  const SegmentsInfo* segments() const { return segments_ ? &*segments_ : nullptr; }

  /** What the jobs are counted in; null before the first gvl-segments event. Any thread. */
  std::shared_ptr<InFlight> in_flight() const;

  /** Does `work`, whose exceptions are posted and end the stream. False where it fails. */
  bool run(const char* while_doing, const std::function<bool()>& work);

  /**
   * The same for a buffer, where all that has to come before the element is there; else that is an element error. Says
   * what the chain function returns.
   */
  GstFlowReturn process(const char* while_doing, const std::function<bool()>& work);

  /** The model, once it is loaded; null after an error of the stream, and where interrupt() ended the wait. */
  std::shared_ptr<Model> model();

  /** Whether model() need not wait. */
  bool model_is_known();

  /** The model if it is loaded, else null. Any thread. */
  std::shared_ptr<Model> model_if_loaded();

  /** The tensor `id` of segment `index` on `buffer`; invalid after an element error that names who should attach it. */
  Future<Tensor> input(GstBuffer* buffer, const char* id, guint64 index);

  /**
   * Attaches the result of a job as tensor `id` of that segment or window, which counts as in flight until it is
   * there; a failure is reported.
   */
  void attach(GstBuffer* buffer, const char* id, InFlight::Kind kind, guint64 index,
              const std::vector<std::int64_t>& shape, Future<Tensor> result);

  /** Counts segment or window `index` as in flight until `result` is there, and reports its failure. */
  void watch(const Future<Tensor>& result, InFlight::Kind kind, guint64 index, const std::string& while_doing);

 private:
  static void report(const std::shared_ptr<Dispatcher>& dispatcher, const std::shared_ptr<InFlight>& in_flight,
                     const std::exception_ptr& failure, const std::string& while_doing);

  class LoadWait;

  std::shared_ptr<Dispatcher> dispatcher() const;
  bool wait_loaded(const ModelHandle& handle);
  bool check_wiring();
  bool post_missing(const char* what, const std::string& producers, const char* details);

  GstElement* element_;
  StreamTensors tensors_;
  ModelClient client_;
  mutable std::mutex mutex_;                // guards what follows up to segments_
  Cancellation cancellation_;               // one per flush
  std::shared_ptr<Dispatcher> dispatcher_;  // one per start
  std::shared_ptr<InFlight> in_flight_;     // of segments_
  std::shared_ptr<LoadWait> load_wait_;     // null while nobody waits
  bool interrupted_ = false;
  std::optional<SegmentsInfo> segments_;
  std::shared_ptr<Model> model_;
  bool wiring_checked_ = false;
  std::atomic<bool> failed_{false};
};

}  // namespace gvl::gst
