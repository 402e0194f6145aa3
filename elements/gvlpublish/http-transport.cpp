/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <array>

#include "gvl/error.hpp"
#include "net/deadline.hpp"
#include "net/http_client.hpp"
#include "transport.hpp"

namespace gvl::gst {

namespace {

/** What a server answers that does not like this very event; anything else may be another way for the next one. */
bool refuses_event(int status) {
  constexpr std::array<int, 3> kStatuses{400, 413, 422};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

HttpOptions options_of(const Destination& destination) {
  HttpOptions options;
  options.endpoint = destination.uri;
  options.token = destination.credentials.token;
  options.token_place = "credentials-file or the variable GVL_PUBLISH_TOKEN";
  options.agent = "gvlpublish";
  options.timeout = static_cast<int>(destination.timeout.count());
  options.ca_file = destination.ca_file;
  if (options.token.empty() && destination.credentials.has_user()) {
    const std::string pair = destination.credentials.user + ":" + destination.credentials.password;
    g_autofree char* coded = g_base64_encode(reinterpret_cast<const guchar*>(pair.data()), pair.size());
    options.scheme = "Basic";
    options.token = coded;
  }
  return options;
}

/** A webhook: each event is the body of a POST, and delivered when the server answers with a status of 2xx. */
class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(const Destination& destination)
      : destination_(destination),
        deadline_(destination.cancellable),
        client_(options_of(destination), deadline_.cancellable()) {}

  void send(const std::string& event) override {
    deadline_.begin(destination_.timeout);
    try {
      client_.hand_over(destination_.uri, event);
    } catch (const HttpError& error) {
      deadline_.end();
      throw DeliveryError(refuses_event(error.status()) ? DeliveryError::Kind::kRefused : DeliveryError::Kind::kLater,
                          error.what(), std::chrono::seconds(error.wait().value_or(0)));
    } catch (const Interrupted&) {
      if (!deadline_.end()) throw DeliveryError(DeliveryError::Kind::kCancelled, "cancelled");
      throw DeliveryError(DeliveryError::Kind::kLater, without_secrets(destination_.uri) +
                                                           ": the server does not answer within " +
                                                           std::to_string(destination_.timeout.count()) + " s");
    }
    deadline_.end();
  }

 private:
  Destination destination_;
  Deadline deadline_;
  HttpClient client_;
};

}  // namespace

std::unique_ptr<Transport> make_http_transport(const Destination& destination) try {
  is_same_server(destination.uri, destination.uri);  // throws for what is no address
  return std::make_unique<HttpTransport>(destination);
} catch (const HttpError& error) {
  throw Error(ErrorCode::kInvalidArgument, error.what());
}

}  // namespace gvl::gst
