/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace gvl::gst {

/**
 * gvl-overload: the serialized event by which gvlsegmenter says that a live stream begins to drop segments, or that
 * this has ended, and the element message that gvlgroundedllm makes of it. docs/events.md lists its fields.
 */
inline constexpr const char* kOverload = "gvl-overload";

}  // namespace gvl::gst
