#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many videos: workers share a list, one is killed, and in the end each video has one file, as one process writes it.
source "$(dirname "$0")/helpers.sh"
cd "$work"
export GVL_MODEL_PATH=$model

mkdir -p videos/other
for number in 1 2 3; do make_video "videos/$number.webm" 20; done
cp videos/1.webm videos/other/1.webm
cp videos/2.webm "videos/it's a \"näme\".webm"
echo "no video" >videos/broken.webm
# Lines end as on Windows, too, and some are empty.
printf 'videos/%s.webm\r\n\n' 1 2 3 other/1 "it's a \"näme\"" >list
queries=("a ball moves" 'it "rains" $HOME')

# results_are FOLDER: one file for each of the five videos, which one process would have written
results_are() {
  python3 - "$1" alone.jsonl <<'PYTHON' || fail "the files in $1 are not those of one process: $(ls -la "$1")"
import collections, json, pathlib, sys
key = lambda event: (event["file"], event["query"], event["start"], event["stop"], event["confidence"], event["text"])
alone = collections.Counter(key(json.loads(line)) for line in open(sys.argv[2]))
assert alone and len({name for name, *_ in alone}) == 5, alone
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
assert len(files) == 5 and all(file.suffix == ".jsonl" for file in files), files
events = [[json.loads(line) for line in open(file)] for file in files]
assert all(len({event["file"] for event in each}) == 1 for each in events), events
assert collections.Counter(key(event) for each in events for event in each) == alone
PYTHON
}
ground() { gvl-ground --quiet --list list "$@" -- "${queries[@]}"; }

ground --events alone.jsonl >/dev/null || fail "the list is not looked at"
for share in 1 2; do ground --results shares --shard $share/2 >/dev/null || fail "share $share"; done
results_are shares
ground --results shares --shard 9/9 --resume >out 2>&1 || fail "an empty share is a failure: $(cat out)"
test ! -s out || fail "what is done is done again: $(cat out)"

# Killed as soon as something is there.
gvl-ground --quiet --list list --results killed --shard 1/2 -- "${queries[@]}" >/dev/null 2>&1 &
worker=$!
while kill -0 $worker 2>/dev/null && ! compgen -G 'killed/*.jsonl' >/dev/null; do sleep 0.01; done
kill -9 $worker 2>/dev/null || true
wait $worker 2>/dev/null || true
for file in killed/*.jsonl; do python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$file"; done
rm -f killed/.gvl-ground-*.part
for share in 1 2; do ground --results killed --shard $share/2 --resume >/dev/null & done
wait
results_are killed

# What cannot be read has no file, and is tried again.
echo videos/broken.webm >>list
for attempt in 1 2; do
  ! ground --results shares --resume >out 2>err || fail "attempt $attempt: what cannot be read is no failure"
  grep -q 'videos/broken.webm: ' err || fail "attempt $attempt: $(cat err)"
done
sed -i '$d' list
results_are shares

# Examples
as_job() { SLURM_ARRAY_TASK_ID=$1 SLURM_ARRAY_TASK_MIN=4 SLURM_ARRAY_TASK_COUNT=2 "$source_root/examples/cluster/slurm-array.sh" "${@:2}"; }
for job in 4 5; do as_job $job list jobs "${queries[@]}" >/dev/null || fail "job $job"; done
results_are jobs
if command -v parallel >/dev/null; then
  "$source_root/examples/cluster/parallel.sh" 2 list parallel "${queries[@]}" >/dev/null 2>err || fail "$(cat err)"
  results_are parallel
fi

# refused PATTERN ARGUMENT...
refused() {
  local pattern=$1; shift
  ! gvl-ground "$@" >out 2>err || fail "is not refused: $*"
  grep -qE -- "$pattern" err || fail "no '$pattern' in: $(cat err)"
}
: >empty
refused '--list nothing: ' --list nothing "a ball"
refused '--list empty: names no video' --list empty "a ball"
refused '--list videos/1.webm: is no text' --list videos/1.webm "a ball"
refused 'a query is needed' --list list
refused '--shard 0/2: I/N is needed' --list list --shard 0/2 "a ball"
refused '--shard 3/2: I/N is needed' --list list --shard 3/2 "a ball"
refused '--resume needs --results' --list list --resume "a ball"
refused 'videos/1.webm is named twice' --list list --results new -q "a ball" videos/1.webm
test ! -e new || fail "a refused run leaves a folder"
refused '--results shares: .*1-[0-9a-f]{16}.jsonl is there already' --list list --results shares "a ball"
refused '--results list: list is not a folder' --list list --results list "a ball"
before=$(stat -c %i shares/1-*.jsonl | sort)
ground --results shares --force --shard 1/5 >/dev/null || fail "--force does not replace"
test "$before" != "$(stat -c %i shares/1-*.jsonl | sort)" || fail "--force replaces nothing"
results_are shares
