/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training/initialisation/filter_bank.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "gvl/error.hpp"
#include "training/initialisation/cosine_basis.hpp"
#include "training/initialisation/initial_value.hpp"

namespace gvl::training {
namespace {

using Channels = std::vector<std::int64_t>;

// Of features that the MLPs write: bands of brightness, colour and differences, motion, divergence.
constexpr std::int64_t kDifferenceBands = FilterBank::kDifferenceBands, kMotions = FilterBank::kMotions;
constexpr std::int64_t kBrightnessBands = 10, kColourBands = 4;
constexpr std::int64_t kEnergies = kBrightnessBands + kColourBands + kDifferenceBands;
// Channels of differences that are taken of fast cosines, and of each colour.
constexpr std::int64_t kFast = 4, kOfEachColour = 3;

constexpr double kPosition = 2;        // beside patches of about unit size
constexpr double kSharpness = 3;       // of attention that looks at one place
constexpr double kSlope = 3;           // makes gelu(x) + gelu(-x) more like |x|
constexpr double kStrange = 0.02;      // what is left of random queries and keys
constexpr double kNearIdentity = 0.1;  // LayerScale of further layers

/** Which channels of the encoder's width hold what. */
struct Layout {
  explicit Layout(const ModelConfig& config)
      : width(config.temporal.hidden_size),
        head(width / config.temporal.heads),
        heads(config.temporal.heads),
        grid(config.temporal.grid()),
        frames(config.frames_per_segment()),
        places(2 * grid + frames) {
    const std::int64_t content = width - places - head - kEnergies - kMotions - 1 - 2 * grid;
    colour = content * 2 / 13;
    brightness = content - 2 * colour;
    differences = places + content;
    features = differences + head;
  }

  bool fits(const VisionConfig& encoder) const {
    constexpr std::int64_t kFewestCosines = 48;
    const std::int64_t units = 2 * (brightness + 2 * colour + head) + 4 * kMotions + 16;
    return brightness >= kFewestCosines && head > kFast + 2 * kOfEachColour + 10 && heads >= 6 && frames >= 2 &&
           encoder.layers >= 2 && encoder.intermediate_size >= units;
  }

  std::int64_t row(std::int64_t r) const { return r; }
  std::int64_t column(std::int64_t c) const { return grid + c; }
  std::int64_t frame(std::int64_t t) const { return 2 * grid + t; }
  std::int64_t cosine(std::int64_t index) const { return places + index; }
  std::int64_t colour_cosine(std::int64_t which, std::int64_t index) const {
    return places + brightness + which * colour + index;
  }

  std::int64_t width, head, heads, grid, frames;
  std::int64_t places;  ///< channels of positions, the first ones
  std::int64_t brightness = 0, colour = 0;
  std::int64_t differences = 0;  ///< first of `head` channels
  std::int64_t features = 0;     ///< first channel that the MLPs write
};

Channels range(std::int64_t first, std::int64_t end) {
  Channels channels;
  for (std::int64_t i = first; i < end; ++i) channels.push_back(i);
  return channels;
}

/** One layer's weights while they are written. */
struct Layer {
  at::Tensor qkv, query_gain, projection, hidden, hidden_bias, output;
};

/** Fills hidden units of a layer's MLP one after the other. */
class Units {
 public:
  explicit Units(Layer& layer) : layer_(layer) {}

  struct Term {
    std::int64_t channel;
    double weight;
  };

  void add(const std::vector<Term>& inputs, double bias, Term output) {
    layer_.hidden[next_].zero_();
    for (const Term& input : inputs) layer_.hidden[next_][input.channel] = input.weight;
    layer_.hidden_bias[next_] = bias;
    layer_.output.select(1, next_).zero_();
    layer_.output[output.channel][next_] = output.weight;
    ++next_;
  }

 private:
  Layer& layer_;
  std::int64_t next_ = 0;
};

/** Writes the two layers that are designed. */
class Designer {
 public:
  explicit Designer(const Layout& layout) : at_(layout), next_feature_(layout.features) {
    for (std::int64_t i = 0; i < layout.head - kFast - 2 * kOfEachColour; ++i) differing_.push_back(layout.cosine(i));
    const std::int64_t fast = layout.brightness * 2 / 3, step = (layout.brightness - fast) / kFast;
    for (std::int64_t i = 0; i < kFast; ++i) differing_.push_back(layout.cosine(fast + step / 3 + i * step));
    for (std::int64_t which = 0; which < 2; ++which) {
      for (std::int64_t i = 0; i < kOfEachColour; ++i) differing_.push_back(layout.colour_cosine(which, i));
    }
  }

