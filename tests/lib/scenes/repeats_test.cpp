/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Videos in which one kind of event comes again and again, or lasts for most of the time.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "gvl/error.hpp"
#include "scenes/asking.hpp"
#include "scenes/claim.hpp"
#include "scenes/conversation.hpp"
#include "scenes_test.hpp"
#include "text/answer.hpp"

using namespace gvl;
using namespace gvl::scenes;
using namespace gvl::scenes::test;

namespace {

/** FNV-1a of numbers to the thousandth. */
class Fingerprint {
 public:
  void add(std::initializer_list<double> numbers) {
    for (const double number : numbers) {
      char text[64];
      std::snprintf(text, sizeof text, "%.3f ", number);
      for (const char* c = text; *c; ++c) hash_ = (hash_ ^ static_cast<unsigned char>(*c)) * 0x100000001B3ULL;
    }
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

void add(const Composition& composition, Fingerprint& print) {
  const auto& [scene, look] = composition;
  print.add({scene.duration, scene.fps, double(scene.width), double(scene.height)});
  for (const Event& e : scene.events) {
    print.add({double(e.kind), e.start, e.stop, double(e.object), double(e.other), double(e.side)});
  }
  for (const Backdrop& b : look.backdrops) {
    print.add({double(b.source), double(b.index), double(b.seed % 997), b.clip_offset, b.zoom, b.x, b.y, b.gain});
  }
  for (const Shot& s : look.shots) print.add({s.start, double(s.backdrop), s.dissolve});
  for (const CameraMove& m : look.moves) print.add({m.start, m.stop, m.right, m.down, m.zoom, double(m.ease)});
  for (const Shake& s : look.shakes) print.add({s.start, s.stop, s.amplitude});
  for (const LevelKey& k : look.levels) print.add({k.time, k.level});
  for (const Fault& f : look.faults) {
    print.add({double(f.kind), f.start, f.stop, f.ramp, double(f.variant), f.strength, f.angle, double(f.seed % 997)});
  }
  for (const ObjectLook& o : look.objects) {
    print.add({double(o.index), o.size, o.x, o.y, o.tilt, double(o.backdrop), o.wiggle.x, o.roam.x});
    for (const Motion& m : o.motions) print.add({double(m.kind), m.start, m.stop, m.right, m.down, m.scale, m.turns});
  }
  print.add({look.camera_x, look.camera_y, look.camera_zoom, look.sway.x, look.noise, look.drift.x});
}

const Assets& no_assets() {
  static const Assets none{AssetOptions{}};
  return none;
}

std::uint64_t fingerprint(const Composition& composition) {
  Fingerprint print;
  add(composition, print);
  return print.value();
}

ComposeOptions shares(double repeats, double long_events) {
  ComposeOptions options;
  options.repeats = repeats;
  options.long_events = long_events;
  return options;
}

using Check = std::function<void(const Composition&, const std::string&)>;

/** Videos of which something happens in each. */
void for_compositions(ComposeOptions options, const Check& check) {
  options.without_events = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) check(compose(no_assets(), seed, options), std::to_string(seed));
}

/** Events of the picture, by kind. */
std::map<EventKind, std::vector<Event>> by_kind(const Scene& scene) {
  std::map<EventKind, std::vector<Event>> kinds;
  for (const Event& event : scene.events) {
    if (group_of(event.kind) != EventGroup::kObject) kinds[event.kind].push_back(event);
  }
  return kinds;
}

void expect_no_overlap(const Scene& scene, const std::string& label) {
  double occupied = 0;
  for (const Event& event : scene.events) {
    if (group_of(event.kind) == EventGroup::kObject) continue;
    ck_assert_msg(event.start >= occupied - 1e-9 && event.stop <= scene.duration + 1e-9, "%s: %s overlaps",
                  label.c_str(), std::string(name_of(event.kind)).c_str());
    occupied = event.stop;
  }
}

void expect_repeats(const std::vector<Event>& events, const Scene& scene, const std::string& label) {
  const double minutes = scene.duration / 60, count = static_cast<double>(events.size());
  ck_assert_msg(count >= 2 && count >= 2 * minutes - 1e-9 && count <= 12 * minutes + 1e-9, "%s: %g in %g minutes",
                label.c_str(), count, minutes);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const double length = events[i].stop - events[i].start;
    ck_assert_msg(length >= 0.5 - 1e-6 && length < 8.3, "%s: %g s", label.c_str(), length);
    const double gap = i > 0 ? events[i].start - events[i - 1].stop : 1;
    ck_assert_msg(gap >= 1 - 1e-6, "%s: a gap of %g s", label.c_str(), gap);
  }
}

bool is_camera_pair(EventKind a, EventKind b) {
  using enum EventKind;
  for (const auto& [one, two] : {std::pair{kPanLeft, kPanRight}, {kTiltUp, kTiltDown}, {kZoomIn, kZoomOut}}) {
    if ((a == one && b == two) || (a == two && b == one)) return true;
  }
  return false;
}

/** The event of most of the video, none where there is none. */
const Event* long_event(const Scene& scene) {
  const auto is_long = [&](const Event& event) { return event.stop - event.start > 0.5 * scene.duration; };
  const auto found = std::find_if(scene.events.begin(), scene.events.end(), is_long);
  return found == scene.events.end() ? nullptr : &*found;
}

/** Of an answer in hundredths of a second, as if there were a temporal token for each. */
std::vector<text::ParsedInterval> read_back(std::string answer, double duration) {
  for (std::size_t at = 0; (at = answer.find('<', at)) != answer.npos; ++at) answer.erase(answer.find('.', at), 1);
  return text::parse_intervals(answer, duration, std::llround(duration * 100), false);
}

/** A video of one long event. */
Video long_video(EventKind kind, std::uint64_t seed) {
  ComposeOptions options = only(kind);
  options.long_events = 1;
  Video video(kind, seed, false);
  video.composition = compose(*assets(), seed, options);
  video.event = *long_event(video.composition.scene);
  return video;
}

}  // namespace

