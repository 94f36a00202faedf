#!/usr/bin/env bash
# Summary: formatting, lints, documentation, shell scripts; warnings are failures.
# Usage:   lint.sh

source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
help_if_asked "${1-}"
cd "$KGL_ROOT"

cargo fmt --all --check
read -ra features <<<"$(system_features)"
cargo clippy --workspace --all-targets --locked --quiet "${features[@]}" -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace "${features[@]}" --no-deps --locked --quiet --document-private-items
if command -v shellcheck >/dev/null; then
  git ls-files -z '*.sh' '*.bash' .ci/run tests/fleet/up tests/fleet/fleet tests/slurm/up | xargs -0 -r shellcheck --external-sources --source-path=SCRIPTDIR
else
  say "skipped: shellcheck is missing (see make doctor)"
fi
say "lint: clean"
