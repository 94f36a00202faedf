//! What this machine is called and what time it is: for `attempt` and `run`,
//! never for a result.

/// The time, RFC 3339 in UTC to the second: `2026-11-23T14:05:01Z`.
#[must_use]
pub fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// This machine's name.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
