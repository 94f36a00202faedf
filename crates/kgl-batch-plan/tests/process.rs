//! The program as a process: plans, jobs as their engines take them, refusals.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kgl_contract::{
    ArrayEngine, ArrayJob, Attempt, IndexSet, SearchShard, Sha256, ShardOf, Tag, TargetList,
    canonical_bytes, parse_document,
};
use kgl_testkit::process::{Finished, finish};
use proptest::prelude::*;
use serde_json::{Value, json};

/// 40 targets of 1,000 residues for 5 queries of 1,000: 2·10^8 cells.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let records = |count: usize| {
            let mut text = "id,sequence\n".to_owned();
            for i in 0..count {
                writeln!(text, "s{i},{}", "ACGU".repeat(250)).unwrap();
            }
            text
        };
        folder.write("queries.csv", &records(5));
        folder.write("targets.csv", &records(40));
        let search = json!({
            "schema": "kgl.search/1", "queries": { "path": "queries.csv" }, "targets": { "path": "targets.csv" },
            "scoring": { "mode": "global", "match": 2, "mismatch": -1.5, "gap_open": -8, "gap_extend": -0.4 },
            "top_k": 3, "shards": 4,
        });
        folder.write("search.json", &search.to_string());
        folder.write("entry.sh", "#!/bin/sh\n");
        folder.prices(&jiff::Timestamp::now().to_string()[..10]);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn prices(&self, as_of: &str) {
        let prices = json!({
            "schema": "kgl.machine-prices/1", "as_of": as_of, "source": "a list", "startup_s": 100,
            "machines": [
                { "type": "big-8", "vcpus": 8, "memory_mib": 8192, "usd_per_hour": 0.36, "spot_usd_per_hour": 0.036, "speed": 0.5 },
                { "type": "small-2", "vcpus": 2, "memory_mib": 2048, "usd_per_hour": 0.1, "spot_usd_per_hour": 0.01, "speed": 1 },
            ],
        });
        self.write("prices.json", &prices.to_string());
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-batch-plan"));
        let command = command.args(arguments).current_dir(self.0.path());
        finish(
            command
                .env_remove("CLOUDSDK_CORE_PROJECT")
                .env_remove("CLOUDSDK_BATCH_LOCATION"),
            b"",
        )
    }

    /// Plans for Batch; a core here does 10^6 cells a second, one there half as many.
    fn gcp(&self, more: &[&str]) -> Finished {
        let words = "--competition demo --gcp-project p --prices prices.json --entry entry.sh \
                     --file entry.sh --gcells-per-s 0.001";
        let mut all: Vec<&str> = words.split_whitespace().collect();
        // What the test says goes before what is usual here.
        for option in ["--entry", "--gcells-per-s"] {
            if more.contains(&option)
                && let Some(at) = all.iter().position(|word| *word == option)
            {
                all.drain(at..at + 2);
            }
        }
        all.extend(more);
        all.push("search.json");
        self.run(&all)
    }

    fn plan(&self, more: &[&str]) -> ArrayJob {
        parse_document(&self.gcp(more).assert_code(0).stdout).unwrap()
    }

    fn refuse(&self, more: &[&str]) -> String {
        let done = self.gcp(more);
        done.assert_code(2);
        assert!(done.stdout.is_empty());
        done.stderr_text()
    }

    fn shard(&self, folder: &str, index: u32, count: u32, search_sha256: Sha256) {
        let shard = SearchShard {
            schema: Tag::default(),
            search_sha256,
            partition: 1,
            shard: ShardOf { index, count },
            targets: TargetList {
                count: 40,
                ids_sha256: Sha256::of(b""),
            },
            targets_searched: IndexSet::default(),
            score_scale: 10,
            top_k: 3,
            results: Vec::new(),
            attempt: Attempt {
                tool: String::new(),
                kernel: String::new(),
                lanes: 1,
                workers: 2,
                cells_computed: 3_000_000,
                cells_pruned: 1_000_000,
                elapsed_ms: 500,
                host: String::new(),
                started_at: String::new(),
            },
        };
        let text = String::from_utf8(canonical_bytes(&shard).unwrap()).unwrap();
        self.write(&format!("{folder}/{}", ShardOf::file_name(index)), &text);
    }
}

