/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "credentials.hpp"

namespace gvl::gst {

/** Why an event was not delivered; the message names the place, without secrets. */
class DeliveryError : public std::runtime_error {
 public:
  enum class Kind {
    kLater,      ///< it may be delivered later
    kRefused,    ///< this event will never be taken, others may be
    kCancelled,  ///< nobody wants it delivered any more
  };

  DeliveryError(Kind kind, const std::string& message, std::chrono::seconds wait = std::chrono::seconds(0))
      : std::runtime_error(message), kind_(kind), wait_(wait) {}

  Kind kind() const noexcept { return kind_; }
  /** How long the other side asks to be left alone. */
  std::chrono::seconds wait() const noexcept { return wait_; }

 private:
  Kind kind_;
  std::chrono::seconds wait_;
};

/** Where events go. */
struct Destination {
  std::string uri;
  Credentials credentials;
  std::optional<std::string>
      ca_file;                       ///< PEM: who is trusted to sign a server's certificate; none: whom the system does
  std::chrono::seconds timeout{30};  ///< in which an event has to be taken, connecting included
  GCancellable* cancellable = nullptr;  ///< ends send(); outlives the transport
};

/** A way of delivering events. For one thread. */
class Transport {
 public:
  virtual ~Transport() = default;

  /** Delivers a line of JSON, without its end: at the return the other side has it. Throws DeliveryError. */
  virtual void send(const std::string& event) = 0;

  /** While there is nothing to send, every few seconds: holds a connection. Throws nothing. */
  virtual void keep_alive() {}
};

/** Connects to nobody yet. Throws Error(kInvalidArgument) for a uri that is none of ours. */
std::unique_ptr<Transport> make_transport(const Destination& destination);

std::unique_ptr<Transport> make_mqtt_transport(const Destination& destination);
std::unique_ptr<Transport> make_http_transport(const Destination& destination);
std::unique_ptr<Transport> make_file_transport(const Destination& destination);
std::unique_ptr<Transport> make_unix_transport(const Destination& destination);

}  // namespace gvl::gst
