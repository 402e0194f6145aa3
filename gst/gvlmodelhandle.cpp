/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlmodelhandle.hpp"

#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <utility>

#include <pthread.h>

namespace gvl::gst {

namespace {

/**
 * The loads under way. The process does not end before they have: what they use of libraries goes when it does, and a
 * thread that lets go of its own handle is nobody's to wait for.
 */
class Loads {
 public:
  using Load = std::list<Cancellation>::iterator;

  static Loads& all() {
    static Loads loads;
    return loads;
  }

  ~Loads() {
    std::unique_lock lock(mutex_);
    for (const Cancellation& load : loads_) load.cancel();
    ended_.wait(lock, [this] { return loads_.empty(); });
  }

  Load begin(const Cancellation& cancellation) {
    std::lock_guard lock(mutex_);
    return loads_.insert(loads_.end(), cancellation);
  }

  void end(Load load) {
    std::lock_guard lock(mutex_);
    loads_.erase(load);
    ended_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::list<Cancellation> loads_;
};

}  // namespace

ModelHandle::ModelHandle(std::shared_ptr<Model> model) : model_(Future<std::shared_ptr<Model>>::of(std::move(model))) {}

ModelHandle::ModelHandle(std::filesystem::path folder, ModelOptions options, Report report) {
  auto promise = std::make_shared<Promise<std::shared_ptr<Model>>>();
  model_ = promise->future();
  const auto load = Loads::all().begin(cancellation_);
  thread_ = std::thread([promise = std::move(promise), folder = std::move(folder), options = std::move(options),
                         report = std::move(report), cancellation = cancellation_, load]() mutable {
    try {
      promise->set_value(Model::load(folder, options, cancellation));
    } catch (...) {
      const auto failure = std::current_exception();
      const auto done = [promise = std::move(promise), failure] { promise->set_error(failure); };
      if (report && !cancellation.cancelled())
        report(failure, done);
      else
        done();
    }
    // With it may go the model, if nobody wants it any more.
    promise.reset();
    report = nullptr;
    Loads::all().end(load);
  });
  pthread_setname_np(thread_.native_handle(), "gvl-load-model");
}

ModelHandle::~ModelHandle() {
  cancellation_.cancel();
  if (!thread_.joinable()) return;
  // Who is told that the model is there may let go of it: that is on the thread itself, which then ends.
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();
  else
    thread_.join();
}

std::shared_ptr<Model> ModelHandle::model_if_loaded() const {
  if (!model_.ready()) return nullptr;
  try {
    return model_.get();
  } catch (...) {
    return nullptr;
  }
}

bool ModelHandle::failed() const { return model_.ready() && !model_if_loaded(); }

}  // namespace gvl::gst
