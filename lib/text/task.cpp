/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/task.hpp"

#include <algorithm>

#include "text/query_times.hpp"

namespace gvl {
namespace {

constexpr TaskName kTaskNames[] = {
    {Task::kGrounding, "grounding", "When does the described content occur?"},
    {Task::kDenseCaption, "dense-caption", "List every event with its interval"},
    {Task::kReferring, "referring", "What happens from a to b (seconds)?"},
    {Task::kQuestion, "qa", "Any question about the video"},
};

}  // namespace

std::span<const TaskName> task_names() noexcept { return kTaskNames; }

std::string_view name_of(Task task) noexcept {
  const auto found = std::ranges::find(kTaskNames, task, &TaskName::task);
  return found == std::end(kTaskNames) ? "unknown" : found->name;
}

std::optional<Task> task_from_name(std::string_view name) noexcept {
  const auto found = std::ranges::find(kTaskNames, name, &TaskName::name);
  return found == std::end(kTaskNames) ? std::nullopt : std::optional(found->task);
}

std::optional<TimeRange> range_of(const Query& query) {
  if (query.task != Task::kReferring) return std::nullopt;
  // Which temporal tokens they become does not matter: any window will do.
  const auto seconds = text::read_times(query.text, 1.0, 1).seconds;
  if (seconds.size() < 2) return std::nullopt;
  const auto [start, stop] = std::minmax(seconds[0], seconds[1]);
  return TimeRange{start, stop};
}

}  // namespace gvl
