//! Command lines as people may paste them.

/// An argv as one line for a POSIX shell, each word quoted where it must be.
#[must_use]
pub fn quote<S: AsRef<str>>(argv: impl IntoIterator<Item = S>) -> String {
    let words: Vec<String> = argv
        .into_iter()
        .map(|word| quote_word(word.as_ref()))
        .collect();
    words.join(" ")
}

fn quote_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_shell_reads_back_the_same_words() {
        let argv = [
            "printf", "%s|", "a b", "", "it's", "$HOME", "-n", "`x`", "a\nb", "é", "~", "#",
        ];
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(quote(argv))
            .output()
            .unwrap();
        let expected: String = argv[2..].iter().map(|word| format!("{word}|")).collect();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}
