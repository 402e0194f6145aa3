/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "gvl/error.hpp"
#include "net/http_client.hpp"
#include "transport.hpp"

namespace gvl::gst {

namespace {

using Kind = DeliveryError::Kind;

constexpr int kKeepAlive = 60;  // seconds after which a broker may take a silent client for dead, and a half more
constexpr int kAtLeastOnce = 1;
constexpr int kRefusedVersion = 1;  // what a broker of MQTT 3 says of any newer one
constexpr int kFailures = 0x80;     // and above: codes of MQTT 5

struct Address {
  std::string host, topic;
  int port = 0;
  bool tls = false;
};

struct Destroy {
  void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};

void begin_library() {
  static std::once_flag once;
  std::call_once(once, mosquitto_lib_init);
}

/**
 * Publishes on one topic of a broker with QoS 1, an event after the other: the next one goes when the broker has
 * acknowledged the one before. MQTT 5, which says where a broker throws an event away, or 3.1.1.
 */
class MqttTransport final : public Transport {
 public:
  MqttTransport(const Destination& destination, Address address)
      : destination_(destination), address_(std::move(address)) {
    begin_library();
  }

  ~MqttTransport() override {
    if (client_) mosquitto_disconnect(client_.get());
  }

  void send(const std::string& event) override {
    until_ = Clock::now() + destination_.timeout;
    try {
      if (!client_) connect();
      publish(event);
    } catch (const DeliveryError& error) {
      // A client that is kept would send what it has in hand again, beside what the next call sends.
      if (error.kind() != Kind::kRefused) client_.reset();
      throw;
    }
  }

  void keep_alive() override {
    if (client_ && run(std::chrono::milliseconds(0)) != MOSQ_ERR_SUCCESS) client_.reset();
  }

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr int kAwaited = -1;

  void connect() {
    try {
      connect_by(version_);
    } catch (const DeliveryError&) {
      const bool older = connected_ == kRefusedVersion || connected_ == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION;
      if (!older || version_ == MQTT_PROTOCOL_V311) throw;
      version_ = MQTT_PROTOCOL_V311;
      connect_by(version_);
    }
  }

  void connect_by(int version) {
    client_.reset(mosquitto_new(nullptr, true, this));
    if (!client_) fail(std::strerror(errno));
    mosquitto_int_option(client_.get(), MOSQ_OPT_PROTOCOL_VERSION, version);
    mosquitto_connect_v5_callback_set(client_.get(), on_connect);
    mosquitto_publish_v5_callback_set(client_.get(), on_publish);
    const Credentials& who = destination_.credentials;
    if (who.has_user()) check(mosquitto_username_pw_set(client_.get(), who.user.c_str(), who.password.c_str()));
    if (address_.tls) use_tls();
    connected_ = kAwaited;
    check(mosquitto_connect_async(client_.get(), address_.host.c_str(), address_.port, kKeepAlive));
    wait_for(connected_);
    if (connected_ == 0) return;
    fail(version == MQTT_PROTOCOL_V5 && connected_ >= kFailures ? mosquitto_reason_string(connected_)
                                                                : mosquitto_connack_string(connected_));
  }

  void use_tls() {
    if (!destination_.ca_file) {
      check(mosquitto_int_option(client_.get(), MOSQ_OPT_TLS_USE_OS_CERTS, 1));
      return;
    }
    const char* file = destination_.ca_file->c_str();
    if (mosquitto_tls_set(client_.get(), file, nullptr, nullptr, nullptr, nullptr) != MOSQ_ERR_SUCCESS)
      throw DeliveryError(Kind::kLater, *destination_.ca_file + ": cannot be read as certificates (ca-file)");
  }

  void publish(const std::string& event) {
    acknowledged_ = kAwaited;
    const int result = mosquitto_publish_v5(client_.get(), &message_, address_.topic.c_str(),
                                            static_cast<int>(event.size()), event.data(), kAtLeastOnce, false, nullptr);
    if (result == MOSQ_ERR_PAYLOAD_SIZE || result == MOSQ_ERR_OVERSIZE_PACKET)
      fail("the event is longer than the broker takes", Kind::kRefused);
    check(result);
    wait_for(acknowledged_);
    if (acknowledged_ < kFailures) return;
    const bool refused = acknowledged_ == MQTT_RC_PAYLOAD_FORMAT_INVALID || acknowledged_ == MQTT_RC_PACKET_TOO_LARGE;
    fail(mosquitto_reason_string(acknowledged_), refused ? Kind::kRefused : Kind::kLater);
  }

