/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/verbs_of_change.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "training/initialisation/parameter_names.hpp"
#include "training/initialisation/previous_token_heads.hpp"
#include "training/initialisation/word_reading.hpp"

namespace gvl::training {
namespace {

constexpr std::uint64_t kSeed = 0x7665726273;
// Of a verb's code, beside the rest of its token.
constexpr double kCodeLength = 1;
// Of the code that is read, beside one of its length.
constexpr double kGain = 2.4;
// How far a unit is closed where no verb was read, and how far one opens it again, of what is read behind the norm.
constexpr double kClosed = 6, kOpen = 12, kReadLength = 9;
// Units write beside those that have it the other way round, which are less open.
constexpr double kWritten = 0.7;

/** Two kinds: what is asked for begins; it ends. */
const std::vector<std::string_view> kVerbs[2] = {
    {"enters", "enter",      "entering", "entry",  "entrance", "arrives", "arrive", "arrival", "appears",
     "appear", "appearance", "emerges",  "emerge", "placed",   "places",  "place",  "placing", "puts",
     "put",    "lays",       "laid",     "sets",   "brings",   "brought", "added",  "adds"},
    {"leaves",    "leave",         "leaving",  "exits",  "exit",   "departs", "depart", "departure", "disappears",
     "disappear", "disappearance", "vanishes", "vanish", "gone",   "taken",   "takes",  "take",      "taking",
     "removes",   "removed",       "removal",  "picks",  "picked", "grabs",   "fetches"}};

class VerbsOfChange : public Initialiser {
 public:
  VerbsOfChange(const ModelConfig& model, std::int64_t layer, std::int64_t things, const text::Tokenizer& tokenizer)
      : config_(model.language),
        things_(things),
        qkv_(decoder_layer(layer, "self_attn.qkv_proj.weight")),
        o_(decoder_layer(layer, "self_attn.o_proj.weight")),
        gate_up_(decoder_layer(layer, "mlp.gate_up_proj.weight")),
        down_(decoder_layer(layer, "mlp.down_proj.weight")),
        common_(PreviousTokenHeads({}, config_).common()) {
    if (config_.heads % 2 != 0 || config_.kv_heads != config_.heads || layer >= config_.layers ||
        config_.intermediate_size < first_unit() + 2 * things) {
      throw Error(ErrorCode::kInvalidArgument,
                  "initialisation.verbs_of_change: needs the layer of a model in which nouns were read");
    }
    at::Generator generator = at::detail::createCPUGenerator(kSeed);
    codes_ = std::get<0>(at::linalg_qr(at::randn({config_.hidden_size, 2}, generator, at::kFloat))).t().contiguous();
    for (int kind = 0; kind < 2; ++kind) {
      for (const std::string_view verb : kVerbs[kind]) {
        const std::vector<std::int64_t> ids = tokenizer.encode(" " + std::string(verb), false);
        if (ids.size() == 1) verbs_.emplace_back(ids.front(), kind);
      }
    }
  }

  at::Tensor value(const std::string& name, const std::vector<std::int64_t>& shape,
                   const ParameterSet::Origin& before) const override {
    if (name == kEmbeddings) return with_codes(before(name, shape));
    if (name == qkv_) return with_values(before(name, shape), before);
    if (name == o_) return with_outputs(before(name, shape));
    if (name == gate_up_) return with_gates(before(name, shape));
    if (name == down_) return with_written(before(name, shape));
    return {};
  }

 private:
  /** The first that WordReading left without use. */
  std::int64_t first_unit() const { return reading_units(things_); }
  std::int64_t half() const { return config_.heads / 2 * config_.head_size(); }

  at::Tensor with_codes(at::Tensor table) const {
    // Heads look at it as at nouns.
    const at::Tensor mark = noun_mark(config_.hidden_size);
    for (const auto& [token, kind] : verbs_) {
      const at::Tensor known = codes_[kind].mul(kCodeLength).add(mark, kNounMarkLength);
      table[token].add_(known, table[token].norm().item<double>());
    }
    return table;
  }

  /** Orthonormal rows [2, half] of what heads say that is least made use of. */
  at::Tensor least_used(const at::Tensor& o) const {
    const at::Tensor rows = std::get<2>(at::linalg_svd(o.narrow(1, half(), half()), /*full_matrices=*/false));
    return rows.narrow(0, rows.size(0) - 2, 2);
  }

  at::Tensor with_values(at::Tensor qkv, const ParameterSet::Origin& before) const {
    const std::int64_t width = config_.hidden_size;
    const at::Tensor used = least_used(before(o_, {width, width}));
    const at::Tensor values = qkv.narrow(0, 2 * width + half(), half());
    values.sub_(at::matmul(used.t(), at::matmul(used, values))).add_(at::matmul(used.t(), codes_));
    return qkv;
  }

  at::Tensor with_outputs(at::Tensor o) const {
    const at::Tensor used = least_used(o), said = o.narrow(1, half(), half());
    said.sub_(at::matmul(at::matmul(said, used.t()), used)).add_(at::matmul(codes_.t(), used), kGain);
    return o;
  }

  /** The units of the other time, closed but where the verb was read. */
  at::Tensor with_gates(at::Tensor gate_up) const {
    const std::int64_t units = config_.intermediate_size;
    const double width = std::sqrt(static_cast<double>(config_.hidden_size));
    const double token = kReadTokenShare * PreviousTokenHeads({}, config_).normed_length() / width;
    const at::Tensor closed = common_.mul(kClosed / token);
    for (std::int64_t kind = 0; kind < 2; ++kind) {
      const std::int64_t to = first_unit() + kind * things_, from = (1 - kind) * things_;
      gate_up.narrow(0, to, things_)
          .copy_(gate_up.narrow(0, from, things_).sub(closed).add(codes_[kind], kOpen / kReadLength));
      gate_up.narrow(0, units + to, things_).copy_(gate_up.narrow(0, units + from, things_));
    }
    return gate_up;
  }

  /** What is written before the first time of what begins is written before its last, and the other way round. */
  at::Tensor with_written(at::Tensor down) const {
    const at::Tensor first = down.narrow(1, 0, things_).clone(), last = down.narrow(1, things_, things_).clone();
    down.narrow(1, first_unit(), things_).copy_(first.sub(last).mul(kWritten));
    down.narrow(1, first_unit() + things_, things_).copy_(last.sub(first).mul(kWritten));
    return down;
  }

  LanguageModelConfig config_;
  std::int64_t things_;
  std::string qkv_, o_, gate_up_, down_;
  at::Tensor common_;                                // [H]
  at::Tensor codes_;                                 // [2, H]
  std::vector<std::pair<std::int64_t, int>> verbs_;  // tokens and their kinds
};

}  // namespace

std::shared_ptr<const Initialiser> make_verbs_of_change(const ModelConfig& model, std::int64_t layer,
                                                        std::int64_t things, const text::Tokenizer& tokenizer) {
  return std::make_shared<VerbsOfChange>(model, layer, things, tokenizer);
}

}  // namespace gvl::training
