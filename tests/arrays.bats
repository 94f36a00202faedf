# Array jobs on whatever engine: the entry scripts that the docs give.

setup() {
  load helpers
  make_project
  generate_data
  slug=stanford-rna-3d-folding-2
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
