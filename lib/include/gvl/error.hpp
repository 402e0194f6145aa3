/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdexcept>
#include <string>

#include "gvl/export.hpp"

namespace gvl {

/** What kind of failure an Error reports, so that callers can choose an exit code or a GStreamer error domain. */
enum class ErrorCode {
  kNotFound,         ///< a file or folder does not exist or cannot be read
  kMalformed,        ///< a file's content is not what its format or the model's configuration says
  kUnsupported,      ///< well-formed, but not something this library can do
  kInvalidArgument,  ///< the caller passed a value that cannot be used
  kResource,         ///< out of memory, disk or another limited resource
  kCancelled,        ///< the work was cancelled before it was done
};

/** The one exception type that leaves this library. The message names the file, tensor or value at fault. */
class GVL_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace gvl
