#!/usr/bin/env bash
# Summary: programs that run on any x86-64 Linux, without a library beside them.
# Usage:   static-binaries.sh FOLDER PROGRAM...
#
# Builds these programs of the workspace with the C library inside them and puts
# them into FOLDER. One that would still ask for a loader or a library does not
# appear there.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
[ $# -ge 2 ] || die 2 "give FOLDER and at least one PROGRAM (see --help)"
folder=$1
shift
cargo=${CARGO:-cargo}
need "$cargo" "install Rust: https://rustup.rs"
need readelf "apt-get install -y binutils"

programs=()
for program in "$@"; do programs+=(--bin "$program"); done
# With --target, macros and build scripts are not linked so: they could not be.
(cd "$KGL_ROOT" && RUSTFLAGS="-C target-feature=+crt-static" "$cargo" build --release --locked --quiet --workspace \
  --target x86_64-unknown-linux-gnu --target-dir target/static "${programs[@]}")

mkdir -p "$folder"
for program in "$@"; do
  built=$KGL_ROOT/target/static/x86_64-unknown-linux-gnu/release/$program
  if readelf --wide --program-headers --dynamic "$built" | grep -E 'INTERP|\(NEEDED\)' >&2; then
    die 3 "$program asks for a loader or a library: was another linker configured?"
  fi
  cp "$built" "$folder/$program.new"
  mv "$folder/$program.new" "$folder/$program"
done
say "static, in $folder: $*"
