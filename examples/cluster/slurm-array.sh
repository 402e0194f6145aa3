#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Looks at the videos of a list with an array of Slurm's jobs. Submitted once more, it goes on where it was.
#   sbatch --array=1-8 slurm-array.sh LIST RESULTS QUERY...
#SBATCH --job-name=gvl-ground
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
set -euo pipefail
list=$1 results=$2; shift 2
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
number=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1))
exec gvl-ground --quiet --list "$list" --results "$results" --resume --shard "$number/$SLURM_ARRAY_TASK_COUNT" -- "$@"
