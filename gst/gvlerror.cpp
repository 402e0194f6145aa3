/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlerror.hpp"

#include <gio/gio.h>

#include <new>
#include <stdexcept>

GST_DEBUG_CATEGORY_STATIC(gvl_error_debug);
#define GST_CAT_DEFAULT gvl_error_category()

static GstDebugCategory* gvl_error_category() {
  static GstDebugCategory* const category = [] {
    GST_DEBUG_CATEGORY_INIT(gvl_error_debug, "gvl", 0, "gvl elements");
    return gvl_error_debug;
  }();
  return category;
}

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

Failure out_of_memory() { return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "out of memory"}; }

Failure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return failure_of(known);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {  // more than could ever be had
    return out_of_memory();
  } catch (const std::exception& other) {
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, other.what()};
  } catch (...) {
    return {GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "unknown failure"};
  }
}

// Where not even the words for a failure can be had.
Failure failure_of_any(const std::exception_ptr& error) noexcept {
  try {
    return failure_of(error);
  } catch (...) {
    return out_of_memory();  // short enough to need no memory
  }
}

// The library's own messages name what is at fault; of others it is not known but for where.
bool names_fault(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const Error&) {
    return true;
  } catch (...) {
    return false;
  }
}

// Names of files and what else is at fault may be any bytes; messages hold UTF-8.
void post(GstElement* element, const std::exception_ptr& error, const char* where) {
  const Failure failure = failure_of_any(error);
  g_autofree gchar* text = names_fault(error)
                               ? g_strdup(failure.message.c_str())
                               : g_strdup_printf("%s in %s", failure.message.c_str(), GST_OBJECT_NAME(element));
  g_autofree gchar* debug = g_strdup_printf("while %s", where);
  gst_element_message_full(element, GST_MESSAGE_ERROR, failure.domain, failure.code, g_utf8_make_valid(text, -1),
                           g_utf8_make_valid(debug, -1), __FILE__, GST_FUNCTION, __LINE__);
}

// The element that an object is, or is a pad of; null for anything else. (transfer full)
GstElement* element_of(gpointer instance) {
  if (!instance) return nullptr;
  if (GST_IS_ELEMENT(instance)) return GST_ELEMENT(gst_object_ref(instance));
  return GST_IS_PAD(instance) ? gst_pad_get_parent_element(GST_PAD(instance)) : nullptr;
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
  const Failure failure = failure_of_any(error);
  g_autofree gchar* text = g_utf8_make_valid(failure.message.c_str(), -1);
  g_set_error_literal(gerror, failure.domain, failure.code, text);
}

void post_error(GstElement* element, const std::exception_ptr& error, const std::string& while_doing) noexcept {
  if (!is_cancelled(error)) post(element, error, while_doing.c_str());
}

void report_caught(gpointer instance, const char* where) noexcept {
  const auto error = std::current_exception();
  if (is_cancelled(error)) return;
  if (GstElement* element = element_of(instance)) {
    post(element, error, where);
    gst_object_unref(element);
  } else {
    GST_ERROR("%s, while %s", failure_of_any(error).message.c_str(), where);
  }
}

}  // namespace gvl::gst
