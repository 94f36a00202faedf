# shellcheck shell=bash
# What the pipeline tests share.

KGL_ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
export KGL_ROOT PATH="$KGL_ROOT/target/release:$PATH"
bats_require_minimum_version 1.5.0

# Makes a project of its own in $PROJECT, so that a test never touches the data
# and outputs of the checkout. Its programs are the checkout's.
make_project() {
  PROJECT=$BATS_TEST_TMPDIR/project
  mkdir -p "$PROJECT/competitions"
  cp -r "$KGL_ROOT/Makefile" "$KGL_ROOT/scripts" "$PROJECT/"
  (cd "$KGL_ROOT" && git ls-files -z -- 'competitions/*' ':!competitions/*/baseline' | xargs -0 cp --parents -t "$PROJECT")
  ln -s "$KGL_ROOT/target" "$PROJECT/target"
  RNA=$PROJECT/competitions/stanford-rna-3d-folding-2
  cd "$PROJECT" || return 1
}

# make in that project, without building: the suite built everything first.
project_make() {
  make CARGO=true "$@"
}

# Fills the RNA project's data folder with a small competition.
generate_data() {
  rna3d generate "$RNA/data" --train 40 --test 3 --longest 80 --quiet
}

# skip_counted NAME WHY: skips as the Rust tests do, counted and refusable.
skip_counted() {
  case ",${KGL_REQUIRE-}," in
    *",$1,"*)
      echo "$1 is required, but: $2" >&2
      return 1
      ;;
  esac
  [ -z "${KGL_SKIP_LOG-}" ] || printf '%s\t%s\t%s\n' "$1" "$BATS_TEST_DESCRIPTION" "$2" >>"$KGL_SKIP_LOG"
  skip "$2"
}

# wait_until SECONDS COMMAND...: until the command succeeds, or fail.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}
