/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlflow.hpp"

namespace gvl::gst {

void Flow::set_limit(unsigned limit) {
  std::lock_guard lock(mutex_);
  limit_ = limit;
  changed_.notify_all();
}

bool Flow::room(unsigned unpushed) const {
  return segments_ < static_cast<std::uint64_t>(limit_) + unpushed && windows_ < limit_;
}

bool Flow::has_room(unsigned unpushed) const {
  std::lock_guard lock(mutex_);
  return room(unpushed);
}

bool Flow::wait_for_room(unsigned unpushed) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return interrupted_ || failed_ || room(unpushed); });
  return !interrupted_ && !failed_;
}

void Flow::interrupt() {
  std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

bool Flow::fail() {
  std::lock_guard lock(mutex_);
  const bool first = !failed_;
  failed_ = true;
  changed_.notify_all();
  return first;
}

bool Flow::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

unsigned Flow::in_flight(Kind kind) const {
  std::lock_guard lock(mutex_);
  return kind == Kind::kSegment ? segments_ : windows_;
}

void Flow::enter(Kind kind) {
  std::lock_guard lock(mutex_);
  ++(kind == Kind::kSegment ? segments_ : windows_);
}

void Flow::leave(Kind kind) {
  std::lock_guard lock(mutex_);
  --(kind == Kind::kSegment ? segments_ : windows_);
  changed_.notify_all();
}

Ticket::Hold Ticket::hold() {
  {
    std::lock_guard lock(mutex_);
    if (holders_++ == 0) flow_->enter(kind_);
  }
  return Hold(nullptr, [self = shared_from_this()](void*) { self->release(); });
}

void Ticket::release() {
  std::lock_guard lock(mutex_);
  if (--holders_ == 0) flow_->leave(kind_);
}

}  // namespace gvl::gst
