/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/speaker.hpp"
#include "scenes/english.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "scenes/english.hpp"

namespace gvl::scenes {
namespace {

constexpr std::string_view kThings[] = {"object", "object", "thing", "item"};

bool is_object(EventKind kind) { return group_of(kind) == EventGroup::kObject; }
bool has_side(EventKind kind) { return kind == EventKind::kEnters || kind == EventKind::kLeaves; }

/** Nouns whose descriptions mean something else: "the camera moves left", "an orange thing". */
bool misleading(const std::string& noun) { return noun == "camera" || noun == "orange" || noun == "television"; }

const SceneObject& object_at(const Scene& scene, int index) { return scene.objects[static_cast<std::size_t>(index)]; }

std::string size_word(const std::string& size, Random& random) {
  static constexpr std::string_view small[] = {"small", "small", "little", "tiny"};
  static constexpr std::string_view large[] = {"large", "large", "big", "huge"};
  if (size == "small") return std::string(random.pick(small));
  return size == "large" ? std::string(random.pick(large)) : size;
}

std::string colour_word(const std::string& colour, Random& random) {
  if (colour == "gray" && random.chance(0.5)) return "grey";
  if (colour == "purple" && random.chance(0.2)) return "violet";
  return random.chance(0.06) ? colour + "-coloured" : random.chance(0.03) ? colour + "-colored" : colour;
}

constexpr std::string_view kOrdinals[] = {"first", "second", "third", "fourth", "fifth"};

/** "the first time", "for the second time", ... of `count` times. */
std::string with_ordinal(const std::string& clause, std::size_t place, std::size_t count, Random& random) {
  std::string ordinal(kOrdinals[place]);
  if (place + 1 == count && random.chance(0.4)) ordinal = random.chance(0.6) ? "last" : "final";
  if (random.chance(0.5)) return "the " + ordinal + " time " + (random.chance(0.25) ? "that " : "") + clause;
  if (random.chance(0.3)) return "when " + clause + " for the " + ordinal + " time";
  return clause + " for the " + ordinal + " time";
}

}  // namespace

std::pair<Mention, ObjectWords> Speaker::mention(const SceneObject& object) {
  ObjectWords words;
  const double drawn = random_.uniform();
  const bool noun = drawn < 0.36 && !misleading(object.noun);
  if (noun) words.noun = object.noun;
  const bool coloured = noun ? random_.chance(0.3) : drawn < 0.78;
  if (coloured) words.colour = object.colour;
  if (!object.size.empty() && random_.chance(noun ? 0.2 : 0.35)) words.size = object.size;
  std::string adjectives;
  if (!words.size.empty()) adjectives = size_word(words.size, random_) + " ";
  if (!words.colour.empty()) adjectives += colour_word(words.colour, random_) + " ";
  Mention mention;
  if (!noun && random_.chance(0.12)) {
    if (!adjectives.empty()) adjectives.pop_back();
    mention.text = adjectives.empty() ? "something" : "something " + adjectives;
    return {mention, words};
  }
  const std::string thing(object.shape && random_.chance(0.3) ? std::string_view("shape") : random_.pick(kThings));
  const std::string text = adjectives + (noun ? object.noun : thing);
  mention.plural = noun && is_plural(object.noun);
  mention.text = random_.chance(0.6) ? "the " + text : with_article(text);
  return {mention, words};
}

std::vector<const Event*> Speaker::meant(const Claim& claim, bool* sure) const {
  std::vector<const Event*> events;
  for (const Event& event : scene_.events) {
    const Truth truth = shown_by(claim, scene_, event);
    if (truth == Truth::kNo) continue;
    if (truth == Truth::kArguable && sure) *sure = false;
    events.push_back(&event);
  }
  return events;
}

KindSet Speaker::other_kinds(const Event& event) const {
  KindSet others;
  for (const Event& one : scene_.events) {
    if (one.kind != event.kind) others.insert(one.kind);
  }
  return others;
}

bool Speaker::happens_again(const Event& event) const {
  return !is_object(event.kind) && std::any_of(scene_.events.begin(), scene_.events.end(), [&](const Event& one) {
    return &one != &event && one.kind == event.kind;
  });
}

std::optional<Told> Speaker::describe_all(const Event& event, ClauseForm form) {
  bool sure = true;
  auto events = meant({event.kind, {}, {}, Side::kNone}, &sure);
  if (!sure) return std::nullopt;
  auto phrase = gvl::scenes::describe(event.kind, {}, random_, split_, form, other_kinds(event));
  if (!phrase) return std::nullopt;
  return Told{std::move(phrase->text), std::move(events)};
}

std::optional<std::string> Speaker::try_describe(const Event& event, ClauseForm form) {
  Saying saying;
  saying.claim.kind = event.kind;
  if (event.object >= 0) {
    std::tie(saying.subject.x, saying.claim.x) = mention(object_at(scene_, event.object));
  }
  if (event.other >= 0) {
    std::tie(saying.subject.y, saying.claim.y) = mention(object_at(scene_, event.other));
    if (saying.subject.x.text == saying.subject.y.text) return std::nullopt;
    if (random_.chance(0.5)) {
      std::swap(saying.subject.x, saying.subject.y);
      std::swap(saying.claim.x, saying.claim.y);
    }
  }
  saying.subject.side = event.side;
  saying.subject.long_lasting = event.stop - event.start > scene_.duration / 2;
  const KindSet others = other_kinds(event);
  const bool repeated = std::any_of(scene_.events.begin(), scene_.events.end(), [&](const Event& one) {
    return &one != &event && shown_by(saying.claim, scene_, one) != Truth::kNo;
  });
  // What happens repeatedly has an ordinal, which needs a plain clause.
  const auto phrase = gvl::scenes::describe(event.kind, saying.subject, random_, split_,
                                            repeated && form == ClauseForm::kAny ? ClauseForm::kPresent : form, others,
                                            has_side(event.kind) && repeated);
  if (!phrase) return std::nullopt;
  if (phrase->has_side) saying.claim.side = event.side;
  bool sure = true;
  const auto events = meant(saying.claim, &sure);
  if (!sure) return std::nullopt;
  if (events.size() == 1) return phrase->text;
  if (form == ClauseForm::kQuestion || events.empty()) return std::nullopt;
  const auto place = static_cast<std::size_t>(std::find(events.begin(), events.end(), &event) - events.begin());
  if (place >= std::size(kOrdinals)) return std::nullopt;
  // Two different things that fit "a red thing" are not one thing doing something twice.
  const auto same = [&](const Event* one) { return one->object == event.object && one->other == event.other; };
  if (!std::all_of(events.begin(), events.end(), same)) return std::nullopt;
  return with_ordinal(phrase->text, place, events.size(), random_);
}

std::optional<std::string> Speaker::describe(const Event& event, ClauseForm form) {
  for (int attempt = 0; attempt < 12; ++attempt) {
    if (auto text = try_describe(event, form)) return text;
  }
  return std::nullopt;
}

std::optional<std::string> Speaker::describe(const Saying& absent, ClauseForm form) {
  KindSet present;
  for (const Event& event : scene_.events) present.insert(event.kind);
  const auto phrase = gvl::scenes::describe(absent.claim.kind, absent.subject, random_, split_, form, present,
                                            absent.claim.side != Side::kNone);
  return phrase ? std::optional(phrase->text) : std::nullopt;
}

/** Of an object of the scene, or of a colour that nothing in the scene has. */
std::optional<Saying> Speaker::absent_object(EventKind kind, const Event* near) {
  Saying saying;
  saying.claim.kind = kind;
  if (has_side(kind)) {
    static constexpr std::array<Side, 4> sides{Side::kLeft, Side::kRight, Side::kTop, Side::kBottom};
    saying.subject.side = random_.pick(sides);
    const bool named = random_.chance(0.7) || (near && near->kind == kind);
    if (named) saying.claim.side = saying.subject.side;
  }
  const bool foreign = scene_.objects.empty() || random_.chance(0.4);
  const auto draw = [&](int wished) {
    if (!foreign && !scene_.objects.empty())
      return mention(wished >= 0 ? object_at(scene_, wished) : random_.pick(scene_.objects));
    SceneObject object;
    object.noun = "camera";  // never said
    object.colour = random_.pick(kBasicColours);
    auto [words, meaning] = mention(object);
    return std::pair(words, meaning);
  };
  std::tie(saying.subject.x, saying.claim.x) = draw(near ? near->object : -1);
  if (kind == EventKind::kMeet) {
    std::tie(saying.subject.y, saying.claim.y) = draw(near ? near->other : -1);
    if (saying.subject.x.text == saying.subject.y.text) return std::nullopt;
  }
  if (kind == EventKind::kAppears && !foreign) return std::nullopt;  // what is seen at first has appeared, in a way
  return saying;
}

std::optional<Saying> Speaker::absent(bool near) {
  for (int attempt = 0; attempt < 40; ++attempt) {
    const Event* model = near && !scene_.events.empty() ? &random_.pick(scene_.events) : nullptr;
    auto kind = static_cast<EventKind>(random_.integer(0, static_cast<std::int64_t>(kEventKinds) - 1));
    if (model) {
      KindSet kinds = near_misses(model->kind);
      if (is_object(model->kind)) kinds.insert(model->kind);  // with another colour or side
      if (!kinds.contains(kind)) continue;
    }
    const auto saying = is_object(kind) ? absent_object(kind, model) : Saying{{kind, {}, {}, Side::kNone}, {}};
    if (saying && surely_absent(saying->claim, scene_)) return saying;
  }
  return near ? absent(false) : std::nullopt;
}

Mention Speaker::report_mention(int index) const {
  if (index < 0) return {};
  const SceneObject& object = object_at(scene_, index);
  const bool shared = std::count_if(scene_.objects.begin(), scene_.objects.end(),
                                    [&](const SceneObject& other) { return other.colour == object.colour; }) > 1;
  const std::string colour = object.colour.empty() ? "" : object.colour + " ";
  // A shape has few names, a thing has many: its colour is the better guess.
  const bool by_noun = object.shape || colour.empty() || shared;
  const std::string text = colour + (by_noun ? object.noun : "object");
  return {with_article(text), by_noun && is_plural(object.noun)};
}

std::string Speaker::report(const Event& event, std::size_t index) const {
  return canonical(event.kind, {report_mention(event.object), report_mention(event.other), event.side}, index);
}

std::string Speaker::report(const Saying& saying, std::size_t index) const {
  const auto indefinite = [](const ObjectWords& words) {
    std::string text = words.colour.empty() ? "" : words.colour + " ";
    if (!words.size.empty()) text = words.size + " " + text;
    return Mention{with_article(text + (words.noun.empty() ? "object" : words.noun)), is_plural(words.noun)};
  };
  return canonical(saying.claim.kind, {indefinite(saying.claim.x), indefinite(saying.claim.y), saying.subject.side},
                   index);
}

}  // namespace gvl::scenes
