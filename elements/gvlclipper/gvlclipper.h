/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_CLIPPER (gvl_clipper_get_type())
G_DECLARE_FINAL_TYPE(GvlClipper, gvl_clipper, GVL, CLIPPER, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE(gvlclipper);

G_END_DECLS
