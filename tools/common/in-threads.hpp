/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <functional>

/**
 * Several threads that do the same, each told what cancels it. When one fails or `cancellable` is cancelled the others
 * are cancelled, and what the first one threw is thrown.
 */
void in_threads(int count, GCancellable* cancellable, const std::function<void(GCancellable*)>& work);
