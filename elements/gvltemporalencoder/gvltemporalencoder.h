/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gvlfilter.hpp"

G_BEGIN_DECLS

#define GVL_TYPE_TEMPORAL_ENCODER (gvl_temporal_encoder_get_type())
G_DECLARE_FINAL_TYPE(GvlTemporalEncoder, gvl_temporal_encoder, GVL, TEMPORAL_ENCODER, GvlFilter)

GST_ELEMENT_REGISTER_DECLARE(gvltemporalencoder);

G_END_DECLS
