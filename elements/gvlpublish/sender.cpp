/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sender.hpp"

#include <algorithm>
#include <utility>

#include "gvl/error.hpp"

namespace gvl::gst {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kLongestWait{30'000};
constexpr std::chrono::seconds kIdle{5};  // a connection is looked after so often

}  // namespace

Sender::Sender(Destination destination, Spool& spool, SenderReports reports)
    : cancellable_(g_cancellable_new()), spool_(spool), reports_(std::move(reports)), wait_(kFirstWait) {
  destination.cancellable = cancellable_.get();
  transport_ = make_transport(destination);
  thread_ = std::thread([this] { run(); });
}

Sender::~Sender() {
  g_cancellable_cancel(cancellable_.get());
  spool_.close();
  thread_.join();
}

Sender::Counts Sender::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void Sender::run() {
  bool spool_works = true;
  while (!stopped()) {
    try {
      if (const auto entry = spool_.wait_first(Spool::Clock::now() + kIdle)) {
        deliver(*entry);
      } else if (!stopped()) {
        transport_->keep_alive();
      }
      spool_works = true;
    } catch (const std::exception& error) {
      if (std::exchange(spool_works, false)) reports_.spool_failed(error.what());
      pause(kLongestWait / 10);
    }
  }
}

void Sender::deliver(const Spool::Entry& entry) {
  try {
    transport_->send(entry.text);
  } catch (const DeliveryError& error) {
    if (error.kind() != DeliveryError::Kind::kRefused) return failed(error);
    {
      std::lock_guard lock(mutex_);
      ++counts_.refused;
    }
    reports_.refused(error.what());
    return take_out(entry);
  }
  bool again;
  {
    std::lock_guard lock(mutex_);
    ++counts_.delivered;
    again = !std::exchange(counts_.reachable, true);
  }
  wait_ = kFirstWait;
  take_out(entry);
  if (again) reports_.reachable();
}

/** It would be delivered again and again. */
void Sender::take_out(const Spool::Entry& entry) {
  bool told = false;
  while (!stopped()) {
    try {
      return spool_.remove(entry);
    } catch (const Error& error) {
      if (!std::exchange(told, true)) reports_.spool_failed(error.what());
      pause(kLongestWait / 10);
    }
  }
}

void Sender::failed(const DeliveryError& error) {
  spool_.put_back();
  if (error.kind() == DeliveryError::Kind::kCancelled) return;
  bool news;
  {
    std::lock_guard lock(mutex_);
    ++counts_.retries;
    news = std::exchange(counts_.reachable, false);
  }
  if (news) reports_.unreachable(error.what());
  pause(std::max<milliseconds>(wait_, error.wait()));
  wait_ = std::min(wait_ * 2, kLongestWait);
}

/** Or until it is stopped. */
void Sender::pause(milliseconds time) const {
  GPollFD cancelled{};
  const bool has = g_cancellable_make_pollfd(cancellable_.get(), &cancelled);
  g_poll(&cancelled, has ? 1 : 0, static_cast<gint>(time.count()));
  if (has) g_cancellable_release_fd(cancellable_.get());
}

}  // namespace gvl::gst
