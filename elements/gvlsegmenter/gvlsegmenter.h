/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_SEGMENTER (gvl_segmenter_get_type())
G_DECLARE_FINAL_TYPE(GvlSegmenter, gvl_segmenter, GVL, SEGMENTER, GstElement)

GST_ELEMENT_REGISTER_DECLARE(gvlsegmenter);

G_END_DECLS
