/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_OVERLAY (gvl_overlay_get_type())
G_DECLARE_FINAL_TYPE(GvlOverlay, gvl_overlay, GVL, OVERLAY, GstBin)

GST_ELEMENT_REGISTER_DECLARE(gvloverlay);

G_END_DECLS
