/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlerror.hpp"

#include <gio/gio.h>

namespace gvl::gst {

namespace {

struct Failure {
  GQuark domain;
  gint code;
  std::string message;
};

Failure failure_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, error.what()};
    case ErrorCode::kMalformed:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, error.what()};
    case ErrorCode::kUnsupported:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED, error.what()};
    case ErrorCode::kInvalidArgument:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, error.what()};
    case ErrorCode::kResource:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, error.what()};
    case ErrorCode::kCancelled:
      return {G_IO_ERROR, G_IO_ERROR_CANCELLED, error.what()};
  }
  return {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, error.what()};
}

Failure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return failure_of(known);
  } catch (const std::bad_alloc&) {
    return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "out of memory"};
  } catch (const std::exception& other) {
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, other.what()};
  } catch (...) {
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "unknown failure"};
  }
}

}  // namespace

bool is_cancelled(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.code() == ErrorCode::kCancelled;
  } catch (...) {
    return false;
  }
}

void set_error(GError** gerror, const std::exception_ptr& error) {
  const Failure failure = failure_of(error);
  g_set_error_literal(gerror, failure.domain, failure.code, failure.message.c_str());
}

void post_error(GstElement* element, const std::exception_ptr& error, const std::string& while_doing) {
  if (is_cancelled(error)) return;
  const Failure failure = failure_of(error);
  gst_element_message_full(element, GST_MESSAGE_ERROR, failure.domain, failure.code, g_strdup(failure.message.c_str()),
                           g_strdup_printf("while %s", while_doing.c_str()), __FILE__, GST_FUNCTION, __LINE__);
}

void ErrorReporter::detach() {
  std::lock_guard lock(mutex_);
  element_ = nullptr;
}

void ErrorReporter::report(Flow* flow, const std::exception_ptr& failure, const std::string& while_doing) {
  if (is_cancelled(failure)) return;
  std::lock_guard lock(mutex_);
  if (!element_ || (flow && !flow->fail())) return;
  post_error(element_, failure, while_doing);
}

}  // namespace gvl::gst
