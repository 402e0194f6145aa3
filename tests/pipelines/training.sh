#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# From nothing to a model that can be asked: gvl-scenes, gvl-train and gvl-eval as a user runs them.
source "$(dirname "$0")/helpers.sh"
cd "$work"

# expect CODE PATTERN COMMAND...: the exit code, and a pattern in what the command says on stderr
expect() {
  local code=$1 pattern=$2 found=0; shift 2
  "$@" >out 2>err || found=$?
  ((found == code)) || fail "exit code $found, not $code: $*: $(cat err)"
  grep -qE -- "$pattern" err || fail "no '$pattern' in: $(cat err)"
}

# Without photographs, clips and emoji: everything is drawn.
scenes='"photographs": [], "clips": [], "emoji_font": "", "shortest": 8, "longest": 10'
echo "{\"scenes\": {$scenes, \"videos\": 2, \"seed\": 3}}" >videos.json
gvl-scenes --config videos.json made
[[ -s made/000000.avi && -s made/000001.avi && ! -e made/000002.avi ]] || fail "not two videos"
python3 - <<'PYTHON'
import json
records = json.load(open("made/conversations.json"))
assert len(records) == 2 and all(len(r["conversation"]) >= 2 for r in records)
events = [json.loads(line) for line in open("made/events.jsonl")]
assert all(0 <= e["start"] < e["stop"] <= e["duration"] + 1e-6 for e in events)
# In the form that gvl-ground writes.
with open("found.jsonl", "w") as found:
    for event in events:
        times = {name: int(event[name] * 1e9) for name in ("start", "stop")}
        print(json.dumps({"file": "/elsewhere/" + event["video"], "query": event["kind"], **times}), file=found)
PYTHON
gvl-annotate --from-events found.jsonl --videos made labels

cp -r "$source_root/models/recipes/faults" architecture
common='"model": "architecture", "stage": "all", "batch_videos": 1, "checkpoint_every": 1'
echo "{$common, \"output\": \"run\", \"steps\": 2, \"data\": {\"conversations\": {\"files\": [\"made/conversations.json\", \"labels/conversations.json\"],
  \"videos\": \"made\", \"texts_per_video\": 3}}}" >train.json
gvl-train train.json 2>err || { cat err >&2; fail "training failed"; }
grep -q "2/2" err || fail "no progress was shown"
[[ -s run/checkpoint.safetensors && -s run/curve.csv && -s run/curve.svg && -s run/model/model.safetensors ]] ||
  fail "the run left no checkpoint, curve or model"
gvl-train --export exported --dtype float32 train.json
(($(stat -c %s exported/model.safetensors) > $(stat -c %s run/model/model.safetensors))) || fail "--dtype did nothing"

[[ ! -e run/features ]] || fail "features of encoders that learn were kept"

# Measured on the way. A model of three steps finds nothing, so the run ends when it has been patient.
validation='"data": {"conversations": {"files": ["labels/conversations.json"], "videos": "made"}}, "every": 1, "patience": 2'
echo "{$common, \"output\": \"validated\", \"steps\": 9, \"data\": {\"conversations\": {\"files\": [\"made/conversations.json\"],
  \"videos\": \"made\", \"texts_per_video\": 3}}, \"validation\": {$validation}}" >validated.json
mkdir validated
printf 'step,score\n0,-1\n' >validated/validation.csv
expect 0 "no better; the best model is the run's" gvl-train validated.json
grep -q "step 1: grounding miou 0.0000 (best: 0.0000 after step 1)" err || fail "the first measurement is no better: $(cat err)"
[[ $(cut -d, -f1 validated/validation.csv | xargs) == "step 0 1 2 3" && -s validated/model/model.safetensors ]] ||
  fail "no scores or no best model: $(cat validated/validation.csv)"
[[ ! -e validated/candidate ]] || fail "what was measured is left behind"
expect 0 "no better" gvl-train validated.json
echo '{"conversations": {"files": ["labels/conversations.json"], "videos": "made"}}' >labelled.json
gvl-eval --model validated/model labelled.json >table
grep -q grounding table || fail "no table of conversations"
sed 's/"every": 1/"every": 0/' validated.json >wrong.json
expect 2 "wrong.json: .*every" gvl-train wrong.json

gvl-eval --model run/model --json numbers.json videos.json >table
grep -q grounding table || fail "no table"
python3 -c 'import json; assert json.load(open("numbers.json"))["grounding"]["overall"]'

# A run that ends at once: what is said of the processor comes first.
if grep -qw avx2 /proc/cpuinfo && ldd "$(command -v gvl-train)" | grep -q openblas; then
  OPENBLAS_CORETYPE=Prescott expect 0 "OPENBLAS_CORETYPE=(SkylakeX|Haswell)" gvl-train train.json
fi
OPENBLAS_CORETYPE=Haswell gvl-train train.json 2>err
! grep -q OPENBLAS err || fail "a processor that is known is not: $(cat err)"

expect 1 usage gvl-train
expect 2 none.json gvl-train none.json
expect 1 usage gvl-scenes
gvl-scenes --watched --seed 5 --videos 3 >said
grep -q "^5: " said && grep -q "^7: " said && grep -qE "^\[(present|absent)\] " said || fail "no watched scenes were printed"
grep -qE "of [0-9]+ grounding queries [0-9.]+ % ask for what does not happen" said || fail "no statistics"
gvl-scenes --words plain.txt
gvl-scenes --words watched.txt --watched
grep -qx toothbrush watched.txt && ! grep -qx toothbrush plain.txt || fail "--watched added no words, or always does"
# The tokenizer of the recipe that learns everyday things is what its script makes of them.
recipes=$source_root/models/recipes
"$recipes/extend-tokenizer.py" "$source_root/models/faults/tokenizer.json" extended.json --words watched.txt \
  --without plain.txt >said
grep -q "^4861 tokens" said || fail "another number of tokens: $(cat said)"
cmp extended.json "$recipes/things/tokenizer.json" && cmp watched.txt "$recipes/things/words.txt" ||
  fail "models/recipes/things has another tokenizer or other words than its scripts make"
expect 1 "--watched takes no --config" gvl-scenes --watched --config videos.json
expect 1 "--watched writes nothing" gvl-scenes --watched made
expect 2 none.json gvl-scenes --config none.json made
GVL_MODEL_PATH=$work/none expect 2 none gvl-eval videos.json
expect 1 usage gvl-eval
expect 2 none gvl-eval --model none videos.json
