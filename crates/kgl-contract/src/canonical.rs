//! The one byte form of a document: RFC 8785 (JSON Canonicalization Scheme:
//! sorted keys, no spaces, ECMAScript numbers) and one final newline. Anyone can
//! check a digest with a few lines of Python.

use serde::Serialize;

use crate::digest::Sha256;

/// The canonical bytes of `value`, ending in exactly one newline.
///
/// # Errors
/// Fails on what JSON cannot hold (a non-finite float, a map whose keys are not
/// text); none of the documents of this crate can hold such a thing.
pub fn canonical_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json_canonicalizer::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// SHA-256 of the canonical bytes, the newline included.
///
/// # Errors
/// As [`canonical_bytes`].
pub fn canonical_digest<T: Serialize>(value: &T) -> Result<Sha256, serde_json::Error> {
    Ok(Sha256::of(&canonical_bytes(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_numbers_short() {
        let value =
            serde_json::json!({"b": [1, -0.4, 1e21, 2.0], "a": {"é": "\u{1}\n", "Z": null}});
        assert_eq!(
            String::from_utf8(canonical_bytes(&value).unwrap()).unwrap(),
            "{\"a\":{\"Z\":null,\"é\":\"\\u0001\\n\"},\"b\":[1,-0.4,1e+21,2]}\n"
        );
    }

    #[test]
    fn non_finite_numbers_are_refused() {
        assert!(canonical_bytes(&f64::NAN).is_err());
    }
}
