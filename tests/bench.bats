# What guards speed without a clock.

setup() {
  load helpers
  cd "$KGL_ROOT"
}

@test "a cell costs no more instructions than the baseline says" {
  command -v valgrind >/dev/null || skip_counted valgrind "valgrind is missing"
  [ "$(uname -m)" = x86_64 ] || skip_counted x86_64 "the baseline counts instructions of x86_64"
  kgl-bench instructions bench/instructions.json
}

@test "more instructions than the baseline says are refused, and named" {
  command -v valgrind >/dev/null || skip_counted valgrind "valgrind is missing"
  [ "$(uname -m)" = x86_64 ] || skip_counted x86_64 "the baseline counts instructions of x86_64"
  sed -E 's/("local-8": )[0-9.]+/\10.9/' bench/instructions.json >"$BATS_TEST_TMPDIR/baseline.json"
  run -1 kgl-bench instructions "$BATS_TEST_TMPDIR/baseline.json"
  [[ "$output" == *"more instructions a cell"*": local-8"* ]]
}

@test "a benchmark without its data says how to make them" {
  run -2 kgl-bench compare "$BATS_TEST_TMPDIR"
  [[ "$output" == *"kgl-bench generate"* ]]
}
