/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "index-recorder.hpp"

#include <utility>

#include "archive/fingerprint.hpp"
#include "archive/thumbnail.hpp"

namespace gvl::gst {

namespace {

/** The picture of a segment that its keyframe in the middle shows. */
std::string picture_of(const Tensor& pixels) {
  const std::int64_t keyframes = pixels.shape[0], height = pixels.shape[1], width = pixels.shape[2];
  const auto* middle = pixels.as<std::uint8_t>() + keyframes / 2 * height * width * 3;
  return archive::thumbnail_of({middle, width, height, width * 3});
}

archive::SegmentContent content_of(const Tensor& tokens, const Tensor& pixels, archive::TokenType type) {
  return {archive::encode_tokens(tokens, type), picture_of(pixels), type, static_cast<std::uint32_t>(tokens.shape[0]),
          static_cast<std::uint32_t>(tokens.shape[1])};
}

}  // namespace

void IndexRecorder::Waits::interrupt() {
  std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

void IndexRecorder::Waits::resume() {
  std::lock_guard lock(mutex_);
  interrupted_ = false;
}

bool IndexRecorder::Waits::wait(const std::shared_ptr<Waits>& self, const Future<Tensor>& tensor) {
  tensor.when_ready([self] {
    std::lock_guard lock(self->mutex_);
    self->changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return interrupted_ || tensor.ready(); });
  if (!tensor.ready()) return false;
  try {
    tensor.get();
    return true;
  } catch (...) {
    return false;
  }
}

void IndexRecorder::start(const IndexSettings& settings) {
  settings_ = settings;
  segments_ = events_ = 0;
  writer_.reset();
  fingerprint_.clear();
  failed_ = false;
  waits_->resume();
  worker_ = std::make_unique<Worker>("gvl-index");
}

void IndexRecorder::stop() {
  worker_.reset();
  writer_.reset();
}

void IndexRecorder::begin(std::string source, std::string stream_id) {
  post([this, source = std::move(source), stream_id = std::move(stream_id)] {
    writer_.reset();
    run_.source = source;
    run_.stream_id = stream_id;
  });
}

void IndexRecorder::post(std::function<void()> write) {
  worker_->post([this, write = std::move(write)] {
    if (failed_) return;
    try {
      write();
    } catch (...) {
      failed_ = true;
      stream_.report(std::current_exception(), "writing the index");
    }
  });
}

// The first segment's: no state change waits for the disk, or for the model's file to be read.
void IndexRecorder::open(const Model& model) {
  if (fingerprint_.empty()) fingerprint_ = archive::fingerprint_of(model);
  run_.fingerprint = fingerprint_;
  writer_ = std::make_unique<archive::IndexWriter>(settings_.index, run_,
                                                   archive::Retention{settings_.days, settings_.bytes});
}

void IndexRecorder::write(const Model& model, const RecordedSegment& segment) {
  if (!waits_->wait(waits_, segment.tokens) || !waits_->wait(waits_, segment.pixels)) return;
  if (!writer_) open(model);
  writer_->add(segment.facts, content_of(segment.tokens.get(), segment.pixels.get(), settings_.type));
  ++segments_;
}

void IndexRecorder::add(std::shared_ptr<Model> model, RecordedSegment segment) {
  post([this, model = std::move(model), segment = std::move(segment)] { write(*model, segment); });
}

void IndexRecorder::add(const archive::SequenceEnd& end) {
  post([this, end] {
    if (writer_) writer_->add(end);
  });
}

void IndexRecorder::add(archive::StoredEvent event) {
  post([this, event = std::move(event)] {
    if (!writer_) return;
    writer_->add(event);
    ++events_;
  });
}

void IndexRecorder::wait() const {
  if (worker_) worker_->wait_below(1);
}

}  // namespace gvl::gst
