/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publisher.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "credentials.hpp"
#include "gvl/error.hpp"
#include "gvl/json_line.hpp"
#include "net/http_client.hpp"

namespace gvl::gst {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSpoolRetry{1000};
constexpr milliseconds kLook{50};
constexpr std::uint64_t kMostBacklog = 16 << 20;  // bytes

std::string events_text(std::uint64_t events) { return events == 1 ? "1 event" : std::to_string(events) + " events"; }

}  // namespace

Publisher::Publisher(GstElement* element) : element_(element), messages_(std::make_shared<Dispatcher>(element)) {}

Publisher::~Publisher() {
  stop();
  messages_->close();
}

void Publisher::start(const PublishSettings& settings) {
  auto spool = std::make_unique<Spool>(settings.spool_location, settings.spool_max_bytes);
  Destination destination{settings.uri, read_credentials(settings.credentials_file), settings.ca_file,
                          std::chrono::seconds(settings.timeout)};
  settings_ = settings;
  messages_->resume();
  auto sender = std::make_unique<Sender>(std::move(destination), *spool, reports());
  std::lock_guard lock(mutex_);
  counts_ = {};
  told_dropped_ = 0;
  stopping_ = said_undelivered_ = false;
  backlog_ = 0;
  spool_ = std::move(spool);
  sender_ = std::move(sender);
  intake_ = std::make_unique<Worker>("gvlpublish");
}

void Publisher::take(std::string lines) {
  const std::uint64_t size = lines.size();
  // A disk that hangs must not fill the memory.
  if (backlog_.fetch_add(size) + size > kMostBacklog) {
    backlog_ -= size;
    count(&Counts::received, 1);
    return count(&Counts::unkept, 1);
  }
  intake_->post([this, size, lines = std::move(lines)] {
    store_lines(lines);
    backlog_ -= size;
  });
}

void Publisher::store_lines(const std::string& lines) {
  std::string_view left = lines;
  while (!left.empty()) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    std::string line(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    count(&Counts::received, 1);
    if (is_json(line)) store(line);
  }
}

bool Publisher::is_json(const std::string& line) try {
  gvl::read_json_line(line);
  return true;
} catch (const Error& error) {
  count(&Counts::malformed, 1);
  warn(std::string("What is no event is not published: ") + error.what());
  return false;
}

/** Until it is on the disk, or nobody waits for that any more. */
void Publisher::store(const std::string& line) {
  for (bool told = false;; told = true) {
    try {
      if (const auto events = spool_->add(line)) dropped(events);
      return;
    } catch (const Error& error) {
      if (!told) warn(std::string(error.what()) + "; events wait in memory until it can be written");
      if (!pause(kSpoolRetry)) return count(&Counts::unkept, 1);
    }
  }
}

/** Of many in a row, the first is told at once, and further ones when they are ten times as many. */
void Publisher::dropped(std::uint64_t events) {
  std::uint64_t all;
  {
    std::lock_guard lock(mutex_);
    all = counts_.dropped += events;
    if (told_dropped_ && all < told_dropped_ * 10) return;
    told_dropped_ = all;
  }
  warn("The spool is full (spool-max-bytes=" + std::to_string(settings_.spool_max_bytes) + "): the oldest events are " +
           "dropped, " + std::to_string(all) + " so far",
       "events-dropped", all);
}

void Publisher::count(std::uint64_t Counts::*what, std::uint64_t events) {
  std::lock_guard lock(mutex_);
  counts_.*what += events;
}

/** False where it is stopped meanwhile. */
bool Publisher::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

void Publisher::drain(std::function<void()> ended) {
  std::uint64_t drain;
  {
    std::lock_guard lock(mutex_);
    drain = ++draining_;
  }
  // Behind all events, in the thread that has nothing to do then.
  intake_->post([this, drain, ended = std::move(ended)] { wait_drained(drain, ended); });
}

void Publisher::stop_draining() {
  std::lock_guard lock(mutex_);
  ++draining_;
}

