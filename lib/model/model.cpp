#include "gvl/model.hpp"

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>

#include <map>
#include <mutex>
#include <optional>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/executor.hpp"
#include "model/grounder.hpp"
#include "model/libtorch_errors.hpp"
#include "model/model_folder.hpp"
#include "model/network.hpp"
#include "ops/ops.hpp"

namespace gvl {
namespace {

namespace fs = std::filesystem;
using model::Executor;
using model::Job;

c10::Device choose_device(const std::string& name) {
  const bool cuda = at::hasCUDA();
  if (name == "auto") return cuda ? c10::Device(at::kCUDA, 0) : c10::Device(at::kCPU);
  std::optional<c10::Device> device;
  try {
    device.emplace(name);
  } catch (const c10::Error&) {
    throw Error(ErrorCode::kInvalidArgument, "device \"" + name + "\": not a device's name; try auto, cpu or cuda");
  }
  if (device->is_cuda() && !cuda) {
    throw Error(ErrorCode::kUnsupported, "device \"" + name + "\": this LibTorch sees no CUDA device");
  }
  if (device->is_cuda() && !device->has_index()) return c10::Device(at::kCUDA, 0);
  return *device;
}

/** What jobs work with: it stays while a job runs, also when the model's last holder is gone. */
struct Engine {
  Engine(const fs::path& folder, c10::Device device)
      : config(ModelConfig::load(folder / model::kConfigFile)),
        parameters(folder),
        network(layers::Parameters(parameters, device, layers::to_scalar_type(config.dtype)), config),
        grounder(network, model::load_tokenizer(folder / model::kTokenizerFile, config)),
        words(model::load_words(folder)) {}

  ModelConfig config;
  model::FolderParameters parameters;
  model::Network network;
  model::Grounder grounder;
  std::optional<text::WordList> words;
};

void expect_shape(const char* what, const Tensor& tensor, DataType type, const std::vector<std::int64_t>& shape) {
  if (tensor.type == type && tensor.shape == shape) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": " + name_of(tensor.type) + " " +
                                               to_string(tensor.shape) + " given, this model takes " + name_of(type) +
                                               " " + to_string(shape));
}

/** Runs `compute` for a job's promise: its result or its error ends up there. */
template <typename T, typename Compute>
void fulfil(Promise<T>& promise, const char* what, Compute&& compute) noexcept {
  try {
    const c10::InferenceMode inference;
    promise.set_value(model::rethrow_libtorch_errors(what, compute));
  } catch (...) {
    promise.set_error(std::current_exception());
  }
}

/** A job that makes one tensor. */
class TensorJob : public Job {
 public:
  TensorJob(const char* what, Cancellation cancellation, std::function<Tensor(const Cancellation&)> compute)
      : what_(what), cancellation_(std::move(cancellation)), compute_(std::move(compute)) {}

  void run() noexcept override {
    fulfil(promise_, what_, [&] {
      cancellation_.check();
      return compute_(cancellation_);
    });
  }

  Future<Tensor> future() const { return promise_.future(); }

 private:
  const char* what_;
  Cancellation cancellation_;
  std::function<Tensor(const Cancellation&)> compute_;
  Promise<Tensor> promise_;
};

/** One of the two vision encoders, as jobs call it. */
struct Encoder {
  const char* what;                 ///< for messages
  std::vector<std::int64_t> input;  ///< uint8 pixels of one request
  std::int64_t max_batch;
  at::Tensor (model::Network::*encode)(const at::Tensor&, const Cancellation&) const;
};

/** Encodes one request's pixels, together with those of equal jobs that wait. */
class EncodeJob : public Job {
 public:
  EncodeJob(std::shared_ptr<const Engine> engine, const Encoder& encoder, Future<Tensor> pixels,
            Cancellation cancellation)
      : engine_(std::move(engine)), encoder_(encoder) {
    requests_.push_back({std::move(pixels), std::move(cancellation), Promise<Tensor>()});
  }

  Future<Tensor> future() const { return requests_.front().promise.future(); }

  bool absorb(Job& other) override {
    auto* same = dynamic_cast<EncodeJob*>(&other);
    if (!same || same->encoder_.encode != encoder_.encode || same->engine_ != engine_) return false;
    if (static_cast<std::int64_t>(requests_.size() + same->requests_.size()) > encoder_.max_batch) return false;
    for (Request& request : same->requests_) requests_.push_back(std::move(request));
    return true;
  }

  void run() noexcept override {
    std::vector<at::Tensor> inputs;
    std::vector<Request*> live;
    for (Request& request : requests_) {
      try {
        inputs.push_back(check_input(request));
        live.push_back(&request);
      } catch (...) {
        request.promise.set_error(std::current_exception());
      }
    }
    if (!live.empty()) encode(inputs, live);
  }

 private:
  struct Request {
    Future<Tensor> pixels;
    Cancellation cancellation;
    Promise<Tensor> promise;
  };

