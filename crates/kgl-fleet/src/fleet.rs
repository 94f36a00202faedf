//! The fleet as the other modules use it: the document, checked, with what is the same for all
//! shards and hosts.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Fleet, Run, RunWhere, Search, Sha256, Where, canonical_digest};
use kgl_ssh::{Host, Patience};

use crate::there::{There, Trouble};
use crate::ways::Ways;

/// The folder, in the project, of programs that run on any Linux of their processor.
pub(crate) const ANYWHERE: &str = "target/static/bin";

/// A program that goes to the hosts.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) bytes: Vec<u8>,
    /// Where it lies there, relative to the project.
    pub(crate) path: String,
}

/// A way to run the search on a host: its programs, for one kind of machine.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) run: Program,
    pub(crate) tool: Program,
}

impl Programs {
    const NAMES: [&str; 2] = ["kgl-run", "kgl-shard-search"];

    fn read(folder: &Path) -> Result<Self, Failure> {
        let read = |name: &str, place: fn(&str) -> String| {
            let path = folder.join(name);
            let bytes = fs::read(&path)
                .or_usage(format_args!("{} is to go to the hosts", path.display()))
                .map_err(|failure| failure.hint("run `make build`"))?;
            let short = Sha256::of(&bytes).short();
            Ok::<_, Failure>(Program {
                bytes,
                path: place(&short),
            })
        };
        Ok(Self {
            run: read(Self::NAMES[0], |short| format!(".kgl/kgl-run-{short}"))?,
            tool: read(Self::NAMES[1], |short| {
                format!(".kgl/search-{short}/kgl-shard-search")
            })?,
        })
    }
}

/// A fleet, ready to be led.
#[derive(Debug)]
pub(crate) struct Led {
    pub(crate) fleet: Fleet,
    /// The project here; absolute.
    pub(crate) project: PathBuf,
    pub(crate) search: Search,
    /// The pinned search's path, relative to the project.
    pub(crate) search_path: String,
    pub(crate) identity: Sha256,
    digest: Sha256,
    /// The programs built here, and those that run on any Linux, where they were built.
    pub(crate) programs: Vec<Programs>,
    hosts: Vec<Host>,
    pub(crate) ways: Ways,
    /// The folder of this search's shards on every host.
    shard_dir: String,
}

/// The folder of this program, where its siblings are.
fn own_folder() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    Some(own.parent()?.to_owned())
}

/// A tool of the house: the one beside this program, else the one on the PATH.
pub(crate) fn sibling(name: &str) -> PathBuf {
    let beside = own_folder().map(|folder| folder.join(name));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| name.into())
}

impl Led {
    /// Reads the fleet and its search.
    ///
    /// # Errors
    /// A fleet that says too little or names what cannot be a host, a session or a folder; a
    /// search that is not pinned (exit 2).
    pub(crate) fn read(document: Option<&Path>, project: &Path, io: &Io) -> Result<Self, Failure> {
        let (fleet, source) = io.read_document::<Fleet>(document)?;
        let name = &source.name;
        let project = project
            .canonicalize()
            .map_err(|error| kgl_cli::read_failure(project, error))?;
        let Some(search_path) = fleet.search.clone() else {
            return Err(Failure::usage(format_args!("{name}: no search is named")));
        };
        check(&fleet).map_err(|what| Failure::usage(format_args!("{name}: {what}")))?;
        let (search, _) = io.read_document::<Search>(Some(&project.join(&search_path)))?;
        let identity = search
            .identity()
            .or_usage(&search_path)
            .map_err(|failure| {
                failure.hint("pin it first: kgl-shard-search --pin search.json > pinned.json")
            })?;
        let hosts = fleet
            .hosts
            .iter()
            .map(|host| Host::new(&host.name, Patience::of_environment()))
            .collect::<Result<Vec<_>, _>>()?;
        let folder = own_folder().unwrap_or_default();
        let mut programs = vec![Programs::read(&folder)?];
        // Beside target/release, where this program is.
        let anywhere = folder.join("../..").join(ANYWHERE);
        if Programs::NAMES
            .iter()
            .all(|name| anywhere.join(name).is_file())
        {
            programs.push(Programs::read(&anywhere)?);
        }
        Ok(Self {
            shard_dir: format!(
                "{}/{}-of-{}",
                fleet.shard_dir.trim_end_matches('/'),
                identity.short(),
                fleet.shard_count
            ),
            digest: canonical_digest(&fleet).or_usage(name)?,
            fleet,
            project,
            search,
            search_path,
            identity,
            programs,
            ways: Ways::new(hosts.len()),
            hosts,
        })
    }

    /// How host `h` is asked, with the programs of kind `kind`.
    pub(crate) fn there(&self, h: usize, kind: usize) -> There {
        let programs = &self.programs[kind];
        There {
            host: self.hosts[h].clone().through(self.ways.socket(h)),
            root: self.fleet.project_dir.trim_end_matches('/').to_owned(),
            program: programs.run.path.clone(),
            tool: programs.tool.path.clone(),
            competition: self.fleet.competition.clone(),
            shards: self.shard_dir.clone(),
        }
    }

