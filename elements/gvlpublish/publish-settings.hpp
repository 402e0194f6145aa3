/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "gvlproperties.hpp"

namespace gvl::gst {

/** gvlpublish's properties; those that are texts are NULL where they are not set. */
struct PublishSettings {
  std::string uri;
  std::optional<std::string> spool_location;
  guint64 spool_max_bytes = guint64{64} << 20;
  std::optional<std::string> credentials_file;
  std::optional<std::string> ca_file;
  guint timeout = 30;                       ///< seconds
  guint64 drain_timeout = 10 * GST_SECOND;  ///< ns
};

void install_publish_properties(GObjectClass* klass, Locked<PublishSettings> (*settings_of)(GObject*));

}  // namespace gvl::gst
