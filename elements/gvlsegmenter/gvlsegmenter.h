/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_SEGMENTER (gvl_segmenter_get_type())
G_DECLARE_FINAL_TYPE(GvlSegmenter, gvl_segmenter, GVL, SEGMENTER, GstElement)

GST_ELEMENT_REGISTER_DECLARE(gvlsegmenter);

/* Installs window-duration and max-pending under `first_id` and the number after it: gvlground has them as well. */
void gvl_segmenter_install_properties(GObjectClass* klass, guint first_id);

G_END_DECLS
