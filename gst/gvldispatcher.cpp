/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvldispatcher.hpp"

#include <utility>

#include "gvlguard.hpp"

namespace gvl::gst {

void Dispatcher::post(GstMessage* message) {
  std::shared_ptr<GstMessage> owned(message, [](GstMessage* unposted) { gst_message_unref(unposted); });
  run([owned](GstElement* element) { gst_element_post_message(element, gst_message_ref(owned.get())); });
}

void Dispatcher::run(Task task) {
  std::lock_guard lock(mutex_);
  if (interrupted_) return;
  tasks_.push_back(std::move(task));
  ++given_;
  if (std::exchange(draining_, true)) return;
  gst_element_call_async(element_, &Dispatcher::drain, new std::shared_ptr<Dispatcher>(shared_from_this()),
                         [](gpointer self) { delete static_cast<std::shared_ptr<Dispatcher>*>(self); });
}

void Dispatcher::drain(GstElement* element, gpointer self) {
  guard(element, "posting messages", [&] { (*static_cast<std::shared_ptr<Dispatcher>*>(self))->drain(element); });
}

void Dispatcher::drain(GstElement* element) {
  std::unique_lock lock(mutex_);
  drains_ = std::this_thread::get_id();
  while (!tasks_.empty()) {
    {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task(element);
    }
    lock.lock();
    ++done_;
    changed_.notify_all();
  }
  draining_ = false;
  drains_ = {};
}

bool Dispatcher::wait() {
  std::unique_lock lock(mutex_);
  if (drains_ == std::this_thread::get_id()) return !interrupted_;
  changed_.wait(lock, [this, given = given_] { return interrupted_ || done_ >= given; });
  return !interrupted_;
}

void Dispatcher::interrupt() {
  std::deque<Task> dropped;
  std::lock_guard lock(mutex_);
  interrupted_ = true;
  dropped.swap(tasks_);
  done_ += dropped.size();
  changed_.notify_all();
}

void Dispatcher::resume() {
  std::lock_guard lock(mutex_);
  interrupted_ = false;
}

}  // namespace gvl::gst
