/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport.hpp"

#include "gvl/error.hpp"
#include "net/http_client.hpp"

namespace gvl::gst {

namespace {

/** Properties are logged, and shown by whatever draws a pipeline. */
void refuse_secrets(const std::string& uri) {
  const std::string shown = without_secrets(uri);
  if (uri.starts_with(shown)) return;
  throw Error(ErrorCode::kInvalidArgument,
              shown +
                  ": the property uri must not have a user or a password in it; credentials-file or the variables "
                  "GVL_PUBLISH_USER and GVL_PUBLISH_PASSWORD say them");
}

}  // namespace

std::unique_ptr<Transport> make_transport(const Destination& destination) {
  const std::string& uri = destination.uri;
  if (uri.empty()) throw Error(ErrorCode::kInvalidArgument, "the property uri says nowhere to publish to");
  refuse_secrets(uri);
  if (uri.starts_with("mqtt://") || uri.starts_with("mqtts://")) return make_mqtt_transport(destination);
  if (uri.starts_with("http://") || uri.starts_with("https://")) return make_http_transport(destination);
  if (uri.starts_with("file:")) return make_file_transport(destination);
  if (uri.starts_with("unix:")) return make_unix_transport(destination);
  // Without "://" nobody knows which part of it is secret.
  throw Error(ErrorCode::kInvalidArgument,
              (uri.find("://") == uri.npos ? "" : without_secrets(uri) + ": ") +
                  "the property uri begins with none of mqtt://, mqtts://, http://, https://, file://, unix:");
}

}  // namespace gvl::gst
