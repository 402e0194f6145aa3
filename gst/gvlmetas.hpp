/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <algorithm>
#include <vector>

#include "gvlguard.hpp"

/** What the metas of this library have in common: C structures that begin with `GstMeta meta`. */
namespace gvl::gst {

/** Registers the API of a meta that every transformation of the buffer keeps. Once for each name. */
inline GType register_meta_api(const char* name) {
  static const gchar* tags[] = {nullptr};
  return gst_meta_api_type_register(name, tags);
}

namespace detail {

template <typename Meta, void (*clear)(Meta*), gboolean (*copy)(GstBuffer*, const Meta*)>
struct MetaFunctions {
  static gboolean init(GstMeta* meta, gpointer, GstBuffer*) {
    *reinterpret_cast<Meta*>(meta) = Meta{.meta = *meta};
    return TRUE;
  }
  static void free(GstMeta* meta, GstBuffer*) { clear(reinterpret_cast<Meta*>(meta)); }
  static gboolean transform(GstBuffer* destination, GstMeta* meta, GstBuffer*, GQuark, gpointer) {
    return copy(destination, reinterpret_cast<const Meta*>(meta));
  }
};

}  // namespace detail

/**
 * Registers a meta, once for each name. It begins as Meta{}; `clear(Meta*)` frees what it owns, and
 * `copy(GstBuffer* destination, const Meta* source)`, FALSE where that fails, adds one like it.
 */
template <typename Meta, void (*clear)(Meta*), gboolean (*copy)(GstBuffer*, const Meta*)>
const GstMetaInfo* register_meta(GType api, const char* name) {
  using Functions = detail::MetaFunctions<Meta, clear, copy>;
  return gst_meta_register(api, name, sizeof(Meta), Functions::init, Functions::free, guarded<Functions::transform>);
}

/** A new meta of `buffer`. */
template <typename Meta>
Meta* add_meta(GstBuffer* buffer, const GstMetaInfo* info) {
  return reinterpret_cast<Meta*>(gst_buffer_add_meta(buffer, info, nullptr));
}

template <typename Meta>
std::vector<Meta*> metas_of(GstBuffer* buffer, GType api) {
  std::vector<Meta*> metas;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, api))
    metas.push_back(reinterpret_cast<Meta*>(meta));
  return metas;
}

/** In the order of their `index`, which copies of a buffer need not keep. */
template <typename Meta>
std::vector<Meta*> metas_by_index(GstBuffer* buffer, GType api) {
  auto metas = metas_of<Meta>(buffer, api);
  std::sort(metas.begin(), metas.end(), [](const Meta* a, const Meta* b) { return a->index < b->index; });
  return metas;
}

}  // namespace gvl::gst
