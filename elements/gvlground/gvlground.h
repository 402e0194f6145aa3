/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_GROUND (gvl_ground_get_type())
G_DECLARE_FINAL_TYPE(GvlGround, gvl_ground, GVL, GROUND, GstBin)

GST_ELEMENT_REGISTER_DECLARE(gvlground);

G_END_DECLS
