/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include <string>

#include "archive/tokens.hpp"
#include "gvlproperties.hpp"

namespace gvl::gst {

/** Where and how a stream is indexed. Its initial values are the properties' defaults. */
struct IndexSettings {
  std::string index;  ///< empty: it is not
  std::string source_id;
  std::string utc;  ///< of the stream's time 0; empty: as the stream says
  archive::TokenType type = archive::kDefaultTokenType;
  int days = 0;
  guint64 bytes = 0;
};

/** Installs the properties that IndexSettings has. */
void install_index_properties(GObjectClass* klass, Locked<IndexSettings> (*settings_of)(GObject*));

}  // namespace gvl::gst
