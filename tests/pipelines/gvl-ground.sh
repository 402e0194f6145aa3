#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# gvl-ground: what it prints, its exit codes, and one clear message for each input that cannot be used.
source "$(dirname "$0")/helpers.sh"

# expect CODE PATTERN COMMAND...: the exit code, and a pattern in what the command says on stderr
expect() {
  local code=$1 pattern=$2 found=0; shift 2
  timeout 120 "$@" >"$work/out" 2>"$work/err" || found=$?
  ((found == code)) || fail "exit code $found, not $code: $*: $(cat "$work/err")"
  grep -qE -- "$pattern" "$work/err" || fail "no '$pattern' in: $(cat "$work/err")"
  [[ $(wc -l <"$work/err") -le 2 ]] || fail "more than one message: $(cat "$work/err")"
}

make_video "$work/video.webm" 45
ground() { gvl-ground --model "$model" "$@"; }

# Answers
ground --json "$work/video.webm" "a ball moves" "it rains" >"$work/events"
python3 - "$work/events" <<'PYTHON' || fail "the JSON lines are not as documented"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
assert {e["query"] for e in events} == {"a ball moves", "it rains"}, events
for e in events:
    assert e["task"] == "grounding" and 0 <= e["confidence"] <= 1
    assert 0 == e["window-start"] <= e["start"] <= e["stop"] <= e["window-stop"], e
    assert abs(e["window-stop"] - 3e9) < 2e8, e
assert [e["id"] for e in events] == sorted({e["id"] for e in events})
PYTHON
# prints PATTERN ARGUMENT...: a line with the pattern on stdout
prints() {
  local pattern=$1; shift
  ground "$@" >"$work/out" || fail "exit code $?: $*"
  grep -qE -- "$pattern" "$work/out" || fail "no '$pattern' in: $(head -c 500 "$work/out")"
}
prints '^[0-9.]+ s - [0-9.]+ s  [01]\.[0-9]+  a ball moves: ' "$work/video.webm" "a ball moves"
prints '^[01]\.[0-9]+  what is it\?: ' --task qa "$work/video.webm" "what is it?"
prints . --task dense-caption "$work/video.webm"
prints 'what happens from 1 to 2 seconds\?: ' --task referring "$work/video.webm" "what happens from 1 to 2 seconds?"
GVL_MODEL_PATH=$model gvl-ground "$work/video.webm" "a ball" >"$work/out" || fail "no default model was taken"
grep -q 'a ball: ' "$work/out" || fail "the default model gave no event"
make_video "$work/one.webm" 1
prints . "$work/one.webm" "a ball"
cp "$work/video.webm" "$work/it's a \"näme\" %d.webm"
prints . "$work/it's a \"näme\" %d.webm" "a ball"

# What people look at
ground --events "$work/e.jsonl" --vtt "$work/e.vtt" --clips "$work/clips" --overlay "$work/overlay.mkv" \
  -q "a ball moves" -q "it <rains> & pours" "$work/video.webm" >"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
python3 - "$work" <<'PYTHON' || fail "the written files are not as documented"
import glob, json, re, sys
work = sys.argv[1]
events = [json.loads(line) for line in open(f"{work}/e.jsonl")]
assert [e["start"] for e in events] == sorted(e["start"] for e in events), events
assert {e["query"] for e in events} == {"a ball moves", "it <rains> & pours"}, events
assert all(e["file"].endswith("video.webm") for e in events), events
vtt = open(f"{work}/e.vtt").read()
cues = re.findall(r"^(\d\d+:\d\d:\d\d\.\d{3}) --> (\d\d+:\d\d:\d\d\.\d{3})\n(.+)$", vtt, re.M)
assert vtt.startswith("WEBVTT\n") and len(cues) == len(events), vtt
assert "it &lt;rains&gt; &amp; pours" in {cue[2] for cue in cues}, vtt
clips = glob.glob(f"{work}/clips/*.mkv")
assert len(clips) == len(events), clips
for clip in clips:
    about = json.load(open(clip[:-4] + ".json"))
    assert about["clip-start"] <= about["start"], about
