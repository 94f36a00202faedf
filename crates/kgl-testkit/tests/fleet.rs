//! The fleet itself: three hosts that are as good as machines, and what can happen to them.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use kgl_testkit::fleet::{Kind, beside};

#[test]
fn three_hosts_answer_and_share_nothing() {
    beside(Kind::Namespaces, |fleet| {
        let ask = |host: &str, command: &str| {
            let done = fleet.ssh(host, command);
            done.assert_code(0);
            done.stdout_text().trim().to_owned()
        };
        for host in ["host1", "host2", "host3"] {
            assert_eq!(ask(host, "hostname"), host);
            ask(
                host,
                "test -z \"$(ls /root)$(ls /tmp)\" && touch /tmp/a ~/b && tmux new-session -d",
            );
            assert_eq!(ask(host, "tmux list-sessions | wc -l"), "1");
            assert!(fleet.disk(host, "/root").join("b").exists());
        }
        assert_ne!(
            ask("host1", "cat /etc/ssh/*.pub"),
            ask("host2", "cat /etc/ssh/*.pub")
        );
    });
}

#[test]
fn a_plug_that_is_pulled_ends_everything_but_the_disk() {
    beside(Kind::Namespaces, |fleet| {
        let boot = "cat /proc/sys/kernel/random/boot_id; ls /tmp /root";
        fleet
            .ssh("host1", "touch /tmp/lost ~/kept; tmux new-session -d")
            .assert_code(0);
        let before = fleet.ssh("host1", boot).stdout_text();
        fleet.happens(&["off", "host1"]);
        assert_eq!(fleet.ssh("host2", "true").code, Some(0));
        fleet.happens(&["boot", "host1"]);
        let after = fleet.ssh("host1", boot).stdout_text();
        assert!(
            before.contains("lost") && !after.contains("lost"),
            "{after}"
        );
        assert!(after.contains("kept"), "{after}");
        assert_ne!(before.lines().next(), after.lines().next());
        assert_eq!(fleet.ssh("host1", "tmux has-session").code, Some(1));
    });
}

#[test]
fn what_happens_to_a_host_is_seen_over_ssh_and_can_be_mended() {
    beside(Kind::Namespaces, |fleet| {
        let quick = |command: &str| {
            let mut ssh = std::process::Command::new("ssh");
            ssh.args(["-o", "ConnectTimeout=1", "host1", command]);
            kgl_testkit::process::finish(&mut ssh, b"")
        };
        for (bad, good, says) in [
            ("cut", "mend", "timed out"),
            ("freeze", "thaw", "timed out"),
            ("refuse", "accept", "Permission denied"),
        ] {
            fleet.happens(&[bad, "host1"]);
            let done = quick("true");
            assert_eq!(done.code, Some(255), "{bad}");
            assert!(done.stderr_text().contains(says), "{bad}: {done:?}");
            fleet.happens(&[good, "host1"]);
            quick("true").assert_code(0);
        }
        fleet.happens(&["hide", "host1", "tmux"]);
        quick("tmux -V").assert_code(127);
        fleet.happens(&["break", "host1", "tmux"]);
        quick("tmux -V").assert_code(126);
        fleet.happens(&["show", "host1", "tmux"]);
        quick("tmux -V").assert_code(0);
        fleet.happens(&["fill", "host1"]);
        quick("echo text > file").assert_code(1);
        fleet.happens(&["empty", "host1"]);
        quick("echo text > file").assert_code(0);
        fleet.happens(&["skew", "host1", "+7200"]);
        let hours = |done: kgl_testkit::process::Finished| -> i64 {
            done.stdout_text().trim().parse::<i64>().unwrap() / 3600
        };
        let late = hours(quick("date +%s")) - hours(fleet.ssh("host2", "date +%s"));
        assert!((1..=3).contains(&late), "{late}");
        fleet.happens(&["rekey", "host1"]);
        assert!(quick("true").stderr_text().contains("HAS CHANGED"));
    });
}

#[test]
fn where_namespaces_are_not_allowed_there_are_addresses() {
    // Not within `beside`: this asks for the lesser fleet also where the better one is possible.
    if kgl_testkit::skip::is_left_out("fleet") {
        kgl_testkit::skip::have("fleet", false, "");
        return;
    }
    let up = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fleet/up");
    let command = "ssh host1 'tmux new-session -d' && ! ssh host3 'tmux has-session' 2>&1; \
                   ssh host2 'exit 5'; echo \"$KGL_FLEET $?\"; fleet cut host1; echo $?; \
                   echo \"$KGL_FLEET_DIR\"";
    let done = kgl_testkit::process::run(up, &["--loopback", "--", "bash", "-c", command], b"");
    if done.code == Some(77) {
        kgl_testkit::skip::have("fleet", false, done.stderr_text().trim());
        return;
    }
    done.assert_code(0);
    let text = done.stdout_text();
    let lines: Vec<&str> = text.lines().collect();
    let [.., kind, cut, dir] = lines.as_slice() else {
        panic!("{text}");
    };
    assert_eq!((*kind, *cut), ("loopback 5", "2"));
    assert!(!std::path::Path::new(dir).exists(), "left behind: {dir}");
}

#[test]
fn the_command_s_end_is_passed_on() {
    let up = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fleet/up");
    let done = kgl_testkit::process::run(up, &["--", "sh", "-c", "exit 9"], b"");
    assert!(matches!(done.code, Some(9 | 77)), "{done:?}");
    kgl_testkit::process::run(up, &["sh"], b"").assert_code(2);
}
