/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlworker.hpp"

#include <pthread.h>

#include <utility>

#include "gvlguard.hpp"

namespace gvl::gst {

Worker::Worker(const std::string& name) : thread_([this] { run(); }) {
  // Linux allows 15 characters.
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

Worker::~Worker() {
  jobs_.close();
  thread_.join();
}

void Worker::post(std::function<void()> job) { jobs_.push(std::move(job)); }

void Worker::run() {
  while (auto job = jobs_.pop()) {
    guard(nullptr, "running a job", *job);
    job.reset();  // what it holds goes before it counts as done
    jobs_.done();
  }
}

}  // namespace gvl::gst
