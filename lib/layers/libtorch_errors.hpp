/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <c10/util/Exception.h>

#include <new>
#include <string>

#include "gvl/error.hpp"

namespace gvl::layers {

/**
 * Runs `body` and turns what LibTorch throws into Error, so that nothing else leaves the library: running out of
 * memory into kResource, the rest into kUnsupported, each with `what` in front.
 */
template <typename Body>
auto rethrow_libtorch_errors(const std::string& what, Body&& body) {
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kResource, what + ": out of memory");
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    // LibTorch has no type of its own for this before 2.0, and none for the CPU's allocator.
    const bool memory = message.find("out of memory") != std::string::npos ||
                        message.find("can't allocate memory") != std::string::npos;
    throw Error(memory ? ErrorCode::kResource : ErrorCode::kUnsupported, what + ": " + message);
  }
}

}  // namespace gvl::layers
