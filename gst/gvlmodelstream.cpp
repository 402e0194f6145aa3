/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlmodelstream.hpp"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "gvlerror.hpp"
#include "gvltensormeta.hpp"

namespace gvl::gst {

namespace {

bool contains(const std::vector<std::string>& ids, const char* id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

/** A wait for a model, which either the load or an interruption ends. Outlives the stream where the load does. */
class ModelStream::LoadWait {
 public:
  void end(bool loaded) {
    std::lock_guard lock(mutex_);
    if (!loaded_) loaded_ = loaded;
    changed_.notify_all();
  }

  bool wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return loaded_.has_value(); });
    return *loaded_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<bool> loaded_;
};

// ---- states and flushes -----------------------------------------------------------------------------------------

bool ModelStream::start() {
  segments_.reset();
  model_.reset();
  wiring_checked_ = failed_ = false;
  {
    std::lock_guard lock(mutex_);
    cancellation_ = Cancellation();
    dispatcher_ = std::make_shared<Dispatcher>(element_);
    in_flight_.reset();
    interrupted_ = false;
  }
  return client_.open(dispatcher());
}

void ModelStream::interrupt() {
  std::shared_ptr<InFlight> in_flight;
  {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
    cancellation_.cancel();
    if (dispatcher_) dispatcher_->interrupt();
    if (load_wait_) load_wait_->end(false);
    in_flight = in_flight_;
  }
  if (in_flight) in_flight->interrupt();
}

void ModelStream::flush() {
  wiring_checked_ = failed_ = false;
  std::lock_guard lock(mutex_);
  interrupted_ = false;
  cancellation_.cancel();
  cancellation_ = Cancellation();
  in_flight_.reset();
  if (dispatcher_) dispatcher_->resume();
}

void ModelStream::stop() {
  model_.reset();
  std::shared_ptr<Dispatcher> dispatcher;
  {
    std::lock_guard lock(mutex_);
    cancellation_.cancel();
    dispatcher.swap(dispatcher_);
    in_flight_.reset();
  }
  if (dispatcher) dispatcher->close();
}

Cancellation ModelStream::cancellation() const {
  std::lock_guard lock(mutex_);
  if (in_flight_) cancellation_.set_priority(in_flight_->priority());
  return cancellation_;
}

std::shared_ptr<Dispatcher> ModelStream::dispatcher() const {
  std::lock_guard lock(mutex_);
  return dispatcher_;
}

std::shared_ptr<InFlight> ModelStream::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

// ---- messages ---------------------------------------------------------------------------------------------------

void ModelStream::post(GstMessage* message) {
  if (const auto dispatcher = this->dispatcher())
    dispatcher->post(message);
  else
    gst_message_unref(message);
}

bool ModelStream::wait_posted() {
  const auto dispatcher = this->dispatcher();
  return dispatcher && dispatcher->wait();
}

void ModelStream::report(const std::exception_ptr& failure, const std::string& while_doing) {
  report(dispatcher(), in_flight(), failure, while_doing);
}

// Upstream is to hear of the failure only after the application: else it would report an error of its own first.
void ModelStream::report(const std::shared_ptr<Dispatcher>& dispatcher, const std::shared_ptr<InFlight>& in_flight,
                         const std::exception_ptr& failure, const std::string& while_doing) {
  if (!dispatcher || is_cancelled(failure) || (in_flight && !in_flight->claim_failure())) return;
  dispatcher->run([=](GstElement* element) {
    post_error(element, failure, while_doing);
    if (in_flight) in_flight->fail();
  });
}

bool ModelStream::failed() const {
  if (failed_) return true;
  const auto in_flight = this->in_flight();
  return in_flight && in_flight->failed();
}

bool ModelStream::failing() const {
  if (failed_) return true;
  const auto in_flight = this->in_flight();
  return in_flight && in_flight->failing();
}

void ModelStream::fail() {
  failed_ = true;
  if (const auto in_flight = this->in_flight()) in_flight->fail();
}

// ---- segments ---------------------------------------------------------------------------------------------------

GstEvent* ModelStream::take(SegmentsInfo info, GstEvent* event) {
  {
    std::lock_guard lock(mutex_);
    in_flight_ = info.in_flight;
  }
  segments_ = std::move(info);
  wiring_checked_ = false;
  if (tensors_.attached.empty()) return event;
  auto passed = *segments_;
  passed.tensors.insert(passed.tensors.end(), tensors_.attached.begin(), tensors_.attached.end());
  GstEvent* extended = segments_event_new(passed);
  gst_event_set_seqnum(extended, gst_event_get_seqnum(event));
  gst_event_unref(event);
  return extended;
}

bool ModelStream::post_missing(const char* what, const std::string& producers, const char* details) {
  GST_ELEMENT_ERROR(
      element_, STREAM, FAILED,
      ("%s needs %s: put %s before it in the pipeline.", GST_OBJECT_NAME(element_), what, producers.c_str()),
      ("%s", details));
  fail();
  return false;
}

bool ModelStream::check_wiring() {
  if (wiring_checked_) return !failed();
  wiring_checked_ = true;
  if (!segments_) return post_missing("segments", "gvlsegmenter", "a buffer came before any gvl-segments event");
  for (const auto& [id, producer] : tensors_.needed)
    if (!contains(segments_->tensors, id)) return post_missing(id, producer, "the gvl-segments event does not list it");
  return !failed();
}

bool ModelStream::run(const char* while_doing, const std::function<bool()>& work) {
  try {
    return work();
  } catch (...) {
    const auto failure = std::current_exception();
    if (is_cancelled(failure)) return false;
    post_error(element_, failure, while_doing);
    fail();
    return false;
  }
}

GstFlowReturn ModelStream::process(const char* while_doing, const std::function<bool()>& work) {
  if (check_wiring() && run(while_doing, work)) return GST_FLOW_OK;
  return failed() ? GST_FLOW_ERROR : GST_FLOW_FLUSHING;
}

// ---- the model --------------------------------------------------------------------------------------------------

bool ModelStream::wait_loaded(const ModelHandle& handle) {
  const auto wait = std::make_shared<LoadWait>();
  {
    std::lock_guard lock(mutex_);
    if (interrupted_) return false;
    load_wait_ = wait;
  }
  handle.model().when_ready([wait] { wait->end(true); });
  const bool loaded = wait->wait();
  std::lock_guard lock(mutex_);
  load_wait_.reset();
  return loaded;
}

std::shared_ptr<Model> ModelStream::model() {
  if (model_) return model_;
  const auto handle = client_.require(dispatcher());
  if (!handle) {
    fail();
    return nullptr;
  }
  if (!wait_loaded(*handle)) return nullptr;
  try {
    model_ = handle->model().get();
  } catch (const Error& error) {
    // Who loaded it has reported the error, or does not want it any more.
    if (error.code() != ErrorCode::kCancelled) fail();
  } catch (...) {
    fail();
  }
  return model_;
}

bool ModelStream::model_is_known() {
  if (model_) return true;
  const auto handle = client_.require(dispatcher());
  return !handle || handle->model().ready();
}

std::shared_ptr<Model> ModelStream::model_if_loaded() {
  const auto handle = client_.find();
  return handle ? handle->model_if_loaded() : nullptr;
}

// ---- tensors ----------------------------------------------------------------------------------------------------

Future<Tensor> ModelStream::input(GstBuffer* buffer, const char* id, guint64 index) {
  if (auto* meta = gvl_buffer_get_tensor_meta_of_segment(buffer, g_quark_from_string(id), index))
    return tensor_future(meta);
  const auto matches = [id](const StreamTensors::Needed& needed) { return g_strcmp0(needed.id, id) == 0; };
  const auto needed = std::find_if(tensors_.needed.begin(), tensors_.needed.end(), matches);
  post_missing(id, needed->producer, ("segment or window " + std::to_string(index) + " carries none").c_str());
  return {};
}

void ModelStream::watch(const Future<Tensor>& result, InFlight::Kind kind, guint64 index,
                        const std::string& while_doing) {
  const auto in_flight = this->in_flight();
  result.when_ready([result, dispatcher = dispatcher(), in_flight, while_doing] {
    try {
      result.get();
    } catch (...) {
      report(dispatcher, in_flight, std::current_exception(), while_doing);
    }
  });
  if (in_flight) hold_until_ready(in_flight->hold(kind, index), result);
}

void ModelStream::attach(GstBuffer* buffer, const char* id, InFlight::Kind kind, guint64 index,
                         const std::vector<std::int64_t>& shape, Future<Tensor> result) {
  watch(result, kind, index, std::string("computing ") + id);
  add_pending_tensor(buffer, id, index, DataType::kFloat32, shape, std::move(result));
}

}  // namespace gvl::gst
