/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gvlfilter.hpp"

G_BEGIN_DECLS

#define GVL_TYPE_INDEXER (gvl_indexer_get_type())
G_DECLARE_FINAL_TYPE(GvlIndexer, gvl_indexer, GVL, INDEXER, GvlFilter)

GST_ELEMENT_REGISTER_DECLARE(gvlindexer);

G_END_DECLS