PYTHON
for clip in "$work"/clips/*.mkv "$work/overlay.mkv"; do decodes "$clip"; done
# FFmpeg reads them, too, and sees the frames that the clip's times promise (15 a second).
if command -v ffprobe >/dev/null; then
  for clip in "$work"/clips/*.mkv; do
    frames=$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$clip" 2>"$work/err")
    [[ ! -s $work/err ]] || fail "ffprobe says of $clip: $(cat "$work/err")"
    python3 - "${clip%.mkv}.json" "$frames" <<'PYTHON' || fail "$clip: $frames frames"
import json, sys
about = json.load(open(sys.argv[1]))
promised = (about["clip-stop"] - about["clip-start"]) * 15 / 1e9
assert abs(int(sys.argv[2].strip().strip(",")) - promised) <= 1, promised
PYTHON
  done
else
  echo "not checked with ffprobe: there is none"
fi
ground --report "$work/report.html" -q "a ball" "$work/video.webm" "$work/one.webm" >"$work/out" || fail "no report"
grep -q "^$work/one.webm: " "$work/out" || fail "events of several videos do not say of which"
python3 - "$work/report.html" <<'PYTHON' || fail "the report is no page of its own"
import html.parser, re, sys
page = open(sys.argv[1]).read()
class Tags(html.parser.HTMLParser):
    images = rows = 0
    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.images += tag == "img" and values["src"].startswith("data:image/jpeg;base64,/9j/")
        self.rows += tag == "tr" and "id" in values
        assert not re.match("https?:", values.get("src", values.get("href", ""))), values
tags = Tags()
tags.feed(page)
assert tags.rows >= 2 and tags.images >= 1, (tags.rows, tags.images)
assert "video.webm" in page and "one.webm" in page
PYTHON
expect 1 'one video' gvl-ground --vtt "$work/x.vtt" -q "a ball" "$work/video.webm" "$work/one.webm"
expect 1 'webm' gvl-ground --overlay "$work/x.txt" "$work/video.webm" "a ball"
expect 2 'nowhere' gvl-ground --model "$model" --events "$work/nowhere/e.jsonl" "$work/video.webm" "a ball"

# Wrong usage
expect 1 'usage|needed' gvl-ground
expect 1 'query' gvl-ground --model "$model" "$work/video.webm"
expect 1 'no such task' gvl-ground --model "$model" --task guess "$work/video.webm" "a ball"
expect 1 'Unknown option' gvl-ground --nonsense

# Input that cannot be used
expect 2 'nowhere.webm' gvl-ground --model "$model" "$work/nowhere.webm" "a ball"
head -c 20000 /dev/urandom >"$work/noise.webm"
expect 2 'noise|type|decode|stream' gvl-ground --model "$model" "$work/noise.webm" "a ball"
: >"$work/empty.webm"
expect 2 'empty|no data|type|stream' gvl-ground --model "$model" "$work/empty.webm" "a ball"
gst-launch-1.0 -q audiotestsrc num-buffers=20 ! wavenc ! filesink location="$work/sound.wav"
expect 2 'sound.wav: has no video' gvl-ground --model "$model" "$work/sound.wav" "a ball"
expect 1 'empty' gvl-ground --model "$model" "$work/video.webm" ""
expect 2 'too long' gvl-ground --model "$model" "$work/video.webm" "$(head -c 100000 /dev/zero | tr '\0' x)"
expect 1 'UTF-8' gvl-ground --model "$model" "$work/video.webm" $'a \xff ball'
expect 2 'device' gvl-ground --model "$model" --device nonsense "$work/video.webm" "a ball"

# A model that cannot be used
expect 2 'nothing' gvl-ground --model "$work/nothing" "$work/video.webm" "a ball"
GVL_MODEL_PATH=$work/nowhere expect 2 "$work/nowhere" gvl-ground "$work/video.webm" "a ball"
for file in config.json model.safetensors tokenizer.json; do
  cp -r "$model" "$work/broken"
  truncate -s 100 "$work/broken/$file"
  expect 2 "$file" gvl-ground --model "$work/broken" "$work/video.webm" "a ball"
  rm -r "$work/broken"
done

# gvl-convert
expect 1 'two folders' gvl-convert "$model"
expect 1 'int3' gvl-convert --dtype int3 "$model" "$work/out-model"
expect 2 'nowhere' gvl-convert "$work/nowhere" "$work/out-model"
[[ ! -e $work/out-model ]] || fail "a failed conversion left a folder"
