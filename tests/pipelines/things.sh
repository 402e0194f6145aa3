#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The model of everyday things: it is whole, and knows of scenes that it has not seen what its description says, and about
# as well.
source "$(dirname "$0")/helpers.sh"
cd "$work"

# Whoever names no model is answered by the part of the default one that knows the query's words.
make_video video.webm 45
gvl-ground --explain video.webm "a person waits" "the picture goes black" "a tokamak" >out 2>told ||
  fail "it does not answer: $(cat told)"
grep -q '"a person waits": the model does not know these words: waits$' told || fail "$(cat told)"
grep -q '"a tokamak": the model does not know these words: tokamak$' told || fail "$(cat told)"
! grep -q 'goes black": the model does not know' told || fail "$(cat told)"

gvl-ground video.webm "two dogs" >out 2>told
test ! -s told || fail "it does not know its words: $(cat told)"
# What is piped can be looked at once.
mkfifo pipe
cat video.webm >pipe &
gvl-ground pipe "a person waits" "the picture goes black" >out 2>told || fail "$(cat told)"
wait
GVL_MODEL_PATH="$source_root/models/faults" gvl-ground video.webm "a person waits" >out 2>told
grep -q 'does not know these words: person' told || fail "GVL_MODEL_PATH's model was not asked: $(cat told)"

# It is called by its name.
gvl-ground --model things video.webm "two dogs" >out 2>told || fail "the model is not found by its name: $(cat told)"
test ! -s told || fail "it does not know its words: $(cat told)"
! gvl-ground --model things --task qa video.webm "what is this?" 2>told || fail "a search answers a question"
grep -q 'a model of type things answers the task grounding, not qa' told || fail "$(cat told)"
! gvl-ground --model thing video.webm "a dog" 2>told || fail "a model that there is not"
grep -q '^gvl-ground: loading thing: thing: there is no such folder.*; there are default, faults, things$' told || fail "$(cat told)"
mkdir default && gvl-convert "$source_root/tests/data/phi_c" default/things >/dev/null
(cd default && gvl-ground --model things ../video.webm "a person waits" >../out 2>../told) || fail "$(cat told)"
! grep -q 'does not know these words' told || fail "a folder that there is does not come before a name"

gvl-convert --verify "$source_root/models/things" | grep -q "type things, float16" || fail "the model is not whole"
gvl-eval --model "$source_root/models/things" --json numbers.json "$source_root/models/recipes/watched-held-out.json" >table
python3 - <<'PYTHON'
import json
numbers = json.load(open("numbers.json"))
grounding, absent = numbers["grounding"], numbers["absent"]
present = next(kind for kind in grounding["kinds"] if kind["kind"] == "present")
for what, found, told in (("R@1, IoU 0.5", grounding["overall"]["r1_0.5"], 0.57), ("present", present["r1_0.5"], 0.89),
                          ("AUC", absent["overall"]["auc"], 0.840)):
    assert abs(found - told) < 0.03, f"{what}: {found}, not about {told}"
PYTHON
