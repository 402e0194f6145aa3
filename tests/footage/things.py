#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real footage of everyday things, with moments labelled by eye: cuts the clips that things.json asks about.

    tests/footage/things.py OUT_DIR [--clips FOLDER]...

clips.json says what each clip is made of. Files of Debian's packages are downloaded with apt-get, not installed. The
others are looked for in each FOLDER: those of a repository in FOLDER/OWNER/NAME, others in FOLDER itself. Writes
OUT_DIR/*.mkv, OUT_DIR/queries.json for gvl-eval, and OUT_DIR/plain.json, which asks in plain words whether each kind is
there. Clips that could not be had are left out and named, and the exit code is then 1. The same files give the same set. Needs ffmpeg, apt-get and dpkg-deb.
"""
import argparse
import functools
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
WIDTH, HEIGHT, RATE = 640, 360, 25


class Unavailable(Exception):
    """Why a clip cannot be made."""


def run(*arguments, cwd=None):
    try:
        subprocess.run([*map(str, arguments)], check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       cwd=cwd)
    except FileNotFoundError as error:
        raise Unavailable(f"there is no program {arguments[0]}") from error
    except subprocess.CalledProcessError as error:
        lines = (error.stderr.strip() or f"exit code {error.returncode}").splitlines()
        raise Unavailable(f"{arguments[0]}: {lines[-1]}") from error


@functools.lru_cache(maxsize=None)
def unpacked(package, folder):
    """The folder that a package is unpacked into; None with the reason where it is not to be had."""
    place = pathlib.Path(folder) / package
    place.mkdir()
    try:
        run("apt-get", "download", "-qq", package, cwd=place)
        for archive in place.glob("*.deb"):
            run("dpkg-deb", "-x", archive, place)
    except Unavailable as why:
        return None, f"package {package}: {why}"
    return place, ""


def places_of(source, name, folders, packages):
    if "package" in source:
        place, why = unpacked(source["package"], packages)
        if place is None:
            raise Unavailable(why)
        return [place / name]
    return [folder / source.get("repository", "") / name for folder in folders]


def origin_of(source):
    if "package" in source:
        return f"package {source['package']}"
    return f"repository {source['repository']}" if "repository" in source else source["name"]


def file_of(part, sources, folders, packages):
    """The file that a part is cut from, if it is the one that was labelled."""
    source = sources[part["source"]]
    found = [place for place in places_of(source, part["file"], folders, packages) if place.is_file()]
    if not found:
        raise Unavailable(f"no {part['file']} ({origin_of(source)})" +
                          ("" if "package" in source or folders else "; --clips says where it is"))
    if hashlib.sha256(found[0].read_bytes()).hexdigest() != part["sha256"]:
        raise Unavailable(f"{found[0]} is another file than the one that was labelled: its SHA-256 is not "
                          f"{part['sha256']}")
    return found[0]


def cut(parts, files, out):
    """Joins the parts of files, each with one size and frame rate."""
    inputs, chains = [], []
    for i, (part, file) in enumerate(zip(parts, files)):
        inputs += ["-i", file]
        chains.append(f"[{i}:v:0]setpts=PTS-STARTPTS,fps={RATE},trim={part['start']}:{part['stop']},"
                      f"setpts=PTS-STARTPTS,scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=decrease,"
                      f"pad={WIDTH}:{HEIGHT}:-1:-1,setsar=1,format=yuv420p[v{i}];")
    joined = "".join(f"[v{i}]" for i in range(len(parts))) + f"concat=n={len(parts)}[v]"
    # One thread, and nothing of the day or the encoder in the file: the same bytes each time.
    run("ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", "".join(chains) + joined, "-map", "[v]",
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-threads", 1, "-c:v", "libx264",
        "-preset", "veryfast", "-crf", 20, out)


def make(clips, sources, folders, out):
    """Makes the clips. Returns why, for each that could not be made."""
    missing = {}
    with tempfile.TemporaryDirectory() as packages:
        for name, parts in clips.items():
            try:
                cut(parts, [file_of(part, sources, folders, packages) for part in parts], out / name)
            except Unavailable as why:
                missing[name] = str(why)
                (out / name).unlink(missing_ok=True)
    return missing


def plainly(queries):
    """"A KIND is in the picture" for each kind that is asked for in a clip: with the times of the first query for it that
    happens, without any where none does. Times are not those of what is seen: only whether it is there can be measured."""
    asked = {}
    for query in queries:
        key = query["video"], query["kind"]
        if query["kind"] != "other" and ("start" in query or key not in asked) and "start" not in asked.get(key, {}):
            article = "an" if query["kind"][0] in "aeiou" else "a"
            asked[key] = {**query, "query": f"{article} {query['kind']} is in the picture"}
    return list(asked.values())


def build(recipes, queries, folders, out):
    """Writes clips and queries into a folder, and says what is not there. Returns the exit code."""
    missing = make(recipes["clips"], recipes["sources"], folders, out)
    kept = [query for query in queries if query["video"] not in missing]
    (out / "queries.json").write_text(json.dumps(kept, indent=1) + "\n")
    (out / "plain.json").write_text(json.dumps(plainly(kept), indent=1) + "\n")
    for name, why in missing.items():
        print(f"things.py: no {name}: {why}", file=sys.stderr)
    clips = len(recipes["clips"])
    print(f"{clips - len(missing)} of {clips} clips, {len(kept)} of {len(queries)} queries")
    return 1 if missing else 0


def main():
    options = argparse.ArgumentParser(description="Cuts the clips that things.json asks about.")
    options.add_argument("out", type=pathlib.Path, metavar="OUT_DIR")
    options.add_argument("--clips", type=pathlib.Path, metavar="FOLDER", action="append", default=[],
                         help="where files are that are in no package; more than once: each is looked into")
    given = options.parse_args()
    for folder in given.clips:
        if not folder.is_dir():
            sys.exit(f"things.py: --clips {folder} is no folder")
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        return build(json.loads((HERE / "clips.json").read_text()), json.loads((HERE / "things.json").read_text()),
                     given.clips, given.out)
    except OSError as error:
        sys.exit(f"things.py: {error}")


if __name__ == "__main__":
    sys.exit(main())
