/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <set>

#include "gvl/error.hpp"
#include "scenes_test.hpp"

using namespace gvl;
using namespace gvl::scenes;
using namespace gvl::scenes::test;

namespace {

double level(const cv::Mat& rgb) {
  const cv::Scalar mean = cv::mean(rgb);
  return (mean[0] + mean[1] + mean[2]) / 3;
}

double saturation(const cv::Mat& rgb) {
  std::vector<cv::Mat> c;
  cv::split(rgb, c);
  return cv::mean(cv::max(cv::max(c[0], c[1]), c[2]) - cv::min(cv::min(c[0], c[1]), c[2]))[0];
}

double sharpness(const cv::Mat& rgb) {
  cv::Mat edges;
  cv::Laplacian(rgb, edges, CV_32F);
  return cv::norm(edges, cv::NORM_L1);
}

cv::Mat floating_gray(const cv::Mat& rgb) {
  cv::Mat gray;
  cv::cvtColor(rgb, gray, cv::COLOR_RGB2GRAY);
  gray.convertTo(gray, CV_32F);
  return gray;
}

void expect_rules(const Scene& scene, const std::string& label) {
  std::set<std::tuple<EventKind, int>> kinds;
  double last_start = 0, occupied = 0;
  for (const Event& event : scene.events) {
    const bool brief =
        event.kind == EventKind::kCut || event.kind == EventKind::kAppears || event.kind == EventKind::kDisappears;
    const double shortest = std::max((brief ? 0.03 : 0.04) * scene.duration, 0.5), length = event.stop - event.start;
    const std::string name = label + " " + std::string(name_of(event.kind));
    ck_assert_msg(event.start >= 0 && event.stop <= scene.duration + 1e-9, "%s outside", name.c_str());
    ck_assert_msg(length > shortest - 1e-6, "%s: %g s of %g", name.c_str(), length, scene.duration);
    ck_assert_msg(length < std::max(0.41 * scene.duration, 1.0), "%s: %g s is long", name.c_str(), length);
    ck_assert_msg(std::abs(event.start * scene.fps - std::round(event.start * scene.fps)) < 1e-6, "%s: off",
                  name.c_str());
    ck_assert_msg(event.start >= last_start, "%s: out of order", name.c_str());
    ck_assert_msg(kinds.emplace(event.kind, event.object).second, "%s: twice", name.c_str());
    last_start = event.start;
    const bool object = group_of(event.kind) == EventGroup::kObject;
    ck_assert_msg(object == (event.object >= 0), "%s: object %d", name.c_str(), event.object);
    ck_assert_msg(event.object < static_cast<int>(scene.objects.size()), "%s: object %d", name.c_str(), event.object);
    ck_assert_msg((event.kind == EventKind::kMeet) == (event.other >= 0), "%s: other %d", name.c_str(), event.other);
    const bool sided = event.kind == EventKind::kEnters || event.kind == EventKind::kLeaves;
    ck_assert_msg(sided == (event.side != Side::kNone), "%s: side", name.c_str());
    if (object) continue;
    ck_assert_msg(event.start >= occupied - 1e-9, "%s: overlaps", name.c_str());
    occupied = event.stop;
  }
}

}  // namespace

GVL_TEST(compositions_obey_the_rules) {
  std::set<EventKind> seen;
  int without_objects = 0, without_events = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const Composition composition = compose(*assets(), seed, {});
    expect_rules(composition.scene, std::to_string(seed));
    for (const Event& event : composition.scene.events) seen.insert(event.kind);
    without_objects += composition.scene.objects.empty();
    without_events += composition.scene.events.empty();
    std::set<std::string> nouns;
    for (const SceneObject& object : composition.scene.objects) {
      ck_assert_msg(nouns.insert(object.noun).second, "%d: two of %s", static_cast<int>(seed), object.noun.c_str());
    }
  }
  ck_assert_int_eq(seen.size(), kEventKinds);
  ck_assert_msg(without_objects > 200 && without_objects < 340, "%d without objects", without_objects);
  ck_assert_msg(without_events > 3 && without_events < 60, "%d without events", without_events);
}

