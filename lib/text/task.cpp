#include "gvl/task.hpp"

#include <array>
#include <utility>

namespace gvl {
namespace {

constexpr std::array<std::pair<Task, std::string_view>, 4> kTaskNames{{
    {Task::kGrounding, "grounding"},
    {Task::kDenseCaption, "dense-caption"},
    {Task::kReferring, "referring"},
    {Task::kQuestion, "qa"},
}};

}  // namespace

std::string_view name_of(Task task) noexcept {
  for (const auto& [value, name] : kTaskNames) {
    if (value == task) return name;
  }
  return "unknown";
}

std::optional<Task> task_from_name(std::string_view name) noexcept {
  for (const auto& [value, known] : kTaskNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace gvl
