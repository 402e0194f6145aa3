/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runtime/model_registry.hpp"

#include <atomic>
#include <barrier>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "../io/io_test.hpp"

using namespace gvl;
using namespace gvl::io::test;
using runtime::ModelKey;
using runtime::ModelRegistry;

namespace {

/** Somebody's model, which nobody asks for anything. */
class IdleModel : public Model {
 public:
  const ModelConfig& config() const noexcept override { return config_; }
  const std::string& device() const noexcept override { return device_; }
  Future<Tensor> encode_spatial(Future<Tensor>, Cancellation) override { return {}; }
  Future<Tensor> encode_temporal(Future<Tensor>, Cancellation) override { return {}; }
  Future<Tensor> fuse(Future<Tensor>, Future<Tensor>, Cancellation) override { return {}; }
  Future<Tensor> concatenate(std::vector<Future<Tensor>>, Cancellation) override { return {}; }
  std::vector<Future<Answer>> answer(VideoWindow, std::vector<Query>, const GenerationOptions&, Cancellation) override {
    return {};
  }

 private:
  ModelConfig config_;
  std::string device_;
};

std::shared_ptr<Model> make() { return std::make_shared<IdleModel>(); }

std::shared_ptr<Model> never() {
  ck_abort_msg("loaded once more");
  return nullptr;
}

}  // namespace

GVL_TEST(a_model_is_shared_while_somebody_holds_it) {
  ModelRegistry registry;
  auto first = registry.get({"a", {}}, make);
  ck_assert(registry.get({"a", {}}, never) == first);
  ck_assert(registry.get({"b", {}}, make) != first);
  const std::weak_ptr<Model> watch = first;
  first.reset();
  ck_assert(watch.expired());
  ck_assert(registry.get({"a", {}}, make) != nullptr);
}

GVL_TEST(every_option_counts) {
  ModelRegistry registry;
  const StageOptions other{.max_batch = 3, .max_wait = std::chrono::milliseconds(2)};
  const std::vector<ModelOptions> all{{},
                                      {.device = "cpu"},
                                      {.threads = 2},
                                      {.spatial = other},
                                      {.temporal = other},
                                      {.fusion = other},
                                      {.answer = other},
                                      {.answer = {.max_wait = std::chrono::milliseconds(1)}},
                                      {.cache_type = DataType::kBFloat16}};
  std::vector<std::shared_ptr<Model>> models;
  for (const ModelOptions& options : all) models.push_back(registry.get({"a", options}, make));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) ck_assert_msg(models[i] != models[j], "%zu and %zu", i, j);
    ck_assert(registry.get({"a", all[i]}, never) == models[i]);
  }
}

/** Each loader waits for the other one: with a lock around them, none would ever return. */
GVL_TEST(two_models_load_side_by_side) {
  ModelRegistry registry;
  std::barrier both_load(2);
  const auto load = [&] {
    both_load.arrive_and_wait();
    return make();
  };
  std::shared_ptr<Model> a, b;
  std::thread first([&] { a = registry.get({"a", {}}, load); });
  std::thread second([&] { b = registry.get({"b", {}}, load); });
  first.join();
  second.join();
  ck_assert(a && b && a != b);
}

GVL_TEST(one_model_loads_once_for_all_who_ask_meanwhile) {
  constexpr int kOthers = 4;
  ModelRegistry registry;
  std::latch loading(1), others_ask(kOthers);
  std::atomic<int> loads = 0;
  std::shared_ptr<Model> first;
  std::vector<std::shared_ptr<Model>> others(kOthers);
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    first = registry.get({"a", {}}, [&] {
      ++loads;
      loading.count_down();
      others_ask.wait();
      return make();
    });
  });
  for (auto& other : others) {
    threads.emplace_back([&] {
      loading.wait();
      others_ask.count_down();
      other = registry.get({"a", {}}, [&] {
        ++loads;
        return make();
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  ck_assert_int_eq(loads.load(), 1);
  for (const auto& other : others) ck_assert(other == first);
}

GVL_TEST(who_comes_after_a_failure_tries_again) {
  ModelRegistry registry;
  const auto fails = []() -> std::shared_ptr<Model> { throw Error(ErrorCode::kMalformed, "no weights"); };
  expect_error("first", ErrorCode::kMalformed, {"no weights"}, [&] { registry.get({"a", {}}, fails); });
  expect_error("again", ErrorCode::kMalformed, {"no weights"}, [&] { registry.get({"a", {}}, fails); });
  ck_assert(registry.get({"a", {}}, make) != nullptr);
}

GVL_TEST(who_waits_for_a_load_that_is_cancelled_loads_itself) {
  ModelRegistry registry;
  std::latch loading(1), release(1);
  const Cancellation first;
  std::thread loader([&] {
    expect_error("cancelled", ErrorCode::kCancelled, {}, [&] {
      registry.get(
          {"a", {}},
          [&]() -> std::shared_ptr<Model> {
            loading.count_down();
            release.wait();
            first.check();
            return make();
          },
          first);
    });
  });
  loading.wait();
  std::atomic<int> loads = 0;
  std::shared_ptr<Model> model;
  std::thread waiter([&] { model = registry.get({"a", {}}, [&] { return ++loads, make(); }); });
  first.cancel();
  release.count_down();
  loader.join();
  waiter.join();
  ck_assert(model != nullptr);
  ck_assert_int_eq(loads, 1);
}

GVL_TEST(who_waits_for_anothers_load_may_be_cancelled) {
  ModelRegistry registry;
  std::latch loading(1), release(1);
  std::thread loader([&] {
    registry.get({"a", {}}, [&] {
      loading.count_down();
      release.wait();
      return make();
    });
  });
  loading.wait();
  const Cancellation cancellation;
  cancellation.cancel();
  expect_error("cancelled", ErrorCode::kCancelled, {}, [&] { registry.get({"a", {}}, never, cancellation); });
  std::thread waiter([&] {
    const Cancellation later;
    std::thread canceller([&] { later.cancel(); });
    expect_error("cancelled", ErrorCode::kCancelled, {}, [&] { registry.get({"a", {}}, never, later); });
    canceller.join();
  });
  waiter.join();  // while the other still loads
  release.count_down();
  loader.join();
}
