/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "scenes_test.hpp"

using namespace gvl;
using namespace gvl::scenes;
using namespace gvl::scenes::test;

namespace {

/** Where one object of a video is seen at a time: what is different without it. */
struct Seen {
  Seen(const Video& video, int object, double time) {
    Video alone = video, none = video;
    alone.composition.look.objects = {video.composition.look.objects[static_cast<std::size_t>(object)]};
    alone.composition.look.objects[0].shadow = false;
    none.composition.look.objects.clear();
    cv::Mat changed;
    cv::absdiff(alone.at(time), none.at(time), changed);
    std::vector<cv::Mat> channels;
    cv::split(changed, channels);
    mask = cv::max(cv::max(channels[0], channels[1]), channels[2]) > 6;
    area = cv::countNonZero(mask);
    const cv::Moments moments = cv::moments(mask, true);
    if (area > 0) x = moments.m10 / moments.m00, y = moments.m01 / moments.m00;
    box = cv::boundingRect(mask);
  }
  cv::Mat mask;
  cv::Rect box;
  int area = 0;
  double x = 0, y = 0;
};

GVL_TEST(objects_come_and_go) {
  for (const EventKind kind : {EventKind::kAppears, EventKind::kEnters}) {
    for_videos(kind, true, [](const Video& v) {
      const Seen before(v, v.event.object, v.event.start - v.frame()), during(v, v.event.object, v.middle());
      const Seen after(v, v.event.object, v.event.stop), end(v, v.event.object, 1e9);
      v.expect(before.area == 0 && Seen(v, v.event.object, 0).area == 0, "is there before");
      v.expect(during.area > 0 && after.area > 0, "does not come");
      v.expect(after.box == end.box, "does not rest");
      if (v.event.kind == EventKind::kAppears) return;
      if (v.event.side == Side::kLeft) v.expect(during.x < after.x, "comes from elsewhere");
      if (v.event.side == Side::kRight) v.expect(during.x > after.x, "comes from elsewhere");
      if (v.event.side == Side::kTop) v.expect(during.y < after.y, "comes from elsewhere");
      if (v.event.side == Side::kBottom) v.expect(during.y > after.y, "comes from elsewhere");
    });
  }
  for (const EventKind kind : {EventKind::kDisappears, EventKind::kLeaves}) {
    for_videos(kind, true, [](const Video& v) {
      const Seen before(v, v.event.object, v.event.start - v.frame()), during(v, v.event.object, v.middle());
      v.expect(before.area > 0 && during.area > 0, "is not there");
      v.expect(Seen(v, v.event.object, v.event.stop).area == 0, "does not go");
      if (v.event.kind == EventKind::kDisappears) return;
      if (v.event.side == Side::kLeft) v.expect(during.x < before.x, "goes elsewhere");
      if (v.event.side == Side::kRight) v.expect(during.x > before.x, "goes elsewhere");
      if (v.event.side == Side::kTop) v.expect(during.y < before.y, "goes elsewhere");
      if (v.event.side == Side::kBottom) v.expect(during.y > before.y, "goes elsewhere");
    });
  }
}

/** Objects are where place_of() says, with little room around them. */
GVL_TEST(objects_are_where_they_are_said_to_be) {
  int seen_often = 0;
  for (const EventKind kind : {EventKind::kEnters, EventKind::kMovesLeft, EventKind::kGrows, EventKind::kSpins,
                               EventKind::kDisappears, EventKind::kMeet}) {
    for_videos(kind, true, [&](const Video& v) {
      const Renderer renderer(assets(), v.composition);
      for (const double time : {0.0, v.event.start, v.middle(), v.event.stop}) {
        const Seen seen(v, v.event.object, time);
        const cv::Rect2d place = renderer.place_of(static_cast<std::size_t>(v.event.object), time);
        if (seen.area == 0) continue;
        ++seen_often;
        v.expect((cv::Rect2d(seen.box) & place).area() > 0.999 * seen.box.area(), "is seen elsewhere");
        v.expect(place.area() < 4.0 * seen.box.area() + 200, "is seen in a part of its place only");
      }
      if (kind == EventKind::kDisappears) {
        v.expect(renderer.place_of(static_cast<std::size_t>(v.event.object), v.event.stop).empty(), "stays");
      }
    });
  }
  ck_assert_msg(seen_often > 100, "seen %d times", seen_often);
}

GVL_TEST(objects_move_as_named) {
  const auto check = [](EventKind kind, int right, int down) {
    for_videos(kind, true, [&](const Video& v) {
      const Seen before(v, v.event.object, v.event.start - v.frame()), start(v, v.event.object, v.event.start);
      const Seen during(v, v.event.object, v.middle()), after(v, v.event.object, v.event.stop);
      const double way = (after.x - before.x) * right + (after.y - before.y) * down;
      const double half = (during.x - before.x) * right + (during.y - before.y) * down;
      v.expect(way > 14 && half > 0.2 * way && half < 0.8 * way, "goes elsewhere");
      v.expect(before.box == start.box && after.box == Seen(v, v.event.object, 1e9).box, "moves outside");
    });
  };
  check(EventKind::kMovesLeft, -1, 0);
  check(EventKind::kMovesRight, 1, 0);
  check(EventKind::kMovesUp, 0, -1);
  check(EventKind::kMovesDown, 0, 1);
  for_videos(EventKind::kStops, true, [](const Video& v) {
    const Seen start(v, v.event.object, v.event.start), stop(v, v.event.object, v.last());
    v.expect(start.box == stop.box && start.box == Seen(v, v.event.object, v.middle()).box, "does not stand still");
    double way = 0;
    for (double t = 0.4; t < 2; t += 0.4) {
      if (v.event.start - t < 0) break;
      const Seen seen(v, v.event.object, v.event.start - t);
      way = std::max(way, std::hypot(seen.x - start.x, seen.y - start.y));
    }
    if (v.event.start > 2) v.expect(way > 5, "did not move before");
  });
  for_videos(EventKind::kBounces, true, [](const Video& v) {
    const Seen rest(v, v.event.object, v.event.start), after(v, v.event.object, v.event.stop);
    double highest = rest.y;
    for (double t = v.event.start; t < v.event.stop; t += v.frame()) {
      highest = std::min(highest, Seen(v, v.event.object, t).y);
    }
    v.expect(highest < rest.y - 10 && std::abs(after.y - rest.y) < 1, "does not bounce");
  });
}

GVL_TEST(objects_change_as_named) {
  for_videos(EventKind::kGrows, true, [](const Video& v) {
    const Seen before(v, v.event.object, v.event.start), after(v, v.event.object, v.event.stop);
    v.expect(after.area > 2 * before.area, "does not grow");
  });
  for_videos(EventKind::kShrinks, true, [](const Video& v) {
    const Seen before(v, v.event.object, v.event.start), after(v, v.event.object, v.event.stop);
    v.expect(2 * after.area < before.area && after.area > 0, "does not shrink");
  });
  for_videos(EventKind::kSpins, true, [](const Video& v) {
    const Seen before(v, v.event.object, v.event.start);
    double most = 0;
    for (double t = v.event.start; t < v.event.stop; t += v.frame()) {
      most = std::max(most, difference(v.at(t), v.at(v.event.start)));
    }
    // Of the object's own pixels.
    most *= static_cast<double>(before.mask.total()) / before.area;
    v.expect(most > 12, "does not turn");
    const double left = difference(v.at(v.event.stop), v.at(v.event.start));
    v.expect(left * static_cast<double>(before.mask.total()) / before.area < 0.3 * most, "does not turn back");
  });
  for_videos(EventKind::kMeet, true, [](const Video& v) {
    const auto gap = [&](double time) {
      const Seen a(v, v.event.object, time), b(v, v.event.other, time);
      return std::max(a.box.x, b.box.x) - std::min(a.box.br().x, b.box.br().x);
    };
    v.expect(gap(v.event.start) > 8, "touch before");
    v.expect(gap(v.event.stop) <= 2 && gap(v.event.stop) > -30, "do not touch");
    v.expect(gap(v.middle()) < gap(v.event.start) - 3, "do not come nearer");
  });
}

}  // namespace
