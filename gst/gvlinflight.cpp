/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlinflight.hpp"

#include <cstdint>

namespace gvl::gst {

void InFlight::set_limit(unsigned limit) {
  std::lock_guard lock(mutex_);
  limit_ = limit;
  changed_.notify_all();
}

InFlight::Token InFlight::hold(Kind kind, guint64 index) {
  if (kind == Kind::kProvisional) return nullptr;
  {
    std::lock_guard lock(mutex_);
    ++holders(kind)[index];
  }
  return Token(this, [self = shared_from_this(), kind, index](void*) { self->release(kind, index); });
}

void InFlight::release(Kind kind, guint64 index) {
  std::lock_guard lock(mutex_);
  const auto held = holders(kind).find(index);
  if (--held->second > 0) return;
  holders(kind).erase(held);
  changed_.notify_all();
}

std::optional<InFlight::Reached> InFlight::find_reached(unsigned unpushed) const {
  const auto segments = segments_.size(), windows = windows_.size();
  // Windows first: while they are not answered, their segments' room alone helps nobody.
  if (windows >= limit_) return Reached{Kind::kWindow, static_cast<unsigned>(windows), limit_};
  if (segments >= static_cast<std::uint64_t>(limit_) + unpushed)
    return Reached{Kind::kSegment, static_cast<unsigned>(segments - unpushed), limit_};
  return std::nullopt;
}

std::optional<InFlight::Reached> InFlight::reached(unsigned unpushed) const {
  std::lock_guard lock(mutex_);
  return find_reached(unpushed);
}

bool InFlight::wait_for_room(unsigned unpushed) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return interrupted_ || failed_ || !find_reached(unpushed); });
  return !interrupted_ && !failed_;
}

void InFlight::interrupt() {
  std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

bool InFlight::claim_failure() {
  std::lock_guard lock(mutex_);
  return !std::exchange(claimed_, true);
}

bool InFlight::failing() const {
  std::lock_guard lock(mutex_);
  return claimed_;
}

void InFlight::fail() {
  std::lock_guard lock(mutex_);
  claimed_ = failed_ = true;
  changed_.notify_all();
}

bool InFlight::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

unsigned InFlight::count(Kind kind) const {
  std::lock_guard lock(mutex_);
  return static_cast<unsigned>((kind == Kind::kSegment ? segments_ : windows_).size());
}

}  // namespace gvl::gst
