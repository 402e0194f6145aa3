#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The model of everyday things: it is whole, and knows of scenes that it has not seen what its description says, and about
# as well.
source "$(dirname "$0")/helpers.sh"
cd "$work"

# It is called by its name, and recommended to who asks another model for what this one knows.
make_video video.webm 45
gvl-ground video.webm "a person waits" >out 2>told || fail "the default model does not answer: $(cat told)"
grep -q 'never saw these words.*person.*; try --model things$' told || fail "no model is recommended: $(cat told)"
gvl-ground --model things video.webm "a person waits" >out 2>told || fail "the model is not found by its name: $(cat told)"
! grep -q 'never saw' told || fail "it does not know its words: $(cat told)"
gvl-ground video.webm "a tokamak" >out 2>told
grep -q 'never saw these words, and can only guess: tokamak$' told || fail "a model is recommended that knows no better: $(cat told)"
! gvl-ground --model thing video.webm "a dog" 2>told || fail "a model that there is not"
grep -q '^gvl-ground: loading thing: thing: there is no such folder.*; there are default, things$' told || fail "$(cat told)"
mkdir default && gvl-convert "$source_root/tests/data/phi_c" default/things >/dev/null
(cd default && gvl-ground --model things ../video.webm "a person waits" >../out 2>../told) || fail "$(cat told)"
! grep -q 'never saw' told || fail "a folder that there is does not come before a name"

gvl-convert --verify "$source_root/models/things" | grep -q "type llama, float16" || fail "the model is not whole"
gvl-eval --model "$source_root/models/things" --json numbers.json "$source_root/models/recipes/watched-held-out.json" >table
python3 - <<'PYTHON'
import json
numbers = json.load(open("numbers.json"))
grounding, absent = numbers["grounding"], numbers["absent"]
present = next(kind for kind in grounding["kinds"] if kind["kind"] == "present")
for what, found, told in (("R@1, IoU 0.5", grounding["overall"]["r1_0.5"], 0.44), ("present", present["r1_0.5"], 0.66),
                          ("AUC", absent["overall"]["auc"], 0.865)):
    assert abs(found - told) < 0.03, f"{what}: {found}, not about {told}"
PYTHON
