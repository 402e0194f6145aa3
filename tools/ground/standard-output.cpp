/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground/standard-output.hpp"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

int exit_code = 0;
bool is_told = false;

std::string fault_now() { return std::string("standard output: ") + g_strerror(errno); }

void at_exit() {
  if (is_told || (std::fflush(stdout) == 0 && !std::ferror(stdout))) return;
  std::fprintf(stderr, "%s: %s\n", g_get_prgname(), fault_now().c_str());
  _exit(exit_code);
}

}  // namespace

void guard_standard_output(int code) {
  exit_code = code;
  // What is opened later must not take the place of a standard file that is closed, and be printed into.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0)
      _exit(code);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::atexit(at_exit);
}

std::string print_line(const std::string& line) {
  if (std::fprintf(stdout, "%s\n", line.c_str()) >= 0 && std::fflush(stdout) == 0) return {};
  is_told = true;
  return fault_now();
}
