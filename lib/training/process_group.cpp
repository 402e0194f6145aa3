/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/process_group.hpp"

#include <ATen/ops/zeros.h>
#define USE_C10D_GLOO 1
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef GVL_HAVE_NCCL
#define USE_C10D_NCCL 1
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "gvl/error.hpp"

namespace gvl::training {
namespace {

/** Newer versions ask for libuv, which not every build of them has. */
template <typename Options>
void do_without_libuv(Options& options) {
  if constexpr (requires { options.useLibUV; }) options.useLibUV = false;
}

std::string reason(const std::exception& error) {
  const auto* known = dynamic_cast<const c10::Error*>(&error);
  return known != nullptr ? known->what_without_backtrace() : error.what();
}

class Alone : public ProcessGroup {
 public:
  int rank() const noexcept override { return 0; }
  int size() const noexcept override { return 1; }
  void sum(at::Tensor&) override {}
};

template <typename Backend>
class Joined : public ProcessGroup {
 public:
  explicit Joined(c10::intrusive_ptr<Backend> backend) : backend_(std::move(backend)) {}

  int rank() const noexcept override { return backend_->getRank(); }
  int size() const noexcept override { return backend_->getSize(); }

  void sum(at::Tensor& tensor) override {
    std::vector<at::Tensor> tensors{tensor};
    try {
      backend_->allreduce(tensors, c10d::AllreduceOptions())->wait();
    } catch (const std::exception& error) {
      throw Error(ErrorCode::kResource, "process " + std::to_string(rank()) + " of " + std::to_string(size()) +
                                            " lost the others: " + reason(error));
    }
  }

 private:
  c10::intrusive_ptr<Backend> backend_;
};

const char* required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw Error(ErrorCode::kInvalidArgument,
                std::string(name) +
                    " is not set, but WORLD_SIZE is: training together needs RANK, WORLD_SIZE, "
                    "MASTER_ADDR and MASTER_PORT");
  }
  return value;
}

int required_number(const char* name, int low, int high) {
  const char* text = required(name);
  int value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc() || *end != '\0' || value < low || value > high) {
    throw Error(ErrorCode::kInvalidArgument, std::string(name) + "=" + text + " is not a number within " +
                                                 std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

c10::intrusive_ptr<c10d::Store> open_store(int rank, int size) {
  constexpr int kLastPort = 65535;
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(required_number("MASTER_PORT", 1, kLastPort));
  options.isServer = rank == 0;
  options.numWorkers = size;
  do_without_libuv(options);
  return c10::make_intrusive<c10d::TCPStore>(required("MASTER_ADDR"), options);
}

std::unique_ptr<ProcessGroup> join_gloo(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size) {
  auto options = c10d::ProcessGroupGloo::Options::create();
  options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
  return std::make_unique<Joined<c10d::ProcessGroupGloo>>(
      c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options));
}

#ifdef GVL_HAVE_NCCL
std::unique_ptr<ProcessGroup> join_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size) {
  return std::make_unique<Joined<c10d::ProcessGroupNCCL>>(
      c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size));
}
#endif

}  // namespace

std::unique_ptr<ProcessGroup> ProcessGroup::join(c10::Device device) {
  if (std::getenv("WORLD_SIZE") == nullptr) return std::make_unique<Alone>();
  constexpr int kMostProcesses = 1 << 16;
  const int size = required_number("WORLD_SIZE", 1, kMostProcesses);
  if (size == 1) return std::make_unique<Alone>();
  const int rank = required_number("RANK", 0, size - 1);
  try {
    const auto store = open_store(rank, size);
    if (device.is_cpu()) return join_gloo(store, rank, size);
#ifdef GVL_HAVE_NCCL
    return join_nccl(store, rank, size);
#else
    throw Error(ErrorCode::kUnsupported, "this build has no NCCL: several processes train together on CPUs only");
#endif
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorCode::kResource,
                "the processes at MASTER_ADDR:MASTER_PORT did not come together: " + reason(error));
  }
}

}  // namespace gvl::training
