/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eval/meteor-options.hpp"

#include "common/usage.hpp"
#include "evaluation/captions/meteor_jar.hpp"
#include "evaluation/captions/wordnet.hpp"

using namespace gvl::evaluation;

MeteorOptions::~MeteorOptions() {
  for (char* text : {wordnet, paraphrases, jar}) g_free(text);
}

void MeteorOptions::add_to(GOptionContext* context) {
  const GOptionEntry entries[] = {
      {"wordnet", 0, 0, G_OPTION_ARG_FILENAME, &wordnet, "METEOR's synonyms (/usr/share/wordnet)", "DIR"},
      {"paraphrases", 0, 0, G_OPTION_ARG_FILENAME, &paraphrases, "METEOR's paraphrase-en.gz, if it is there", "FILE"},
      {"meteor-jar", 0, 0, G_OPTION_ARG_FILENAME, &jar, "METEOR's own program instead; needs Java", "FILE"},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

void MeteorOptions::check() const {
  if (jar && (wordnet || paraphrases)) throw UsageError("--meteor-jar has its own --wordnet and --paraphrases");
}

std::unique_ptr<MeteorCounter> MeteorOptions::make() const {
  if (jar) return run_meteor(jar);
  MeteorResources resources{wordnet ? wordnet : kWordNetFolder, std::nullopt};
  if (paraphrases) resources.paraphrases = paraphrases;
  return make_meteor(resources);
}
