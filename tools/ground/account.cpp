/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/account.hpp"

#include <algorithm>
#include <cstddef>

#include "common/quantities.hpp"
#include "gvlevent.h"

namespace {

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/** How much faster than a player the run was; empty where that is not known of each video. */
std::string speed_of(const std::vector<FoundEvents>& found, double seconds, std::optional<double> longest) {
  double video = 0;
  for (const FoundEvents& each : found) {
    if (!each.error.empty()) continue;
    if (!GST_CLOCK_TIME_IS_VALID(each.duration)) return {};
    const double whole = static_cast<double>(each.duration) / GST_SECOND;
    video += std::min(whole, longest.value_or(whole));
  }
  const double speed = video / seconds;
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return std::string(", ") + g_ascii_formatd(text, sizeof text, speed < 10 ? "%.1f" : "%.0f", speed) + " x real time";
}

}  // namespace

std::string account_of(const std::vector<FoundEvents>& found, std::size_t videos, double seconds,
                       std::optional<double> longest) {
  std::size_t events = 0, answers = 0, looked_at = 0;
  for (const FoundEvents& each : found) {
    if (each.error.empty()) ++looked_at;
    for (const EventPointer& event : each.events)
      ++(gst_structure_has_name(event.get(), GVL_ANSWER_NAME) ? answers : events);
  }
  if (looked_at == 0) return {};
  const std::string said = answers > 0 ? counted(answers, "answer") : counted(events, "event");
  const std::string where =
      looked_at == videos ? counted(videos, "file") : std::to_string(looked_at) + " of " + counted(videos, "file");
  return said + " in " + where + ", " + duration_text(seconds) + speed_of(found, seconds, longest);
}
