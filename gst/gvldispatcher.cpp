/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvldispatcher.hpp"

#include <pthread.h>

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
  changed_.notify_all();
  if (thread_.joinable()) return;
  thread_ = std::thread([self = shared_from_this()] { self->loop(); });
  pthread_setname_np(thread_.native_handle(), "gvl-dispatcher");
}

void Dispatcher::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
    if (closed_) return;
    auto* element = GST_ELEMENT(gst_object_ref(element_));  // what the task does may let go of it
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    running_ = true;
    lock.unlock();
    guard(element, "posting a message", [&] { task(element); });
    task = nullptr;
    gst_object_unref(element);
    lock.lock();
    running_ = false;
    ++done_;
    changed_.notify_all();
  }
}

bool Dispatcher::wait() {
  std::unique_lock lock(mutex_);
  if (thread_.get_id() == std::this_thread::get_id()) return !interrupted_;
  changed_.wait(lock, [this, given = given_] { return interrupted_ || done_ >= given; });
  return !interrupted_;
}

// What tasks hold goes without the lock.
void Dispatcher::drop(std::unique_lock<std::mutex>& lock) {
  std::deque<Task> dropped;
  dropped.swap(tasks_);
  done_ += dropped.size();
  interrupted_ = true;
  changed_.notify_all();
  lock.unlock();
}

void Dispatcher::interrupt() {
  std::unique_lock lock(mutex_);
  drop(lock);
}

void Dispatcher::resume() {
  std::lock_guard lock(mutex_);
  if (!closed_) interrupted_ = false;
}

void Dispatcher::close() {
  std::thread thread;
  std::unique_lock lock(mutex_);
  closed_ = true;
  const bool waits = running_;
  thread.swap(thread_);
  drop(lock);
  if (!thread.joinable()) return;
  if (waits)
    thread.detach();
  else
    thread.join();
}

}  // namespace gvl::gst
