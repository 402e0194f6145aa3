/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gvl-probe [--scenes N] [--seed N] MODEL_DIR: what a model behind a detector knows at which depth, of N (8) watched
 * scenes. Where training stands still, it shows what is not learnt. For each decoder layer it prints the mean lengths
 * of hidden states (tokens of whole pictures, and of texts), and
 *
 *   asked: share of answers' positions at which, of all codes of things (event_codes()), one that the question is about
 *   is the strongest;
 *
 *   seen, begins, ends: areas under the ROC curve, how well the codes at pictures' tokens tell which things are seen,
 * and which have come and gone since the keyframe before; 0.5 is nothing;
 *
 *   moment: mean error of the moments that pictures' tokens tell, in temporal tokens;
 *
 *   from, to: of the attention that answers pay to the video before they tell such a time, how much the best head pays
 * to pictures at most a keyframe away from it, in the mean; without times at the video's end.
 *
 * Exits 0 when it has measured, 1 on wrong usage, 2 when it could not.
 */
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "evaluation/roc_auc.hpp"
#include "gvl/sampling.hpp"
#include "io/language_model.hpp"
#include "model/model_folder.hpp"
#include "ops/ops.hpp"
#include "training/objective.hpp"
#include "training/watch_source.hpp"

namespace {

using namespace gvl;

/** A model, and a batch of watched scenes to ask it about. */
class Probe {
 public:
  Probe(const std::filesystem::path& folder, std::uint64_t seed, std::int64_t scenes)
      : config_(ModelConfig::load(folder / model::kConfigFile)),
        tokenizer_(model::load_tokenizer(folder / model::kTokenizerFile, config_)),
        parameters_(folder),
        source_({.seed = seed, .backgrounds = 4}, {}, config_),
        objective_(layers::Parameters(parameters_, at::kCPU, at::kFloat), config_, tokenizer_.temporal,
                   source_.event_classes(), {}),
        codes_(training::event_codes(source_.event_classes(), config_.language.hidden_size)) {
    const text::PromptBuilder prompts(tokenizer_.tokenizer, tokenizer_.temporal, config_.prompts);
    std::vector<training::Sample> samples;
    std::vector<training::TokenizedSample> tokens;
    for (std::int64_t i = 0; i < scenes; ++i) {
      samples.push_back(source_.make(i));
      tokens.push_back(tokenize(prompts, io::language_model(config_.language.type), samples.back()));
    }
    batch_ = training::make_batch(samples, tokens);
    find_truth();
  }

  void print() const {
    std::printf("layer  picture     text  asked   seen  begins   ends  moment   from     to\n");
    objective_.observe(batch_, [&](std::int64_t layer, const training::Objective::Seen& seen) {
      const at::Tensor pictures = pictures_of(seen.videos), told = objective_.network().decoder().norm(pictures);
      std::printf("%5lld  %7.1f  %7.1f  %.3f  %.3f   %.3f  %.3f  %6.2f  %.3f  %.3f\n", static_cast<long long>(layer),
                  pictures.norm(2, 2).mean().item<double>(), seen.texts.norm(2, 3).mean().item<double>(),
                  asked(seen.texts), auc(told, 0), auc(told, 1), auc(told, 2), moment_error(told), looked(seen, 0),
                  looked(seen, 1));
    });
  }

 private:
  /** What things do from keyframe to keyframe [V, K * keyframes, things], by phase. */
  void find_truth() {
    const training::EventClasses classes = source_.event_classes();
    const std::int64_t share = config_.frames_per_segment() / config_.spatial.keyframes;
    const at::Tensor seen = batch_.frame_labels.unflatten(1, {-1, share})
                                .select(2, keyframe_of(share))
                                .narrow(2, classes.events, classes.things);
    const at::Tensor first = at::zeros_like(seen.narrow(1, 0, 1));
    const at::Tensor before = at::cat({first, seen.narrow(1, 0, seen.size(1) - 1)}, 1);
    truth_ = {seen, seen.mul(before.mul(-1).add(1)), before.mul(seen.mul(-1).add(1))};
  }

  at::Tensor pictures_of(const at::Tensor& videos) const {
    const std::int64_t length = config_.tokens_per_segment(), keyframes = config_.spatial.keyframes;
    return videos.narrow(1, std::ssize(batch_.before_video), config_.segments * length)
        .unflatten(1, {config_.segments, length})
        .narrow(2, 0, length - 1)
        .unflatten(2, {keyframes, (length - 1) / keyframes})
        .select(3, 0)
        .flatten(1, 2);
  }

  at::Tensor codes_of(const at::Tensor& codes, std::int64_t phase) const {
    const training::EventClasses classes = source_.event_classes();
    return codes.narrow(0, phase * classes.count() + classes.events, classes.things).t();
  }

