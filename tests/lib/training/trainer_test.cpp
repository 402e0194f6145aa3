/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/trainer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "gvl/convert.hpp"
#include "io/weights.hpp"
#include "layers/tensor_bridge.hpp"
#include "model/model_folder.hpp"
#include "training_test.hpp"

using namespace gvl;
using namespace gvl::training::test;
using training::CurvePoint;
using training::Trainer;
using training::TrainingConfig;

namespace {

namespace fs = std::filesystem;

TrainingConfig configuration(const fs::path& root, const std::string& output, const std::string& more = "") {
  const fs::path file = root / (output + ".json");
  std::ofstream(file) << "{\"model\": \"model\", \"output\": \"" << output
                      << "\", \"stage\": \"temporal\", \"lora\": {\"rank\": 2, \"alpha\": 4, \"learning_rate\": 1e-3}, "
                         "\"learning_rate\": 1e-3, \"steps\": 6, \"batch_videos\": 4, \"micro_batch_videos\": 2, "
                         "\"threads\": 1, \"checkpoint_every\": 2, \"data\": {}"
                      << more << "}";
  return TrainingConfig::load(file);
}

Trainer::MakeSource noise() {
  return [](const ModelConfig& config) { return std::make_shared<NoiseSource>(config, 0); };
}

std::map<std::string, at::Tensor> weights(const fs::path& folder) {
  const io::Weights opened = io::Weights::open(folder);
  std::map<std::string, at::Tensor> tensors;
  for (const std::string& name : opened.names()) tensors[name] = layers::to_aten(opened.get(name)).clone();
  return tensors;
}

void train(const TrainingConfig& config, const Trainer::Progress& progress = {},
           const Cancellation& cancellation = {}) {
  Trainer trainer(config, noise());
  trainer.run(progress, cancellation);
  if (trainer.leads()) trainer.export_model(config.output / "model", WeightType::kFloat32);
}

double largest_difference(const fs::path& a, const fs::path& b) {
  const auto ours = weights(a), theirs = weights(b);
  ck_assert_int_eq(static_cast<int>(ours.size()), static_cast<int>(theirs.size()));
  double largest = 0;
  for (const auto& [name, tensor] : ours) {
    largest = std::max(largest, tensor.sub(theirs.at(name)).abs().max().item<double>());
  }
  return largest;
}

GVL_TEST(test_an_interrupted_run_ends_the_same) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  train(configuration(root / "", "whole"));
  // Interrupted behind step 3, where no checkpoint is due: cancelling leaves one.
  const Cancellation cancellation;
  train(
      configuration(root / "", "parts"),
      [&](const CurvePoint& point, std::int64_t) {
        if (point.step == 3) cancellation.cancel();
      },
      cancellation);
  ck_assert_msg(largest_difference(root / "whole" / "model", root / "parts" / "model") > 0, "it went on to the end");
  train(configuration(root / "", "parts"));
  ck_assert(largest_difference(root / "whole" / "model", root / "parts" / "model") == 0);
  ck_assert_msg(largest_difference(root / "whole" / "model", root / "model") > 0, "nothing was learnt");
}

/** As a run that is killed: what was done since the last checkpoint is done again, and the curve has no step twice. */
GVL_TEST(test_a_killed_run_ends_the_same) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const TrainingConfig config = configuration(root / "", "killed");
  // Before this process has computed gradients: LibTorch's threads for them do not survive a fork.
  const pid_t child = fork();
  if (child == 0) {
    train(config, [](const CurvePoint& point, std::int64_t) {
      if (point.step == 3) kill(getpid(), SIGKILL);
    });
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  train(config);
  train(configuration(root / "", "whole"));
  ck_assert(largest_difference(root / "whole" / "model", root / "killed" / "model") == 0);
  std::ifstream curve(root / "killed" / "curve.csv");
  std::string line;
  std::getline(curve, line);
  for (int step = 1; step <= 6; ++step) {
    std::getline(curve, line);
    ck_assert_msg(line.starts_with(std::to_string(step) + ","), "line of step %d: %s", step, line.c_str());
  }
  ck_assert(!std::getline(curve, line));
  ck_assert(fs::file_size(root / "killed" / "curve.svg") > 200);
}