GVL_TEST(the_same_seed_gives_the_same_pixels) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const Renderer first(assets(), compose(*assets(), seed, {})), again(assets(), compose(*assets(), seed, {}));
    const Renderer other(assets(), compose(*assets(), seed + 1000, {}));
    cv::Mat a, b, c;
    again.render(first.scene().duration * 0.9, b);  // In another order.
    for (const double share : {0.1, 0.5, 0.9}) {
      first.render(first.scene().duration * share, a);
      again.render(again.scene().duration * share, b);
      other.render(other.scene().duration * share, c);
      ck_assert(cv::norm(a, b, cv::NORM_INF) == 0);
      ck_assert(a.size() != c.size() || cv::norm(a, c, cv::NORM_INF) > 0);
      ck_assert(a.type() == CV_8UC3 && a.cols == first.scene().width && a.rows == first.scene().height);
    }
    first.render(-5, a);
    first.render(1e9, b);
    ck_assert(a.size() == b.size());
  }
}

GVL_TEST(splits_share_no_asset) {
  const Assets held_out(few_assets(true));
  const auto names = [](const auto& list, auto member) {
    std::set<std::string> result;
    for (const auto& asset : list) result.insert(asset.*member);
    return result;
  };
  const auto expect_apart = [](const std::set<std::string>& a, const std::set<std::string>& b) {
    for (const std::string& name : a) ck_assert_msg(b.count(name) == 0, "%s is in both", name.c_str());
    ck_assert(a.empty() == b.empty());
  };
  expect_apart(names(assets()->emoji(), &Emoji::noun), names(held_out.emoji(), &Emoji::noun));
  expect_apart(names(assets()->photographs(), &Photograph::name), names(held_out.photographs(), &Photograph::name));
  expect_apart(names(assets()->clips(), &Clip::name), names(held_out.clips(), &Clip::name));
}

GVL_TEST(does_without_assets) {
  const auto none = std::make_shared<const Assets>(AssetOptions{});
  ck_assert(none->photographs().empty() && none->clips().empty() && none->emoji().empty());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Renderer renderer(none, compose(*none, seed, {}));
    cv::Mat rgb;
    renderer.render(1, rgb);
    ck_assert(!rgb.empty());
  }
  ComposeOptions nothing;
  nothing.weights = ComposeOptions::filled(0);
  io::test::expect_error("weights", ErrorCode::kInvalidArgument, {}, [&] { compose(*none, 0, nothing); });
  ComposeOptions backwards;
  backwards.longest = 5;
  io::test::expect_error("durations", ErrorCode::kInvalidArgument, {}, [&] { compose(*none, 0, backwards); });
}

/** The label is exact to the frame: the picture is spoilt within it and untouched outside. */
GVL_TEST(faults_are_where_their_labels_are) {
  for (auto kind = EventKind::kBlack; kind <= EventKind::kTooDark; kind = static_cast<EventKind>(int(kind) + 1)) {
    for_videos(kind, false, [&](const Video& video) {
      Video clean = video;
      clean.composition.look.faults.clear();
      const auto spoilt = [&](double time) { return difference(video.at(time), clean.at(time)); };
      if (video.has_before()) video.expect(spoilt(video.event.start - video.frame()) == 0, "begins too early");
      if (video.has_after()) video.expect(spoilt(video.event.stop) == 0, "ends too late");
      video.expect(spoilt(video.event.start) > 0, "begins too late");
      video.expect(spoilt(video.last()) > 0, "ends too early");
      double most = 0;
      for (double u = 0.3; u < 0.7; u += 0.05) {
        most = std::max(most, spoilt(video.event.start + u * (video.event.stop - video.event.start)));
      }
      video.expect(most > 2.5, "is hardly seen");
    });
  }
}

