#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Looks at the videos of a list with several processes of this machine, by GNU parallel. Once more, it goes on where it was.
#   parallel.sh PROCESSES LIST RESULTS QUERY...
set -euo pipefail
processes=$1 list=$2 results=$3; shift 3
threads=$(($(nproc) / processes))
export OMP_NUM_THREADS=$((threads > 0 ? threads : 1))
# --quote: a query is one word of the command, whatever is in it.
seq "$processes" | parallel --quote --jobs "$processes" \
  gvl-ground --quiet --list "$list" --results "$results" --resume --shard "{}/$processes" -- "$@"
