/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/questions.hpp"

#include <cstdlib>

#include "ground/names.hpp"
#include "ground/remote.hpp"
#include "gvl/error.hpp"
#include "gvl/model.hpp"
#include "gvl/task.hpp"

namespace {

/** Other models answer no other task. */
bool may_choose(const Arguments& arguments) {
  const char* usual = std::getenv("GVL_MODEL_PATH");
  return arguments.model.empty() && (usual == nullptr || *usual == '\0') &&
         arguments.task == gvl::name_of(gvl::Task::kGrounding);
}

std::string model_for(const std::string& text) {
  try {
    const std::string best = gvl::best_installed_model(text);
    return best == "default" ? "" : best;
  } catch (const gvl::Error&) {
    return {};  // no default model: reported when it is loaded
  }
}

}  // namespace

Questions questions_of(const Arguments& arguments) {
  if (!may_choose(arguments)) return {{arguments.model, arguments.queries}};
  Questions questions;
  for (const std::string& query : arguments.queries) questions[model_for(query)].push_back(query);
  return questions;
}

Questions questions_about(const Arguments& arguments, const std::string& video) {
  if (!may_choose(arguments) || !(is_remote(video) || is_read_once(video))) return questions_of(arguments);
  std::string all;
  for (const std::string& query : arguments.queries) all += query + "\n";
  return {{model_for(all), arguments.queries}};
}

std::string about_choice(const std::string& model, const std::vector<std::string>& queries) {
  std::string asked;
  for (const std::string& query : queries) asked += (asked.empty() ? "\"" : ", \"") + shown_query(query) + "\"";
  return "the model " + model + " is asked for " + asked + ": it knows more of these words than the default one";
}
