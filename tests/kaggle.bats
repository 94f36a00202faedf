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
  mkdir "$BATS_TEST_TMPDIR/mine"
  touch "$BATS_TEST_TMPDIR/mine/thesis"
  run -2 "$KGL_ROOT/scripts/install-kaggle-cli.sh" "$BATS_TEST_TMPDIR/mine"
  [ -e "$BATS_TEST_TMPDIR/mine/thesis" ]
  # A machine without Python.
  mkdir "$BATS_TEST_TMPDIR/bin"
  for tool in bash dirname cmp; do ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/"; done
  run -2 env PATH="$BATS_TEST_TMPDIR/bin" "$KGL_ROOT/scripts/install-kaggle-cli.sh" "$BATS_TEST_TMPDIR/new"
  [[ "$output" == *"python3 is missing: apt-get install -y python3 python3-venv"* ]]
}

@test "credentials are stored after Kaggle accepted them, and shown to nobody" {
  kaggle_stand_in '{"user": "ada", "token": "t0ken-secret", "key": "k3y-secret"}'
  auth="$KGL_ROOT/scripts/setup-kaggle-auth.sh"
  # From stdin, from a file, from the environment; a kaggle.json or a token.
  run -0 "$auth" local - <<<'{"username":"ada","key":"k3y-secret"}'
  [[ "$output" == "stored for ada in $HOME/.kaggle/kaggle.json" ]]
  echo t0ken-secret >"$BATS_TEST_TMPDIR/token"
  run -0 "$auth" local "$BATS_TEST_TMPDIR/token"
  [[ "$output" == "stored for ada in $HOME/.kaggle/access_token" ]]
  KAGGLE_API_TOKEN=t0ken-secret run -0 "$auth" local
  [ "$(stat -c %a "$HOME/.kaggle" "$HOME"/.kaggle/*)" = $'700\n600\n600' ]
  grep -qx t0ken-secret "$HOME/.kaggle/access_token"
  # What is refused is not stored, and what was there stays.
  run -2 "$auth" local - <<<another-t0ken
  [[ "$output" == *"not stored, Kaggle says:"* && "$output" != *another-t0ken* ]]
  KAGGLE_USERNAME=ada KAGGLE_KEY=wr0ng-key run -2 "$auth" local
  [[ "$output" != *wr0ng-key* ]]
  stand_in fault '{"on": "ListCompetitions", "status": 503}'
  run -3 "$auth" local "$BATS_TEST_TMPDIR/token"
  grep -qx t0ken-secret "$HOME/.kaggle/access_token"
  run -2 "$auth" local - <<<'not one word'
  run -2 "$auth" local "$BATS_TEST_TMPDIR/no-such-file"
  run -2 "$auth" local - </dev/null
  run -1 grep -rl 'another-t0ken\|wr0ng-key' "$STAND_IN"
}
