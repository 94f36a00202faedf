//! `kgl-probe` as a process: beside real hosts, and alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use kgl_contract::{HostStatus, RunState, parse_document};
use kgl_testkit::fleet::{Fleet, Kind, beside};
use kgl_testkit::process::{Finished, finish, run};

const PROBE: &str = env!("CARGO_BIN_EXE_kgl-probe");

fn probe(args: &[&str]) -> (HostStatus, Finished) {
    let mut all = vec!["--deadline", "30", "--connect", "2"];
    all.extend(args);
    let done = run(PROBE, &all, b"");
    let status = parse_document(&done.stdout).unwrap_or_else(|why| panic!("{why}: {done:?}"));
    (status, done)
}

/// A run in the project at /work project on the host, as kgl-run would have left it.
fn put_run(
    fleet: &Fleet,
    host: &str,
    id: &str,
    pid: u32,
    ticks: u64,
    boot: &str,
    rc: Option<&str>,
) {
    let folder = fleet.disk(
        host,
        &format!("/work $x/competitions/demo/outputs/runs/{id}"),
    );
    fs::create_dir_all(&folder).unwrap();
    let run = format!(
        r#"{{"argv":["x"],"boot_id":"{boot}","challenge_sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","competition":"demo","id":"{id}","paths":{{"folder":"f","log":"run.log","work":"w"}},"pid":{pid},"pid_start_ticks":{ticks},"schema":"kgl.run/1","state":"running","verb":"train","where":{{"host":"{host}","kind":"host"}}}}"#
    );
    fs::write(folder.join("run.json"), run + "\n").unwrap();
    fs::write(folder.join("run.log"), "one\ntwo\n").unwrap();
    if let Some(rc) = rc {
        fs::write(folder.join("run.rc"), rc).unwrap();
    }
}

#[test]
fn hosts_tell_what_they_are_and_what_runs_on_them() {
    beside(Kind::Namespaces, |fleet| {
        let said = |command: &str| fleet.ssh("host1", command).stdout_text().trim().to_owned();
        let boot = said("cat /proc/sys/kernel/random/boot_id");
        // A process that is called as kgl-run's wrapper would be.
        let start = "cp /usr/bin/sleep ~/kgl-run-0a1b2c && cd / && \
                     (~/kgl-run-0a1b2c 100 >/dev/null 2>&1 </dev/null & echo $!)";
        let pid: u32 = said(start).parse().unwrap();
        let ticks: u64 = said(&format!("cut -d' ' -f22 /proc/{pid}/stat"))
            .parse()
            .unwrap();
        put_run(
            fleet,
            "host1",
            "20261123-140501-train-0001",
            pid,
            ticks,
            &boot,
            None,
        );
        put_run(
            fleet,
            "host1",
            "20261123-140502-train-0002",
            pid,
            ticks + 1,
            &boot,
            None,
        );
        put_run(
            fleet,
            "host1",
            "20261123-140503-train-0003",
            1,
            1,
            "another",
            None,
        );
        let rc = r#"{"code":0,"ended_at":"2026-11-23T14:06:00Z"}"#;
        put_run(
            fleet,
            "host1",
            "20261123-140504-train-0004",
            1,
            1,
            "another",
            Some(rc),
        );
        fleet.happens(&["skew", "host2", "+7200"]);
        fleet.happens(&["off", "host3"]);
        let (status, done) = probe(&["host1:/work $x", "host2:/nowhere/yet", "host3"]);
        done.assert_code(1);
        let [one, two, three] = status.hosts.as_slice() else {
            panic!("{status:?}");
        };
        let machine = one.machine.as_ref().unwrap();
        assert_eq!(machine.boot_id.as_deref(), Some(boot.as_str()));
        assert!(machine.cores.unwrap() > 0 && machine.memory.unwrap().total_bytes > 1 << 20);
        assert_eq!(machine.disk.unwrap().total_bytes, 96 << 20);
        // There is no nvidia-smi there.
        assert!(machine.gpus.is_none());
        assert!(
            machine.clock_ahead_ms.unwrap().unsigned_abs() <= machine.clock_error_ms.unwrap() + 50
        );
        let states: Vec<RunState> = one.runs.iter().map(|found| found.run.state).collect();
        assert_eq!(
            states,
            [
                RunState::Done,
                RunState::Rebooted,
                RunState::Died,
                RunState::Running
            ]
        );
        assert_eq!(one.runs[0].log.unwrap().size_bytes, 8);
        let skewed = two.machine.as_ref().unwrap();
        let ahead = skewed.clock_ahead_ms.unwrap() - 7_200_000;
        assert!(ahead.unsigned_abs() < 5_000, "{ahead}");
        assert!(skewed.disk.is_some() && two.runs.is_empty());
        assert!(three.machine.is_none());
        assert!(
            three
                .unreachable
                .as_ref()
                .unwrap()
                .what
                .starts_with("host3 cannot be reached")
        );
    });
}

