/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a window's way through the stages copies: pixels go up once, nothing comes down but answers.
#include <atomic>

#include "layers/tensor_bridge.hpp"
#include "model_test.hpp"

using namespace gvl;
using namespace gvl::model::test;

namespace {

/** Host memory that counts how often it is read, that is sent to a device. */
class CountedHost : public TensorStorage {
 public:
  CountedHost(Tensor tensor, std::atomic<int>& copies) : tensor_(std::move(tensor)), copies_(copies) {}

  std::string device() const override { return "cpu"; }
  const std::byte* map() const override {
    ++copies_;
    return tensor_.map();
  }

 private:
  Tensor tensor_;
  std::atomic<int>& copies_;
};

/** A device's memory that counts how often it is copied to the host. LibTorch computes with it on the CPU. */
class CountedDevice : public layers::AtenStorage {
 public:
  CountedDevice(const at::Tensor& tensor, std::atomic<int>& copies) : AtenStorage(tensor), copies_(copies) {}

  std::string device() const override { return "counted:0"; }
  const std::byte* map() const override {
    ++copies_;
    return AtenStorage::map();
  }

 private:
  std::atomic<int>& copies_;
};

struct Copies {
  std::atomic<int> up = 0, down = 0;

  Future<Tensor> pixels(const Tensor& tensor) {
    return Future<Tensor>::of({tensor.type, tensor.shape, std::make_shared<CountedHost>(tensor, up)});
  }

  /** What a stage made, as it would be on a device. */
  Future<Tensor> on_device(const Future<Tensor>& made) {
    const Tensor& tensor = made.get();
    ck_assert_msg(dynamic_cast<const layers::AtenStorage*>(tensor.storage().get()) != nullptr,
                  "a stage's tensor left the device");
    return Future<Tensor>::of(
        {tensor.type, tensor.shape, std::make_shared<CountedDevice>(layers::to_aten(tensor), down)});
  }
};

}  // namespace

GVL_TEST(nothing_is_copied_between_stages) {
  const Fixture fixture = Fixture::open(io::test::fixture("phi_c"));
  const auto model = Model::load(converted("phi_c"));
  const ModelConfig& config = model->config();
  const Tensor frames = fixture.tensors.get("frames_rgb");
  const std::int64_t n = config.frames_per_segment();
  Copies copies;
  std::vector<Future<Tensor>> segments;
  for (std::int64_t i = 0; i < config.segments; ++i) {
    std::vector<std::int64_t> samples;
    for (std::int64_t j = 0; j < n; ++j) samples.push_back(i * n + j);
    const auto keyframe = copies.pixels(resized(frames, {i * n + keyframe_of(n)}, config.spatial.image_size));
    const auto all = copies.pixels(resized(frames, samples, config.temporal.image_size));
    const auto spatial = copies.on_device(model->encode_spatial(keyframe, {}));
    const auto temporal = copies.on_device(model->encode_temporal(all, {}));
    segments.push_back(copies.on_device(model->fuse(spatial, temporal, {})));
  }
  ck_assert_int_eq(copies.up, 2 * config.segments);
  const VideoWindow window{copies.on_device(model->concatenate(segments, {})), fixture.duration()};
  for (const auto& answer : model->answer(window, fixture_queries(), fixture_options(), {})) {
    ck_assert(!answer.get().tokens.empty());
  }
  ck_assert_int_eq(copies.up, 2 * config.segments);
  ck_assert_int_eq(copies.down, 0);
  // Who wants to see the tokens gets them.
  ck_assert(window.tokens.get().as<float>() != nullptr);
  ck_assert_int_eq(copies.down, 1);
}

GVL_TEST(foreign_tensors_are_taken_at_every_stage) {
  const auto model = Model::load(converted("phi_c"));
  const VideoWindow made = encode(*model, Fixture::open(io::test::fixture("phi_c")));
  const Tensor tokens = made.tokens.get();
  Copies copies;
  const VideoWindow foreign{copies.pixels(tokens), made.duration};
  const std::vector<Query> query{fixture_queries().front()};
  const Answer expected = model->answer(made, query, fixture_options(), {})[0].get();
  ck_assert(model->answer(foreign, query, fixture_options(), {})[0].get().tokens == expected.tokens);
  ck_assert_int_eq(copies.up, 1);
}
