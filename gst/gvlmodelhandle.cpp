/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlmodelhandle.hpp"

#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

namespace gvl::gst {

namespace {

/**
 * The threads that load. The process does not end before they have: what they use of libraries goes when it does, at
 * the very end of a thread, too, so they are joined.
 */
class Loads {
 public:
  static Loads& all() {
    static Loads loads;
    return loads;
  }

  ~Loads() {
    std::vector<int> left;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [number, load] : loads_) {
        load.cancellation.cancel();
        left.push_back(number);
      }
    }
    for (const int number : left) join(take(number));
  }

  /** Runs `work` on a thread of its own. Returns the load's number. */
  int begin(const Cancellation& cancellation, std::function<void()> work) {
    join_ended();
    std::lock_guard lock(mutex_);
    const int number = ++last_;
    std::thread thread([this, number, work = std::move(work)]() mutable {
      work();
      // With it may go the model, if nobody wants it any more.
      work = nullptr;
      std::lock_guard end(mutex_);
      ended_.push_back(number);
    });
    pthread_setname_np(thread.native_handle(), "gvl-load-model");
    loads_.emplace(number, Load{cancellation, std::move(thread)});
    return number;
  }

  /** Waits for the load's end. On its own thread nothing is waited for: the next load, or the process's end, does. */
  void wait_for(int number) {
    {
      std::lock_guard lock(mutex_);
      const auto load = loads_.find(number);
      if (load == loads_.end() || load->second.thread.get_id() == std::this_thread::get_id()) return;
    }
    join(take(number));
  }

 private:
  struct Load {
    Cancellation cancellation;
    std::thread thread;
  };

  std::thread take(int number) {
    std::lock_guard lock(mutex_);
    const auto load = loads_.extract(number);
    return load ? std::move(load.mapped().thread) : std::thread();
  }

  void join_ended() {
    std::vector<int> ended;
    {
      std::lock_guard lock(mutex_);
      ended.swap(ended_);
    }
    for (const int number : ended) wait_for(number);
  }

  static void join(std::thread thread) {
    if (!thread.joinable()) return;
    // The process may be ended by what a load's failure is reported to.
    if (thread.get_id() == std::this_thread::get_id())
      thread.detach();
    else
      thread.join();
  }

  std::mutex mutex_;
  std::map<int, Load> loads_;
  std::vector<int> ended_;
  int last_ = 0;
};

}  // namespace

ModelHandle::ModelHandle(std::shared_ptr<Model> model) : model_(Future<std::shared_ptr<Model>>::of(std::move(model))) {}

ModelHandle::ModelHandle(std::filesystem::path folder, ModelOptions options, Report report) {
  auto promise = std::make_shared<Promise<std::shared_ptr<Model>>>();
  model_ = promise->future();
  load_ = Loads::all().begin(
      cancellation_, [promise = std::move(promise), folder = std::move(folder), options = std::move(options),
                      report = std::move(report), cancellation = cancellation_]() mutable {
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
      });
}

ModelHandle::~ModelHandle() {
  cancellation_.cancel();
  // Who is told that the model is there may let go of it: that is on the loading thread itself.
  if (load_) Loads::all().wait_for(*load_);
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
