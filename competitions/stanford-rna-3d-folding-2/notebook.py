"""The submission of Stanford RNA 3D Folding 2, as Kaggle runs it: no internet, no library.

Finds the static programs (the dataset of `make deploy`) and the competition's data
among the inputs, searches, merges, predicts, and writes submission.csv. What each
step took stands in kgl-times.json and in the log. Nothing is written that is not
whole: a step that fails, or takes longer than what is left of BUDGET_S, ends the
notebook with an error, and no submission is spent on it.

KGL_INPUT and KGL_WORKING stand in for Kaggle's folders when it is tried elsewhere.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

INPUT = os.environ.get("KGL_INPUT", "/kaggle/input")
WORKING = os.environ.get("KGL_WORKING", "/kaggle/working")
# The competition stops a notebook after 8 hours.
BUDGET_S = float(os.environ.get("KGL_BUDGET_S", 7 * 3600))
PROGRAMS = ("kgl-shard-search", "kgl-merge", "rna3d")


def folder_with(*names):
    """The input folder that holds all these files; how deep they lie has changed before."""
    for folder, _, files in sorted(os.walk(INPUT)):
        if set(names) <= set(files):
            return folder
    sys.exit(f"no folder below {INPUT} holds {', '.join(names)}: is the dataset attached?")


def main():
    begun = time.monotonic()
    times = {}
    programs = folder_with(*PROGRAMS, "search.json")
    data = folder_with("sample_submission.csv", "test_sequences.csv", "train_sequences.csv")
    # Inputs may not be executed where they lie, and search.json names data beside itself.
    work = tempfile.mkdtemp(prefix="kgl-")
    for name in PROGRAMS:
        shutil.copy(os.path.join(programs, name), work)
        os.chmod(os.path.join(work, name), 0o755)
    shutil.copy(os.path.join(programs, "search.json"), work)
    os.symlink(data, os.path.join(work, "data"))

    def step(name, *argv):
        left = BUDGET_S - (time.monotonic() - begun)
        if left <= 0:
            sys.exit(f"no time is left for {name}: {times}")
        start = time.monotonic()
        subprocess.run([os.path.join(work, argv[0]), *argv[1:]], cwd=work, check=True, timeout=left)
        times[name] = round(time.monotonic() - start, 3)
        print(f"{name}: {times[name]} s", flush=True)

    step("search", "kgl-shard-search", "all", "search.json", "--out-dir", "shards", "--quiet")
    step("merge", "kgl-merge", "--out", "merged.json", "shards", "--quiet")
    step("predict", "rna3d", "predict", "merged.json", "--data", "data",
         "--sample", "data/sample_submission.csv", "--out", "submission.csv", "--quiet")

    def lines(path):
        with open(path, "rb") as text:
            return sum(1 for _ in text)

    made, wanted = lines(os.path.join(work, "submission.csv")), lines(os.path.join(data, "sample_submission.csv"))
    if made != wanted:
        sys.exit(f"submission.csv has {made} lines, and the sample has {wanted}")
    with open(os.path.join(WORKING, "kgl-times.json"), "w") as out:
        json.dump({"budget_s": BUDGET_S, "steps_s": times}, out)
    shutil.move(os.path.join(work, "submission.csv"), os.path.join(WORKING, "submission.csv"))
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
