/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gvlfilter.hpp"

G_BEGIN_DECLS

#define GVL_TYPE_SPATIAL_ENCODER (gvl_spatial_encoder_get_type())
G_DECLARE_FINAL_TYPE(GvlSpatialEncoder, gvl_spatial_encoder, GVL, SPATIAL_ENCODER, GvlFilter)

GST_ELEMENT_REGISTER_DECLARE(gvlspatialencoder);

G_END_DECLS