fn golden(name: &str, found: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("KGL_BLESS").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        String::from_utf8_lossy(found),
        expected,
        "{name}: KGL_BLESS=1, then read the diff"
    );
}

#[test]
fn cells_and_the_time_of_a_task_decide_how_many_there_are() {
    let folder = Folder::new();
    // 2·10^8 cells at 8 · 5·10^5 a second are 50 s.
    for (task_s, shards) in [("300", 1), ("10", 5), ("6", 9), ("1", 40)] {
        assert_eq!(
            folder.plan(&["--task-s", task_s]).search.shards,
            shards,
            "{task_s}"
        );
    }
    let job = folder.plan(&["--task-s", "10", "--parallel", "2"]);
    assert_eq!(job.indexes.to_string(), "0-4");
    assert_eq!((job.tasks(), job.parallelism, job.workers), (5, 2, 8));
    assert_eq!(job.shard_of(4), Some(4));
    let estimate = &job.estimate;
    assert_eq!(estimate.cells, 200_000_000);
    assert_eq!((estimate.task_s, estimate.there_s), (20, 160));
    // Two machines for 160 s at 3.6 cents an hour; standard ones cost ten times as much.
    assert_eq!(estimate.cost_micro_usd, Some(3200));
    let standard = folder.plan(&[
        "--task-s",
        "10",
        "--parallel",
        "2",
        "--provisioning",
        "standard",
    ]);
    assert_eq!(standard.estimate.cost_micro_usd, Some(32_000));
    let small = folder.plan(&["--task-s", "10", "--machine", "small-2"]);
    assert_eq!((small.search.shards, small.workers), (10, 2));
}

#[test]
fn people_are_told_whether_to_leave_this_machine() {
    let folder = Folder::new();
    let said = folder.gcp(&["--task-s", "10"]).stderr_text();
    assert!(
        said.contains("spot big-8 in us-central1, project p"),
        "{said}"
    );
    assert!(
        said.contains("cost    about $0.0060, at prices of "),
        "{said}"
    );
    assert!(
        said.contains("worth leaving") || said.contains("stay local"),
        "{said}"
    );
    let fast = folder.run(&[
        "--competition",
        "demo",
        "--gcp-project",
        "p",
        "--prices",
        "prices.json",
        "--entry",
        "entry.sh",
        "--file",
        "entry.sh",
        "search.json",
    ]);
    assert!(
        fast.assert_code(0)
            .stderr_text()
            .contains("1 s here, 1 min 51 s there: stay local")
    );
}