GVL_TEST(faults_look_as_named) {
  for_videos(EventKind::kBlack, true, [](const Video& v) {
    for (const double t : {v.event.start, v.middle(), v.last()}) v.expect(level(v.at(t)) < 22, "is not black");
  });
  for_videos(EventKind::kWhite, true, [](const Video& v) {
    for (const double t : {v.event.start, v.middle(), v.last()}) v.expect(level(v.at(t)) > 228, "is not white");
  });
  for_videos(EventKind::kGrayscale, false, [](const Video& v) {
    v.expect(saturation(v.at(v.middle())) == 0, "has colours");
    if (v.has_before()) v.expect(saturation(v.at(v.event.start - v.frame())) > 8, "had no colours before");
  });
  for_videos(EventKind::kBlur, true, [](const Video& v) {
    if (v.has_before()) v.expect(sharpness(v.at(v.middle())) < 0.6 * sharpness(v.at(0)), "is sharp");
  });
  for_videos(EventKind::kNoise, true, [](const Video& v) {
    v.expect(difference(v.at(v.middle()), v.at(v.middle() + v.frame())) > 10, "does not crawl");
  });
  for_videos(EventKind::kColorBars, false, [](const Video& v) {
    const cv::Mat bars = v.at(v.middle());
    v.expect(difference(bars.row(0), bars.row(bars.rows / 2)) == 0, "has no upright bars");
    v.expect(saturation(bars) > 80, "has no colours");
  });
  for_videos(EventKind::kTooBright, true, [](const Video& v) {
    if (v.has_before()) v.expect(level(v.at(v.middle())) > level(v.at(0)) + 25, "is not brighter");
  });
  for_videos(EventKind::kTooDark, true, [](const Video& v) {
    if (v.has_before()) v.expect(level(v.at(v.middle())) < 0.6 * level(v.at(0)), "is not darker");
    v.expect(level(v.at(v.middle())) > 0.5, "is black");
  });
  for_videos(EventKind::kCovered, true, [](const Video& v) {
    v.expect(sharpness(v.at(v.middle())) < 0.6 * sharpness(v.at(v.has_before() ? 0 : v.event.stop)), "shows through");
  });
}

GVL_TEST(upside_down_is_turned) {
  for_videos(EventKind::kUpsideDown, false, [](const Video& v) {
    Video clean = v;
    clean.composition.look.faults.clear();
    cv::Mat mirrored, turned;
    cv::flip(clean.at(v.middle()), mirrored, 0);
    cv::flip(clean.at(v.middle()), turned, -1);
    const cv::Mat found = v.at(v.middle());
    v.expect(std::min(difference(found, mirrored), difference(found, turned)) == 0, "is not upside down");
  });
}

GVL_TEST(freeze_repeats_one_frame) {
  for_videos(EventKind::kFreeze, false, [](const Video& v) {
    const cv::Mat frozen = v.at(v.event.start);
    for (double t = v.event.start; t < v.last(); t += 3 * v.frame()) {
      v.expect(difference(v.at(t), frozen) == 0, "moves");
    }
    v.expect(difference(v.at(v.last()), frozen) == 0, "moves at its end");
    v.expect(v.has_before() && v.has_after(), "is at the video's edge");
    // What is seen without the sensor's noise has to move, too.
    Video quiet = v;
    quiet.composition.look.noise = 0;
    const double step = 2;  // The few frames of the tests' clips are that far apart.
    v.expect(difference(quiet.at(v.event.start), quiet.at(v.event.start - step)) > 0.05, "stood still before");
    const double later = std::min(v.event.stop + step, v.composition.scene.duration);
    v.expect(difference(quiet.at(v.event.stop), quiet.at(later)) > 0.05, "stands still afterwards");
  });
}