  double asked(const at::Tensor& texts) const {
    const std::int64_t events = source_.event_classes().events;
    const at::Tensor hidden = texts.flatten(0, 2).index_select(0, batch_.label_at);
    const at::Tensor best =
        at::matmul(objective_.network().decoder().norm(hidden), codes_of(codes_.asked, 0)).argmax(1).add(events);
    std::map<std::int64_t, bool> right;
    for (std::int64_t i = 0; i < batch_.label_classes.size(1); ++i) {
      const auto position = batch_.label_classes[0][i].item<std::int64_t>();
      right[position] |= best[position].item<std::int64_t>() == batch_.label_classes[1][i].item<std::int64_t>();
    }
    const auto count = std::count_if(right.begin(), right.end(), [](const auto& each) { return each.second; });
    return static_cast<double>(count) / static_cast<double>(std::max<std::size_t>(right.size(), 1));
  }

  double auc(const at::Tensor& told, std::size_t phase) const {
    const at::Tensor odds = at::matmul(told, codes_of(codes_.shown, static_cast<std::int64_t>(phase)));
    const auto scores = [&](bool there) {
      const at::Tensor of_all = odds.masked_select(truth_[phase].gt(0.5).eq(there)).to(at::kDouble).contiguous();
      return std::vector<double>(of_all.data_ptr<double>(), of_all.data_ptr<double>() + of_all.numel());
    };
    return evaluation::roc_auc(scores(true), scores(false)).value;
  }

  double moment_error(const at::Tensor& told) const {
    const at::Tensor ids = at::tensor(tokenizer_.temporal.ids(), at::kLong);
    const at::Tensor found = objective_.network().decoder().logits(told.flatten(0, 1)).index_select(1, ids).argmax(1);
    const std::int64_t keyframes = told.size(1);
    const at::Tensor right = at::arange(keyframes, at::kFloat)
                                 .mul(static_cast<double>(config_.temporal_tokens) / static_cast<double>(keyframes))
                                 .repeat(told.size(0));
    return found.to(at::kFloat).sub(right).abs().mean().item<double>();
  }

  /** At times that end (1) or begin (0) something. */
  double looked(const training::Objective::Seen& seen, std::int64_t which) const {
    const at::Tensor queries = seen.queries.flatten(1, 2), labels = batch_.labels;
    const std::int64_t length = queries.size(1);
    const double head = static_cast<double>(config_.language.head_size());
    double sum = 0;
    std::int64_t count = 0, times = 0;
    for (std::int64_t i = 0; i < labels.size(0); ++i) {
      const auto moment = tokenizer_.temporal.temporal_of(labels[i].item<std::int64_t>());
      if (!moment) continue;
      // Times come in pairs.
      if (times++ % 2 != which || *moment == tokenizer_.temporal.count()) continue;
      const auto at = batch_.label_at[i].item<std::int64_t>();
      const at::Tensor keys = seen.keys[at / length].transpose(0, 1);
      const at::Tensor scores = at::matmul(keys, queries[at / length][at % length].unsqueeze(2)).squeeze(2);
      const at::Tensor paid = scores.div(std::sqrt(head)).softmax(1).t().unsqueeze(0);
      const at::Tensor pictures = pictures_of(paid).squeeze(0);
      const std::int64_t keyframes = pictures.size(0);
      const std::int64_t right = *moment * keyframes / tokenizer_.temporal.count();
      const std::int64_t first = std::max<std::int64_t>(right - 1, 0), end = std::min(right + 2, keyframes);
      sum += pictures.narrow(0, first, end - first).sum(0).max().item<double>();
      ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : 0;
  }

  ModelConfig config_;
  model::FolderTokenizer tokenizer_;
  model::FolderParameters parameters_;
  training::WatchSource source_;
  training::Objective objective_;
  training::EventCodes codes_;
  training::Batch batch_;
  std::vector<at::Tensor> truth_;
};

}  // namespace

int main(int argc, char** argv) {
  gint scenes = 8;
  gint64 seed = 880000000;
  const GOptionEntry entries[] = {{"scenes", 0, 0, G_OPTION_ARG_INT, &scenes, "Watched scenes (default 8)", "N"},
                                  {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of the first scene", "N"},
                                  {}};
  g_autoptr(GOptionContext) context = g_option_context_new("MODEL_DIR");
  g_option_context_add_main_entries(context, entries, nullptr);
  g_autoptr(GError) error = nullptr;
  const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
  if (!parsed || argc != 2 || scenes < 1 || seed < 0) {
    std::fprintf(stderr, "gvl-probe: %s\n", error ? error->message : "wrong usage, see --help");
    return 1;
  }
  ops::set_threads(0);
  const at::NoGradGuard no_gradient;
  try {
    Probe(argv[1], static_cast<std::uint64_t>(seed), scenes).print();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "gvl-probe: %s\n", failure.what());
    return 2;
  }
  return 0;
}
