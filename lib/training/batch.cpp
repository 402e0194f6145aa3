/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/batch.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "gvl/error.hpp"
#include "layers/tensor_bridge.hpp"
#include "text/temporal.hpp"
#include "training/initialisation/query_key_matching.hpp"

namespace gvl::training {
namespace {

/** The number within `text`, all of it, or none. */
std::optional<double> read_seconds(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(seconds) || seconds < 0) return std::nullopt;
  return seconds;
}

std::int64_t quantise(double seconds, double duration, std::int64_t temporal_tokens) {
  const auto largest = static_cast<double>(temporal_tokens);
  return static_cast<std::int64_t>(std::min(largest * seconds / duration, largest));
}

/** Rows of texts behind one video: first fit, longest first. */
struct Rows {
  std::vector<std::vector<const TokenizedText*>> rows;
  std::vector<std::size_t> lengths;

  Rows(const std::vector<TokenizedText>& texts, std::size_t width) {
    std::vector<const TokenizedText*> order;
    for (const TokenizedText& text : texts) order.push_back(&text);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto* a, const auto* b) { return a->ids.size() > b->ids.size(); });
    for (const TokenizedText* text : order) place(text, width);
  }

  void place(const TokenizedText* text, std::size_t width) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (lengths[row] + text->ids.size() > width) continue;
      rows[row].push_back(text);
      lengths[row] += text->ids.size();
      return;
    }
    rows.push_back({text});
    lengths.push_back(text->ids.size());
  }
};

/** Writes texts into a batch's tensors and collects its labels. */
class Layout {
 public:
  Layout(Batch& batch, std::int64_t width, std::int64_t rows) : batch_(batch), width_(width), rows_(rows) {}

  void add(std::int64_t video, const Rows& rows) {
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
      std::int64_t at = (video * rows_ + static_cast<std::int64_t>(row)) * width_;
      std::int64_t number = 0;
      for (const TokenizedText* text : rows.rows[row]) {
        add(*text, at, number++);
        at += static_cast<std::int64_t>(text->ids.size());
      }
    }
  }

  void finish() {
    batch_.label_at = at::tensor(label_at_, at::kLong);
    batch_.labels = at::tensor(labels_, at::kLong);
    batch_.weights = at::tensor(weights_, at::kFloat);
    batch_.texts_of = at::tensor(texts_of_, at::kLong);
    batch_.label_classes = at::stack({at::tensor(classified_, at::kLong), at::tensor(classes_, at::kLong)});
    batch_.options = {at::tensor(option_at_, at::kLong),
                      at::tensor(option_numbers_, at::kLong),
                      at::tensor(option_weights_, at::kFloat),
                      at::tensor(option_events_, at::kFloat),
                      at::tensor(option_moments_, at::kLong),
                      at::tensor(option_rights_, at::kFloat),
                      at::stack({at::tensor(told_, at::kLong), at::tensor(told_classes_, at::kLong)})};
  }

 private:
  void add(const TokenizedText& text, std::int64_t at, std::int64_t number) {
    auto* ids = batch_.ids.data_ptr<std::int64_t>() + at;
    auto* numbers = batch_.numbers.data_ptr<std::int64_t>() + at;
    auto* positions = batch_.positions.data_ptr<std::int64_t>() + at;
    const auto length = static_cast<std::int64_t>(text.ids.size());
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(text.first_label), 1);
    for (std::int64_t i = 0; i < length; ++i) {
      ids[i] = text.ids[static_cast<std::size_t>(i)];
      numbers[i] = number;
      positions[i] = i;
      if (i < first) continue;
      for (const std::int64_t each : text.classes) {
        classified_.push_back(static_cast<std::int64_t>(label_at_.size()));
        classes_.push_back(each);
      }
      label_at_.push_back(at + i - 1);
      labels_.push_back(ids[i]);
      weights_.push_back(1.0F / static_cast<float>(length - first));
      texts_of_.push_back(batch_.texts);
    }
    for (std::size_t i = 0; i < text.options.size(); ++i) add(text.options[i], at, i, text.options.size());
    ++batch_.texts;
  }

  void add(const TokenizedOption& option, std::int64_t at, std::size_t number, std::size_t count) {
    for (const std::int64_t each : option.classes) {
      told_.push_back(static_cast<std::int64_t>(option_at_.size()));
      told_classes_.push_back(each);
    }
    option_at_.push_back(at + static_cast<std::int64_t>(option.at));
    option_numbers_.push_back(static_cast<std::int64_t>(number));
    option_weights_.push_back(1.0F / static_cast<float>(count));
    option_events_.push_back(option.classes.empty() ? 0 : 1);
    option_moments_.push_back(option.moment);
    option_rights_.push_back(option.right ? 1 : 0);
  }

  Batch& batch_;
  std::int64_t width_, rows_;
  std::vector<std::int64_t> label_at_, labels_, texts_of_, classified_, classes_;
  std::vector<float> weights_;
  std::vector<std::int64_t> option_at_, option_numbers_, option_moments_, told_, told_classes_;
  std::vector<float> option_weights_, option_events_, option_rights_;
};