  at::Tensor check_input(const Request& request) const {
    request.cancellation.check();
    const Tensor& pixels = request.pixels.get();
    expect_shape(encoder_.what, pixels, DataType::kUInt8, encoder_.input);
    return layers::to_aten(pixels);
  }

  void encode(const std::vector<at::Tensor>& inputs, const std::vector<Request*>& live) noexcept {
    try {
      const c10::InferenceMode inference;
      // A batch of several streams goes on for the others when one of them is cancelled.
      const Cancellation cancellation = live.size() == 1 ? live.front()->cancellation : Cancellation();
      const at::Tensor features = model::rethrow_libtorch_errors(encoder_.what, [&] {
        const at::Tensor batch = encoder_.input.front() == 1 ? at::cat(inputs) : at::stack(inputs);
        return (engine_->network.*encoder_.encode)(batch, cancellation).to(at::kCPU, at::kFloat);
      });
      for (std::size_t i = 0; i < live.size(); ++i) {
        live[i]->promise.set_value(layers::from_aten(features.select(0, static_cast<std::int64_t>(i)).clone()));
      }
    } catch (...) {
      for (Request* request : live) request->promise.set_error(std::current_exception());
    }
  }

  std::shared_ptr<const Engine> engine_;
  Encoder encoder_;
  std::vector<Request> requests_;
};

/** Answers a window's queries. */
class AnswerJob : public Job {
 public:
  AnswerJob(std::shared_ptr<const Engine> engine, VideoWindow window, std::vector<Query> queries,
            const GenerationOptions& options, Cancellation cancellation)
      : engine_(std::move(engine)),
        window_(std::move(window)),
        queries_(std::move(queries)),
        options_(options),
        cancellation_(std::move(cancellation)),
        promises_(queries_.size()) {}

  std::vector<Future<Answer>> futures() const {
    std::vector<Future<Answer>> futures;
    for (const Promise<Answer>& promise : promises_) futures.push_back(promise.future());
    return futures;
  }

  void run() noexcept override {
    try {
      const c10::InferenceMode inference;
      model::rethrow_libtorch_errors("language model", [&] {
        cancellation_.check();
        engine_->grounder.answer(window_.tokens.get(), {window_.duration, window_.boundaries}, queries_, options_,
                                 cancellation_, [this](model::Grounder::Result result) { deliver(std::move(result)); });
      });
    } catch (...) {
      for (Promise<Answer>& promise : promises_) promise.set_error(std::current_exception());
    }
  }

 private:
  void deliver(model::Grounder::Result result) {
    Promise<Answer>& promise = promises_[result.index];
    if (result.error) {
      promise.set_error(result.error);
    } else {
      promise.set_value(std::move(result.answer));
    }
  }

  std::shared_ptr<const Engine> engine_;
  VideoWindow window_;
  std::vector<Query> queries_;
  GenerationOptions options_;
  Cancellation cancellation_;
  std::vector<Promise<Answer>> promises_;
};

class CallJob : public Job {
 public:
  explicit CallJob(std::function<void()> call) : call_(std::move(call)) {}

  void run() noexcept override {
    fulfil(promise_, "job", [&] {
      call_();
      return true;
    });
  }

  Future<bool> future() const { return promise_.future(); }

 private:
  std::function<void()> call_;
  Promise<bool> promise_;
};

class LoadedModel : public Model {
 public:
  LoadedModel(const fs::path& folder, c10::Device device, int threads)
      : engine_(model::rethrow_libtorch_errors(folder.string(),
                                               [&] { return std::make_shared<const Engine>(folder, device); })),
        device_(device.str()),
        executor_(std::make_shared<Executor>([threads] { ops::set_threads(threads); })) {
    const ModelConfig& config = engine_->config;
    spatial_ = {"spatial encoder",
                {1, config.spatial.image_size, config.spatial.image_size, 3},
                kMaxSpatialBatch,
                &model::Network::encode_spatial};
    temporal_ = {"temporal encoder",
                 {config.frames_per_segment(), config.temporal.image_size, config.temporal.image_size, 3},
                 kMaxTemporalBatch,
                 &model::Network::encode_temporal};
  }

  const ModelConfig& config() const noexcept override { return engine_->config; }
  const std::string& device() const noexcept override { return device_; }

  std::vector<std::string> unknown_words(const std::string& query) const override {
    return engine_->words ? engine_->words->unknown_words(query) : std::vector<std::string>();
  }

  Future<Tensor> encode_spatial(Future<Tensor> pixels, Cancellation cancellation) override {
    return encode(spatial_, std::move(pixels), std::move(cancellation));
  }

  Future<Tensor> encode_temporal(Future<Tensor> pixels, Cancellation cancellation) override {
    return encode(temporal_, std::move(pixels), std::move(cancellation));
  }