/** Recipes made before there were repeats give the videos that they gave. */
GVL_TEST(without_either_videos_are_as_ever) {
  Fingerprint print;
  for (std::uint64_t seed = 0; seed < 50; ++seed) add(compose(no_assets(), seed, {}), print);
  ck_assert_uint_eq(print.value(), 0xBC92493D9C8BDBEAULL);
}

GVL_TEST(shares_are_kept_and_touch_no_other_video) {
  int repeated = 0, lasting = 0, others = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Composition composition = compose(no_assets(), seed, shares(0.2, 0.15));
    const auto kinds = by_kind(composition.scene);
    const bool again = std::any_of(kinds.begin(), kinds.end(), [](const auto& kind) { return kind.second.size() > 1; });
    repeated += again;
    lasting += long_event(composition.scene) != nullptr;
    if (again || long_event(composition.scene)) continue;
    ck_assert_uint_eq(fingerprint(composition), fingerprint(compose(no_assets(), seed, {})));
    ++others;
  }
  // Videos of less than ten seconds do not repeat.
  ck_assert_msg(repeated > 140 && repeated < 230, "%d repeat", repeated);
  ck_assert_msg(lasting > 110 && lasting < 190, "%d long", lasting);
  ck_assert_int_eq(repeated + lasting + others, 1000);
}

GVL_TEST(one_kind_comes_again_and_again) {
  std::set<EventKind> seen;
  for_compositions(shares(1, 0), [&](const Composition& composition, const std::string& label) {
    const Scene& scene = composition.scene;
    expect_no_overlap(scene, label);
    std::vector<EventKind> repeated;
    for (const auto& [kind, events] : by_kind(scene)) {
      if (events.size() == 1) continue;
      expect_repeats(events, scene, label + " " + std::string(name_of(kind)));
      repeated.push_back(kind);
      seen.insert(kind);
    }
    ck_assert_msg(repeated.size() == (scene.duration < 10 ? 0U : 1U) ||
                      (repeated.size() == 2 && is_camera_pair(repeated[0], repeated[1])),
                  "%s: %zu kinds repeat", label.c_str(), repeated.size());
  });
  ck_assert_uint_eq(seen.size(), static_cast<std::size_t>(EventKind::kAppears));
}

