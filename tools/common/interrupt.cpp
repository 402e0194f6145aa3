/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/interrupt.hpp"

#include <csignal>

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t interrupted = 0;

void set_all(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);
  for (const int signal : kSignals) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    // What is ignored, as under nohup, stays so.
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

void note(int) {
  interrupted = 1;
  set_all(SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupted = 0;
  set_all(note);
}

InterruptGuard::~InterruptGuard() { set_all(SIG_DFL); }

bool is_interrupted() { return interrupted != 0; }
