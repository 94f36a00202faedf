#!/usr/bin/env bash
# Summary: run the tests, and count what was skipped.
# Usage:   test.sh all | fast
#
#   all   installs what the tests need where it may, lints, then runs everything
#   fast  the part without services and whole pipelines
#
# KGL_DATA     folder of real competition data; tests that need it are skipped without
# KGL_REQUIRE  names, joined by commas: a skipped test of that name is a failure
# KGL_WITHOUT  names, joined by commas: their tests are skipped although they could run;
#              `fast` leaves out fleet and kaggle, the services
# KGL_BATS_JOBS  how many files of tests/ run at a time (default: 2); what one says comes together

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
cd "$KGL_ROOT"

what=${1:-all}
case $what in all | fast) ;; *) die 2 "give all or fast (see --help)" ;; esac

mkdir -p target
export KGL_SKIP_LOG=$KGL_ROOT/target/skipped.tsv
: >"$KGL_SKIP_LOG"

# skipped NAME TEST WHY: counts a skip of ours as the Rust tests count theirs.
skipped() {
  case ",${KGL_REQUIRE-}," in *",$1,"*) die 1 "$1 is required, but: $3" ;; esac
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$KGL_SKIP_LOG"
}

rust_tests() {
  local features
  read -ra features <<<"$(system_features)"
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked "${features[@]}" --no-fail-fast --status-level fail
  else
    cargo test --workspace --locked "${features[@]}" --lib --bins --tests --quiet
  fi
  cargo test --workspace --locked "${features[@]}" --doc --quiet
}

pipelines() {
  if ! command -v bats >/dev/null; then
    skipped bats tests/ "bats is missing"
    return
  fi
  local features
  read -ra features <<<"$(system_features)"
  cargo build --release --locked --workspace "${features[@]}" --bins --quiet
  # Files that wait for hosts and services beside files that compute: the largest first, so
  # that the last ones are short.
  mkdir -p target/bats
  # shellcheck disable=SC2016
  find tests -maxdepth 1 -name '*.bats' -printf '%s\t%p\n' | sort -rn | cut -f 2 |
    xargs -P "${KGL_BATS_JOBS:-2}" -I{} bash -c '
      log=target/bats/$(basename "$1").log code=0
      { echo "$1" && bats --timing "$1"; } >"$log" 2>&1 || code=$?
      flock target/bats cat "$log"
      exit "$code"' bats {}
}

if [ "$what" = all ]; then
  scripts/test-deps.sh
  scripts/lint.sh
else
  export KGL_WITHOUT=${KGL_WITHOUT-fleet,kaggle}
fi
rust_tests
if [ "$what" = all ]; then
  pipelines
fi

count=$(wc -l <"$KGL_SKIP_LOG")
if [ "$count" -eq 0 ]; then
  say "tests: green, nothing skipped"
else
  say "tests: green, $count skipped:"
  cut -f 1,3 "$KGL_SKIP_LOG" | sort | uniq -c | while read -r times why; do say "  $times × $why"; done
fi
