/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace gvl::benchmarks {

/** Processor time of this process so far, in seconds. */
struct ProcessorTime {
  double all = 0;
  double model = 0;     ///< of the scheduler's threads
  double pictures = 0;  ///< of the threads that convert sampled frames; both of threads that have not ended

  ProcessorTime operator-(const ProcessorTime& other) const {
    return {all - other.all, model - other.model, pictures - other.pictures};
  }
};

ProcessorTime processor_time();

/** Resident memory of this process, in bytes. */
double resident_bytes();

}  // namespace gvl::benchmarks
