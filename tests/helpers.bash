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

# kaggle_stand_in SETTINGS: starts the stand-in of Kaggle's API with this line of
# JSON (tests/kaggle/stand_in.py says what may be in it) and leads the real client
# to it, with a home of its own. Its folder is $STAND_IN; it ends with the test.
kaggle_stand_in() {
  [ -x "$KGL_ROOT/target/kaggle/bin/kaggle" ] ||
    skip_counted kaggle "the client is not in target/kaggle (scripts/install-kaggle-cli.sh target/kaggle)" || return
  STAND_IN=$BATS_TEST_TMPDIR/stand-in
  mkdir -p "$STAND_IN/home"
  mkfifo "$STAND_IN/stdin"
  python3 "$KGL_ROOT/tests/kaggle/stand_in.py" serve "$STAND_IN" <"$STAND_IN/stdin" >"$STAND_IN/log" 2>&1 3>&- &
  exec {STAND_IN_OPEN}>"$STAND_IN/stdin"
  printf '%s\n' "$1" >&"$STAND_IN_OPEN"
  wait_until 20 test -e "$STAND_IN/port"
  set -a
  # shellcheck source=/dev/null
  source "$STAND_IN/environment"
  set +a
  unset KAGGLE_USERNAME KAGGLE_KEY KAGGLE_CONFIG_DIR
  export HOME=$STAND_IN/home XDG_DATA_HOME=$STAND_IN/home KGL_KAGGLE=$KGL_ROOT/target/kaggle/bin/kaggle
}

# gcp_stand_in [SETTINGS]: starts the stand-in of Google Cloud with this line of JSON
# (tests/gcp/stand_in.py says what may be in it) and leads the real gcloud to it, with
# a home of its own. Its folder is $STAND_IN; it ends with the test.
gcp_stand_in() {
  command -v gcloud >/dev/null || skip_counted gcloud "gcloud is missing (make gcp-install)" || return
  command -v python3 >/dev/null || skip_counted python3 "python3 is missing" || return
  STAND_IN=$BATS_TEST_TMPDIR/stand-in
  mkdir -p "$STAND_IN"
  mkfifo "$STAND_IN/stdin"
  python3 "$KGL_ROOT/tests/gcp/stand_in.py" serve "$STAND_IN" <"$STAND_IN/stdin" >"$STAND_IN/log" 2>&1 3>&- &
  exec {STAND_IN_OPEN}>"$STAND_IN/stdin"
  printf '%s\n' "${1:-"{}"}" >&"$STAND_IN_OPEN"
  wait_until 20 test -e "$STAND_IN/port"
  set -a
  # shellcheck source=/dev/null
  source "$STAND_IN/environment"
  set +a
}

# google VERB [JSON]: tells that stand-in of a fault, asks for its state or its journal.
google() {
  python3 "$KGL_ROOT/tests/gcp/stand_in.py" tell "$STAND_IN" "$@"
}

# stand_in VERB [JSON]: tells it of a fault, asks for its state or its journal.
stand_in() {
  python3 "$KGL_ROOT/tests/kaggle/stand_in.py" tell "$STAND_IN" "$@"
}
