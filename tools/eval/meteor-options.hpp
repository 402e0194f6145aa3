/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <memory>

#include "evaluation/captions/meteor.hpp"

/** The options that say where METEOR comes from, which only captions have need of. */
struct MeteorOptions {
  char *wordnet = nullptr, *paraphrases = nullptr, *jar = nullptr;

  MeteorOptions() = default;
  MeteorOptions(const MeteorOptions&) = delete;
  MeteorOptions& operator=(const MeteorOptions&) = delete;
  ~MeteorOptions();

  /** Adds --wordnet, --paraphrases and --meteor-jar. This must live until they are parsed. */
  void add_to(GOptionContext* context);
  /** Throws UsageError for options that exclude each other. */
  void check() const;
  bool is_given() const { return wordnet || paraphrases || jar; }
  std::unique_ptr<gvl::evaluation::MeteorCounter> make() const;
};