/** A camera that turns again and again comes back each time. */
GVL_TEST(repeated_moves_stay_within_the_scene) {
  for (const EventKind kind : {EventKind::kPanLeft, EventKind::kTiltUp, EventKind::kZoomIn}) {
    ComposeOptions options = shares(1, 0);
    options.weights = ComposeOptions::filled(0);
    options.weights[static_cast<std::size_t>(kind)] = 1;
    options.weights[static_cast<std::size_t>(kind) + 1] = 1;
    options.shortest = 20;
    for_compositions(options, [&](const Composition& composition, const std::string& label) {
      double right = 0, down = 0, zoom = 0;
      ck_assert(composition.look.moves.size() >= 3);
      for (const CameraMove& move : composition.look.moves) {
        right += move.right, down += move.down, zoom += move.zoom;
        const double farthest = std::max({std::abs(right), std::abs(down), std::abs(zoom)});
        ck_assert_msg(farthest <= 0.84, "%s: %g", label.c_str(), farthest);
      }
    });
  }
}

/** Each time is seen, and what is between is as it was. */
GVL_TEST(repeated_faults_are_where_their_labels_are) {
  for (const EventKind kind : {EventKind::kBlack, EventKind::kColorBars, EventKind::kNoise}) {
    ComposeOptions options = only(kind);
    options.repeats = 1;
    options.shortest = 12;
    const Composition composition = compose(*assets(), 3, options);
    Composition clean = composition;
    clean.look.faults.clear();
    const Renderer shown(assets(), composition), wanted(assets(), clean);
    const auto spoilt = [&](double time) {
      cv::Mat a, b;
      shown.render(time, a);
      wanted.render(time, b);
      return difference(a, b);
    };
    ck_assert(composition.scene.events.size() >= 2);
    const double frame = 1 / composition.scene.fps;
    for (const Event& event : composition.scene.events) {
      ck_assert(spoilt(event.start) > 0 && spoilt(event.stop - frame) > 0);
      ck_assert(event.start < frame || spoilt(event.start - frame) == 0);
      ck_assert(event.stop > composition.scene.duration - frame || spoilt(event.stop) == 0);
    }
  }
}

GVL_TEST(long_events_reach_the_ends) {
  std::set<EventKind> seen, fill;
  int from_before = 0, to_the_end = 0;
  for_compositions(shares(0, 1), [&](const Composition& composition, const std::string& label) {
    const Scene& scene = composition.scene;
    expect_no_overlap(scene, label);
    for (const auto& [kind, events] : by_kind(scene)) {
      ck_assert_msg(events.size() == 1, "%s: %s twice", label.c_str(), std::string(name_of(kind)).c_str());
    }
    const Event* event = long_event(scene);
    ck_assert_msg(event, "%s: nothing is long", label.c_str());
    const bool begins = event->start == 0, ends = event->stop == scene.duration;
    ck_assert_msg(begins || ends, "%s: from %g to %g of %g", label.c_str(), event->start, event->stop, scene.duration);
    seen.insert(event->kind);
    if (begins && ends) fill.insert(event->kind);
    from_before += begins && !ends;
    to_the_end += ends && !begins;
    // A still photograph would look like a picture that is frozen from the start.
    ck_assert(event->kind != EventKind::kFreeze || !begins);
  });
  ck_assert_msg(from_before > 80 && to_the_end > 80, "%d, %d", from_before, to_the_end);
  // Edits are not among them, nor what shows by a change alone among those that fill a video.
  using enum EventKind;
  for (const EventKind kind : {kCut, kOtherScene, kCrossFade, kFadeToBlack, kFadeFromBlack}) {
    ck_assert(!seen.contains(kind));
  }
  ck_assert(seen.contains(kFreeze) && seen.contains(kUpsideDown) && !fill.contains(kUpsideDown));
  for (const EventKind kind : {kBlack, kWhite, kGrayscale, kBlur, kNoise, kBlocks, kFlicker, kColorBars, kShake}) {
    ck_assert_msg(fill.contains(kind), "%s never fills a video", std::string(name_of(kind)).c_str());
  }
}

