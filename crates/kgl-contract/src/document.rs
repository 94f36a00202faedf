//! What makes a struct a document: its kind and major version on the wire.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A JSON document of kgl: a kind and a major version, written in its `schema`
/// field as `kgl.<kind>/<major>`.
pub trait Document: Serialize + DeserializeOwned {
    /// The kind, as in `kgl.<KIND>/1`: lower case, words joined by `-`.
    const KIND: &'static str;
    /// The major version. It grows when an old reader would misread the document.
    const MAJOR: u32;

    /// The text of the `schema` field: `kgl.<kind>/<major>`.
    #[must_use]
    fn wire_name() -> String {
        format!("kgl.{}/{}", Self::KIND, Self::MAJOR)
    }
}

/// The `schema` field of the document `D`. It has one value, so it holds
/// nothing; reading anything else in its place is an error.
pub struct Tag<D>(PhantomData<fn() -> D>);

impl<D> Default for Tag<D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D> Clone for Tag<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Tag<D> {}

impl<D> PartialEq for Tag<D> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<D> Eq for Tag<D> {}

impl<D: Document> fmt::Debug for Tag<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&D::wire_name())
    }
}

impl<D: Document> Serialize for Tag<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&D::wire_name())
    }
}

impl<'de, D: Document> Deserialize<'de> for Tag<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        let found = String::deserialize(deserializer)?;
        if found == D::wire_name() {
            Ok(Self::default())
        } else {
            Err(R::Error::custom(format!(
                "schema is `{found}`, not `{}`",
                D::wire_name()
            )))
        }
    }
}

#[cfg(test)]
impl<D: Document> schemars::JsonSchema for Tag<D> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Tag_{}", D::KIND).into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": D::wire_name() })
    }
}

/// Why some bytes are not the document that was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DocumentError {
    /// There was nothing at all to read.
    #[error("empty: expected a {expected} document")]
    Empty {
        /// The schema that was asked for.
        expected: String,
    },
    /// The bytes are JSON, but another document, or another version of it.
    #[error("this is {found}, expected {expected}")]
    OtherDocument {
        /// What the `schema` field says, in words.
        found: String,
        /// The schema that was asked for.
        expected: String,
    },
    /// The document ends too early: half-written, or cut on its way.
    #[error("cut short at byte {byte}: the {expected} document is not complete")]
    CutShort {
        /// 0-based offset of the first byte that is missing.
        byte: usize,
        /// The schema that was asked for.
        expected: String,
    },
    /// Not JSON, or JSON of another shape.
    #[error("byte {byte}: {what}")]
    Malformed {
        /// 0-based offset of the byte where reading broke.
        byte: usize,
        /// What is wrong there.
        what: String,
    },
}

/// Reads one document from the whole of `bytes`.
///
/// # Errors
/// [`DocumentError`], which names the byte where a half-written or malformed
/// document breaks, and the kind found where it is another document.
pub fn parse_document<D: Document>(bytes: &[u8]) -> Result<D, DocumentError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(DocumentError::Empty {
            expected: D::wire_name(),
        });
    }
    serde_json::from_slice(bytes).map_err(|error| explain::<D>(bytes, &error))
}

/// Finds the best sentence for a document that could not be read. The keys of
/// a canonical document are sorted, so a foreign one usually breaks before its
/// `schema` field is reached: that field is looked at first.
fn explain<D: Document>(bytes: &[u8], error: &serde_json::Error) -> DocumentError {
    #[derive(Deserialize)]
    struct Head {
        schema: Option<Value>,
    }
    let expected = D::wire_name();
    let byte = offset_of(bytes, error.line(), error.column());
    if error.is_eof() {
        return DocumentError::CutShort {
            byte: bytes.len(),
            expected,
        };
    }
    if error.is_syntax() {
        return DocumentError::Malformed {
            byte,
            what: without_position(error),
        };
    }
    match serde_json::from_slice::<Head>(bytes) {
        Ok(Head {
            schema: Some(Value::String(found)),
        }) if found == expected => DocumentError::Malformed {
            byte,
            what: without_position(error),
        },
        Ok(Head {
            schema: Some(Value::String(found)),
        }) => {
            let found = if found.starts_with(&format!("kgl.{}/", D::KIND)) {
                format!("version `{found}`, which this program is too old or too new to read")
            } else {
                format!("`{found}`")
            };
            DocumentError::OtherDocument { found, expected }
        }
        Ok(_) => DocumentError::OtherDocument {
            found: "JSON without a `schema` text".to_owned(),
            expected,
        },
        Err(_) => DocumentError::Malformed {
            byte,
            what: without_position(error),
        },
    }
}

