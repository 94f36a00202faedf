//! What may be a host's name, and an argv as one line for the shell on the other side.

use kgl_cli::quote;

/// Whether `name` can be given to ssh as a host: it must not be taken for an option, and it
/// becomes part of lines and of file names.
#[must_use]
pub fn is_host_name(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "'\"`$\\;&|<>(){}*?!#~".contains(c);
    !name.is_empty() && !name.starts_with('-') && !name.chars().any(odd)
}

/// `argv` as the line that ssh hands to the login shell of the other side.
#[must_use]
pub fn remote_command<S: AsRef<str>>(argv: &[S]) -> String {
    quote(argv.iter().map(AsRef::as_ref))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_an_option_and_never_a_line() {
        for name in [
            "host1",
            "me@gpu-7.example.org",
            "10.77.0.11",
            "ssh://me@h:22",
            "fe80::1%eth0",
        ] {
            assert!(is_host_name(name), "{name}");
        }
        for name in ["", "-oProxyCommand=x", "a b", "a\nb", "a;b", "$(x)", "a'b"] {
            assert!(!is_host_name(name), "{name}");
        }
    }
}
