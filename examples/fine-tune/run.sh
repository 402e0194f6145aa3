#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Teaches the model of faults something new, on 20 short clips, and measures it on ten others before and behind
# (docs/fine-tune.md). OMP_NUM_THREADS=1 where other things compute, too.
#   run.sh OUT_DIR [MODEL_DIR]    MODEL_DIR: another model's folder, the published one's say
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $# == 1 || $# == 2 ]] || { sed -n '5s/^# *//p' "$0" >&2; exit 1; }
mkdir -p "$1"
out=$(realpath "$1")
source examples/environment.sh
model=${2:-${GVL_MODEL:-}}
if [[ -z $model ]]; then
  model=$build/models/faults
  [[ -d $model ]] || model=$(dirname "$(dirname "$(command -v gvl-train)")")/share/gst-grounded-video/models/faults
fi
model=$(realpath "$model")
# Threads that spin while they wait cost more than they gain where others compute, too.
export OMP_WAIT_POLICY=passive

echo "== clips"
[[ -s $out/fine-tune.json ]] || examples/fine-tune/make-clips.py "$out" "$model"
echo "== before"
gvl-eval --model "$model" "$out/test-configuration.json"
echo "== training"
gvl-train "$out/fine-tune.json"
echo "== behind"
gvl-eval --model "$out/run/model" "$out/test-configuration.json"
times >"$out/times"  # of the shell, and of what it started: user's and system's
awk -v model="$out/run/model" 'NR == 2 {split($1 $2, t, /[ms]/); printf "%.1f minutes of the processor; the model is %s\n",
  t[1] + t[3] + (t[2] + t[4]) / 60, model}' "$out/times"
