//! Text without secrets.

use std::env;

/// `text` without what must not be shown: the query of an address (a signature), what follows
/// `Bearer` or `Basic`, and the credentials of this process's environment.
#[must_use]
pub fn redact(text: &str) -> String {
    let secrets = ["KAGGLE_API_TOKEN", "KAGGLE_KEY"]
        .iter()
        .filter_map(|name| env::var(name).ok());
    without(text, secrets)
}

/// What a secret is replaced with.
const HIDDEN: &str = "[hidden]";

fn without(text: &str, secrets: impl Iterator<Item = String>) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        // A short value would tear ordinary words apart.
        if secret.len() >= 6 {
            text = text.replace(&secret, HIDDEN);
        }
    }
    let mut clean = String::with_capacity(text.len());
    let mut hide_next = false;
    // Words and the white space behind them, so that the text keeps its shape.
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let space = &word[bare.len()..];
        if hide_next && !bare.is_empty() {
            clean.push_str(HIDDEN);
            hide_next = false;
        } else {
            clean.push_str(&without_query(bare));
        }
        let end = bare.trim_start_matches(['\'', '"', '(', '[']);
        hide_next |= ["bearer", "basic"].contains(&end.to_ascii_lowercase().as_str());
        clean.push_str(space);
    }
    clean
}

/// The word with the query of an address in it cut off.
fn without_query(word: &str) -> String {
    let Some(address) = word.find("://").or_else(|| word.find("/upload/")) else {
        return word.to_owned();
    };
    let Some(query) = word[address..].find('?') else {
        return word.to_owned();
    };
    let (head, rest) = word.split_at(address + query);
    // An address may stand in quotes or brackets: what closes them is kept.
    let end = rest.find(['\'', '"', ')', '>', ']']).unwrap_or(rest.len());
    format!("{head}?{HIDDEN}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        without(text, std::iter::once("t0p-secret".to_owned()))
    }

    #[test]
    fn signatures_headers_and_tokens_go() {
        assert_eq!(
            clean("404 for url: https://h/x.csv?X-Sig=abc&b=c end"),
            "404 for url: https://h/x.csv?[hidden] end"
        );
        assert_eq!(
            clean("(Caused by 'http://h/a?s=1') and more"),
            "(Caused by 'http://h/a?[hidden]') and more"
        );
        assert_eq!(
            clean("Authorization: Bearer abc.def\nnext Basic dXNlcg== x"),
            "Authorization: Bearer [hidden]\nnext Basic [hidden] x"
        );
        assert_eq!(
            clean("a t0p-secret, twice t0p-secret"),
            "a [hidden], twice [hidden]"
        );
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "",
            "is this it? yes",
            "https://www.kaggle.com/competitions/titanic",
            "a\n\n b\t",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_secret_survives(before in "[ a-z:/?]{0,12}", after in "[ a-z:/?]{0,12}") {
            let text = format!("{before}t0p-secret{after}");
            proptest::prop_assert!(!clean(&text).contains("t0p-secret"));
        }
    }
}
