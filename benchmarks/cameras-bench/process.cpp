/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cameras-bench/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace gvl::benchmarks {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// What a thread's file `stat` says, by proc(5): the 14th and 15th field, of which the second one is in brackets.
double seconds_of_thread(const std::string& stat) {
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessorTime processor_time() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  ProcessorTime time{seconds(usage.ru_utime) + seconds(usage.ru_stime)};
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string stat;
    std::getline(std::ifstream(thread.path() / "stat"), stat);
    const auto is_called = [&](const char* name) { return stat.find(std::string("(") + name + ")") != stat.npos; };
    if (is_called("gvl-scheduler")) time.model += seconds_of_thread(stat);
    if (is_called("gvlsegmenter")) time.pictures += seconds_of_thread(stat);
  }
  return time;
}

double resident_bytes() {
  long size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace gvl::benchmarks
