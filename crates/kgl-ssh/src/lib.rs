//! One host through the `ssh` program, which knows the user's configuration best: aliases,
//! ProxyJump, agents, whatever else. What asks many hosts at once is kgl-remote.
//!
//! ```no_run
//! use kgl_ssh::{Host, Patience};
//! let host = Host::new("vast", Patience::default())?;
//! let answer = host.run(&["uname", "-m"], b"", None)?;
//! # Ok::<(), kgl_ssh::SshError>(())
//! ```
//!
//! No command here can ask for a password, and none hangs: a connection that does not come about
//! or that falls silent ends after [`Patience`]. Words of an argv reach the other side as they
//! are, whatever they hold, given a POSIX shell for login there.

mod fault;
mod host;
mod rsync;
mod shared;
mod words;

pub use fault::{Fault, SshError};
pub use host::{Host, Patience};
pub use rsync::rsync;
pub use shared::{Shared, Socket};
pub use words::{is_host_name, remote_command};
