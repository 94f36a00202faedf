# The tasks of a Batch job, run as processes from the job that is submitted. Instead of Cloud
# Storage there is a folder, behind a gcloud that knows `storage cp` alone (tests/gcp/gcloud).

setup() {
  load helpers
  command -v python3 >/dev/null || skip_counted python3 "python3 is missing"
  make_project
  generate_data
  export KGL_BUCKETS=$BATS_TEST_TMPDIR/buckets PATH=$BATS_TEST_DIRNAME/gcp:$PATH
  slug=stanford-rna-3d-folding-2
  tool=$(command -v kgl-shard-search)
  kgl-batch-plan --quiet --competition "$slug" --gcp-project demo --prices scripts/gcp-prices.json --max-price-age 100000 \
    --count 3 --workers 1 --file "target/release/kgl-shard-search=$tool" --file scripts/_env.sh \
    --file "competitions/$slug/run_gcp_batch_task.sh" --file "competitions/$slug/run_sequence_nn_shard.sh" \
    "$RNA/search.json" >plan.json
  kgl-batch-plan job plan.json >job.json
  # The script and the environment of the job, and its files in the bucket under their digests.
  python3 - <<'PY'
import json, pathlib, os, shlex
spec = json.load(open("job.json"))["taskGroups"][0]["taskSpec"]
open("task.sh", "w").write(spec["runnables"][0]["script"]["text"])
variables = spec["environment"]["variables"]
open("variables", "w").write("".join(f"export {k}={shlex.quote(v)}\n" for k, v in variables.items()))
files = pathlib.Path(os.environ["KGL_BUCKETS"]) / variables["KGL_FILES"].removeprefix("gs://")
files.mkdir(parents=True)
plan = json.load(open("plan.json"))
for file in plan["files"]:
    if "source" in file:
        (files / file["sha256"]).symlink_to(file["source"])
    elif file["path"] == "job/map":
        (files / file["sha256"]).write_text("0\n1\n2\n")
    else:
        text = json.dumps(plan["search"], sort_keys=True, separators=(",", ":")) + "\n"
        (files / file["sha256"]).write_text(text)
PY
  source variables
  shards=$KGL_BUCKETS/${KGL_PUBLISH#gs://}
}

# task INDEX: as Batch starts it: nothing of this environment but where things are.
task() {
  (source variables && env -i PATH="/usr/bin:/bin:$BATS_TEST_DIRNAME/gcp" TMPDIR="$BATS_TEST_TMPDIR/vm" HOME=/nonexistent \
    KGL_BUCKETS="$KGL_BUCKETS" KGL_FILES="$KGL_FILES" KGL_PUBLISH="$KGL_PUBLISH" KGL_WORKERS="$KGL_WORKERS" \
    BATCH_TASK_INDEX="$1" BATCH_TASK_COUNT=3 PATH="$BATS_TEST_DIRNAME/gcp:/usr/bin:/bin" bash task.sh)
}

@test "tasks fetch by digest, publish once, and merge to the same bytes as here" {
  mkdir "$BATS_TEST_TMPDIR/vm"
  for index in 2 0 1; do task "$index"; done
  # Started once more after it was done: nothing is replaced, and that is no failure.
  before=$(stat -c '%i %Y' "$shards"/*shard1.json)
  run -0 task 1
  [[ "$output" == *"is published already"* ]]
  [ "$(stat -c '%i %Y' "$shards"/*shard1.json)" = "$before" ]
  "$RNA/run_local_search.sh" 2>/dev/null
  kgl-merge "$shards" | cmp - "$RNA/outputs/sequence_nn_search_merged.json"
  # Nothing stays on the machine.
  [ -z "$(ls "$BATS_TEST_TMPDIR/vm")" ]
}

@test "a task that is killed leaves nothing to be trusted, and its retry does all of it" {
  mkdir "$BATS_TEST_TMPDIR/vm"
  # Preempted at the worst moment: its shard is searched and on its way out.
  sed -i 's|^"$work/\(.*\)"$|kill -KILL $$|' task.sh
  run task 0
  [ "$status" -eq 137 ]
  [ ! -e "$shards" ]
  kgl-batch-plan job plan.json >job.json
  python3 -c 'import json; print(json.load(open("job.json"))["taskGroups"][0]["taskSpec"]["runnables"][0]["script"]["text"], end="")' >task.sh
  task 0
  [ -s "$shards/sequence_nn_search.shard0.json" ]
}

@test "an input that is not what the job names ends the task before it computes" {
  mkdir "$BATS_TEST_TMPDIR/vm"
  digest=$(sed -n 's/^\([0-9a-f]\{64\}\)  job\/targets$/\1/p' task.sh)
  file=$KGL_BUCKETS/${KGL_FILES#gs://}/$digest
  cp --remove-destination "$RNA/data/test_sequences.csv" "$file"
  run ! task 0
  [[ "$output" == *"job/targets: FAILED"* ]]
  [ ! -e "$shards" ]
}

@test "a bucket that does not answer is told, and the task fails" {
  mkdir "$BATS_TEST_TMPDIR/vm"
  mkdir -p "$KGL_BUCKETS"
  # It stops answering once the task has its inputs.
  sed -i 's|^"$work/|touch "$KGL_BUCKETS/fail"\n&|' task.sh
  run -3 task 0
  [[ "$output" == *"503"* && "$output" == *"could not be published"* ]]
  [ ! -e "$shards" ]
}

@test "the entry scripts in the docs give the same bytes on every engine" {
  "$RNA/run_local_search.sh" 2>/dev/null
  awk '/^```$/ { on = 0 } on { print >"entry" number ".sh" } /^```sh$/ { on = 1; number++ }' "$KGL_ROOT/docs/array-jobs.md"
  export SLUG=$slug COUNT=3 SLURM_SUBMIT_DIR=$PROJECT SGE_O_WORKDIR=$PROJECT
  tried=0
  for script in $(grep -l '^#!' entry*.sh); do
    export SHARED=$BATS_TEST_TMPDIR/$script
    for index in 0 1 2; do
      case $(head -n 1 "$script") in
        '# GCP'*) variables=(BATCH_TASK_INDEX=$index BATCH_TASK_COUNT=3) ;;
        '# Slurm'*) variables=(SLURM_ARRAY_TASK_ID=$index SLURM_ARRAY_TASK_COUNT=3) ;;
        '# Cloud Run'*) variables=(CLOUD_RUN_TASK_INDEX=$index CLOUD_RUN_TASK_COUNT=3) ;;
        '# AWS'*) variables=(AWS_BATCH_JOB_ARRAY_INDEX=$index AWS_BATCH_JOB_ARRAY_SIZE=3) ;;
        '# Kubernetes'*) variables=(JOB_COMPLETION_INDEX=$index) ;;
        '# Grid'*) variables=(SGE_TASK_ID=$((index + 1)) SGE_TASK_LAST=3) ;;
      esac
      env "${variables[@]}" bash "$script"
    done
    kgl-merge "$SHARED/shards" | cmp - "$RNA/outputs/sequence_nn_search_merged.json"
    tried=$((tried + 1))
  done
  [ "$tried" -eq 6 ]
}