StreamInput stream_of(std::span<const Sample> samples, Tensor Sample::*pixels, Tensor Sample::*features) {
  std::vector<at::Tensor> encoded, given;
  for (const Sample& sample : samples) {
    if ((sample.*features).has_data()) given.push_back(layers::to_aten(sample.*features));
    if (!(sample.*features).has_data()) encoded.push_back(layers::to_aten(sample.*pixels));
  }
  std::vector<std::int64_t> order;
  std::int64_t first = 0, second = std::ssize(encoded);
  for (const Sample& sample : samples) order.push_back((sample.*features).has_data() ? second++ : first++);
  StreamInput stream{.order = at::tensor(order, at::kLong)};
  if (!encoded.empty()) stream.pixels = at::cat(encoded);
  if (!given.empty()) stream.features = at::cat(given);
  return stream;
}

std::size_t longest_text(std::span<const TokenizedSample> samples) {
  std::size_t longest = 1;
  for (const TokenizedSample& sample : samples) {
    for (const TokenizedText& text : sample.texts) longest = std::max(longest, text.ids.size());
  }
  return longest;
}

}  // namespace

std::string quantise_times(std::string_view text, double duration, std::int64_t temporal_tokens) {
  if (!(duration > 0)) throw Error(ErrorCode::kInvalidArgument, "a video of no duration has no times");
  std::string result;
  while (!text.empty()) {
    const std::size_t open = text.find('<');
    const std::size_t close = open == text.npos ? text.npos : text.find('>', open);
    if (close == text.npos) break;
    result += text.substr(0, open);
    if (const auto seconds = read_seconds(text.substr(open + 1, close - open - 1))) {
      result += text::temporal_name(quantise(*seconds, duration, temporal_tokens));
      text.remove_prefix(close + 1);
    } else {
      result += '<';
      text.remove_prefix(open + 1);
    }
  }
  return result.append(text);
}

TokenizedText tokenize(const text::PromptBuilder& prompts, const io::LanguageModel& model, const TrainingText& text,
                       double duration, std::vector<std::int64_t>* before_video) {
  const std::int64_t temporal = prompts.temporal().count();
  text::TrainingTokens tokens = prompts.build_training(quantise_times(text.user_turn, duration, temporal),
                                                       quantise_times(text.answer, duration, temporal));
  if (before_video != nullptr) *before_video = std::move(tokens.tokens.before_video);
  TokenizedText tokenized{std::move(tokens.tokens.after_video),
                          tokens.answer_start - std::min(model.labels_before_answer, tokens.answer_start),
                          text.classes};
  if (std::ssize(text.options) > EventCodes::kOptions) {
    throw Error(ErrorCode::kInvalidArgument,
                "a question has more than " + std::to_string(EventCodes::kOptions) + " options");
  }
  for (const TrainingOption& option : text.options) {
    const std::string read = quantise_times(text.user_turn.substr(0, option.end), duration, temporal);
    tokenized.options.push_back({prompts.ids_after_video(read), option.classes});
    tokenized.options.back().right = option.right;
    if (option.start) tokenized.options.back().moment = quantise(*option.start, duration, temporal);
  }
  return tokenized;
}

TokenizedSample tokenize(const text::PromptBuilder& prompts, const io::LanguageModel& model, const Sample& sample) {
  TokenizedSample tokens;
  for (const TrainingText& text : sample.texts) {
    std::vector<std::int64_t> before_video;
    tokens.texts.push_back(tokenize(prompts, model, text, sample.duration, &before_video));
    if (tokens.texts.size() > 1 && before_video != tokens.before_video) {
      throw Error(ErrorCode::kInvalidArgument, "texts about one video must all have the same words before <image>");
    }
    tokens.before_video = std::move(before_video);
  }
  return tokens;
}

Batch lay_out_texts(std::span<const TokenizedSample> samples) {
  Batch batch;
  const std::size_t width = longest_text(samples);
  std::vector<Rows> rows;
  std::size_t most = 0;
  for (const TokenizedSample& sample : samples) {
    rows.emplace_back(sample.texts, width);
    most = std::max(most, rows.back().rows.size());
    if (sample.texts.empty()) continue;
    if (batch.before_video.empty()) batch.before_video = sample.before_video;
    if (sample.before_video != batch.before_video) {
      throw Error(ErrorCode::kInvalidArgument, "texts of one batch must all have the same words before <image>");
    }
  }
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(samples.size()), static_cast<std::int64_t>(most),
                                        static_cast<std::int64_t>(width)};
  batch.ids = at::zeros(shape, at::kLong);
  batch.numbers = at::full(shape, -1, at::kLong);
  batch.positions = at::zeros(shape, at::kLong);
  Layout layout(batch, shape[2], shape[1]);
  for (std::size_t i = 0; i < rows.size(); ++i) layout.add(static_cast<std::int64_t>(i), rows[i]);
  layout.finish();
  return batch;
}

Batch make_batch(std::span<const Sample> samples, std::span<const TokenizedSample> tokens) {
  Batch batch = lay_out_texts(tokens);
  batch.spatial = stream_of(samples, &Sample::spatial_pixels, &Sample::spatial_features);
  batch.temporal = stream_of(samples, &Sample::temporal_pixels, &Sample::temporal_features);
  std::vector<at::Tensor> of_frames, of_patches;
  for (const Sample& sample : samples) {
    if (sample.frame_labels.has_data()) of_frames.push_back(layers::to_aten(sample.frame_labels));
    if (sample.patch_labels.has_data()) of_patches.push_back(layers::to_aten(sample.patch_labels));
  }
  const auto of_all = [&](const std::vector<at::Tensor>& labels) {
    return labels.size() == samples.size() && !labels.empty() ? at::stack(labels) : at::Tensor();
  };
  batch.frame_labels = of_all(of_frames);
  batch.patch_labels = of_all(of_patches);
  return batch;
}

}  // namespace gvl::training
