#!/usr/bin/env bash
# Summary: the search beside other programs, on the same data, in one run: a table and a plot.
# Usage:   bench.sh [quick]
#
#   quick  a quarter of the data, everything once: a few minutes
#
# Leaves bench.md, bench.json and bench.svg in target/bench; the table also goes
# to stdout. KGL_DATA's chains take part where it is set, and KGL_BENCH_DIR names
# another folder. On a machine with other work to do, look at CPU rather than wall.

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
case ${1-} in '' | quick) ;; *) die 2 "give quick, or nothing (see --help)" ;; esac
cd "$KGL_ROOT"

dir=${KGL_BENCH_DIR:-target/bench}
chains=()
[ -z "${KGL_DATA-}" ] || chains=(--chains "$KGL_DATA/rna-chains/chains.csv")

scripts/bench-peers.sh "$dir/venv"
cargo build --release --locked --quiet -p kgl-shard-search -p kgl-bench
cargo build --release --locked --quiet -p kgl-align --example ports
kgl-bench generate "$dir" "${chains[@]}"
kgl-bench compare "$dir" ${1:+--quick} --python "$dir/venv/bin/python"
say "in $dir: bench.md, bench.json, bench.svg"
