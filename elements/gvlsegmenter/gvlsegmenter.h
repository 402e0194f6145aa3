/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_SEGMENTER (gvl_segmenter_get_type())
G_DECLARE_FINAL_TYPE(GvlSegmenter, gvl_segmenter, GVL, SEGMENTER, GstElement)

GST_ELEMENT_REGISTER_DECLARE(gvlsegmenter);

/* Installs window-duration, window-overlap, segmentation, keyframe and max-pending from `first_id` on: gvlground has
 * them as well. */
void gvl_segmenter_install_properties(GObjectClass* klass, guint first_id);
#define GVL_SEGMENTER_N_PROPERTIES 5

G_END_DECLS
