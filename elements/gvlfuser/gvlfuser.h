/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gvlfilter.hpp"

G_BEGIN_DECLS

#define GVL_TYPE_FUSER (gvl_fuser_get_type())
G_DECLARE_FINAL_TYPE(GvlFuser, gvl_fuser, GVL, FUSER, GvlFilter)

GST_ELEMENT_REGISTER_DECLARE(gvlfuser);

G_END_DECLS
