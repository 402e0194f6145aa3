/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credentials.hpp"

#include <glib.h>

#include <algorithm>

#include "gvl/error.hpp"

namespace gvl::gst {

namespace {

constexpr const char* kGroup = "credentials";

std::string variable(const char* name) {
  const char* value = g_getenv(name);
  return value ? value : "";
}

std::string value_of(GKeyFile* keys, const char* key) {
  g_autofree char* value = g_key_file_get_string(keys, kGroup, key, nullptr);
  return value ? value : "";
}

/** They go into lines of headers. */
void check(const std::string& value, const std::string& where) {
  if (std::any_of(value.begin(), value.end(), [](unsigned char byte) { return byte < ' ' || byte == 0x7f; }))
    throw Error(ErrorCode::kInvalidArgument, where + " has a control character");
}

}  // namespace

static Credentials credentials_of_file(const std::string& file) {
  g_autoptr(GKeyFile) keys = g_key_file_new();
  g_autoptr(GError) error = nullptr;
  if (!g_key_file_load_from_file(keys, file.c_str(), G_KEY_FILE_NONE, &error)) {
    // GLib's messages about a key file quote its lines.
    if (error->domain == G_KEY_FILE_ERROR)
      throw Error(ErrorCode::kMalformed, file + ": is no key file with a group [credentials]");
    throw Error(ErrorCode::kNotFound, file + ": " + error->message);
  }
  if (!g_key_file_has_group(keys, kGroup)) throw Error(ErrorCode::kMalformed, file + ": has no group [credentials]");
  Credentials read{value_of(keys, "user"), value_of(keys, "password"), value_of(keys, "token")};
  check(read.user, file + ": user");
  check(read.password, file + ": password");
  check(read.token, file + ": token");
  return read;
}

Credentials read_credentials(const std::optional<std::string>& file) {
  if (file) return credentials_of_file(*file);
  Credentials read{variable("GVL_PUBLISH_USER"), variable("GVL_PUBLISH_PASSWORD"), variable("GVL_PUBLISH_TOKEN")};
  check(read.user, "the variable GVL_PUBLISH_USER");
  check(read.password, "the variable GVL_PUBLISH_PASSWORD");
  check(read.token, "the variable GVL_PUBLISH_TOKEN");
  return read;
}

}  // namespace gvl::gst