int free_port() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t length = sizeof address;
  getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(socket_fd);
  return ntohs(address.sin_port);
}

/** Two processes that share each step's videos learn what one with all of them learns. */
GVL_TEST(test_two_processes_are_one) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const std::string port = std::to_string(free_port());
  pid_t children[2];
  for (int rank = 0; rank < 2; ++rank) {
    children[rank] = fork();
    if (children[rank] != 0) continue;
    setenv("RANK", std::to_string(rank).c_str(), 1);
    setenv("WORLD_SIZE", "2", 1);
    setenv("MASTER_ADDR", "127.0.0.1", 1);
    setenv("MASTER_PORT", port.c_str(), 1);
    try {
      train(configuration(root / "", "two"));
    } catch (const std::exception& error) {
      std::fprintf(stderr, "process %d: %s\n", rank, error.what());
      _exit(1);
    }
    _exit(0);
  }
  for (const pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  train(configuration(root / "", "one"));
  // The sums' order differs, nothing else; Adam's first steps magnify that where a gradient is nearly nothing.
  const double difference = largest_difference(root / "one" / "model", root / "two" / "model");
  ck_assert_msg(difference < 2e-4, "they differ by %g", difference);
}

GVL_TEST(test_dense_supervision_trains_encoders_too) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const TrainingConfig config = configuration(
      root / "", "dense",
      ", \"dense_supervision\": {\"weight\": 1, \"moment_weight\": 1, \"layer\": 0}, \"temporal_smoothing\": 1.5, "
      "\"label_weights\": {\"first\": 3, \"times\": 2}, \"parameter_groups\": [{\"parameters\": \"\", "
      "\"learning_rate\": 1e-3}], \"activation_checkpointing\": true");
  // The same four videos at every step: what it loses on them must fall.
  Trainer trainer(config, [](const ModelConfig& model) { return std::make_shared<NoiseSource>(model, 4); });
  double first = 0, last = 0;
  trainer.run([&](const CurvePoint& point, std::int64_t) { (point.step == 1 ? first : last) = point.frame_loss; }, {});
  trainer.export_model(config.output / "model", WeightType::kFloat32);
  // The words that the model saw go along; none stay from before.
  ck_assert(!fs::exists(config.output / "model" / model::kWordsFile));
  io::test::write_file(config.model / model::kWordsFile, "ball\n");
  trainer.export_model(config.output / "model", WeightType::kFloat32);
  ck_assert(io::test::read_file(config.output / "model" / model::kWordsFile) == "ball\n");
  fs::remove(config.model / model::kWordsFile);
  trainer.export_model(config.output / "model", WeightType::kFloat32);
  ck_assert(!fs::exists(config.output / "model" / model::kWordsFile));
  ck_assert_msg(last < first && last > 0, "the loss of frames went from %f to %f", first, last);
  const auto before = weights(root / "model"), after = weights(config.output / "model");
  ck_assert(!before.at("temporal_encoder.cls_token").equal(after.at("temporal_encoder.cls_token")));
  for (const auto& [name, tensor] : after) ck_assert_msg(before.contains(name), "%s was written", name.c_str());
}

/** Head 1 begins to choose before `step`, counted from 0. */
TrainingConfig option_copy_configuration(const fs::path& root, const std::string& output, int step) {
  TrainingConfig config =
      configuration(root, output,
                    ", \"dense_supervision\": {\"weight\": 1, \"option_weight\": 1, \"layer\": 0}, \"initialisation\": "
                    "{\"option_copy_head\": {\"step\": " +
                        std::to_string(step) + ", \"head\": 1, \"videos\": 3}}");
  config.trained = {{{"", {.adamw = 0.02}}}, {}};
  config.steps = 42;
  config.batch = config.micro_batch = 1;
  config.checkpoint_every = 100;
  return config;
}

