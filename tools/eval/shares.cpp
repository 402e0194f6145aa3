/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eval/shares.hpp"

#include <algorithm>
#include <cstdio>
#include <regex>

#include "gvl/error.hpp"

namespace fs = std::filesystem;
using gvl::evaluation::PredictionLog;

fs::path log_of(const Share& share, const fs::path& out) {
  return out / ("predictions-" + std::to_string(share.number) + "-of-" + std::to_string(share.count) + ".jsonl");
}

void add_shares(const fs::path& out, const std::string& settings, bool resumes, PredictionLog& log) {
  const std::regex name("predictions-[0-9]+-of-[0-9]+\\.jsonl");
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(out)) {
    if (std::regex_match(entry.path().filename().string(), name)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (!files.empty() && !resumes) {
    throw gvl::Error(gvl::ErrorCode::kInvalidArgument,
                     files.front().string() + ": is there already; --resume puts all shares together");
  }
  for (const fs::path& file : files) log.add_missing(PredictionLog(file, settings, true));
}

void tell_of_share(const Share& share, std::size_t items, std::size_t predicted,
                   const std::vector<gvl::evaluation::VideoFault>& faults) {
  std::printf("share %zu of %zu: %zu of %zu predicted; --resume without --shard puts all shares together\n",
              share.number, share.count, predicted, items);
  for (const auto& fault : faults)
    std::printf("no prediction for %zu about %s: %s\n", fault.items, fault.video.c_str(), fault.why.c_str());
}
