//! The stand-in of Kaggle's API (`tests/kaggle/stand_in.py`), and the official
//! client led to it.
//!
//! The client is the real one, installed below `target/kaggle`; a test that
//! cannot have it is skipped as `kaggle`. What the stand-in may be told to serve
//! and to break stands at the head of that program.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::skip;

/// The token that the stand-in takes, unless its settings name another. It must
/// be found in no output and no file of a run.
pub const TOKEN: &str = "KGAT-token-that-is-secret";
/// The legacy key of the user `tester`, as secret.
pub const KEY: &str = "legacy-key-that-is-secret";
/// In the query of each address of a file, as a signature would be.
pub const SIGNATURE: &str = "SIGNED-URL-SECRET";

/// A stand-in that runs until it is dropped.
#[derive(Debug)]
pub struct StandIn {
    folder: TempDir,
    port: u16,
    server: Child,
    /// Open for as long as it shall serve.
    _stdin: ChildStdin,
}

impl StandIn {
    /// Starts one that serves `settings`; `None` when the client or Python is missing
    /// and the test is therefore skipped.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(settings: &Value) -> Option<StandIn> {
        let why =
            "the client is not in target/kaggle (scripts/install-kaggle-cli.sh target/kaggle)";
        if !skip::have("kaggle", client().is_file(), why) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder for the stand-in");
        fs::create_dir(folder.path().join("home")).expect("a home for the client");
        let mut server = Command::new("python3")
            .arg(root().join("tests/kaggle/stand_in.py"))
            .arg("serve")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let mut all = json!({ "user": "tester", "token": TOKEN, "key": KEY });
        for (name, value) in settings.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let mut stdin = server.stdin.take().expect("its stdin");
        writeln!(stdin, "{all}").expect("the stand-in reads its settings");
        let end = Instant::now() + Duration::from_secs(30);
        let port = loop {
            if let Ok(port) = fs::read_to_string(folder.path().join("port")) {
                break port.parse().expect("a port");
            }
            assert!(Instant::now() < end, "the stand-in does not start");
            std::thread::sleep(Duration::from_millis(10));
        };
        Some(StandIn {
            folder,
            port,
            server,
            _stdin: stdin,
        })
    }

    /// The home that the client is given: an empty folder, where a test may put credentials.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Leads `command` (the client, or a tool that calls it) to this stand-in, with a home of
    /// its own and the right token.
    pub fn lead<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        self.lead_without_credentials(command)
            .env("KAGGLE_API_TOKEN", TOKEN)
    }

    /// As [`StandIn::lead`], with no credentials at all.
    pub fn lead_without_credentials<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, value) in self.variables() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// The variables that lead there, without credentials: what to set, and what to take away.
    ///
    /// # Panics
    /// When the stand-in's folder is gone.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, Option<String>)> {
        let ours = std::env::vars().map(|(name, _)| name);
        let mut all: Vec<_> = ours
            .filter(|name| name.starts_with("KAGGLE_"))
            .map(|name| (name, None))
            .collect();
        let environment =
            fs::read_to_string(self.folder.path().join("environment")).expect("its environment");
        for line in environment.lines() {
            let (name, value) = line.split_once('=').expect("NAME=VALUE");
            all.push((name.to_owned(), Some(value.to_owned())));
        }
        let home = self.home().display().to_string();
        all.push(("HOME".to_owned(), Some(home.clone())));
        all.push(("XDG_DATA_HOME".to_owned(), Some(home)));
        let program = client().display().to_string();
        all.push(("KGL_KAGGLE".to_owned(), Some(program)));
        all
    }

    /// Breaks something, once or as often as the fault says.
    ///
    /// # Panics
    /// When the stand-in does not take it.
    pub fn fault(&self, fault: &Value) {
        self.tell("fault", fault);
    }

    /// Changes what is served: a merge patch of the settings.
    ///
    /// # Panics
    /// When the stand-in does not take it.
    pub fn set(&self, patch: &Value) {
        self.tell("set", patch);
    }

    /// Lets its clock run ahead.
    ///
    /// # Panics
    /// When the stand-in does not take it.
    pub fn advance(&self, seconds: f64) {
        self.tell("clock", &json!({ "advance_s": seconds }));
    }

    /// What it holds: `submissions`, `kernels`, `datasets`, `uploads`.
    ///
    /// # Panics
    /// When the stand-in does not answer.
    #[must_use]
    pub fn state(&self) -> Value {
        self.tell("state", &Value::Null)
    }

    /// Each request it got, in order.
    ///
    /// # Panics
    /// When its journal cannot be read.
    #[must_use]
    pub fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("journal.jsonl"));
        let text = text.expect("its journal");
        let line = |line: &str| serde_json::from_str(line).expect("a line of JSON");
        text.lines().map(line).collect()
    }

    /// How many requests of this name counted: were carried out, whether or not the answer arrived.
    #[must_use]
    pub fn counted(&self, rpc: &str) -> usize {
        let counts = |entry: &&Value| entry["rpc"] == rpc && entry["counted"] == true;
        self.journal().iter().filter(counts).count()
    }

    fn tell(&self, verb: &str, told: &Value) -> Value {
        let body = told.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the stand-in");
        let request = format!(
            "POST /{verb} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = BufReader::new(stream);
        let mut status = String::new();
        answer.read_line(&mut status).expect("it answers");
        assert!(status.contains(" 200 "), "{verb} {body}: {status}");
        let mut rest = String::new();
        answer.read_to_string(&mut rest).expect("a whole answer");
        let (_, body) = rest.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The official client that tests use.
#[must_use]
pub fn client() -> PathBuf {
    root().join("target/kaggle/bin/kaggle")
}

/// The checkout.
fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates
        .and_then(Path::parent)
        .expect("crates/ lies in it")
        .to_owned()
}
