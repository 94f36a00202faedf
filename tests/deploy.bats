# What a code competition runs: programs without libraries, a notebook without the
# internet, and both published.

setup() {
  load helpers
}

# Builds once for the whole file; how well it is optimised is not asked here.
setup_file() {
  load helpers
  export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0
  "$KGL_ROOT/scripts/static-binaries.sh" "$BATS_FILE_TMPDIR/static" kgl-shard-search kgl-merge rna3d
  cp "$KGL_ROOT/competitions/stanford-rna-3d-folding-2/search.json" "$BATS_FILE_TMPDIR/static/"
}

# isolated COMMAND...: as root of a user namespace of its own, without a network.
isolated() {
  unshare --map-root-user --net "$@"
}

@test "the static programs run where there is nothing but them" {
  isolated true || skip_counted namespaces "no user namespaces here"
  root=$BATS_TEST_TMPDIR/root
  mkdir -p "$root/tmp"
  cp "$BATS_FILE_TMPDIR"/static/* "$root/"
  isolated chroot "$root" /rna3d generate /data --train 20 --test 2 --longest 60 --quiet
  isolated chroot "$root" /kgl-shard-search all /search.json --out-dir /shards --quiet
  isolated chroot "$root" /kgl-merge --out /merged.json /shards --quiet
  isolated chroot "$root" /rna3d predict /merged.json --data /data --sample /data/sample_submission.csv --out /submission.csv --quiet
  run -0 kgl-submit --check --quiet --challenge "$KGL_ROOT/competitions/stanford-rna-3d-folding-2/challenge.json" \
    --sample "$root/data/sample_submission.csv" --submission "$root/submission.csv"
}

# Lays out the inputs as Kaggle does.
lay_out() {
  mkdir -p "$BATS_TEST_TMPDIR/input" "$BATS_TEST_TMPDIR/working"
  cp -r "$BATS_FILE_TMPDIR/static" "$BATS_TEST_TMPDIR/input/kgl-stanford-rna-3d-folding-2"
  # Where inputs lie they may not be executed.
  chmod 644 "$BATS_TEST_TMPDIR"/input/kgl-*/*
  rna3d generate "$BATS_TEST_TMPDIR/input/stanford-rna-3d-folding-2" --train 20 --test 2 --longest 60 --quiet
  export KGL_INPUT=$BATS_TEST_TMPDIR/input KGL_WORKING=$BATS_TEST_TMPDIR/working
}

@test "the notebook writes a valid submission without the internet, or nothing" {
  isolated true || skip_counted namespaces "no user namespaces here"
  lay_out
  notebook=$KGL_ROOT/competitions/stanford-rna-3d-folding-2/notebook.py
  run -0 isolated env -i PATH=/usr/bin:/bin KGL_INPUT="$KGL_INPUT" KGL_WORKING="$KGL_WORKING" python3 "$notebook"
  [[ "$output" == *"predict: "* ]]
  grep -q '"search"' "$KGL_WORKING/kgl-times.json"
  run -0 kgl-submit --check --quiet --challenge "$KGL_ROOT/competitions/stanford-rna-3d-folding-2/challenge.json" \
    --sample "$KGL_INPUT/stanford-rna-3d-folding-2/sample_submission.csv" --submission "$KGL_WORKING/submission.csv"
  # No time, and no dataset.
  rm "$KGL_WORKING"/*
  KGL_BUDGET_S=0 run -1 python3 "$notebook"
  [[ "$output" == *"no time is left for search"* ]]
  rm -r "$KGL_INPUT"/kgl-*
  run -1 python3 "$notebook"
  [[ "$output" == *"is the dataset attached?"* ]]
  [ -z "$(ls "$KGL_WORKING")" ]
}

@test "make deploy publishes, follows and checks, and the version is submitted once" {
  make_project
  generate_data
  # The stand-in runs no notebook: what it would have written is made here.
  "$RNA/run_local_search.sh"
  "$RNA/predict.sh"
  mkdir "$BATS_TEST_TMPDIR/output"
  cp "$RNA/outputs/submission.csv" "$BATS_TEST_TMPDIR/output/"
  kaggle_stand_in '{"token": "t0ken", "competitions": {"stanford-rna-3d-folding-2": {"isKernelsSubmissionsOnly": true}}, "kernels": {"looks_running": 1, "output": "'"$BATS_TEST_TMPDIR/output"'"}}' || return
  export KAGGLE_API_TOKEN=t0ken KGL_HASTE=100
  run --separate-stderr project_make deploy competition=stanford-rna-3d-folding-2
  [ "$status" -eq 0 ] || { echo "$stderr" >&2; false; }
  [[ "$output" == *'"name":"tester/kgl-run-stanford-rna-3d-folding-2"'* ]]
  [[ "$stderr" == *"--notebook-version 1"* ]]
  run -0 kgl-submit --challenge "$RNA/challenge.json" --submission "$RNA/outputs/deploy/output-1/submission.csv" \
    --notebook tester/kgl-run-stanford-rna-3d-folding-2 --notebook-version 1
  [ "$(stand_in journal | grep -c CreateCodeSubmission)" -eq 1 ]
  [ "$(wc -l <"$RNA/submissions.jsonl")" -eq 1 ]
}
