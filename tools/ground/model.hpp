/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <map>
#include <string>
#include <utility>

/** Models that were loaded, each once for all files. */
class Models {
 public:
  explicit Models(std::string device) : device_(std::move(device)) {}
  ~Models();
  Models(const Models&) = delete;
  Models& operator=(const Models&) = delete;

  bool has(const std::string& name) const { return loaded_.count(name) > 0; }
  /** By its name or folder, "" for the default one; a context that stays this class's. Null with the reason where it
   * fails. */
  GstContext* load(const std::string& name, std::string& fault);

 private:
  std::string device_;
  std::map<std::string, GstContext*> loaded_;
};

/** A loaded model, its kind, its size and where it runs, for people. */
std::string about_model(const std::string& name, GstContext* model);
