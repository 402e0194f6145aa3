/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/output-set.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "ground/batch.hpp"
#include "ground/complain.hpp"
#include "ground/encoding.hpp"
#include "ground/names.hpp"
#include "gvl/model.hpp"
#include "gvl/model_folders.hpp"

OutputSet::OutputSet(const Arguments& arguments)
    : events("--events", arguments.events, arguments.force, inputs_),
      vtt("--vtt", arguments.vtt, arguments.force, inputs_),
      edl("--edl", arguments.edl, arguments.force, inputs_),
      otio("--otio", arguments.otio, arguments.force, inputs_),
      overlay("--overlay", arguments.overlay, arguments.force, inputs_),
      report("--report", arguments.report, arguments.force, inputs_),
      arguments_(arguments) {}

bool OutputSet::wanted() const {
  const auto all = files();
  return !arguments_.clips.empty() || !arguments_.results.empty() ||
         std::any_of(all.begin(), all.end(), [](const OutputFile* file) { return file->wanted(); });
}

std::string OutputSet::reads_again() const {
  return !arguments_.clips.empty() ? "--clips" : overlay.wanted() ? "--overlay" : "";
}

/** The files that are read: videos and the model. */
void OutputSet::learn_inputs() {
  for (const std::string& video : arguments_.videos) inputs_.add(possible_path_of(video));
  try {
    for (const auto& folder : gvl::folders_of_model(gvl::model_folder(arguments_.model)))
      inputs_.add_folder(folder.string());
  } catch (const std::exception&) {
    // There is none: reported when it is needed.
  }
}

/** It may be appended to. */
bool OutputSet::can_print() const {
  struct stat file;
  const std::string* input = fstat(STDOUT_FILENO, &file) == 0 ? inputs_.find(file) : nullptr;
  return !input || complain("standard output: is " + *input + ", which is read");
}

/** Clips and the overlay read the video again, for which pipes are none, nor what is live. */
bool OutputSet::can_read_again() const {
  const std::string again = reads_again();
  bool good = true;
  for (const std::string& video : arguments_.videos)
    if (!again.empty() && is_read_once(video))
      good = complain(video + ": can be read only once, and " + again + " reads it again");
  return good;
}

bool OutputSet::can_write_files() const {
  const auto all = files();
  bool good = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i]->wanted()) continue;
    good = unless(all[i]->check()) && good;
    for (std::size_t j = 0; j < i; ++j)
      if (all[j]->wanted() && all[i]->same_as(*all[j]))
        good = complain(all[i]->path() + ": two outputs are to be written to it");
  }
  return good;
}

bool OutputSet::can_write_clips() const {
  if (arguments_.clips.empty()) return true;
  const std::string fault = fault_of_folder(arguments_.clips);
  bool good = fault.empty() || complain("--clips " + arguments_.clips + ": " + fault);
  for (const OutputFile* file : files())
    if (file->wanted() && file->would_be(arguments_.clips))
      good = complain("--clips " + arguments_.clips + ": " + file->path() + " is to be a file");
  return good;
}

bool OutputSet::write_result(const FoundEvents& found) const {
  if (arguments_.results.empty()) return true;
  OutputFile file("--results", result_of(arguments_.results, found.video), arguments_.force, inputs_);
  return unless(file.write(json_lines(found)));
}

bool OutputSet::can_draw() {
  if (!overlay.wanted()) return true;
  std::string fault;
  drawing_ = drawing_and_encoding(overlay.path(), arguments_.videos.front(), fault);
  return !drawing_.empty() || complain("--overlay " + overlay.path() + ": cannot be encoded here: " + fault);
}

bool OutputSet::can_write() {
  learn_inputs();
  bool good = can_print();
  good = can_read_again() && good;
  good = can_write_files() && good;
  good = can_write_clips() && good;
  good = unless(fault_of_results(arguments_)) && good;
  return good && can_draw();
}
