/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include "gvl-export.h"
#include "gvl/error.hpp"
#include "gvl/future.hpp"
#include "gvlflow.hpp"
#include "gvlguard.hpp"

namespace gvl::gst {

/** True for Error(kCancelled), which nobody is told about. */
GVL_API bool is_cancelled(const std::exception_ptr& error) noexcept;

/** The GError for what `error` holds: GStreamer's domains, G_IO_ERROR_CANCELLED when cancelled. */
GVL_API void set_error(GError** gerror, const std::exception_ptr& error);

/**
 * Posts the element error for what `failure` holds, with the domain and code that its ErrorCode stands for;
 * `while_doing` ("encoding a segment") goes into the debug string. Silent for a cancelled job.
 */
GVL_API void post_error(GstElement* element, const std::exception_ptr& failure,
                        const std::string& while_doing) noexcept;

/**
 * How jobs, which may outlive their element's work, tell about their failure: nothing is posted after detach(), and
 * of the failures that one epoch's jobs hand on to each other only the first. All members are thread safe.
 */
class GVL_API ErrorReporter {
 public:
  explicit ErrorReporter(GstElement* element) : element_(element) {}

  /** After its return nothing more is posted in the name of the element. */
  void detach();

  void report(Flow* flow, const std::exception_ptr& failure, const std::string& while_doing) noexcept;

 private:
  // An application may stop the element, and so detach(), in its synchronous message handler.
  std::recursive_mutex mutex_;
  GstElement* element_;  // not owned: detach() comes before the element goes away
};

/** Calls `report` of `reporter` when `future` fails. */
template <typename T>
void report_failure(const Future<T>& future, std::shared_ptr<ErrorReporter> reporter, std::shared_ptr<Flow> flow,
                    std::string while_doing) {
  future.when_ready(
      [future, reporter = std::move(reporter), flow = std::move(flow), while_doing = std::move(while_doing)] {
        try {
          future.get();
        } catch (...) {
          reporter->report(flow.get(), std::current_exception(), while_doing);
        }
      });
}

}  // namespace gvl::gst