/** What began before the video does not come slowly at its start. */
GVL_TEST(long_events_go_on_beyond_the_video) {
  int gradual = 0;
  for_compositions(shares(0, 1), [&](const Composition& composition, const std::string& label) {
    const Event& event = *long_event(composition.scene);
    for (const Fault& fault : composition.look.faults) {
      if (fault.kind != event.kind) continue;
      const bool begins = event.start > 0 || fault.start <= -fault.ramp;
      const bool ends = event.stop < composition.scene.duration || fault.stop >= event.stop + fault.ramp;
      ck_assert_msg(begins && ends, "%s: from %g to %g", label.c_str(), fault.start, fault.stop);
      gradual += fault.ramp > 0;
    }
  });
  ck_assert_int_gt(gradual, 20);
}

/** From the first frame to the last, where they reach so far. */
GVL_TEST(long_faults_are_seen_all_the_time) {
  using enum EventKind;
  for (const EventKind kind :
       {kBlack, kWhite, kGrayscale, kBlur, kNoise, kBlocks, kColorBars, kUpsideDown, kCovered, kTooBright, kTooDark}) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      const Video video = long_video(kind, seed);
      Video clean = video;
      clean.composition.look.faults.clear();
      const auto spoilt = [&](double time) { return difference(video.at(time), clean.at(time)); };
      if (!video.has_before()) video.expect(spoilt(0) > 2.5, "is hardly seen at the start");
      if (!video.has_after()) video.expect(spoilt(video.last()) > 2.5, "is hardly seen at the end");
      video.expect(spoilt(video.middle()) > 2.5, "is hardly seen");
    }
  }
}

GVL_TEST(long_freezes_end_what_moved) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Video video = long_video(EventKind::kFreeze, seed);
    const cv::Mat frozen = video.at(video.event.start);
    video.expect(difference(video.at(video.middle()), frozen) == 0, "moves");
    video.expect(difference(video.at(video.last()), frozen) == 0, "moves at its end");
    video.composition.look.noise = 0;
    const double earlier = std::max(video.event.start - 2, 0.0);
    video.expect(difference(video.at(video.event.start), video.at(earlier)) > 0.05, "stood still before");
  }
}

GVL_TEST(wrong_shares_are_refused) {
  for (const auto& [repeats, long_events] : {std::pair{-0.1, 0.0}, {0.0, 1.1}, {0.6, 0.5}}) {
    io::test::expect_error("shares", ErrorCode::kInvalidArgument, {"repeats", "long"},
                           [&] { compose(no_assets(), 0, shares(repeats, long_events)); });
  }
}

