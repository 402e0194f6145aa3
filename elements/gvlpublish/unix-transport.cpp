/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gunixsocketaddress.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <cstring>

#include "gvl/error.hpp"
#include "transport.hpp"

namespace gvl::gst {

namespace {

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
};

constexpr auto kLook = std::chrono::milliseconds(5);

/**
 * Writes lines to a stream socket of this machine. Such a socket acknowledges nothing, but Linux says how much of what
 * was written is not read yet: an event is delivered when all of it is.
 */
class UnixTransport final : public Transport {
 public:
  UnixTransport(const Destination& destination, std::string path) : destination_(destination), path_(std::move(path)) {}

  void send(const std::string& event) override {
    const auto until = Clock::now() + destination_.timeout;
    try {
      if (!socket_) connect();
      write(event + "\n", until);
      wait_until_read(until);
    } catch (const DeliveryError&) {
      socket_.reset();  // what is left of a line there goes with it
      throw;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  void connect() {
    g_autoptr(GError) error = nullptr;
    socket_.reset(g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error));
    if (!socket_) fail(error->message);
    g_socket_set_timeout(socket_.get(), static_cast<guint>(destination_.timeout.count()));
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path_.c_str());
    if (!g_socket_connect(socket_.get(), address, destination_.cancellable, &error)) fail(error);
  }

  void write(const std::string& line, Clock::time_point until) {
    for (std::size_t at = 0; at < line.size();) {
      g_autoptr(GError) error = nullptr;
      const gssize sent =
          g_socket_send(socket_.get(), line.data() + at, line.size() - at, destination_.cancellable, &error);
      if (sent < 0) fail(error);
      at += static_cast<std::size_t>(sent);
      if (Clock::now() > until) fail("the other side does not read");
    }
  }

  void wait_until_read(Clock::time_point until) {
    for (;;) {
      int unread = 0;
      if (::ioctl(g_socket_get_fd(socket_.get()), SIOCOUTQ, &unread) != 0) fail(std::strerror(errno));
      // Who closes it without having read all of it resets the connection.
      g_autoptr(GError) error = nullptr;
      if (!g_socket_check_connect_result(socket_.get(), &error)) fail(error);
      if (unread == 0) return;
      if (Clock::now() > until) fail("the other side does not read");
      pause();
    }
  }

  void pause() const {
    GPollFD cancelled{};
    const bool has = g_cancellable_make_pollfd(destination_.cancellable, &cancelled);
    g_poll(&cancelled, has ? 1 : 0, static_cast<gint>(kLook.count()));
    if (has) g_cancellable_release_fd(destination_.cancellable);
    if (g_cancellable_is_cancelled(destination_.cancellable))
      throw DeliveryError(DeliveryError::Kind::kCancelled, "cancelled");
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw DeliveryError(DeliveryError::Kind::kLater, "unix:" + path_ + ": " + why);
  }

  [[noreturn]] void fail(const GError* error) const {
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      throw DeliveryError(DeliveryError::Kind::kCancelled, "cancelled");
    fail(std::string(error->message));
  }

  Destination destination_;
  std::string path_;
  std::unique_ptr<GSocket, Unref> socket_;
};

}  // namespace

std::unique_ptr<Transport> make_unix_transport(const Destination& destination) {
  std::string path = destination.uri.substr(std::strlen("unix:"));
  if (path.starts_with("///")) path.erase(0, 2);
  if (!path.starts_with("/") || path.starts_with("//"))
    throw Error(ErrorCode::kInvalidArgument, destination.uri + ": the property uri needs a socket's whole path");
  if (path.size() > 107)
    throw Error(ErrorCode::kInvalidArgument, destination.uri + ": is too long for a socket's path");
  return std::make_unique<UnixTransport>(destination, path);
}

}  // namespace gvl::gst
