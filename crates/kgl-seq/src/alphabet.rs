//! Letters and codes.
//!
//! The rule, for every file and every tool: `A`, `C`, `G` and `U` are the
//! codes 0 to 3. `T` reads as `U`, and lower case as upper. Every other
//! nucleotide code of IUPAC (`R Y S W K M B D H V N`), and `X`, `-`, `.` and
//! `*` beside them, is a wildcard, code 4: a position of which the residue is
//! not known. A wildcard keeps its position, also where it is written as a
//! gap, because residue numbers count it. Anything else is an error.

/// The code of a position whose residue is not known.
pub const WILDCARD: u8 = 4;

/// The letters of the codes 0 to 4.
pub const LETTERS: [u8; 5] = *b"ACGUN";

const NO_CODE: u8 = u8::MAX;

const CODES: [u8; 256] = {
    let mut codes = [NO_CODE; 256];
    let wildcards = b"RYSWKMBDHVNX-.*";
    let mut i = 0;
    while i < wildcards.len() {
        codes[wildcards[i] as usize] = WILDCARD;
        codes[wildcards[i].to_ascii_lowercase() as usize] = WILDCARD;
        i += 1;
    }
    let mut code = 0;
    while code < WILDCARD {
        let letter = LETTERS[code as usize];
        codes[letter as usize] = code;
        codes[letter.to_ascii_lowercase() as usize] = code;
        code += 1;
    }
    codes[b'T' as usize] = codes[b'U' as usize];
    codes[b't' as usize] = codes[b'U' as usize];
    codes
};

/// A character that is no letter of the alphabet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "character {character:?} at position {position}; a sequence is written in A C G U (or T), \
     IUPAC codes, X, - . and *"
)]
pub struct AlphabetError {
    /// The character.
    pub character: char,
    /// Where it stands, in characters counted from 1.
    pub position: usize,
}

/// The codes (0 to 4) of a text, one a character.
///
/// # Errors
/// The first character that is not in the alphabet.
pub fn encode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, AlphabetError> {
    let text = text.as_ref();
    let codes: Vec<u8> = text.iter().map(|&byte| CODES[usize::from(byte)]).collect();
    // A maximum over all of them, which the compiler takes many at a time.
    if codes.iter().fold(0, |worst, &code| worst.max(code)) < NO_CODE {
        return Ok(codes);
    }
    // All characters before the first bad one are one byte long.
    let good = codes.iter().take_while(|&&code| code != NO_CODE).count();
    let rest = String::from_utf8_lossy(&text[good..text.len().min(good + 4)]);
    let character = rest.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
    Err(AlphabetError {
        character,
        position: good + 1,
    })
}

/// The text of codes: `ACGU`, and `N` for every wildcard.
#[must_use]
pub fn decode(codes: &[u8]) -> String {
    codes
        .iter()
        .map(|&code| char::from(LETTERS[usize::from(code.min(WILDCARD))]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rule_is_as_written() {
        assert_eq!(
            encode("ACGUTacgut").unwrap(),
            [0, 1, 2, 3, 3, 0, 1, 2, 3, 3]
        );
        let wildcards = "RYSWKMBDHVNX-.*ryswkmbdhvnx";
        assert_eq!(encode(wildcards).unwrap(), vec![WILDCARD; wildcards.len()]);
        assert_eq!(encode("").unwrap(), []);
    }

    #[test]
    fn every_other_byte_is_an_error() {
        let good = b"ACGUTRYSWKMBDHVNXacgutryswkmbdhvnx-.*";
        for byte in 0..=u8::MAX {
            assert_eq!(encode([byte]).is_ok(), good.contains(&byte), "{byte}");
        }
    }

    #[test]
    fn an_error_names_character_and_position() {
        let error = encode("ACGé").unwrap_err();
        assert_eq!((error.character, error.position), ('é', 4));
        let message = encode("A C").unwrap_err().to_string();
        assert!(
            message.starts_with("character ' ' at position 2; "),
            "{message}"
        );
        assert_eq!(
            encode(b"A\xff").unwrap_err().character,
            char::REPLACEMENT_CHARACTER
        );
    }

    proptest! {
        #[test]
        fn codes_survive_a_round_trip(codes in prop::collection::vec(0..5u8, 0..100)) {
            prop_assert_eq!(encode(decode(&codes)), Ok(codes));
        }
    }
}