  void first_layer(Layer& layer) {
    soften(layer, 0.1, 0.3);
    layer.projection.narrow(0, at_.differences, at_.head).zero_();
    subtract(
        layer, 0, [this](std::int64_t t) { return before(t); }, -1);
    subtract(
        layer, 1, [](std::int64_t t) { return t; }, 1);
    Units units(layer);
    energies(units);
    motions(units);
  }

  void second_layer(Layer& layer) {
    soften(layer, 1, 0.5);
    const auto same = [](std::int64_t t) { return t; };
    const auto previous = [this](std::int64_t t) { return before(t); };
    const auto next = [this](std::int64_t t) { return t + 1 < at_.frames ? t + 1 : t - 1; };
    look(layer, 0, previous, false);
    look(layer, 1, next, false);
    look(layer, 2, same, false);
    layer.query_gain.narrow(0, 3 * at_.head, at_.head).fill_(0.01);  // at all places of all frames alike
    look(layer, 4, previous, true);
    look(layer, 5, next, true);
    const at::Tensor values = layer.qkv.narrow(0, 2 * at_.width, at_.width);
    values.narrow(1, 0, at_.features).mul_(0.2);
    values.narrow(1, at_.features, at_.width - at_.features).mul_(1.5);
    Units units(layer);
    places_of_motion(units);
    compress(units);
  }

 private:
  using Frame = std::function<std::int64_t(std::int64_t)>;

  /** A segment's first frame is compared with its second. */
  static std::int64_t before(std::int64_t t) { return t > 0 ? t - 1 : 1; }

  /** What else the layer does at random is weak, and leaves the positions alone. */
  void soften(Layer& layer, double attention, double mlp) const {
    layer.projection.mul_(attention).narrow(0, 0, at_.places).zero_();
    layer.output.mul_(mlp).narrow(0, 0, at_.places).zero_();
  }

  /** Head `head` looks from frame t at frame `to`(t), at the same place or at all of them. */
  void look(Layer& layer, std::int64_t head, const Frame& to, bool same_place) const {
    at::Tensor query = layer.qkv.narrow(0, head * at_.head, at_.head);
    at::Tensor key = layer.qkv.narrow(0, at_.width + head * at_.head, at_.head);
    for (at::Tensor* each : {&query, &key}) each->mul_(kStrange).narrow(0, 0, at_.places).zero_();
    for (std::int64_t i = 0; same_place && i < 2 * at_.grid; ++i) {
      query[i][i] = 1;
      key[i][i] = 1;
    }
    for (std::int64_t t = 0; t < at_.frames; ++t) {
      query[at_.frame(to(t))][at_.frame(t)] = 1;
      key[at_.frame(t)][at_.frame(t)] = 1;
    }
    layer.query_gain.narrow(0, head * at_.head, at_.head).fill_(kSharpness);
  }

  /** Adds `sign` times what the channels held at frame `of`(t) to the differences. */
  void subtract(Layer& layer, std::int64_t head, const Frame& of, double sign) const {
    look(layer, head, of, true);
    const at::Tensor values = layer.qkv.narrow(0, 2 * at_.width + head * at_.head, at_.head);
    values.zero_();
    layer.projection.narrow(1, head * at_.head, at_.head).zero_();
    for (std::int64_t i = 0; i < at_.head; ++i) {
      values[i][differing_[static_cast<std::size_t>(i)]] = 1;
      layer.projection[at_.differences + i][head * at_.head + i] = sign;
    }
  }

  void energy(Units& units, const Channels& channels) {
    const double weight = 1 / (kSlope * std::sqrt(static_cast<double>(channels.size())));
    for (const std::int64_t channel : channels) {
      for (const double sign : {1.0, -1.0}) units.add({{channel, sign * kSlope}}, 0, {next_feature_, weight});
    }
    ++next_feature_;
  }

