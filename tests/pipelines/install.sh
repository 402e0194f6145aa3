#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is installed works where it lies, without ldconfig and without variables, and applications can be built with it.
source "$(dirname "$0")/helpers.sh"
cd "$work"
make_video video.webm 20
meson install -C "$GVL_BUILD" --no-rebuild --quiet --destdir "$work/image"
# As a package's files, which lie elsewhere in the end: nothing may name the folder that they were installed into.
mv "image$GVL_PREFIX" moved
[[ ! -e $GVL_PREFIX/bin/gvl-ground ]] || echo "install: $GVL_PREFIX has programs of its own, this test says less" >&2
libraries=$work/moved/$GVL_LIBDIR
# Tests run side by side: threads that wait must not keep the others' cores busy.
bare() { env -i HOME="$work/home" PATH=/usr/bin:/bin GST_REGISTRY="$work/registry.bin" OMP_WAIT_POLICY=passive "$@"; }

# Programs, with plugins and the default model found from where they lie.
bare "$work/moved/bin/gvl-ground" --json --min-confidence 0 video.webm "the picture goes black" >events.jsonl 2>errors ||
  fail "gvl-ground: $(cat errors)"
grep -q '"query":"the picture goes black"' events.jsonl || fail "gvl-ground found nothing"
for program in moved/bin/*; do
  ! bare ldd "$program" | grep 'not found' || fail "$program: its libraries are not found"
  bare ldd "$program" | grep -E 'libg(st)?gvl|libgvl' | grep -v "$work/moved" && fail "$program uses other libraries" || true
done

# Each has a manual page, and what bash completes its options by.
for program in moved/bin/*; do
  name=$(basename "$program")
  [[ -s moved/share/man/man1/$name.1 ]] || fail "$name has no manual page"
  [[ -s moved/share/bash-completion/completions/$name ]] || fail "$name has no completion"
done

# Plugins.
for plugin in gvl gvlpublish; do
  bare GST_PLUGIN_PATH="$libraries/gstreamer-1.0" gst-inspect-1.0 "$plugin" >inspected || fail "no plugin $plugin"
done
bare GST_PLUGIN_PATH="$libraries/gstreamer-1.0" gst-inspect-1.0 gvlground >inspected || fail "no gvlground"

# Applications.
says() {
  local count; count=$(grep -cE "^(a ball: [0-9.]+ s to [0-9.]+ s, confidence|what\? )" "$1") || true
  ((count >= 2)) && grep -q '^what? ' "$1" || fail "$1: $(head -c 1000 "$1")"
}
in_place=(GVL_MODEL="$model" GST_PLUGIN_PATH="$libraries/gstreamer-1.0")
# Their files name the prefix in one place.
mkdir packages
for file in gvl.pc gstgvl-1.0.pc; do sed "s#^prefix=$GVL_PREFIX\$#prefix=$work/moved#" "$libraries/pkgconfig/$file" >"packages/$file"; done
! grep "$work/image" packages/* || fail "a package names the folder that it was installed into"
with_package() { PKG_CONFIG_PATH=$work/packages pkg-config "$@"; }
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror "$source_root/examples/ask.c" -o ask $(with_package --cflags --libs gstgvl-1.0) \
  -Wl,-rpath,"$libraries" || fail "ask.c cannot be built"
bare "${in_place[@]}" timeout 200 ./ask video.webm "a ball" "what?" >of-c 2>&1 || fail "ask: $(tail -c 1000 of-c)"
says of-c
bare ./ask events.jsonl >listed || fail "ask EVENTS"
(($(wc -l <listed) == $(wc -l <events.jsonl))) || fail "ask lists other events: $(head -c 1000 listed)"
! bare ./ask missing.jsonl 2>errors || fail "ask found a file that is missing"
grep -q missing.jsonl errors || fail "ask does not name the file: $(cat errors)"
cat >include.cpp <<<$'#include <gvl/model.hpp>\nint main() { return gvl::default_model_folder().empty(); }'
# shellcheck disable=SC2046
c++ -std=c++20 include.cpp -o include $(with_package --cflags --libs gvl) -Wl,-rpath,"$libraries" || fail "gvl.pc"
bare ./include || fail "the default model is not found from the library"

[[ -e $libraries/girepository-1.0/Gvl-1.0.typelib ]] || { echo "install: built without introspection" >&2; exit 0; }
# A typelib names its library without a folder.
in_place+=(GI_TYPELIB_PATH="$libraries/girepository-1.0" LD_LIBRARY_PATH="$libraries")
bare "${in_place[@]}" timeout 200 /usr/bin/python3 "$source_root/examples/ask.py" video.webm "a ball" "what?" >of-python 2>&1 ||
  fail "ask.py: $(tail -c 1000 of-python)"
says of-python
bare "${in_place[@]}" /usr/bin/python3 "$source_root/examples/ask.py" events.jsonl >listed-by-python || fail "ask.py EVENTS"
diff listed listed-by-python || fail "Python reads other events than C"