/** All that the words are true of, in order, and nothing that someone could take for it besides. */
GVL_TEST(answers_list_all_times) {
  int lists = 0;
  for_compositions(shares(0.7, 0.3), [&](const Composition& composition, const std::string& label) {
    const Scene& scene = composition.scene;
    for (const Conversation& talk : converse(scene, 7, {})) {
      if (talk.task != Task::kGrounding || talk.events.empty()) continue;
      ck_assert_uint_eq(talk.moments.size(), talk.events.size());
      const auto parsed = read_back(talk.answer, scene.duration);
      ck_assert_msg(parsed.size() == talk.moments.size(), "%s: %s", label.c_str(), talk.answer.c_str());
      for (std::size_t i = 0; i < parsed.size(); ++i) {
        ck_assert(std::abs(parsed[i].start_seconds - talk.moments[i].start) < 0.02);
        ck_assert(std::abs(parsed[i].stop_seconds - talk.moments[i].stop) < 0.02);
        ck_assert(talk.moments[i].start == talk.events[i].start && talk.moments[i].stop == talk.events[i].stop);
        ck_assert(i == 0 || talk.moments[i].start > talk.moments[i - 1].stop);
      }
      if (talk.moments.size() < 2) continue;
      ++lists;
      const Claim claim{talk.events[0].kind, {}, {}, Side::kNone};
      std::size_t meant = 0;
      for (const Event& event : scene.events) {
        const Truth truth = shown_by(claim, scene, event);
        ck_assert_msg(truth != Truth::kArguable, "%s: %s", label.c_str(), talk.query.c_str());
        meant += truth == Truth::kYes;
      }
      ck_assert_uint_eq(meant, talk.moments.size());
    }
  });
  ck_assert_int_gt(lists, 300);
}

GVL_TEST(what_lasts_is_not_called_brief) {
  int asked = 0;
  for_compositions(shares(0, 1), [&](const Composition& composition, const std::string& label) {
    const Event* event = long_event(composition.scene);
    for (const Conversation& talk : converse(composition.scene, 3, {})) {
      if (talk.task != Task::kGrounding || talk.kind != name_of(event->kind)) continue;
      for (const char* word : {"briefly", "temporarily", "suddenly", "for a moment", "for a few moments"}) {
        ck_assert_msg(talk.query.find(word) == talk.query.npos, "%s: %s", label.c_str(), talk.query.c_str());
      }
      ++asked;
    }
  });
  ck_assert_int_gt(asked, 800);
}

GVL_TEST(the_arguable_is_not_asked) {
  Scene scene;
  scene.duration = 40;
  scene.events = {{EventKind::kBlack, 1, 3}, {EventKind::kBlack, 10, 12}, {EventKind::kTooDark, 20, 25}};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const Conversation& talk : converse(scene, seed, {})) {
      ck_assert_msg(talk.kind != "black", "%s", talk.query.c_str());
    }
  }
}

/** "The fifth time" is the last that is said so. */
GVL_TEST(counts_are_those_of_the_scene) {
  Scene scene;
  scene.duration = 60;
  for (int i = 0; i < 8; ++i) scene.events.push_back({EventKind::kFlicker, 7.0 * i + 1, 7.0 * i + 3});
  int counted = 0, summaries = 0, ordinals = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const Conversation& talk : converse(scene, seed, {})) {
      const bool whole = talk.events.size() == scene.events.size();
      if (talk.kind == "flicker") ck_assert(whole || talk.events.size() == 1);
      if (talk.kind == "flicker" && !whole) {
        ck_assert_msg(talk.events[0].start < 30, "%s: %s", talk.query.c_str(), talk.answer.c_str());
        ++ordinals;
      }
      if (talk.kind == "caption") {
        ck_assert_msg(talk.answer.find(" eight times.") != talk.answer.npos, "%s", talk.answer.c_str());
        ++summaries;
      }
      if (!talk.kind.ends_with("count") || talk.events.empty()) continue;
      ck_assert_msg(talk.answer.find("ight times") != talk.answer.npos, "%s", talk.answer.c_str());
      ++counted;
    }
  }
  ck_assert_msg(counted > 30 && summaries == 200 && ordinals > 50, "%d, %d, %d", counted, summaries, ordinals);
}

GVL_TEST(counts_to_choose_from_are_four) {
  for (std::size_t count = 0; count <= kMostCounted; ++count) {
    std::vector<Option> options{plain(words_for_count(count))};
    add_counts(options, count);
    std::set<std::string> texts;
    for (const Option& option : options) texts.insert(option.text);
    ck_assert_uint_eq(texts.size(), 4);
  }
}