  void energies(Units& units) {
    const std::int64_t n = at_.brightness;
    const std::int64_t edges[kBrightnessBands + 1] = {0,     1,         3,         6,         10, n * 7 / 24,
                                                      n / 2, n * 2 / 3, n * 7 / 9, n * 8 / 9, n};
    for (std::int64_t i = 0; i < kBrightnessBands; ++i) {
      energy(units, range(at_.cosine(edges[i]), at_.cosine(edges[i + 1])));
    }
    energy(units, {at_.colour_cosine(0, 0)});
    energy(units, {at_.colour_cosine(1, 0)});
    for (const auto& [first, end] :
         {std::pair(std::int64_t{1}, at_.colour * 2 / 3), {at_.colour * 2 / 3, at_.colour}}) {
      Channels both = range(at_.colour_cosine(0, first), at_.colour_cosine(0, end));
      const Channels other = range(at_.colour_cosine(1, first), at_.colour_cosine(1, end));
      both.insert(both.end(), other.begin(), other.end());
      energy(units, both);
    }
    first_difference_energy_ = next_feature_;
    const std::int64_t fast = at_.head - kFast - 2 * kOfEachColour;
    const std::int64_t ends[kDifferenceBands + 1] = {0, 1, 3, 6, 10, (10 + fast) / 2, fast, fast + kFast, at_.head};
    for (std::int64_t i = 0; i < kDifferenceBands; ++i) {
      energy(units, range(at_.differences + ends[i], at_.differences + ends[i + 1]));
    }
  }

  /** Adds the product of a difference and a cosine; with `gates`, only where one of these channels is on. */
  void product(Units& units, std::int64_t difference, std::int64_t cosine, double sign, const Channels& gates) const {
    constexpr double kGate = 6;
    for (const auto& [x, y] : {std::pair(1, 1), {-1, -1}, {1, -1}, {-1, 1}}) {
      std::vector<Units::Term> inputs{{at_.differences + difference, 2 * x * kSlope}, {at_.cosine(cosine), y * kSlope}};
      for (const std::int64_t gate : gates) inputs.push_back({gate, kGate});
      units.add(inputs, gates.empty() ? 0 : -2 * kGate, {next_feature_, sign * x * y * 0.5 / kSlope});
    }
  }

  void motions(Units& units) {
    // Of the cosines (0,0), (0,1), (1,0), (0,2), (1,1), (2,0), in this order: half waves down and across.
    constexpr std::int64_t kMean = 0, kAcross = 1, kDown = 2, kAcrossTwice = 3, kBoth = 4, kDownTwice = 5;
    constexpr std::pair<std::int64_t, std::int64_t> kPairs[kMotions] = {
        {kMean, kAcross}, {kMean, kDown}, {kAcross, kAcrossTwice}, {kDown, kDownTwice},
        {kAcross, kMean}, {kDown, kMean}, {kDown, kBoth},          {kAcross, kBoth}};
    for (const auto& [difference, cosine] : kPairs) {
      product(units, difference, cosine, 1, {});
      ++next_feature_;
    }
    // Divergence: outwards on both sides.
    const std::int64_t half = at_.grid / 2;
    product(units, kMean, kAcross, 1, range(at_.column(half), at_.column(at_.grid)));
    product(units, kMean, kAcross, -1, range(at_.column(0), at_.column(half)));
    product(units, kMean, kDown, 1, range(at_.row(half), at_.row(at_.grid)));
    product(units, kMean, kDown, -1, range(at_.row(0), at_.row(half)));
    ++next_feature_;
  }

  /** The differences' energy, row by row and column by column. */
  void places_of_motion(Units& units) {
    constexpr double kGate = 3, kClosed = -9;
    for (std::int64_t place = 0; place < 2 * at_.grid; ++place) {
      std::vector<Units::Term> inputs{{place, kGate}};
      units.add(inputs, kClosed, {next_feature_, -0.5});
      for (std::int64_t band = 1; band < kDifferenceBands; ++band) {
        inputs.push_back({first_difference_energy_ + band, 1});
      }
      units.add(inputs, kClosed, {next_feature_, 0.5});
      ++next_feature_;
    }
  }