/** A head that begins to choose behind step 40, also where a run goes on from there. */
GVL_TEST(test_a_run_begins_to_choose_on_the_way) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const auto run = [&](const std::string& output, int last) {
    const TrainingConfig config = option_copy_configuration(root / "", output, 40);
    const Cancellation cancellation;
    Trainer trainer(config, [](const ModelConfig& model) { return std::make_shared<NoiseSource>(model, 4, true); });
    trainer.run(
        [&](const CurvePoint& point, std::int64_t) {
          if (point.step == last) cancellation.cancel();
        },
        cancellation);
    trainer.export_model(config.output / "model", WeightType::kFloat32);
    return weights(config.output / "model");
  };
  const std::string layer = "language_model.model.layers.1.self_attn.";
  const std::string qkv = layer + "qkv_proj.weight", output = layer + "o_proj.weight";
  const std::int64_t width = small_config().language.hidden_size, size = small_config().language.head_size();
  const auto before = run("parts", 40), after = run("parts", 41);
  const auto moved = [&](const std::string& name, std::int64_t dimension, std::int64_t first) {
    return after.at(name).sub(before.at(name)).narrow(dimension, first, size).abs().amax().item<double>();
  };
  // Adam moves a weight by about its rate at most, and the moments of what is replaced are gone.
  for (std::int64_t part = 0; part < 3; ++part) {
    ck_assert_msg(moved(qkv, 0, part * width + size) > 0.1, "%d", static_cast<int>(part));
    ck_assert_msg(moved(qkv, 0, part * width + 2 * size) < 0.05, "%d", static_cast<int>(part));
  }
  ck_assert(moved(output, 1, size) > 0.1 && moved(output, 1, 2 * size) < 0.05);
  const at::Tensor parts = run("parts", 42).at(output), whole = run("whole", 42).at(output);
  ck_assert(parts.equal(whole));
}

GVL_TEST(test_option_copying_needs_questions_and_what_they_are_told) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const auto failure = [&](bool questions, const std::string& part) {
    Trainer trainer(option_copy_configuration(root / "", "run", 0),
                    [&](const ModelConfig& model) { return std::make_shared<NoiseSource>(model, 0, questions); });
    try {
      trainer.run({}, {});
      ck_abort_msg("it began to choose");
    } catch (const Error& error) {
      ck_assert_msg(std::string(error.what()).find(part) != std::string::npos, "%s", error.what());
    }
  };
  failure(false, "multiple-choice");
  failure(true, "do not tell yet");
}

GVL_TEST(test_a_share_of_the_start_is_left) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  train(configuration(root / "", "last"));
  train(configuration(root / "", "mean", ", \"weight_interpolation\": 0.25"));
  const auto start = weights(root / "model"), last = weights(root / "last" / "model"),
             mean = weights(root / "mean" / "model");
  double moved = 0;
  for (const auto& [name, tensor] : mean) {
    const at::Tensor expected = start.at(name).mul(0.25).add(last.at(name), 0.75);
    ck_assert_msg(expected.sub(tensor).abs().max().item<double>() < 1e-6, "%s", name.c_str());
    moved = std::max(moved, last.at(name).sub(start.at(name)).abs().max().item<double>());
  }
  ck_assert_msg(moved > 1e-3, "nothing was learnt");
}

GVL_TEST(test_a_trained_model_loads) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const TrainingConfig config = configuration(root / "", "run");
  train(config);
  ck_assert(Model::load(config.output / "model")->config().segments == small_config().segments);
}

GVL_TEST(test_a_similarity_model_is_not_trained) {
  const TemporaryFolder root;
  convert(fixture("clip/quick-gelu"), root / "model");
  std::string message;
  try {
    train(configuration(root / "", "run"));
  } catch (const Error& error) {
    message = error.what();
  }
  ck_assert_msg(message.find("/model: is a model of type similarity") != std::string::npos, "%s", message.c_str());
}

GVL_TEST(test_a_failing_export_leaves_the_model_before) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const TrainingConfig config = configuration(root / "", "run");
  train(config);
  const fs::path out = config.output / "model";
  const auto files = [&] {
    std::map<fs::path, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(out)) contents[entry.path()] = read_file(entry.path());
    return contents;
  };
  const auto before = files();
  const Trainer trainer(config, noise());
  fs::remove(root / "model" / "tokenizer.json");
  expect_error("without a tokenizer", ErrorCode::kResource, {"tokenizer.json"},
               [&] { trainer.export_model(out, WeightType::kBFloat16); });
  ck_assert(files() == before);
}