void Publisher::wait_drained(std::uint64_t drain, const std::function<void()>& ended) {
  const auto until = Spool::Clock::now() + std::chrono::nanoseconds(settings_.drain_timeout);
  bool empty = false;
  do {
    empty = spool_->wait_empty(std::min(until, Spool::Clock::now() + kLook));
    std::lock_guard lock(mutex_);
    if (stopping_ || draining_ != drain) return;
  } while (!empty && Spool::Clock::now() < until);
  if (GstMessage* message = empty ? nullptr : undelivered()) messages_->post(message);
  messages_->run([ended](GstElement*) { ended(); });
}

/** A warning of what waits still, unless it was said. */
GstMessage* Publisher::undelivered() {
  const auto events = spool_->level().events;
  {
    std::lock_guard lock(mutex_);
    if (events == 0 || std::exchange(said_undelivered_, true)) return nullptr;
  }
  const std::string what = events_text(events) + " could not be delivered to " + without_secrets(settings_.uri);
  if (settings_.spool_location)
    return warning(what + ": kept in " + *settings_.spool_location + " for the next start", "events-kept", events);
  return warning(what + ": lost when this ends, as spool-location names no file", "events-lost", events);
}

void Publisher::say_unkept() {
  if (counts_.unkept == 0) return;
  const std::string text =
      events_text(counts_.unkept) + " could not be kept in " + settings_.spool_location.value_or("");
  gst_element_post_message(element_, warning(text + ": lost", "events-lost", counts_.unkept));
}

void Publisher::stop() {
  if (!intake_) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  intake_->wait_below(1);
  const Sender::Counts sent = sender_->counts();
  sender_.reset();
  // Who handles a message may be waiting for this state change: what is said now is said by its thread.
  messages_->interrupt();
  if (GstMessage* message = undelivered()) gst_element_post_message(element_, message);
  say_unkept();
  std::lock_guard lock(mutex_);
  sent_ = sent;
  left_ = spool_->level();
  intake_.reset();
  spool_.reset();
}

GstStructure* Publisher::stats() const {
  std::lock_guard lock(mutex_);
  const Sender::Counts sent = sender_ ? sender_->counts() : sent_;
  const Spool::Level level = spool_ ? spool_->level() : left_;
  return gst_structure_new("gvlpublish-stats", "received", G_TYPE_UINT64, counts_.received, "delivered", G_TYPE_UINT64,
                           sent.delivered, "waiting", G_TYPE_UINT64, level.events, "waiting-bytes", G_TYPE_UINT64,
                           level.bytes, "retries", G_TYPE_UINT64, sent.retries, "dropped", G_TYPE_UINT64,
                           counts_.dropped + counts_.unkept, "refused", G_TYPE_UINT64, sent.refused, "malformed",
                           G_TYPE_UINT64, counts_.malformed, "reachable", G_TYPE_BOOLEAN, sent.reachable, nullptr);
}

GstMessage* Publisher::warning(const std::string& text, const char* detail, std::uint64_t events) const {
  g_autoptr(GError) error = g_error_new_literal(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE, text.c_str());
  GstStructure* details =
      detail ? gst_structure_new("details", detail, G_TYPE_UINT64, static_cast<guint64>(events), nullptr) : nullptr;
  return gst_message_new_warning_with_details(GST_OBJECT(element_), error, nullptr, details);
}

void Publisher::warn(const std::string& text, const char* detail, std::uint64_t events) {
  messages_->post(warning(text, detail, events));
}

SenderReports Publisher::reports() {
  SenderReports reports;
  reports.unreachable = [this](const std::string& why) { warn(why + "; events are kept, and tried again"); };
  reports.refused = [this](const std::string& why) {
    warn(why + "; this event is given up, others are not", "events-refused", 1);
  };
  reports.spool_failed = [this](const std::string& why) { warn(why); };
  reports.reachable = [this] {
    g_autoptr(GError) error = g_error_new(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
                                          "%s: events are delivered again", without_secrets(settings_.uri).c_str());
    messages_->post(gst_message_new_info(GST_OBJECT(element_), error, nullptr));
  };
  return reports;
}

}  // namespace gvl::gst