  /** Energies lose most of their size and gain steps near nothing: what is small is told apart best. */
  void compress(Units& units) const {
    struct Piece {
      double slope, bias, output;
    };
    constexpr Piece kPieces[] = {
        {kSlope, 0, -0.7 / kSlope}, {-kSlope, 0, 0.7 / kSlope}, {-2, 1.6, -0.7}, {-8, 1.6, -1}};
    for (std::int64_t i = 1; i < kEnergies; ++i) {
      const std::int64_t channel = at_.features + i;
      for (const Piece& piece : kPieces) units.add({{channel, piece.slope}}, piece.bias, {channel, piece.output});
    }
  }

  const Layout& at_;
  std::int64_t next_feature_;
  std::int64_t first_difference_energy_ = 0;
  Channels differing_;  ///< channels whose differences are taken, in the order of theirs
};

at::Tensor patch_filters(const Layout& at, const VisionConfig& encoder, const std::vector<std::int64_t>& shape) {
  at::Tensor filters = at::zeros(shape);
  filters.narrow(0, at.places, at.brightness + 2 * at.colour)
      .copy_(cosine_basis({at.brightness, at.colour, at.colour}, encoder.patch_size)
                 .reshape({at.brightness + 2 * at.colour, 3, 1, encoder.patch_size, encoder.patch_size}));
  return filters;
}

at::Tensor positions(const Layout& at) {
  at::Tensor places = at::zeros({at.frames, at.grid, at.grid, at.width});
  for (std::int64_t i = 0; i < at.grid; ++i) {
    places.select(1, i).select(-1, at.row(i)).fill_(kPosition);
    places.select(2, i).select(-1, at.column(i)).fill_(kPosition);
  }
  for (std::int64_t t = 0; t < at.frames; ++t) places[t].select(-1, at.frame(t)).fill_(kPosition);
  return at::cat({at::zeros({1, 1, at.width}), places.reshape({1, -1, at.width})}, 1);
}

}  // namespace

FilterBank::FilterBank(const ModelConfig& config, std::uint64_t seed) {
  const VisionConfig& encoder = config.temporal;
  const Layout at(config);
  if (!encoder.type.empty() && encoder.type != "internvideo2") {
    throw Error(ErrorCode::kInvalidArgument,
                "filter_bank: the temporal encoder is \"" + encoder.type + "\", and it needs internvideo2");
  }
  if (!at.fits(encoder)) {
    throw Error(ErrorCode::kInvalidArgument, "filter_bank: the temporal encoder is too small to begin as one");
  }
  difference_energies_ = at.features + kBrightnessBands + kColourBands;
  const std::int64_t width = at.width, hidden = encoder.intermediate_size;
  const auto first_value = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    return initial_value("temporal_encoder." + name, shape, config, seed);
  };
  Designer designer(at);
  for (std::int64_t i = 0; i < encoder.layers; ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".";
    if (i >= 2) {
      for (const char* name : {"ls1.gamma", "ls2.gamma"}) {
        values_[block + name] = first_value(block + name, {width}).fill_(kNearIdentity);
      }
      continue;
    }
    const auto take = [&](const char* name, const std::vector<std::int64_t>& shape) {
      return values_[block + name] = first_value(block + name, shape);
    };
    Layer layer{take("attn.qkv.weight", {3 * width, width}),
                take("attn.q_norm.weight", {width}),
                take("attn.proj.weight", {width, width}),
                take("mlp.fc1.weight", {hidden, width}),
                take("mlp.fc1.bias", {hidden}),
                take("mlp.fc2.weight", {width, hidden})};
    if (i == 0) {
      designer.first_layer(layer);
    } else {
      designer.second_layer(layer);
    }
  }
  values_["patch_embed.proj.weight"] =
      patch_filters(at, encoder, {width, 3, 1, encoder.patch_size, encoder.patch_size});
  values_["pos_embed"] = positions(at);
}

at::Tensor FilterBank::value(const std::string& name) const {
  constexpr std::string_view kEncoder = "temporal_encoder.";
  if (!name.starts_with(kEncoder)) return {};
  const auto found = values_.find(name.substr(kEncoder.size()));
  return found == values_.end() ? at::Tensor() : found->second;
}

}  // namespace gvl::training
