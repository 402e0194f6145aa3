/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <functional>
#include <optional>
#include <string>

#include "gvl-export.h"

namespace gvl::gst {

/**
 * Hands the gvl-events of the file that an element's property `events` names to `take`, in order; none where it names
 * none. False after an element error.
 */
GVL_API bool load_events(GstElement* element, const std::optional<std::string>& file,
                         const std::function<void(const GstStructure*)>& take);

}  // namespace gvl::gst