GVL_TEST(edits_show_other_scenes) {
  for_videos(EventKind::kCut, true, [](const Video& v) {
    const cv::Mat before = v.at(v.event.start), after = v.at(v.event.stop);
    v.expect(difference(before, after) > 8, "shows the same");
    const double cut = v.composition.look.shots[1].start;
    v.expect(std::abs(cut - v.middle()) < v.frame(), "is off the middle");
    v.expect(difference(v.at(cut - v.frame()), before) == 0 && difference(v.at(cut), after) == 0, "is not an instant");
    v.expect(difference(v.at(v.composition.scene.duration), after) == 0, "does not stay");
  });
  for_videos(EventKind::kOtherScene, true, [](const Video& v) {
    const cv::Mat before = v.at(v.event.start - v.frame());
    for (const double t : {v.event.start, v.middle(), v.last()})
      v.expect(difference(v.at(t), before) > 8, "is the same");
    v.expect(difference(v.at(v.event.stop), before) == 0, "does not return");
  });
  for_videos(EventKind::kCrossFade, true, [](const Video& v) {
    const cv::Mat before = v.at(v.event.start), after = v.at(v.event.stop);
    cv::Mat mixed;
    cv::addWeighted(before, 0.5, after, 0.5, 0, mixed);
    v.expect(difference(before, after) > 8, "shows the same");
    v.expect(difference(v.at(v.middle()), mixed) < 0.2 * difference(before, after), "is not half way");
    v.expect(difference(v.at(v.event.start - v.frame()), before) == 0, "begins early");
  });
  for_videos(EventKind::kFadeToBlack, true, [](const Video& v) {
    v.expect(level(v.at(v.event.start)) > 20 && level(v.at(v.event.stop)) < 1, "does not end black");
    const double half = level(v.at(v.middle())) / level(v.at(v.event.start));
    v.expect(half > 0.3 && half < 0.7, "is not half as bright half way");
  });
  for_videos(EventKind::kFadeFromBlack, true, [](const Video& v) {
    v.expect(level(v.at(v.event.start)) < 1 && level(v.at(v.event.stop)) > 20, "does not begin black");
  });
}

/** How the picture moves within the event's middle, in pixels. */
static cv::Point2d picture_shift(const Video& v) {
  const double step = std::max(0.06 * (v.event.stop - v.event.start), v.frame());
  cv::Mat window;
  const cv::Mat a = floating_gray(v.at(v.middle() - step / 2)), b = floating_gray(v.at(v.middle() + step / 2));
  cv::createHanningWindow(window, a.size(), CV_32F);
  return cv::phaseCorrelate(a, b, window);
}

GVL_TEST(cameras_turn_as_named) {
  for_videos(EventKind::kPanLeft, true, [](const Video& v) { v.expect(picture_shift(v).x > 0.8, "turns wrongly"); });
  for_videos(EventKind::kPanRight, true, [](const Video& v) { v.expect(picture_shift(v).x < -0.8, "turns wrongly"); });
  for_videos(EventKind::kTiltUp, true, [](const Video& v) { v.expect(picture_shift(v).y > 0.8, "turns wrongly"); });
  for_videos(EventKind::kTiltDown, true, [](const Video& v) { v.expect(picture_shift(v).y < -0.8, "turns wrongly"); });
  for (auto kind = EventKind::kPanLeft; kind <= EventKind::kShake; kind = static_cast<EventKind>(int(kind) + 1)) {
    for_videos(kind, true, [](const Video& v) {
      const double before = v.event.start - v.frame();
      if (v.has_before()) v.expect(difference(v.at(0), v.at(before)) == 0, "moves before");
      if (v.has_after()) v.expect(difference(v.at(v.event.stop), v.at(1e9)) == 0, "moves afterwards");
      v.expect(difference(v.at(v.event.start + v.frame()), v.at(v.middle())) > 0.5, "does not move");
    });
  }
}

GVL_TEST(cameras_zoom_as_named) {
  for (const EventKind kind : {EventKind::kZoomIn, EventKind::kZoomOut}) {
    for_videos(kind, true, [&](const Video& v) {
      const double near = kind == EventKind::kZoomIn ? v.event.stop : v.event.start;
      const cv::Mat wide = v.at(kind == EventKind::kZoomIn ? v.event.start : v.event.stop), close = v.at(near);
      double best = 1e9, best_scale = 0;
      for (double scale = 1; scale < 2.6; scale += 0.05) {
        cv::Mat crop;
        cv::getRectSubPix(wide, {int(wide.cols / scale), int(wide.rows / scale)},
                          {wide.cols / 2.0F - 0.5F, wide.rows / 2.0F - 0.5F}, crop);
        cv::resize(crop, crop, close.size());
        if (difference(crop, close) < best) best = difference(crop, close), best_scale = scale;
      }
      v.expect(best_scale > 1.25, "does not come nearer");
    });
  }
}
