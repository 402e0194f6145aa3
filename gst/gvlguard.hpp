/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <type_traits>

#include "gvl-export.h"

namespace gvl::gst {

/**
 * The way from C into this code: no exception, out of memory included, may go back to who called. `guarded<function>`
 * is `function` with the same signature, to be installed as a virtual function, a pad's function or a callback. What
 * is thrown is posted as an error of the element among the arguments (or of the pad's), and the call fails.
 */
template <auto function>
struct Guarded;

/** Reports the exception in flight: an error of `instance`, an element or something of one; else it is logged. */
GVL_API void report_caught(gpointer instance, const char* where) noexcept;

namespace detail {

/** What a function returns that failed. */
template <typename Result>
constexpr Result failed() noexcept {
  if constexpr (std::is_same_v<Result, GstFlowReturn>) return GST_FLOW_ERROR;
  if constexpr (std::is_same_v<Result, GstStateChangeReturn>) return GST_STATE_CHANGE_FAILURE;
  if constexpr (std::is_same_v<Result, GstPadProbeReturn>) return GST_PAD_PROBE_OK;
  return Result();
}

inline gpointer instance_of() noexcept { return nullptr; }

/** The first argument that is an object. A pad's functions get the pad, which has a parent while they run. */
template <typename First, typename... Rest>
gpointer instance_of(First first, Rest... rest) noexcept {
  if constexpr (std::is_same_v<First, GObject*> || std::is_same_v<First, GstObject*> ||
                std::is_same_v<First, GstElement*> || std::is_same_v<First, GstPad*> ||
                std::is_same_v<First, GstBaseTransform*>)
    return first;
  else
    return instance_of(rest...);
}

}  // namespace detail

/** Runs `call`, which may throw, in the name of `instance` (null: nobody's); what failed functions return if it does.
 */
template <typename Call>
auto guard(gpointer instance, const char* where, Call&& call) noexcept -> std::invoke_result_t<Call> {
  try {
    return call();
  } catch (...) {
    report_caught(instance, where);
  }
  return detail::failed<std::invoke_result_t<Call>>();
}

template <typename Result, typename... Arguments, Result (*function)(Arguments...)>
struct Guarded<function> {
  static Result call(Arguments... arguments) noexcept {
    return guard(detail::instance_of(arguments...), __PRETTY_FUNCTION__, [&] { return function(arguments...); });
  }
};

template <auto function>
inline constexpr auto guarded = &Guarded<function>::call;

}  // namespace gvl::gst