/// serde_json's message without its ` at line 1 column 17`: documents are
/// mostly one line, so the byte says more and is said once.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// 0-based byte offset of serde_json's 1-based line and column (in bytes;
/// column 0 is the line's end before it).
fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match bytes[start..].iter().position(|&b| b == b'\n') {
            Some(end) => start += end + 1,
            None => break,
        }
    }
    (start + column.saturating_sub(1)).min(bytes.len())
}

/// Fields of `bytes` that the document type does not know, as dotted paths in
/// the order of their names (`filters.max_lenght`). They are allowed, since a
/// newer writer may add fields, but in a file written by hand they are typos.
///
/// Returns nothing when `bytes` are not JSON: that is [`parse_document`]'s to say.
#[must_use]
pub fn unknown_fields<D: Document>(bytes: &[u8], document: &D) -> Vec<String> {
    let mut found = Vec::new();
    if let (Ok(given), Ok(known)) = (
        serde_json::from_slice::<Value>(bytes),
        serde_json::to_value(document),
    ) {
        collect_unknown(&given, &known, "", &mut found);
    }
    found
}

fn collect_unknown(given: &Value, known: &Value, path: &str, found: &mut Vec<String>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (key, value) in given {
                let here = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                match known.get(key) {
                    Some(inner) => collect_unknown(value, inner, &here, found),
                    // An optional field that was given as null is known, and left out again.
                    None if value.is_null() => {}
                    None => found.push(here),
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (i, (given, known)) in given.iter().zip(known).enumerate() {
                collect_unknown(given, known, &format!("{path}[{i}]"), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Note {
        schema: Tag<Note>,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size_bytes: Option<u64>,
    }
    impl Document for Note {
        const KIND: &'static str = "note";
        const MAJOR: u32 = 2;
    }

    fn broken(text: &str) -> String {
        parse_document::<Note>(text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn reads_its_own_kind_and_ignores_unknown_fields() {
        let text = br#"{"schema":"kgl.note/2","text":"a","colour":"red"}"#;
        let note: Note = parse_document(text).unwrap();
        assert_eq!(note.text, "a");
        assert_eq!(unknown_fields(text, &note), ["colour"]);
    }

    #[test]
    fn null_in_an_optional_field_is_no_typo() {
        let text = br#"{"schema":"kgl.note/2","text":"a","size_bytes":null}"#;
        let note: Note = parse_document(text).unwrap();
        assert!(unknown_fields(text, &note).is_empty());
    }

    #[test]
    fn refuses_other_documents_by_name() {
        assert_eq!(
            broken(r#"{"a":1,"schema":"kgl.run/1"}"#),
            "this is `kgl.run/1`, expected kgl.note/2"
        );
        assert!(
            broken(r#"{"schema":"kgl.note/3","text":"x"}"#)
                .starts_with("this is version `kgl.note/3`")
        );
        assert!(broken(r#"{"text":"x"}"#).contains("without a `schema`"));
        assert!(broken("[1]").contains("without a `schema`"));
        assert_eq!(broken(" \n"), "empty: expected a kgl.note/2 document");
    }

    #[test]
    fn names_the_byte_where_a_cut_or_broken_document_ends() {
        let whole = r#"{"schema":"kgl.note/2","text":"abc"}"#;
        for cut in 1..whole.len() {
            assert_eq!(
                parse_document::<Note>(&whole.as_bytes()[..cut]).unwrap_err(),
                DocumentError::CutShort {
                    byte: cut,
                    expected: "kgl.note/2".into()
                }
            );
        }
        assert_eq!(broken("{\"schema\":\n!"), "byte 11: expected value");
    }

    #[test]
    fn bytes_that_are_not_text_are_placed() {
        let error =
            parse_document::<Note>(b"{\"schema\":\"kgl.note/2\",\"text\":\"\xff\"}").unwrap_err();
        assert!(matches!(error, DocumentError::Malformed { .. }), "{error}");
    }
}
