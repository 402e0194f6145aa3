/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvl/task.hpp"

#include <algorithm>

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

}  // namespace gvl
