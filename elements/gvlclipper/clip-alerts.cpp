/* SPDX-License-Identifier: LGPL-2.1-or-later */

// Of ClipRecorder: events that go on.

#include <algorithm>

#include "clip-recorder.hpp"

namespace gvl::gst {

namespace {

constexpr std::size_t kMostGivenUp = 1024;

}  // namespace

/** False for what is neither about an event that goes on nor begins one. */
bool ClipRecorder::take_alert(const GstStructure* event) {
  const auto is_it = [event](const auto& alert) { return alert->is_same(event); };
  const bool opens = ClipEvent::is_alert(event);
  // A number that was given up may come again. Until then what is told of it is of no use: it had its clip.
  if (opens) std::erase_if(alerts_, [&](const auto& alert) { return !alert->goes_on() && is_it(alert); });
  const auto known = std::find_if(alerts_.begin(), alerts_.end(), is_it);
  if (known == alerts_.end()) {
    if (!opens) return false;
    const auto alert = std::make_shared<ClipEvent>(event, true);
    alerts_.push_back(alert);
    forget_given_up();
    want(alert);
    return true;
  }
  const ClipEventPointer alert = *known;
  alert->tell(event);
  if (!ClipEvent::is_over(event)) return true;
  alerts_.erase(known);
  end_alert(alert);
  return true;
}

/** Of those that nobody closes a bounded number is remembered. */
void ClipRecorder::forget_given_up() {
  const auto given_up = [](const auto& alert) { return !alert->goes_on(); };
  auto count = static_cast<std::size_t>(std::count_if(alerts_.begin(), alerts_.end(), given_up));
  for (; count > kMostGivenUp; --count) alerts_.erase(std::find_if(alerts_.begin(), alerts_.end(), given_up));
}

/** It is over. A clip of what is withdrawn ends here. */
void ClipRecorder::end_alert(const ClipEventPointer& alert) {
  const StreamTime stop = alert->is_wanted() ? around(*alert).stop : reached_;
  for (const ClipPointer& clip : clips())
    if (clip->event == alert && !clip->finished) clip->writer->stop_at(stop);
  describe_decided();
}

void ClipRecorder::give_up_alerts() {
  std::lock_guard feeding(feeding_);
  give_up_all();
}

void ClipRecorder::give_up_all() {
  for (const ClipEventPointer& alert : alerts_) alert->give_up();
  alerts_.clear();
  describe_decided();
}

/** Of a clip that has ended while its event goes on: its description is written when that is over. */
bool ClipRecorder::waits_for_news(const ClipPointer& clip) {
  std::lock_guard lock(mutex_);
  if (clip->abandoned || !clip->event->goes_on()) return false;
  clips_.remove(clip);
  undecided_.push_back(clip);
  if (undecided_.size() <= max_clips_) return true;
  // No memory for more: of the oldest it says what is known.
  undecided_.front()->event->give_up();
  post_close(undecided_.front());
  clips_.splice(clips_.end(), undecided_, undecided_.begin());
  return true;
}

/** Of clips that waited for it. */
void ClipRecorder::describe_decided() {
  std::lock_guard lock(mutex_);
  for (auto clip = undecided_.begin(); clip != undecided_.end();) {
    const auto next = std::next(clip);
    if (!(*clip)->event->goes_on()) {
      post_close(*clip);
      clips_.splice(clips_.end(), undecided_, clip);
    }
    clip = next;
  }
}

}  // namespace gvl::gst