    /// Connects to host `h`, for all that is asked of it.
    ///
    /// # Errors
    /// No connection, and why.
    pub(crate) fn connect(&self, h: usize) -> Result<(), Trouble> {
        self.ways.open(h, &self.hosts[h]).map_err(Trouble::new)
    }

    /// The name of host `h`.
    pub(crate) fn name(&self, h: usize) -> &str {
        self.hosts[h].name()
    }

    /// How many hosts there are.
    pub(crate) fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// The host that each shard begins with.
    pub(crate) fn home(&self) -> Vec<usize> {
        let of = |name: &str| self.hosts.iter().position(|host| host.name() == name);
        let mut home: Vec<(u32, usize)> = self
            .fleet
            .shards
            .iter()
            .filter_map(|shard| Some((shard.index, of(&shard.host)?)))
            .collect();
        home.sort_unstable();
        home.into_iter().map(|(_, host)| host).collect()
    }

    /// The tmux session of `shard`.
    pub(crate) fn session(&self, shard: u32) -> String {
        let found = self.fleet.shards.iter().find(|one| one.index == shard);
        found.map_or_else(|| format!("kgl-shard-{shard}"), |one| one.session.clone())
    }

    /// What searches `shard` on host `h`.
    pub(crate) fn argv(&self, h: usize, kind: usize, shard: u32) -> Vec<String> {
        let there = self.there(h, kind);
        let bin = there.tool.trim_end_matches("/kgl-shard-search");
        let workers = self.fleet.hosts[h].workers;
        let filled = [
            ("{index}", shard.to_string()),
            ("{count}", self.fleet.shard_count.to_string()),
            (
                "{workers}",
                workers.map_or_else(String::new, |n| n.to_string()),
            ),
            ("{search}", format!("{}/{}", there.root, self.search_path)),
            ("{shard_dir}", there.shards.clone()),
            ("{bin}", format!("{}/{bin}", there.root)),
        ];
        let fill = |word: &String| {
            filled.iter().fold(word.clone(), |word, (name, value)| {
                word.replace(name, value)
            })
        };
        self.fleet.argv.iter().map(fill).collect()
    }

    /// The run that searches `shard` on host `h`.
    pub(crate) fn run(&self, h: usize, kind: usize, shard: u32) -> Run {
        Run::planned(
            (&self.fleet.competition, &format!("shard-{shard}")),
            self.argv(h, kind, shard),
            self.digest,
            RunWhere {
                kind: Where::Host,
                host: self.name(h).to_owned(),
                root: Some(self.there(h, kind).root),
            },
            (&kgl_cli::now(), salt(h)),
        )
    }

    /// The shard that `run` searches, if it is of this search.
    pub(crate) fn shard_of(&self, run: &Run) -> Option<u32> {
        let index = run.verb.strip_prefix("shard-")?.parse().ok()?;
        let ours = run.argv.iter().any(|word| word.contains(&self.shard_dir));
        (ours && index < self.fleet.shard_count).then_some(index)
    }
}

/// Tells apart runs that start within one second, also from two machines.
fn salt(h: usize) -> u16 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.subsec_nanos());
    let mixed = nanos ^ std::process::id().wrapping_mul(40_503) ^ u32::try_from(h).unwrap_or(0);
    u16::try_from((mixed ^ (mixed >> 16)) & 0xffff).unwrap_or(0)
}

/// What is wrong with a fleet.
fn check(fleet: &Fleet) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if fleet.hosts.is_empty() {
        return Err("the fleet has no hosts: name them in cluster_fleet_config.sh".to_owned());
    }
    if fleet.argv.is_empty() {
        return Err("it does not say what searches a shard (argv)".to_owned());
    }
    for (what, folder) in [
        ("project_dir", &fleet.project_dir),
        ("shard_dir", &fleet.shard_dir),
    ] {
        if !folder.starts_with('/') || folder.trim_matches('/').is_empty() || folder.contains('\0')
        {
            return Err(format!(
                "{what} is `{folder}`: give a folder of its own, from the root"
            ));
        }
    }
    let names: BTreeSet<&str> = fleet.hosts.iter().map(|host| host.name.as_str()).collect();
    if names.len() != fleet.hosts.len() {
        return Err("a host is named twice".to_owned());
    }
    let indexes: BTreeSet<u32> = fleet.shards.iter().map(|shard| shard.index).collect();
    if !indexes.iter().copied().eq(0..fleet.shard_count) || fleet.shard_count == 0 {
        return Err(format!(
            "not every shard from 0 to {} has a host",
            fleet.shard_count
        ));
    }
    let sessions: BTreeSet<&str> = fleet
        .shards
        .iter()
        .map(|one| one.session.as_str())
        .collect();
    if sessions.len() != fleet.shards.len() {
        return Err(
            "two shards have one tmux session: tmux_session_name must tell them apart".to_owned(),
        );
    }
    match fleet
        .shards
        .iter()
        .find(|one| one.session.is_empty() || !one.session.chars().all(plain))
    {
        Some(odd) => Err(format!(
            "session `{}`: names of tmux sessions are lower-case letters, digits and `-`",
            odd.session
        )),
        None => Ok(()),
    }
}
