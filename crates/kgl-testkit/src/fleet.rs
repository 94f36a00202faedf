//! Tests beside real ssh hosts: `tests/fleet/up` starts three of them in namespaces of their
//! own, and the running test once more beside them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Finished, finish};
use crate::skip;

/// How `tests/fleet/up` says that this machine cannot have a fleet.
const IMPOSSIBLE: i32 = 77;

/// Three hosts, as a test beside them sees them: `host1`, `host2` and `host3`, which the `ssh`
/// on the `PATH` reaches.
#[derive(Debug)]
pub struct Fleet {
    dir: PathBuf,
}

/// What a fleet is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Machines as good as real ones, to which anything can happen.
    Namespaces,
    /// Several sshds on this machine, where that is all that is allowed.
    Any,
}

/// Runs `test` beside a fleet of its own; where that is not possible, the running test is
/// skipped, as `fleet` (no sshd) or `fleet-namespaces` (not allowed).
///
/// The test's process is started a second time within the fleet, with this test alone: hosts in
/// namespaces cannot be seen from outside.
///
/// # Panics
/// When the test fails in there.
#[track_caller]
pub fn beside(kind: Kind, test: impl FnOnce(&Fleet)) {
    if let (Some(found), Some(dir)) = (env::var_os("KGL_FLEET"), env::var_os("KGL_FLEET_DIR")) {
        let real = found == "namespaces";
        let why = "hosts that things can happen to need root and namespaces";
        if skip::have("fleet-namespaces", real || kind == Kind::Any, why) {
            test(&Fleet { dir: dir.into() });
        }
        return;
    }
    if skip::is_left_out("fleet") {
        skip::have("fleet", false, "");
        return;
    }
    let up = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fleet/up");
    let thread = std::thread::current();
    let name = env::var("NEXTEST_TEST_NAME").ok();
    let name = name.as_deref().or(thread.name()).unwrap_or_default();
    let binary = env::current_exe().unwrap_or_else(|error| panic!("this test's program: {error}"));
    let mut command = Command::new(up);
    command
        .arg("--")
        .arg(binary)
        .args([name, "--exact", "--nocapture", "--test-threads", "1"]);
    let done = finish(&mut command, b"");
    if done.code == Some(IMPOSSIBLE) {
        skip::have("fleet", false, done.stderr_text().trim());
        return;
    }
    let (out, err) = (done.stdout_text(), done.stderr_text());
    assert!(
        done.code == Some(0) && out.contains("1 passed"),
        "beside the fleet:\n{out}{err}"
    );
    eprint!("{err}");
}

impl Fleet {
    /// The folder of ssh_config, known_hosts, id_ed25519, and one folder for each host.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lets something happen: `fleet.happens(&["cut", "host2"])`; `tests/fleet/fleet --help`
    /// has the list.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn happens(&self, what: &[&str]) -> Finished {
        let done = finish(Command::new("fleet").args(what), b"");
        done.assert_code(0);
        done
    }

    /// Runs a shell command on a host, over ssh.
    ///
    /// # Panics
    /// When ssh cannot be started.
    #[track_caller]
    pub fn ssh(&self, host: &str, command: &str) -> Finished {
        finish(Command::new("ssh").args([host, command]), b"")
    }

    /// A path on a host's disk, as a path here.
    #[must_use]
    pub fn disk(&self, host: &str, path: &str) -> PathBuf {
        let root = self.dir.join(host).join("root");
        root.join(path.trim_start_matches('/'))
    }
}
