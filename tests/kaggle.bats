# The real kaggle client, led to a stand-in of the API.

setup() {
  load helpers
}

@test "the client is pinned, and installing it again changes nothing" {
  kaggle_stand_in '{"token": "t0ken", "competitions": {"titanic": {}}}'
  before=$(stat -c %Y "$KGL_ROOT/target/kaggle/kgl-pins.txt")
  run -0 --separate-stderr "$KGL_ROOT/scripts/install-kaggle-cli.sh" "$KGL_ROOT/target/kaggle"
  [ -z "$output" ]
  [ "$stderr" = "Kaggle CLI 2.2.4 is in $KGL_ROOT/target/kaggle" ]
  [ "$(stat -c %Y "$KGL_ROOT/target/kaggle/kgl-pins.txt")" = "$before" ]
  KAGGLE_API_TOKEN=t0ken run -0 "$KGL_KAGGLE" competitions list -s titanic -v
  [[ "$output" == *"/competitions/titanic,"* ]]
  [ "$(stand_in journal | grep -c ListCompetitions)" -eq 1 ]
}

@test "the client's folder is never somebody else's" {
  mkdir "$BATS_TEST_TMPDIR/home"
  touch "$BATS_TEST_TMPDIR/home/thesis"
  run -2 "$KGL_ROOT/scripts/install-kaggle-cli.sh" "$BATS_TEST_TMPDIR/home"
  [ -e "$BATS_TEST_TMPDIR/home/thesis" ]
  # A machine without Python.
  mkdir "$BATS_TEST_TMPDIR/bin"
  for tool in bash dirname cmp; do ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/"; done
  run -2 env PATH="$BATS_TEST_TMPDIR/bin" "$KGL_ROOT/scripts/install-kaggle-cli.sh" "$BATS_TEST_TMPDIR/new"
  [[ "$output" == *"python3 is missing: apt-get install -y python3 python3-venv"* ]]
}
