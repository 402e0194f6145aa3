#include "ops/ops.hpp"

#include <ATen/Parallel.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "ops/aten.hpp"

namespace gvl::ops {

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return aten::linear(x, weight, bias);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options) {
  const double scale = options.scale ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(-1)));
  return aten::attention(q, k, v, options.causal, scale);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return aten::rms_norm(x, weight, eps);
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return aten::layer_norm(x, weight, bias, eps);
}

at::Tensor gelu(at::Tensor x) { return aten::gelu(x); }
at::Tensor quick_gelu(at::Tensor x) { return aten::quick_gelu(x); }
at::Tensor silu_and_multiply(const at::Tensor& gate_up) { return aten::silu_and_multiply(gate_up); }

at::Tensor add_scaled(at::Tensor x, const at::Tensor& y, const at::Tensor& scale) {
  return aten::add_scaled(x, y, scale);
}

at::Tensor rotary(at::Tensor x, const at::Tensor& cos, const at::Tensor& sin) { return aten::rotary(x, cos, sin); }

at::Tensor embedding(const at::Tensor& table, const at::Tensor& ids) { return aten::embedding(table, ids); }

void set_threads(int threads) {
  if (threads <= 0) {
    cpu_set_t allowed;
    const bool known = sched_getaffinity(0, sizeof allowed, &allowed) == 0;
    threads = known ? CPU_COUNT(&allowed) : static_cast<int>(std::thread::hardware_concurrency());
  }
  at::set_num_threads(std::max(threads, 1));
}

}  // namespace gvl::ops