void expect_failure(const fs::path& root, const std::string& json, const std::string& part) {
  const fs::path file = root / "bad.json";
  std::ofstream(file) << json;
  try {
    const TrainingConfig config = TrainingConfig::load(file);
    Trainer trainer(config, noise());
    ck_abort_msg("accepted: %s", json.c_str());
  } catch (const Error& error) {
    ck_assert_msg(std::string(error.what()).find(part) != std::string::npos, "\"%s\" does not name %s", error.what(),
                  part.c_str());
  }
}

GVL_TEST(test_bad_configurations_are_named) {
  const TemporaryFolder root;
  write_small_model(root / "model");
  const std::string head = "{\"model\": \"model\", \"output\": \"out\", \"data\": {}, \"batch_videos\": 1, ";
  expect_failure(root / "", "{}", "data");
  expect_failure(root / "", head + "\"steps\": 1}", "nothing to train");
  expect_failure(root / "", head + "\"steps\": 1, \"stage\": \"fourth\"}", "fourth");
  expect_failure(root / "", head + "\"steps\": 1, \"epochs\": 1, \"stage\": \"all\"}", "either steps or epochs");
  expect_failure(root / "", head + "\"steps\": -1, \"stage\": \"all\"}", "steps");
  expect_failure(root / "", head + "\"stpes\": 1, \"stage\": \"all\"}", "stpes");
  expect_failure(root / "", head + "\"steps\": 1, \"stage\": \"all\", \"precision\": \"int3\"}", "int3");
  expect_failure(root / "", head + "\"epochs\": 1, \"stage\": \"all\"}", "give steps");
  const std::string first = head + "\"steps\": 1, \"stage\": \"all\", \"initialisation\": ";
  expect_failure(root / "", first + "{\"previous_token_heads\": {\"heads\": [4]}}}", "previous_token_heads");
  expect_failure(root / "", first + "{\"previous_token_heads\": {}}}", "heads");
  expect_failure(root / "", first + "{\"option_copy_head\": {\"step\": 1, \"head\": 4, \"videos\": 1}}}",
                 "option_copy_head");
  const std::string dense = ", \"dense_supervision\": {\"weight\": 1, \"option_weight\": 1}";
  const std::string option_copy = "{\"option_copy_head\": {\"step\": 0, \"head\": 0, \"videos\": 1}}";
  expect_failure(root / "", first + "{\"previous_token_heads\": {\"heads\": []}}}", "heads");
  expect_failure(root / "", first + option_copy + "}", "option_weight");
  expect_failure(root / "", first + "{\"option_copy_head\": {\"step\": 1, \"head\": 0, \"videos\": 1}}" + dense + "}",
                 "step 1");
  const std::string lora = ", \"lora\": {\"rank\": 1, \"alpha\": 1, \"learning_rate\": 1e-3}";
  expect_failure(root / "", first + option_copy + dense + lora + "}", "without lora");
  const std::string frozen = head + "\"steps\": 1, \"stage\": \"alignment\", \"initialisation\": ";
  expect_failure(root / "", frozen + option_copy + dense + "}", "to learn");
  expect_failure(root / "", head + "\"steps\": 1, \"stage\": \"all\", \"weight_interpolation\": 1.5}",
                 "weight_interpolation");
  expect_failure(root / "", first + option_copy + dense + ", \"weight_interpolation\": 0.5}", "option_copy_head");
  write_small_model(root / "new");
  fs::remove(root / "new" / "model.safetensors");
  expect_failure(root / "",
                 "{\"model\": \"new\"" + head.substr(head.find(',')) +
                     "\"steps\": 1, \"stage\": \"all\", \"weight_interpolation\": 0.5}",
                 "has no weights");
  // A checkpoint of another run.
  train(configuration(root / "", "out"));
  expect_failure(root / "", head + "\"steps\": 1, \"stage\": \"all\"}", "checkpoint.safetensors");
}

}  // namespace