  Future<Tensor> fuse(Future<Tensor> spatial, Future<Tensor> temporal, Cancellation cancellation) override {
    auto job = std::make_shared<TensorJob>(
        "fusion", std::move(cancellation), [engine = engine_, spatial, temporal](const Cancellation&) {
          const ModelConfig& config = engine->config;
          expect_shape("gvl/spatial-features", spatial.get(), DataType::kFloat32,
                       {config.spatial_tokens(), config.spatial_width()});
          expect_shape("gvl/temporal-features", temporal.get(), DataType::kFloat32,
                       {config.temporal_tokens_per_segment(), config.temporal.hidden_size});
          const model::Network& network = engine->network;
          const auto on_device = [&](const Tensor& tensor) {
            return layers::to_aten(tensor).to(network.device(), network.activation_type());
          };
          const at::Tensor tokens =
              network.fusion()
                  .forward(on_device(spatial.get()).unsqueeze(0), on_device(temporal.get()).unsqueeze(0))
                  .squeeze(0);
          return layers::from_aten(tokens.to(at::kCPU, at::kFloat));
        });
    submit_when_ready({std::move(spatial), std::move(temporal)}, job);
    return job->future();
  }

  Future<Tensor> concatenate(std::vector<Future<Tensor>> segments, Cancellation cancellation) override {
    auto job = std::make_shared<TensorJob>(
        "video tokens", std::move(cancellation), [engine = engine_, segments](const Cancellation&) {
          std::vector<at::Tensor> tokens;
          for (const Future<Tensor>& segment : segments) {
            expect_shape("gvl/segment-tokens", segment.get(), DataType::kFloat32,
                         {engine->config.tokens_per_segment(), engine->config.language.hidden_size});
            tokens.push_back(layers::to_aten(segment.get()));
          }
          return layers::from_aten(at::cat(tokens));
        });
    submit_when_ready(std::move(segments), job);
    return job->future();
  }

  std::vector<Future<Answer>> answer(VideoWindow window, std::vector<Query> queries, const GenerationOptions& options,
                                     Cancellation cancellation) override {
    const Future<Tensor> tokens = window.tokens;
    auto job =
        std::make_shared<AnswerJob>(engine_, std::move(window), std::move(queries), options, std::move(cancellation));
    submit_when_ready({tokens}, job);
    return job->futures();
  }

  Future<bool> run(std::function<void()> call) override {
    auto job = std::make_shared<CallJob>(std::move(call));
    executor_->submit(job);
    return job->future();
  }

 private:
  // A batch of keyframes fills a GPU better than one; a segment does so by itself.
  static constexpr std::int64_t kMaxSpatialBatch = 8;
  static constexpr std::int64_t kMaxTemporalBatch = 2;

  Future<Tensor> encode(const Encoder& encoder, Future<Tensor> pixels, Cancellation cancellation) {
    auto job = std::make_shared<EncodeJob>(engine_, encoder, pixels, std::move(cancellation));
    // First: once it is submitted, another job may have absorbed it, promise and all.
    Future<Tensor> future = job->future();
    submit_when_ready({std::move(pixels)}, std::move(job));
    return future;
  }

  void submit_when_ready(std::vector<Future<Tensor>> inputs, std::shared_ptr<Job> job) {
    if (inputs.empty()) return executor_->submit(std::move(job));
    const Future<Tensor> last = inputs.back();
    inputs.pop_back();
    // The continuation must not keep the executor: it may be dropped on the executor's own thread.
    last.when_ready([executor = std::weak_ptr(executor_), inputs = std::move(inputs), job = std::move(job)]() mutable {
      submit_rest(std::move(executor), std::move(inputs), std::move(job));
    });
  }

  static void submit_rest(std::weak_ptr<Executor> executor, std::vector<Future<Tensor>> inputs,
                          std::shared_ptr<Job> job) {
    if (inputs.empty()) {
      if (const auto alive = executor.lock()) alive->submit(std::move(job));
      return;
    }
    const Future<Tensor> last = inputs.back();
    inputs.pop_back();
    last.when_ready([executor = std::move(executor), inputs = std::move(inputs), job = std::move(job)]() mutable {
      submit_rest(std::move(executor), std::move(inputs), std::move(job));
    });
  }

  std::shared_ptr<const Engine> engine_;
  std::string device_;
  Encoder spatial_;
  Encoder temporal_;
  std::shared_ptr<Executor> executor_;
};

/** The models that somebody holds, by folder and device. */
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Model>> models;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

std::shared_ptr<Model> Model::load(const fs::path& folder, const ModelOptions& options) {
  std::error_code error;
  const fs::path canonical = fs::canonical(folder, error);
  if (error) throw Error(ErrorCode::kNotFound, folder.string() + ": " + error.message());
  if (!fs::is_directory(canonical)) {
    throw Error(ErrorCode::kNotFound, folder.string() + ": a model is a folder, this is a file");
  }
  const c10::Device device = choose_device(options.device);

  std::lock_guard lock(registry().mutex);
  std::weak_ptr<Model>& entry = registry().models[device.str() + " " + canonical.string()];
  if (auto loaded = entry.lock()) return loaded;
  auto loaded = std::make_shared<LoadedModel>(canonical, device, options.threads);
  entry = loaded;
  return loaded;
}

}  // namespace gvl
