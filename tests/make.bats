# The Makefile as a person meets it.

setup() {
  load helpers
  make_project
}

@test "bare make is the help and names every target" {
  run -0 make
  for target in kaggle-install kaggle-auth gcp-install gcp-setup gcp-submit gcp-status gcp-pull gcp-stop \
    competition-inspect competition-new watch-local bootstrap sync train train-1 train-1-auto monitor pull \
    predict predict-smoke submit deploy stop e2e-smoke e2e-full all help doctor install build test-fast test \
    lint bench status why prove dashboard; do
    [[ "$output" == *$'\n'"  $target "* ]] || { echo "no $target" >&2; false; }
    make -n CARGO=true "$target" competition=stanford-rna-3d-folding-2 >/dev/null
  done
}

@test "a target that is still to come says so and fails" {
  for target in bootstrap dashboard; do
    run -2 --separate-stderr make "$target"
    [[ "$stderr" == "make $target: not there yet. It will "* ]]
  done
}

@test "a target that needs a competition says which there are" {
  for target in train train-1-auto sync pull predict submit deploy stop why status watch-local e2e-full gcp-submit gcp-status gcp-pull gcp-stop; do
    run -2 --separate-stderr project_make "$target"
    [[ "$stderr" == *"stanford-rna-3d-folding-2"* ]]
    run -2 project_make "$target" competition=no-such-thing
  done
}

@test "doctor knows what is there" {
  run -0 make doctor
  [[ "$output" == *"ok       cargo"* ]]
  # A machine without any of it: only the shell's own tools on PATH.
  mkdir bin
  for tool in bash awk dirname id; do ln -s "$(command -v "$tool")" bin/; done
  run -1 env PATH="$PWD/bin" scripts/doctor.sh
  [[ "$output" == *"MISSING  git"*"install: apt-get install -y git"* ]]
}

@test "install puts binaries, completions and man pages below a prefix" {
  run -0 project_make install "PREFIX=$BATS_TEST_TMPDIR/a prefix"
  cd "$BATS_TEST_TMPDIR/a prefix"
  for tool in kgl-shard-search kgl-merge kgl-inspect kgl-scaffold kgl-baseline kgl-submit kgl-run kgl-probe kgl-rsync-plan kgl-batch-plan kgl-fleet rna3d; do
    bin/$tool --version
    bash -n "share/bash-completion/completions/$tool"
    [ -s "share/zsh/site-functions/_$tool" ]
    [ -s "share/fish/vendor_completions.d/$tool.fish" ]
    grep -q '^\.TH' "share/man/man1/$tool.1"
  done
}

@test "every tool has help with an example and refuses an unknown option" {
  for tool in kgl-shard-search kgl-merge kgl-inspect kgl-scaffold kgl-baseline kgl-submit kgl-run kgl-probe kgl-rsync-plan kgl-batch-plan kgl-fleet rna3d; do
    run -0 --separate-stderr "$tool" --help
    [[ "$output" == *xample* ]]
    [ -z "$stderr" ]
    run -2 --separate-stderr "$tool" --no-such-option
    [ -z "$output" ]
  done
}
