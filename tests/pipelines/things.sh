#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The model of everyday things: it is whole, and knows of scenes that it has not seen what its description says, and about
# as well.
source "$(dirname "$0")/helpers.sh"
cd "$work"

gvl-convert --verify "$source_root/models/things" | grep -q "type llama, float16" || fail "the model is not whole"
gvl-eval --model "$source_root/models/things" --json numbers.json "$source_root/models/recipes/watched-held-out.json" >table
python3 - <<'PYTHON'
import json
numbers = json.load(open("numbers.json"))
grounding, absent = numbers["grounding"], numbers["absent"]
present = next(kind for kind in grounding["kinds"] if kind["kind"] == "present")
for what, found, told in (("R@1, IoU 0.5", grounding["overall"]["r1_0.5"], 0.49), ("present", present["r1_0.5"], 0.65),
                          ("AUC", absent["overall"]["auc"], 0.856)):
    assert abs(found - told) < 0.03, f"{what}: {found}, not about {told}"
PYTHON
