/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>

namespace gvl::gst {

/** Who publishes. All of it is secret: it is in no property and no message. */
struct Credentials {
  std::string user, password;
  std::string token;  ///< of HTTP alone, instead of a user and a password

  bool has_user() const { return !user.empty(); }
};

/**
 * Those of `file`, a key file with the keys user, password and token in its group [credentials]; without a file, those
 * of the variables GVL_PUBLISH_USER, GVL_PUBLISH_PASSWORD and GVL_PUBLISH_TOKEN. Throws Error with the file's name, and
 * with nothing of what is in it.
 */
Credentials read_credentials(const std::optional<std::string>& file);

}  // namespace gvl::gst
