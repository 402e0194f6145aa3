/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GVL_TYPE_PUBLISH (gvl_publish_get_type())
G_DECLARE_FINAL_TYPE(GvlPublish, gvl_publish, GVL, PUBLISH, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE(gvlpublish);

G_END_DECLS
