//! The way to every host: one connection that is held open while the fleet is led, and that all
//! commands go through, kgl-rsync-plan's among them.
//!
//! A host that gave no answer is asked over connections of its own from then on, so that what is
//! told of it never comes from a connection that is old.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use kgl_ssh::{Host, Shared, Socket, SshError};
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

const PREFIX: &str = "kgl-ssh-";

/// Connections by host, and where their sockets are.
#[derive(Debug)]
pub(crate) struct Ways {
    folder: OnceLock<Option<Folder>>,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    shared: Vec<Option<Shared>>,
    /// It has ended: nothing is opened any more.
    closed: bool,
}

/// Where sockets are, locked for as long as its owner lives.
#[derive(Debug)]
struct Folder {
    made: TempDir,
    _lock: File,
}

impl Folder {
    /// In the temporary folder, or where that is too deep for a socket, in /tmp.
    fn make() -> Option<Self> {
        Self::within(&std::env::temp_dir()).or_else(|| Self::within(Path::new("/tmp")))
    }

    fn within(parent: &Path) -> Option<Self> {
        sweep(parent);
        let made = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(parent)
            .ok()?;
        Socket::within(&made.path().join("9999"))?;
        let lock = File::open(made.path()).ok()?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Self { made, _lock: lock })
    }
}

/// Removes what was left by those that were killed: nobody holds its lock any more.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let left = File::open(entry.path())
            .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
        if left {
            // Somebody else's stays, as the system sees to.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Ways {
    /// For `count` hosts. Where no socket can be, every command has its own connection.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            folder: OnceLock::new(),
            open: Mutex::new(Open {
                shared: (0..count).map(|_| None).collect(),
                closed: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to `host`, the one at `h`, unless that is done already.
    ///
    /// # Errors
    /// No connection, and why.
    pub(crate) fn open(&self, h: usize, host: &Host) -> Result<(), SshError> {
        let Some(folder) = self.folder.get_or_init(Folder::make) else {
            return Ok(());
        };
        let own = folder.made.path().join(h.to_string());
        let socket = Socket::within(&own).filter(|_| fs::create_dir_all(&own).is_ok());
        let Some(socket) = socket.filter(|_| self.lock().shared[h].is_none()) else {
            return Ok(());
        };
        let shared = Shared::open(host, socket)?;
        let mut open = self.lock();
        if !open.closed {
            open.shared[h] = Some(shared);
        }
        Ok(())
    }

    /// What commands to the host at `h` go through.
    pub(crate) fn socket(&self, h: usize) -> Option<Socket> {
        let open = self.lock();
        open.shared[h]
            .as_ref()
            .map(|shared| shared.socket().clone())
    }

    /// Gives up the connection to the host at `h`.
    pub(crate) fn close(&self, h: usize) {
        let shared = self.lock().shared[h].take();
        drop(shared);
    }

    /// Gives up all of them, for good, and leaves nothing behind.
    pub(crate) fn close_all(&self) {
        let mut open = self.lock();
        open.closed = true;
        open.shared.iter_mut().for_each(|shared| *shared = None);
        drop(open);
        if let Some(Some(folder)) = self.folder.get() {
            let _ = fs::remove_dir_all(folder.made.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

    use super::*;

    #[test]
    fn what_the_killed_left_is_swept_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let living = Folder::within(parent.path()).unwrap();
        let left = parent.path().join("kgl-ssh-left/0");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("socket"), "").unwrap();
        fs::create_dir(parent.path().join("other")).unwrap();
        let next = Folder::within(parent.path()).unwrap();
        assert!(living.made.path().exists() && next.made.path().exists());
        assert!(!left.exists() && parent.path().join("other").exists());
    }
}
