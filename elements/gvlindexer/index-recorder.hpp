/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "archive/index_writer.hpp"
#include "gvl/future.hpp"
#include "gvl/model.hpp"
#include "gvl/tensor.hpp"
#include "gvlinflight.hpp"
#include "gvlmodelstream.hpp"
#include "gvlworker.hpp"
#include "index-settings.hpp"

namespace gvl::gst {

/** A segment on its way into the index. */
struct RecordedSegment {
  archive::SegmentFacts facts;
  Future<Tensor> tokens;  ///< gvl/segment-tokens
  Future<Tensor> pixels;  ///< gvl/spatial-pixels, of which the picture is made
  InFlight::Token token;  ///< held until it is written; may be null
};

/**
 * Writes a stream's index on a thread of its own, which waits for tokens, and for the disk. What fails is an error of
 * the stream's; nothing is written after that. Members are for the thread that streams, or changes states.
 */
class IndexRecorder {
 public:
  /** `stream` is not owned. */
  explicit IndexRecorder(ModelStream& stream) : stream_(stream) {}

  /** READY to PAUSED. */
  void start(const IndexSettings& settings);
  /** PAUSED to READY, before the pads become inactive: tokens that are not there yet are not waited for. */
  void interrupt() { waits_->interrupt(); }
  /** The same, once they are: waits for what is being written. */
  void stop();

  /** A stream begins: what is added from now on is another run of this source. */
  void begin(std::string source, std::string stream_id);

  void add(std::shared_ptr<Model> model, RecordedSegment segment);
  void add(const archive::SequenceEnd& end);
  void add(archive::StoredEvent event);

  /** Waits until all that was added is written, or cannot be. */
  void wait() const;

  /** Since the start. Any thread. */
  guint64 segments() const { return segments_; }
  guint64 events() const { return events_; }

 private:
  /** Waits for tensors that an interruption ends. Outlives the recorder where the model does. */
  class Waits {
   public:
    void interrupt();
    void resume();
    /** Whether it is there; false after an interruption, and where it failed: its maker reports that. */
    bool wait(const std::shared_ptr<Waits>& self, const Future<Tensor>& tensor);

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool interrupted_ = false;
  };

  void post(std::function<void()> write);
  void write(const Model& model, const RecordedSegment& segment);
  void open(const Model& model);

  ModelStream& stream_;
  const std::shared_ptr<Waits> waits_ = std::make_shared<Waits>();
  IndexSettings settings_;  // does not change while the worker runs
  std::atomic<guint64> segments_{0}, events_{0};
  // Of the worker's thread.
  archive::Run run_;
  std::string fingerprint_;
  std::unique_ptr<archive::IndexWriter> writer_;
  bool failed_ = false;
  std::unique_ptr<Worker> worker_;
};

}  // namespace gvl::gst