#[test]
fn only_what_is_missing_is_planned() {
    let folder = Folder::new();
    let identity = folder.plan(&[]).search_sha256;
    folder.shard("here", 1, 6, identity);
    folder.shard("here", 4, 6, identity);
    let job = folder.plan(&["--shards", "here"]);
    assert_eq!(
        (job.search.shards, job.indexes.to_string().as_str()),
        (6, "0,2-3,5")
    );
    assert_eq!(job.shard_of(1), Some(2));
    // Which tell besides that a core here does 4·10^6 cells a second.
    let unsaid = folder.run(&[
        "--competition",
        "demo",
        "--gcp-project",
        "p",
        "--prices",
        "prices.json",
        "--entry",
        "entry.sh",
        "--file",
        "entry.sh",
        "--shards",
        "here",
        "search.json",
    ]);
    let job: ArrayJob = parse_document(&unsaid.assert_code(0).stdout).unwrap();
    assert_eq!(job.estimate.cells_per_core_s, 4_000_000);

    folder.write("missing", "5\n1\n");
    let job = folder.plan(&["--missing", "missing", "--count", "6"]);
    assert_eq!(job.indexes.to_string(), "1,5");
    let job = folder.plan(&["--missing", "missing", "--count", "6", "--shards", "here"]);
    assert_eq!(job.indexes.to_string(), "5");
    assert!(
        folder
            .refuse(&["--missing", "missing", "--count", "5"])
            .contains("shard 5 is said to be missing")
    );
    assert!(
        folder
            .refuse(&["--shards", "here", "--count", "7"])
            .contains("are of 6, not of 7\n  hint: leave --count out, or move here away")
    );
    for index in 0..6 {
        folder.shard("here", index, 6, identity);
    }
    let done = folder.gcp(&["--shards", "here"]);
    assert!(
        done.assert_code(1)
            .stderr_text()
            .contains("all 6 shards are there\n  hint: merge them: kgl-merge here")
    );
    folder.shard("here", 2, 6, Sha256::of(b"another search"));
    assert!(
        folder
            .refuse(&["--shards", "here"])
            .contains("not shard 2 of 6 of this search")
    );
}

#[test]
fn the_job_for_batch() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kgl-contract/fixtures");
    let render = |name: &str| {
        let done = folder.run(&["job", fixtures.join(name).to_str().unwrap()]);
        done.assert_code(0).stdout.clone()
    };
    let job: Value = serde_json::from_slice(&render("array-job-1.json")).unwrap();
    golden("job.json", format!("{job:#}\n").as_bytes());
    golden("job.sbatch", &render("array-job-1-slurm.json"));
}

#[test]
fn files_travel_by_digest() {
    let folder = Folder::new();
    folder.write("elsewhere/tool", "binary");
    let job = folder.plan(&["--file", "target/release/tool=elsewhere/tool"]);
    let paths: Vec<&str> = job.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "entry.sh",
            "job/map",
            "job/queries",
            "job/search.json",
            "job/targets",
            "target/release/tool"
        ]
    );
    assert_eq!(job.files[5].sha256, Sha256::of(b"binary"));
    assert_eq!(job.files[1].sha256, Sha256::of(b"0\n"));
    assert_eq!(job.search.queries.path, "queries");
    for path in ["../x", "/etc/passwd", "a b", "a//b", "$(x)"] {
        let why = folder.refuse(&["--file", &format!("{path}=entry.sh")]);
        assert!(why.contains("relative path of letters"), "{why}");
    }
    assert!(
        folder
            .refuse(&["--file", "entry.sh"])
            .contains("given twice")
    );
    assert!(
        folder
            .refuse(&["--entry", "other.sh"])
            .contains("would not find other.sh")
    );
}

#[test]
fn bad_days_are_told_with_the_way_on() {
    let folder = Folder::new();
    let no_project = folder.run(&[
        "--competition",
        "demo",
        "--prices",
        "prices.json",
        "search.json",
    ]);
    let said = no_project.assert_code(2).stderr_text();
    assert!(
        said.contains("no project of Google Cloud is set")
            && said.contains("gcloud config set project")
    );
    assert!(
        folder
            .refuse(&["--max-tasks", "4", "--count", "5"])
            .contains("5 tasks, but a job has 4 at most")
    );
    assert!(
        folder
            .refuse(&["--count", "100001"])
            .contains("100001 tasks, but a job has 100000 at most")
    );
    assert!(
        folder
            .refuse(&["--retries", "11"])
            .contains("10 times at most")
    );
    assert!(
        folder
            .refuse(&["--machine", "huge"])
            .contains("there are big-8, small-2")
    );
    assert!(
        folder
            .refuse(&["--label", "Team=x"])
            .contains("label Team=x")
    );
    assert!(
        folder
            .refuse(&["--gcells-per-s", "0"])
            .contains("give a number above 0")
    );
    folder.prices("2020-01-31");
    let old = folder.refuse(&[]);
    assert!(
        old.contains("the prices are of 2020-01-31") && old.contains("set as_of"),
        "{old}"
    );
    folder.prices("2999-01-01");
    assert!(folder.refuse(&[]).contains("set the clock"));
    folder.prices("yesterday");
    assert!(folder.refuse(&[]).contains("as_of is no day"));
}