#[test]
fn cards_are_told_where_nvidia_smi_tells_of_them() {
    beside(Kind::Namespaces, |fleet| {
        // The one thing a test machine rarely has: what nvidia-smi prints for two cards.
        let smi = fleet.dir().join("smi");
        fs::write(&smi, "#!/bin/sh\nprintf '0, NVIDIA H100, 97, 81559, 1000, 60\\n1, Old, [N/A], 100, 0, [N/A]\\n'\n").unwrap();
        let bytes = fs::read(&smi).unwrap();
        let mut install = Command::new("ssh");
        install.args(["host1", "cat > /tmp/nvidia-smi; chmod +x /tmp/nvidia-smi"]);
        finish(&mut install, &bytes).assert_code(0);
        fleet.happens(&["hide", "host1", "no-such-program-to-begin-with"]);
        fleet.happens(&[
            "on",
            "host1",
            "cp",
            "/tmp/nvidia-smi",
            "/usr/bin/nvidia-smi",
        ]);
        let (status, done) = probe(&["host1"]);
        done.assert_code(0);
        let gpus = status.hosts[0]
            .machine
            .as_ref()
            .unwrap()
            .gpus
            .clone()
            .unwrap();
        assert_eq!(
            (gpus.len(), gpus[0].busy_percent, gpus[1].busy_percent),
            (2, Some(97), None)
        );
        // One that fails knows nothing, which is not the same as no cards.
        fleet.happens(&[
            "on",
            "host1",
            "sh",
            "-c",
            "printf '#!/bin/sh\\nexit 9\\n' > /usr/bin/nvidia-smi",
        ]);
        assert!(
            probe(&["host1"]).0.hosts[0]
                .machine
                .as_ref()
                .unwrap()
                .gpus
                .is_none()
        );
    });
}

#[test]
fn a_challenge_and_a_fleet_name_hosts_too() {
    beside(Kind::Any, |fleet| {
        let challenge = r#"{"schema":"kgl.challenge/1","slug":"demo","name":"D","where":"host","metric":{"name":"m","better":"higher"},"remote":{"host":"host1","root":"/r"}}"#;
        let hosts = r#"{"schema":"kgl.fleet/1","competition":"demo","hosts":[{"name":"host2"},{"name":"host3"}],"project_dir":"/p","shard_dir":"/s","shard_count":1,"shards":[]}"#;
        let file = fleet.dir().join("challenge.json");
        fs::write(&file, challenge).unwrap();
        let done = run(
            PROBE,
            &[
                "--from",
                file.to_str().unwrap(),
                "--from",
                "-",
                "--deadline",
                "30",
            ],
            hosts.as_bytes(),
        );
        done.assert_code(0);
        let status: HostStatus = parse_document(&done.stdout).unwrap();
        let names: Vec<_> = status
            .hosts
            .iter()
            .map(|host| (host.host.as_str(), host.root.as_deref()))
            .collect();
        assert_eq!(
            names,
            [
                ("host1", Some("/r")),
                ("host2", Some("/p")),
                ("host3", Some("/p"))
            ]
        );
        // Again and again, a document a line, until nobody reads any more.
        let watch = format!("{PROBE} --watch 0.1 --deadline 30 host1 | head -n 2 | wc -l");
        let begun = Instant::now();
        assert_eq!(
            finish(Command::new("sh").args(["-c", &watch]), b"")
                .stdout_text()
                .trim(),
            "2"
        );
        assert!(begun.elapsed() < Duration::from_secs(60));
    });
}

#[test]
fn bad_input_is_refused_before_anybody_is_asked() {
    for (args, stdin, word) in [
        (vec!["-oProxyCommand=touch x"], "", "unexpected argument"),
        (
            vec!["--", "-oProxyCommand=touch x"],
            "",
            "no name of a host",
        ),
        (vec![], "", "empty"),
        (
            vec![],
            r#"{"schema":"kgl.run/1"}"#,
            "neither a challenge nor a fleet",
        ),
        (
            vec![],
            r#"{"schema":"kgl.challenge/1","slug":"d","name":"D","where":"local","metric":{"name":"m","better":"lower"}}"#,
            "no document names a host",
        ),
    ] {
        let done = run(PROBE, &args, stdin.as_bytes());
        done.assert_code(2);
        assert!(
            done.stderr_text().contains(word),
            "{args:?}: {}",
            done.stderr_text()
        );
    }
}

#[test]
fn a_full_disk_is_told() {
    let full = format!("{PROBE} --connect 0.2 --deadline 1 host.invalid > /dev/full");
    let done = finish(Command::new("sh").args(["-c", &full]), b"");
    if kgl_testkit::skip::program("ssh") {
        done.assert_code(3);
        assert!(
            done.stderr_text().contains("cannot write to stdout"),
            "{done:?}"
        );
    }
}
