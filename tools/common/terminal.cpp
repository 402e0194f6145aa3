/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

int terminal_columns() {
  constexpr int kUsualColumns = 80;
  struct winsize size {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsualColumns;
}
