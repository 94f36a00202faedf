//! Where lines end.

/// How many line ends there are: `\n`, `\r\n` and `\r` are one each.
#[must_use]
pub fn count_lines(bytes: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    let alone = memchr::memchr_iter(b'\r', bytes).filter(|&at| bytes.get(at + 1) != Some(&b'\n'));
    (feeds + alone.count()) as u64
}

#[cfg(test)]
mod tests {
    use super::count_lines;

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(count_lines(b""), 0);
        assert_eq!(count_lines(b"a\nb\n"), 2);
        assert_eq!(count_lines(b"a\r\nb\rc\r\n\r"), 4);
    }
}
