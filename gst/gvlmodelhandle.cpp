/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvlmodelhandle.hpp"

#include <exception>
#include <utility>

#include <pthread.h>

namespace gvl::gst {

ModelHandle::ModelHandle(std::shared_ptr<Model> model) : model_(Future<std::shared_ptr<Model>>::of(std::move(model))) {}

ModelHandle::ModelHandle(std::filesystem::path folder, ModelOptions options, Report report) {
  auto promise = std::make_shared<Promise<std::shared_ptr<Model>>>();
  model_ = promise->future();
  thread_ = std::thread([promise = std::move(promise), folder = std::move(folder), options = std::move(options),
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
