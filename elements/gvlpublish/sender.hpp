/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "spool.hpp"
#include "transport.hpp"

namespace gvl::gst {

/** What a Sender tells, from its thread. */
struct SenderReports {
  std::function<void(const std::string& why)> unreachable;   ///< the first failure of several in a row
  std::function<void()> reachable;                           ///< it delivers again
  std::function<void(const std::string& why)> refused;       ///< an event is given up
  std::function<void(const std::string& why)> spool_failed;  ///< the first failure of several in a row
};

/**
 * Delivers what a spool has, in order, one event after the other, from a thread of its own. What cannot be delivered is
 * tried again for as long as it takes: after 0.5 s, then twice as long each time, up to 30 s, or after as long as the
 * other side asks for.
 */
class Sender {
 public:
  struct Counts {
    std::uint64_t delivered = 0, retries = 0, refused = 0;
    bool reachable = true;
  };

  /** Throws Error for a destination that is none. `destination.cancellable` is the Sender's own. The spool outlives it.
   */
  Sender(Destination destination, Spool& spool, SenderReports reports);
  /** Breaks off what is under way; that event stays in the spool. */
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  Counts counts() const;

 private:
  void run();
  void deliver(const Spool::Entry& entry);
  void take_out(const Spool::Entry& entry);
  void failed(const DeliveryError& error);
  void pause(std::chrono::milliseconds time) const;
  bool stopped() const { return g_cancellable_is_cancelled(cancellable_.get()); }

  struct Unref {
    void operator()(gpointer object) const { g_object_unref(object); }
  };

  std::unique_ptr<GCancellable, Unref> cancellable_;
  Spool& spool_;
  SenderReports reports_;
  std::unique_ptr<Transport> transport_;
  std::chrono::milliseconds wait_;
  mutable std::mutex mutex_;  // guards counts_
  Counts counts_;
  std::thread thread_;
};

}  // namespace gvl::gst
