/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "gvldispatcher.hpp"
#include "gvlworker.hpp"
#include "publish-settings.hpp"
#include "sender.hpp"
#include "spool.hpp"

namespace gvl::gst {

/**
 * What gvlpublish does, beside its streaming thread: one thread puts the events into the spool, one delivers them, and
 * a dispatcher posts what there is to say. All members are thread safe but start() and stop(), which state changes
 * call.
 */
class Publisher {
 public:
  explicit Publisher(GstElement* element);
  ~Publisher();

  /** Throws Error for what cannot be used: nothing runs then. */
  void start(const PublishSettings& settings);

  /** Whole lines of JSON. Returns at once. */
  void take(std::string lines);

  /** Calls `ended`, from another thread, when all events are delivered, or drain-timeout later. */
  void drain(std::function<void()> ended);
  /** No more is to be waited for: drain() calls nothing. */
  void stop_draining();

  /** What is not delivered stays in the spool; of one in memory a warning says so. */
  void stop();

  GstStructure* stats() const;

 private:
  struct Counts {
    std::uint64_t received = 0, malformed = 0, dropped = 0, unkept = 0;
  };

  void store_lines(const std::string& lines);
  void store(const std::string& line);
  bool is_json(const std::string& line);
  void dropped(std::uint64_t events);
  void count(std::uint64_t Counts::*what, std::uint64_t events);
  bool pause(std::chrono::milliseconds time);
  void wait_drained(std::uint64_t drain, const std::function<void()>& ended);
  GstMessage* undelivered();
  void say_unkept();
  GstMessage* warning(const std::string& text, const char* detail, std::uint64_t events) const;
  void warn(const std::string& text, const char* detail = nullptr, std::uint64_t events = 0);
  SenderReports reports();

  GstElement* element_;
  std::shared_ptr<Dispatcher> messages_;
  PublishSettings settings_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Worker> intake_;
  std::atomic<std::uint64_t> backlog_ = 0;  // bytes that the intake has not put into the spool

  mutable std::mutex mutex_;  // guards what follows, and the pointers above against stats()
  std::condition_variable changed_;
  Counts counts_;
  Sender::Counts sent_;  // when it was stopped, as is what follows
  Spool::Level left_;
  std::uint64_t told_dropped_ = 0;
  std::uint64_t draining_ = 0;  // which drain() counts
  bool stopping_ = false;
  bool said_undelivered_ = false;
};

}  // namespace gvl::gst
