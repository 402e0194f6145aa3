/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenes/claim.hpp"

namespace gvl::scenes {

/** Something that might be said of a video: what it claims, and the words for whom it is about. */
struct Saying {
  Claim claim;
  PhraseSubject subject;
};

/** A description, and the events that it tells of, by start. */
struct Told {
  std::string text;
  std::vector<const Event*> events;
};

/** Talks about one scene. What it says of an event is never true of another one of the scene. */
class Speaker {
 public:
  /** Draws from `random`; both have to outlive this. */
  Speaker(const Scene& scene, Random& random, Split split) : scene_(scene), random_(random), split_(split) {}

  /** A description that only `event` fits, where needed by "the second time"; nothing where none was found. */
  std::optional<std::string> describe(const Event& event, ClauseForm form = ClauseForm::kAny);

  /** Whether it is of the picture and one of several of its kind. */
  bool happens_again(const Event& event) const;

  /** A description of all that happens like `event`, which happens again; nothing where it could mean anything else. */
  std::optional<Told> describe_all(const Event& event, ClauseForm form = ClauseForm::kAny);

  /** A description of what does not happen. */
  std::optional<std::string> describe(const Saying& absent, ClauseForm form = ClauseForm::kAny);

  /** Something that surely does not happen: `near` to something that does, or anything. */
  std::optional<Saying> absent(bool near);

  /** As reports say it: "a red object enters from the left". `index` counts the kind's wordings. */
  std::string report(const Event& event, std::size_t index = 0) const;
  std::string report(const Saying& saying, std::size_t index = 0) const;

  /** Words for an object; indefinite ("a red thing") or not, at random. */
  std::pair<Mention, ObjectWords> mention(const SceneObject& object);

  /** The events that a claim could mean, surely or arguably; `sure` is cleared by an arguable one. */
  std::vector<const Event*> meant(const Claim& claim, bool* sure) const;

  const Scene& scene() const { return scene_; }
  Random& random() { return random_; }
  Split split() const { return split_; }

 private:
  std::optional<std::string> try_describe(const Event& event, ClauseForm form);
  KindSet other_kinds(const Event& event) const;
  Mention report_mention(int object) const;
  std::optional<Saying> absent_object(EventKind kind, const Event* near);

  const Scene& scene_;
  Random& random_;
  Split split_;
};

}  // namespace gvl::scenes
