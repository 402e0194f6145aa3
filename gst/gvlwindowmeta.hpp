/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "gvl-export.h"
#include "gvlwindowmeta.h"

namespace gvl::gst {

/** The window metas of `buffer` by increasing index; valid while the buffer and its metas are. */
GVL_API std::vector<GvlWindowMeta*> windows_of(GstBuffer* buffer);

}  // namespace gvl::gst