  /** Runs the client until the callback has said what `answer` is. */
  void wait_for(const int& answer) {
    while (answer == kAwaited) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Clock::now());
      if (left.count() <= 0)
        fail("the broker does not answer within " + std::to_string(destination_.timeout.count()) + " s");
      const int result = run(std::min(left, std::chrono::milliseconds(1000)));
      // Who is turned away is told why, and then cut off.
      if (answer == kAwaited) check(result);
    }
  }

  /** Waits that long for the socket or for being cancelled, and does what there is to do. */
  int run(std::chrono::milliseconds wait) {
    mosquitto* client = client_.get();
    GPollFD polled[2] = {{mosquitto_socket(client), G_IO_IN, 0}, {}};
    if (polled[0].fd < 0) return MOSQ_ERR_NO_CONN;
    if (mosquitto_want_write(client)) polled[0].events |= G_IO_OUT;
    const bool has = g_cancellable_make_pollfd(destination_.cancellable, &polled[1]);
    g_poll(polled, has ? 2 : 1, static_cast<gint>(wait.count()));
    if (has) g_cancellable_release_fd(destination_.cancellable);
    if (g_cancellable_is_cancelled(destination_.cancellable)) throw DeliveryError(Kind::kCancelled, "cancelled");
    int result = MOSQ_ERR_SUCCESS;
    // A connection that fails is told by an error of the socket alone.
    if (polled[0].revents & (G_IO_OUT | G_IO_ERR | G_IO_HUP)) result = mosquitto_loop_write(client, 1);
    if (result == MOSQ_ERR_SUCCESS && polled[0].revents & (G_IO_IN | G_IO_ERR | G_IO_HUP))
      result = mosquitto_loop_read(client, 1);
    return result == MOSQ_ERR_SUCCESS ? mosquitto_loop_misc(client) : result;
  }

  void check(int result) const {
    if (result == MOSQ_ERR_SUCCESS || result == MOSQ_ERR_CONN_PENDING) return;
    fail(result == MOSQ_ERR_ERRNO ? std::strerror(errno) : mosquitto_strerror(result));
  }

  [[noreturn]] void fail(const std::string& why, Kind kind = Kind::kLater) const {
    throw DeliveryError(kind, destination_.uri + ": " + why);
  }

  // Called by run(), in the same thread.
  static void on_connect(mosquitto*, void* self, int result, int, const mosquitto_property*) {
    static_cast<MqttTransport*>(self)->connected_ = result;
  }

  static void on_publish(mosquitto*, void* data, int message, int reason, const mosquitto_property*) {
    auto* self = static_cast<MqttTransport*>(data);
    if (message == self->message_) self->acknowledged_ = reason;
  }

  Destination destination_;
  Address address_;
  std::unique_ptr<mosquitto, Destroy> client_;  // connected, or none
  int version_ = MQTT_PROTOCOL_V5;
  int connected_ = kAwaited;
  int message_ = 0, acknowledged_ = kAwaited;
  Clock::time_point until_;
};

[[noreturn]] void refuse(const std::string& uri, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, without_secrets(uri) + ": the property uri " + why);
}

Address address_of(const std::string& uri) {
  g_autoptr(GError) error = nullptr;
  g_autoptr(GUri) parsed = g_uri_parse(uri.c_str(), G_URI_FLAGS_NONE, &error);
  if (!parsed) refuse(uri, std::string("is no address: ") + error->message);
  const char* host = g_uri_get_host(parsed);
  const std::string path = g_uri_get_path(parsed);
  if (!host || !*host) refuse(uri, "names no host");
  if (g_uri_get_query(parsed) || g_uri_get_fragment(parsed)) refuse(uri, "has more than a host and a topic");
  if (path.size() < 2) refuse(uri, "names no topic, as in mqtt://HOST/TOPIC");
  Address address{host, path.substr(1), g_uri_get_port(parsed), g_str_equal(g_uri_get_scheme(parsed), "mqtts") != 0};
  if (mosquitto_pub_topic_check(address.topic.c_str()) != MOSQ_ERR_SUCCESS)
    refuse(uri, "names a topic that nobody can publish to: no + and #");
  if (address.port <= 0) address.port = address.tls ? 8883 : 1883;
  return address;
}

}  // namespace

std::unique_ptr<Transport> make_mqtt_transport(const Destination& destination) {
  return std::make_unique<MqttTransport>(destination, address_of(destination.uri));
}

}  // namespace gvl::gst
