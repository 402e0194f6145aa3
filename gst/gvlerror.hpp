/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <exception>
#include <string>

#include "gvl-export.h"
#include "gvl/error.hpp"
#include "gvlguard.hpp"

namespace gvl::gst {

/** True for Error(kCancelled), which is reported to nobody. */
GVL_API bool is_cancelled(const std::exception_ptr& error) noexcept;

/** The GError for what `error` holds: GStreamer's domains, G_IO_ERROR_CANCELLED when cancelled. */
GVL_API void set_error(GError** gerror, const std::exception_ptr& error);

/**
 * Posts the element error for what `failure` holds, with the domain and code that its ErrorCode stands for;
 * `while_doing` ("encoding a segment") goes into the debug string. Silent for a cancelled job.
 */
GVL_API void post_error(GstElement* element, const std::exception_ptr& failure,
                        const std::string& while_doing) noexcept;

}  // namespace gvl::gst
