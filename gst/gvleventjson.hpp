/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <exception>
#include <string_view>

#include "gvl-export.h"

namespace gvl::gst {

/** gvl_event_from_json() that throws Error instead (transfer full). */
GVL_API GstStructure* event_of_line(std::string_view line);

/** As G_IO_ERROR_INVALID_DATA. */
GVL_API void set_invalid_data(GError** error, const std::exception& failure);

}  // namespace gvl::gst
