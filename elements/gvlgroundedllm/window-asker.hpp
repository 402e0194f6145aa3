/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "answer-queue.hpp"
#include "gvl/model.hpp"
#include "gvlmodelstream.hpp"
#include "gvlwindowmeta.h"
#include "query-settings.hpp"

namespace gvl::gst {

/**
 * Asks the model about windows: of each that is complete, and of the latest one what an application asks in between.
 * Members are for the streaming thread unless they say otherwise.
 */
class WindowAsker {
 public:
  /** `settings` gives what is set now; from any thread. */
  WindowAsker(GstElement* element, ModelStream& stream, const EventOrigin& origin,
              std::function<QuerySettings()> settings);

  /** READY to PAUSED. */
  void start();

  /** Begins anew: what is awaited is dropped, and the latest window forgotten. */
  void flush();

  /** Ends the wait for answers. Any thread. */
  void interrupt() { answers()->close(); }

  /** The queries to ask; none after an element error. Any thread. */
  std::vector<Query> require_queries() const { return require_queries(settings_()); }

  /** Asks about the window that is complete with `buffer`, while the video's segment is this one. False after an
   * element error, or when the stream was interrupted. */
  bool ask(GstBuffer* buffer, const GvlWindowMeta* window, const GstSegment& segment);

  /** The stream ends: asks of the latest window what is about a part of the video that later ones might have shown. */
  void ask_rest();

  /** Posts what a gvl-overload event says, while the video's segment is this one. Does nothing for another event. */
  void tell_overload(GstEvent* event, const GstSegment& segment);

  /**
   * Asks about the latest window: `task` is a task's nick, or empty for the one that is set. Returns the id that the
   * answer and its events carry; 0 where there is no window, and for what cannot be asked. Any thread.
   */
  guint64 ask_about_latest(const std::string& text, const std::string& task);

  /** The answers since the last flush. Any thread. */
  std::shared_ptr<AnswerQueue> answers() const;

  /** How many windows were asked about since the start, provisional ones not counted. Any thread. */
  guint64 windows() const { return windows_; }

  /** Since the start. Any thread. */
  const AnswerStats& stats() const { return stats_; }

 private:
  /** The last window that was complete, for questions outside of the stream's own. */
  struct LatestWindow {
    VideoWindow video;
    AskedWindow about;
  };

  std::vector<Query> require_queries(const QuerySettings& settings) const;
  AskedWindow about(const GvlWindowMeta* window, const GstSegment& segment, const QuerySettings& settings,
                    const ModelConfig& config) const;
  bool is_asked_of(const AskedWindow& window, const Query& query);
  void submit(Model& model, const LatestWindow& window, const std::vector<Query>& queries,
              const QuerySettings& settings);
  void post_unknown_words(const Model& model, const std::vector<Query>& queries);

  GstElement* element_;
  ModelStream& stream_;
  const EventOrigin& origin_;
  std::function<QuerySettings()> settings_;
  std::atomic<guint64> next_id_{0};  // of events
  std::atomic<guint64> ask_id_{0};   // of the last question in between
  std::atomic<guint64> windows_{0};
  AnswerStats stats_;
  mutable std::mutex mutex_;              // guards what follows
  std::shared_ptr<AnswerQueue> answers_;  // one per flush
  std::optional<LatestWindow> latest_;
  std::set<std::string> asked_ranges_;  // queries about a part of the video that were asked in this session
  std::uint64_t ranges_session_ = 0;
  std::set<std::string> posted_;  // queries whose unknown words were posted
};

}  // namespace gvl::gst
