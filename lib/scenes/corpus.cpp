/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes/claim.hpp"
#include "scenes/conversation.hpp"
#include "scenes/emoji_table.hpp"
#include "scenes/phrases.hpp"

namespace gvl::scenes {
namespace {

SceneObject any_object(Random& random) {
  static constexpr std::string_view shapes[] = {"circle",  "ring",    "square", "triangle", "star",
                                                "diamond", "hexagon", "heart",  "arrow",    "cross"};
  static constexpr std::string_view sizes[] = {"", "small", "large"};
  const bool shape = random.chance(0.4);
  const std::string noun = shape ? std::string(random.pick(shapes)) : random.pick(emoji_names()).noun;
  return {noun, std::string(random.pick(kBasicColours)), std::string(random.pick(sizes)), shape};
}

/** A list of events that need not be possible: only their words count. */
Scene any_scene(Random& random) {
  Scene scene;
  scene.duration = 30;
  scene.objects = {any_object(random), any_object(random)};
  for (int i = 0; i < 5; ++i) {
    Event event;
    event.kind = static_cast<EventKind>(random.integer(0, static_cast<std::int64_t>(kEventKinds) - 1));
    event.start = 6 * i + random.uniform(0, 2);
    event.stop = event.start + random.uniform(0.5, 4);
    if (group_of(event.kind) == EventGroup::kObject) event.object = i % 2;
    if (event.kind == EventKind::kMeet) event.other = 1 - event.object;
    if (event.kind == EventKind::kEnters || event.kind == EventKind::kLeaves) {
      event.side = static_cast<Side>(random.integer(1, 4));
    }
    scene.events.push_back(event);
  }
  return scene;
}

}  // namespace

std::vector<std::string> corpus(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<std::string> texts;
  while (texts.size() < count) {
    const Scene scene = any_scene(random);
    for (const Conversation& talk : converse(scene, random.next(), {})) {
      texts.push_back(talk.question);
      texts.push_back(talk.answer);
    }
  }
  texts.resize(count);
  return texts;
}

}  // namespace gvl::scenes