#[test]
fn a_job_of_more_than_a_megabyte_is_no_plan() {
    let folder = Folder::new();
    let many: Vec<String> = (0..9000)
        .map(|i| format!("--file=a/{i:060}=entry.sh"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let said = folder.refuse(&many);
    assert!(said.contains("and Batch takes 1000000 at most"), "{said}");
}

#[test]
fn output_that_cannot_be_written_is_told() {
    let folder = Folder::new();
    let done = folder.gcp(&["--out", "/dev/full"]);
    assert!(done.assert_code(3).stderr_text().contains("/dev/full"));
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        let plan = env!("CARGO_BIN_EXE_kgl-batch-plan");
        finish(
            command
                .args(["-c", script, plan])
                .current_dir(folder.0.path()),
            b"",
        )
    };
    let plan = r#""$0" --competition demo --engine slurm --entry entry.sh search.json"#;
    assert!(
        shell(&format!("{plan} > /dev/full"))
            .assert_code(3)
            .stderr_text()
            .contains("stdout")
    );
    let closed = shell(&format!("{{ {plan}; echo $? >&2; }} | true"));
    assert!(
        closed.stderr_text().ends_with("stay local\n0\n"),
        "{}",
        closed.stderr_text()
    );
    shell(&format!("{plan} | \"$0\" job | sh -n")).assert_code(0);
    assert!(
        shell(r#"echo '{}' | "$0" job"#)
            .assert_code(2)
            .stderr_text()
            .contains("stdin")
    );
}

/// What gcloud says, and the plan that it is about.
fn fixture(name: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = match name {
        "plan" => crates.join("../kgl-contract/fixtures/array-job-1.json"),
        "slurm" => crates.join("../kgl-contract/fixtures/array-job-1-slurm.json"),
        _ => crates.join("tests/gcloud").join(name),
    };
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_script_asks_a_plan_for_one_thing() {
    let folder = Folder::new();
    let get = |what: &str| {
        folder
            .run(&["get", what, &fixture("plan")])
            .assert_code(0)
            .stdout_text()
    };
    let arrays = "competitions/demo/outputs/arrays";
    let search = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    assert_eq!(get("id"), "kgl-20261125-093000-7f3a\n");
    assert_eq!(
        get("folder"),
        format!("{arrays}/kgl-20261125-093000-7f3a\n")
    );
    assert_eq!(get("shards"), format!("{arrays}/ca978112ca1b-16\n"));
    assert_eq!(get("files-uri"), "gs://p-kgl/kgl/files\n");
    assert_eq!(
        get("shards-uri"),
        format!("gs://p-kgl/kgl/shards/{search}-16\n")
    );
    assert_eq!(
        (get("project"), get("region")),
        ("p\n".into(), "us-central1\n".into())
    );
    assert_eq!(get("map"), "0\n3\n9\n");
    assert!(get("search").starts_with("{\"filters\""));
    let slurm = folder.run(&["get", "shards-uri", &fixture("slurm")]);
    assert!(
        slurm
            .assert_code(2)
            .stderr_text()
            .contains("is a job for Slurm")
    );
}

#[test]
fn what_tasks_fetch_is_gathered_under_its_digest_or_not_at_all() {
    let folder = Folder::new();
    let plan = folder.gcp(&["--count", "4"]).assert_code(0).stdout_text();
    folder.write("plan.json", &plan);
    let job: ArrayJob = parse_document(plan.as_bytes()).unwrap();
    folder
        .run(&["files", "--out-dir", "out", "plan.json"])
        .assert_code(0);
    let mut wanted: Vec<String> = job
        .files
        .iter()
        .map(|file| file.sha256.to_string())
        .collect();
    wanted.sort();
    let mut found: Vec<String> = fs::read_dir(folder.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, wanted);
    for name in found {
        let bytes = fs::read(folder.path("out").join(&name)).unwrap();
        assert_eq!(Sha256::of(&bytes).to_string(), name);
    }
    folder.write("entry.sh", "#!/bin/sh\n# changed\n");
    let changed = folder.run(&["files", "--out-dir", "again", "plan.json"]);
    let said = changed.assert_code(2).stderr_text();
    assert!(
        said.contains("entry.sh is no longer what was planned with"),
        "{said}"
    );
}

#[test]
fn a_status_is_a_document_and_a_page() {
    let folder = Folder::new();
    let status = |more: &[&str]| {
        let (plan, job, tasks) = (fixture("plan"), fixture("job.json"), fixture("tasks.json"));
        let mut all = vec!["status", &plan, "--job", &job, "--tasks", &tasks];
        all.extend(more);
        folder.run(&all)
    };
    let done = status(&["--out", "status.json"]);
    assert!(
        done.assert_code(0)
            .stderr_text()
            .contains("1 of 3 shards done")
    );
    let text = fs::read_to_string(folder.path("status.json")).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    // The time of asking, and what depends on it: one task runs still.
    for field in ["asked_at", "ran_s", "cost_micro_usd"] {
        value.as_object_mut().unwrap().remove(field);
    }
    golden("status.json", format!("{value:#}\n").as_bytes());
    // It has not ended; and once more is no news.
    folder.run(&["ended", "status.json"]).assert_code(1);
    assert_eq!(
        status(&["--since", "status.json"])
            .assert_code(0)
            .stderr_text(),
        ""
    );
    folder.write(
        "ended.json",
        &text.replace("\"ended\":false", "\"ended\":true"),
    );
    folder.run(&["ended", "ended.json"]).assert_code(0);
    folder.write("no.json", "[]");
    let no = folder.run(&[
        "status",
        &fixture("plan"),
        "--job",
        "no.json",
        "--tasks",
        "no.json",
    ]);
    assert!(
        no.assert_code(2)
            .stderr_text()
            .contains("not what gcloud says of a job")
    );
}

#[test]
fn a_script_learns_which_tasks_are_worth_asking_about() {
    let folder = Folder::new();
    let (plan, job, tasks) = (fixture("plan"), fixture("job.json"), fixture("tasks.json"));
    let of = |plan: &str| folder.run(&["listing", plan, "--job", &job]);
    let told = of(&plan).assert_code(0).stdout_text();
    assert_eq!(told, "--page-size=1000\n--format=json\n");
    // One of very many tasks runs, and none failed.
    let mut many: Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
    many["indexes"] = json!("0-99999");
    folder.write("many.json", &many.to_string());
    assert!(of("many.json").assert_code(1).stdout.is_empty());
    // What the job says is enough for a status.
    let told = folder.run(&["status", "many.json", "--job", &job]);
    let page = told.assert_code(0).stderr_text();
    assert!(page.contains("RUNNING, 0 of 100000 shards done"), "{page}");
    assert!(page.contains("  tasks   1 running\n"), "{page}");
    let status: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        (&status["listed"], &status["cost_micro_usd"]),
        (&json!(0), &Value::Null)
    );
    // A list that was cut short is no status.
    let words = ["--tasks", &tasks, "--marked", "--out", "status.json"];
    let early = folder.run(&[&["status", &plan, "--job", &job], &words[..]].concat());
    let said = early.assert_code(3).stderr_text();
    assert!(said.contains("the list of tasks ends early"), "{said}");
    assert!(!folder.path("status.json").exists());
    many["id"] = json!("kgl-other");
    folder.write("many.json", &many.to_string());
    let said = of("many.json").assert_code(2).stderr_text();
    assert!(said.contains("the plan is of kgl-other"), "{said}");
}

#[test]
fn a_job_is_known_by_its_label_and_by_what_its_tasks_do() {
    let folder = Folder::new();
    let plan = fixture("plan");
    let job = folder.run(&["job", &plan]).assert_code(0).stdout_text();
    let mut value: Value = serde_json::from_str(&job).unwrap();
    value["name"] = json!("projects/p/locations/us-central1/jobs/kgl-20261125-093000-7f3a");
    let same = |value: &Value, code: i32| {
        folder.write("described.json", &value.to_string());
        folder
            .run(&["same", &plan, "described.json"])
            .assert_code(code);
    };
    same(&value, 0);
    let mut theirs = value.clone();
    theirs["labels"]["kgl-run"] = json!("theirs");
    same(&theirs, 1);
    value["taskGroups"][0]["taskSpec"]["runnables"][0]["script"]["text"] = json!("true");
    same(&value, 1);
}

#[test]
fn a_refusal_is_a_sentence_and_a_code() {
    let folder = Folder::new();
    folder.write(
        "said",
        "ERROR: (gcloud.storage.ls) gs://p-kgl not found: 404.\n",
    );
    let told = folder.run(&["refusal", "--what", "list the shards", "said"]);
    let said = told.assert_code(2).stderr_text();
    assert!(
        said.starts_with("kgl-batch-plan: cannot list the shards: the bucket is not there"),
        "{said}"
    );
    folder.write("said", "ERROR: something new\n");
    folder
        .run(&["refusal", "--what", "x", "said"])
        .assert_code(3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever is asked for: the job that is rendered is the plan.
    #[test]
    fn a_job_says_what_its_plan_says(
        task_s in 1u64..60, parallel in 1u32..70, retries in 0u32..=10, slurm in any::<bool>(),
        missing in proptest::collection::btree_set(0u32..40, 1..40),
    ) {
        let folder = Folder::new();
        let lines: String = missing.iter().map(|index| format!("{index}\n")).collect();
        folder.write("missing", &lines);
        let (task_s, parallel_text, retries_text) =
            (task_s.to_string(), parallel.to_string(), retries.to_string());
        let engine = if slurm { "slurm" } else { "gcp-batch" };
        let plan = folder.gcp(&[
            "--engine", engine, "--task-s", &task_s, "--parallel", &parallel_text,
            "--retries", &retries_text, "--missing", "missing", "--count", "40",
        ]);
        let job: ArrayJob = parse_document(&plan.assert_code(0).stdout).unwrap();
        folder.write("plan.json", &plan.stdout_text());
        let text = folder.run(&["job", "plan.json"]).assert_code(0).stdout_text();
        let tasks = missing.len();
        let at_once = tasks.min(parallel as usize);
        if let ArrayEngine::Slurm(_) = job.engine {
            let array = format!("#SBATCH --array=0-{}%{at_once}\n", tasks - 1);
            prop_assert!(text.contains(&array), "{}", text);
        } else {
            let value: Value = serde_json::from_str(&text).unwrap();
            let group = &value["taskGroups"][0];
            prop_assert_eq!(&group["taskCount"], &json!(tasks.to_string()));
            prop_assert_eq!(&group["parallelism"], &json!(at_once.to_string()));
            prop_assert_eq!(&group["taskSpec"]["maxRetryCount"], &json!(retries));
            let script = group["taskSpec"]["runnables"][0]["script"]["text"].as_str().unwrap();
            for file in &job.files {
                let line = format!("\n{}  {}\n", file.sha256, file.path);
                prop_assert!(script.contains(&line));
            }
        }
        prop_assert_eq!(job.indexes.iter().collect::<std::collections::BTreeSet<_>>(), missing);
    }
}
