/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/claim.hpp"

#include <algorithm>
#include <array>

namespace gvl::scenes {
namespace {

using enum EventKind;

struct Callable {
  EventKind asked;
  KindSet happened;
};

/** What a viewer might describe with the words for `asked`, although it is another kind. Movements are apart. */
constexpr Callable kCallable[] = {
    {kBlack, {kFadeToBlack, kFadeFromBlack, kTooDark, kCovered}},
    {kWhite, {kTooBright}},
    {kGrayscale, {kNoise}},
    {kNoise, {kBlocks}},
    {kBlocks, {kNoise}},
    {kCovered, {kBlack}},
    {kTooBright, {kWhite}},
    {kTooDark, {kBlack, kFadeToBlack, kFadeFromBlack, kCovered}},
    {kCut, {kOtherScene}},
    {kOtherScene, {kCut, kCrossFade}},
    {kAppears, {kEnters, kCut, kOtherScene, kCrossFade}},
    {kDisappears, {kLeaves, kCut, kOtherScene, kCrossFade}},
    {kStops, {kFreeze}},
    {kGrows, {kZoomIn}},
    {kShrinks, {kZoomOut}},
};

/** The same for denying: more is arguable then. */
constexpr Callable kUndeniable[] = {
    {kFreeze, {kStops, kColorBars, kBlack}},
    {kCrossFade, {kFadeToBlack, kFadeFromBlack, kCut}},
    {kFadeToBlack, {kTooDark, kCovered}},
    {kFadeFromBlack, {kTooDark, kCovered}},
    {kCut, {kBlack, kWhite, kColorBars, kCrossFade}},
    {kOtherScene, {kColorBars}},
    {kFlicker, {kTooBright, kWhite, kNoise}},
    {kShake, {kFlicker}},
    {kBlur, {kShake, kBlocks, kCovered}},
    {kZoomIn, {kGrows}},
    {kZoomOut, {kShrinks}},
    {kBounces, {kMovesUp, kMovesDown}},
    {kStops, {kEnters, kMovesLeft, kMovesRight, kMovesUp, kMovesDown, kMeet, kBounces, kSpins}},
};

template <std::size_t count>
bool listed(const Callable (&table)[count], EventKind asked, EventKind happened) {
  return std::any_of(std::begin(table), std::end(table),
                     [&](const Callable& row) { return row.asked == asked && row.happened.contains(happened); });
}

/** What an object's movement to one side can also be. */
struct Movement {
  EventKind kind;
  Side from, to;
  EventKind camera;  ///< which turn of the camera moves all things that way
};
constexpr Movement kMovements[] = {{kMovesLeft, Side::kRight, Side::kLeft, kPanRight},
                                   {kMovesRight, Side::kLeft, Side::kRight, kPanLeft},
                                   {kMovesUp, Side::kBottom, Side::kTop, kTiltDown},
                                   {kMovesDown, Side::kTop, Side::kBottom, kTiltUp}};

/** Whether words for `asked` (naming `side`) could mean an event `kind` at side `event_side`. */
bool callable(EventKind asked, Side side, EventKind kind, Side event_side) {
  if (asked == kind) return side == Side::kNone || event_side == Side::kNone || side == event_side;
  for (const Movement& way : kMovements) {
    if (asked == way.kind) {
      const bool vertical = asked == kMovesUp || asked == kMovesDown;
      return kind == way.camera || kind == kMeet || (kind == kEnters && event_side == way.from) ||
             (kind == kLeaves && event_side == way.to) || (kind == kBounces && vertical);
    }
    if ((asked == kEnters || asked == kLeaves) && kind == way.camera) {
      return side == Side::kNone || side == (asked == kEnters ? way.from : way.to);
    }
  }
  if (asked == kEnters) return kind == kAppears;
  if (asked == kLeaves) return kind == kDisappears;
  return listed(kCallable, asked, kind);
}

bool contains_word(std::string_view text, std::string_view word) {
  return (" " + std::string(text) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

/** Whether one noun might stand for the other's thing: "ball" for "soccer ball", "circle" for what is round. */
bool nouns_close(const std::string& noun, const SceneObject& object) {
  if (contains_word(noun, object.noun) || contains_word(object.noun, noun)) return true;
  const auto last = [](const std::string& text) { return text.substr(text.rfind(' ') + 1); };
  if (last(noun) == last(object.noun)) return true;
  static constexpr std::array<std::string_view, 4> groups[] = {{"truck", "car", "taxi", "pickup truck"},
                                                               {"leopard", "tiger", "cat", "cheetah"},
                                                               {"crocodile", "lizard", "dragon", "dinosaur"},
                                                               {"whale", "dolphin", "shark", "fish"},
                                                               {"ship", "sailboat", "speedboat", "canoe"},
                                                               {"cow", "bison", "goat", "ram"},
                                                               {"duck", "swan", "bird", "eagle"},
                                                               {"bird", "parrot", "chick", "rooster"},
                                                               {"square", "diamond", "gift box", "box"},
                                                               {"motorcycle", "scooter", "bicycle", "bike"},
                                                               {"volleyball", "basketball", "baseball", "tennis ball"},
                                                               {"ram", "sheep", "goat", "lamb"},
                                                               {"tree", "pine tree", "palm tree", "broccoli"}};
  for (const auto& group : groups) {
    const auto has = [&](const std::string& word) {
      return std::find(group.begin(), group.end(), word) != group.end();
    };
    if (has(noun) && has(object.noun)) return true;
  }
  // A ball is a circle to some, a traced outline a ring.
  return (noun == "circle" || noun == "ring") && (!object.shape || object.noun == "circle" || object.noun == "ring");
}

Truth both(Truth a, Truth b) { return std::min(a, b); }

}  // namespace

bool colours_close(std::string_view a, std::string_view b) {
  static constexpr std::string_view pairs[][2] = {
      {"red", "orange"},  {"red", "pink"},     {"red", "brown"},   {"orange", "yellow"}, {"orange", "brown"},
      {"pink", "purple"}, {"blue", "purple"},  {"white", "gray"},  {"gray", "black"},    {"brown", "black"},
      {"gray", "brown"},  {"yellow", "brown"}, {"white", "yellow"}};
  if (a == b) return true;
  return std::any_of(std::begin(pairs), std::end(pairs), [&](const auto& pair) {
    return (pair[0] == a && pair[1] == b) || (pair[0] == b && pair[1] == a);
  });
}

Truth names(const ObjectWords& words, const SceneObject& object) {
  Truth truth = Truth::kYes;
  if (!words.noun.empty() && words.noun != object.noun) {
    truth = nouns_close(words.noun, object) ? Truth::kArguable : Truth::kNo;
  }
  if (!words.colour.empty() && words.colour != object.colour) {
    const bool arguable = object.colour.empty() || colours_close(words.colour, object.colour);
    truth = both(truth, arguable ? Truth::kArguable : Truth::kNo);
  }
  if (!words.size.empty() && words.size != object.size) {
    truth = both(truth, object.size.empty() ? Truth::kArguable : Truth::kNo);
  }
  return truth;
}

Truth shown_by(const Claim& claim, const Scene& scene, const Event& event) {
  if (!callable(claim.kind, claim.side, event.kind, event.side)) return Truth::kNo;
  Truth truth = claim.kind == event.kind ? Truth::kYes : Truth::kArguable;
  if (group_of(claim.kind) != EventGroup::kObject || event.object < 0) return truth;
  const auto& objects = scene.objects;
  const auto fits = [&](const ObjectWords& words, int index) {
    return index < 0 ? Truth::kNo : names(words, objects[static_cast<std::size_t>(index)]);
  };
  if (event.kind != kMeet) return both(truth, fits(claim.x, event.object));
  if (claim.kind != kMeet) return both(truth, std::max(fits(claim.x, event.object), fits(claim.x, event.other)));
  const Truth straight = both(fits(claim.x, event.object), fits(claim.y, event.other));
  const Truth crossed = both(fits(claim.x, event.other), fits(claim.y, event.object));
  return both(truth, std::max(straight, crossed));
}

bool confusable(EventKind left_kind, Side left, EventKind right_kind, Side right) {
  return callable(left_kind, left, right_kind, right) || callable(right_kind, right, left_kind, left) ||
         listed(kUndeniable, left_kind, right_kind) || listed(kUndeniable, right_kind, left_kind);
}

KindSet near_misses(EventKind kind) {
  static constexpr Callable table[] = {
      {kFreeze, {kFlicker, kShake, kBlur}},
      {kBlack, {kWhite, kColorBars, kNoise, kTooBright}},
      {kWhite, {kBlack, kColorBars, kCovered}},
      {kGrayscale, {kTooDark, kBlur, kBlack}},
      {kBlur, {kNoise, kGrayscale}},
      {kNoise, {kColorBars, kBlur}},
      {kBlocks, {kColorBars, kFreeze}},
      {kFlicker, {kTooDark, kFreeze}},
      {kColorBars, {kNoise, kBlocks, kGrayscale}},
      {kUpsideDown, {kTiltUp, kTiltDown, kSpins}},
      {kCovered, {kTooBright, kWhite}},
      {kTooBright, {kTooDark, kFadeFromBlack, kBlack}},
      {kTooDark, {kTooBright, kGrayscale, kWhite}},
      {kCut, {kFreeze, kShake}},
      {kOtherScene, {kBlur, kFreeze}},
      {kCrossFade, {kBlur, kZoomIn}},
      {kFadeToBlack, {kFadeFromBlack, kWhite}},
      {kFadeFromBlack, {kFadeToBlack, kTooBright}},
      {kPanLeft, {kPanRight, kTiltUp, kTiltDown}},
      {kPanRight, {kPanLeft, kTiltUp, kTiltDown}},
      {kTiltUp, {kTiltDown, kPanLeft, kPanRight}},
      {kTiltDown, {kTiltUp, kPanLeft, kPanRight}},
      {kZoomIn, {kZoomOut, kTiltUp}},
      {kZoomOut, {kZoomIn, kTiltDown}},
      {kShake, {kPanLeft, kPanRight}},
      {kAppears, {kDisappears}},
      {kDisappears, {kAppears}},
      {kEnters, {kLeaves, kEnters, kDisappears}},
      {kLeaves, {kEnters, kLeaves, kAppears}},
      {kMovesLeft, {kMovesRight, kMovesUp}},
      {kMovesRight, {kMovesLeft, kMovesDown}},
      {kMovesUp, {kMovesDown, kMovesLeft}},
      {kMovesDown, {kMovesUp, kMovesRight}},
      {kStops, {kShrinks, kGrows}},
      {kGrows, {kShrinks, kSpins}},
      {kShrinks, {kGrows, kDisappears}},
      {kSpins, {kBounces, kGrows}},
      {kBounces, {kSpins, kShrinks}},
      {kMeet, {kGrows, kSpins}},
  };
  static_assert(std::size(table) == kEventKinds);
  return table[static_cast<std::size_t>(kind)].happened;
}

bool surely_absent(const Claim& claim, const Scene& scene) {
  const bool about_object = group_of(claim.kind) == EventGroup::kObject;
  return std::none_of(scene.events.begin(), scene.events.end(), [&](const Event& event) {
    if (!confusable(claim.kind, claim.side, event.kind, event.side)) return false;
    if (!about_object || event.object < 0) return true;
    Claim same = claim;  // only the objects decide now
    same.kind = event.kind;
    same.side = Side::kNone;
    if (claim.kind == kMeet && event.kind != kMeet) return true;
    if (claim.kind != kMeet && event.kind == kMeet) {
      const auto fits = [&](int index) { return names(claim.x, scene.objects[static_cast<std::size_t>(index)]); };
      return std::max(fits(event.object), fits(event.other)) != Truth::kNo;
    }
    return shown_by(same, scene, event) != Truth::kNo;
  });
}

Claim claim_of(const Scene& scene, const Event& event) {
  const auto words = [&](int index) {
    if (index < 0) return ObjectWords();
    const SceneObject& object = scene.objects[static_cast<std::size_t>(index)];
    return ObjectWords{object.noun, object.colour, object.size};
  };
  return {event.kind, words(event.object), words(event.other), event.side};
}

}  // namespace gvl::scenes
