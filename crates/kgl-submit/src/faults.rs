//! The rules, and what was found to break them: the first 20 and a count.

use std::collections::BTreeMap;

use kgl_contract::{Fault, Faults};

/// How many faults are told in full.
pub const TOLD: usize = 20;

macro_rules! rules {
    ($($rule:ident $name:literal $severity:ident $meaning:literal;)*) => {
        /// A rule that a submission can break.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $meaning] $rule,)*
        }

        impl Rule {
            /// All rules, in the order that the help lists them.
            pub const ALL: &[Self] = &[$(Self::$rule),*];

            /// The name in a `submission-check`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name),* }
            }

            /// Whether breaking it makes the submission invalid.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity),* }
            }

            /// What it is about, for the help.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$rule => $meaning),* }
            }
        }
    };
}

/// Whether a fault is an error or a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It makes the submission invalid.
    Error,
    /// It is allowed but rarely meant.
    Warning,
}

rules! {
    EmptyFile "empty-file" Error "the file holds nothing";
    BrokenPacking "broken-packing" Error "the gzip or zip file breaks off, or its checksum is wrong";
    NotUtf8 "not-utf8" Error "a record has a byte that is no UTF-8";
    OpenQuote "open-quote" Error "a quote is never closed: the file is cut, or a quote is stray";
    LongRow "long-row" Error "a record is longer than 64 MiB";
    ByteOrderMark "byte-order-mark" Error "the file begins with one: the first column's name changes";
    MissingColumn "missing-column" Error "a column of the sample is not there";
    RenamedColumn "renamed-column" Error "a column's name differs by case or white space";
    ExtraColumn "extra-column" Error "a column is not in the sample";
    RepeatedColumn "repeated-column" Error "a column's name is there twice";
    ReorderedColumns "reordered-columns" Error "the columns are in another order";
    RaggedRow "ragged-row" Error "a row has more or fewer fields than the header";
    MissingRow "missing-row" Error "a row of the sample is not there";
    ExtraRow "extra-row" Error "a row's id is not in the sample";
    RepeatedRow "repeated-row" Error "a row's id was there already";
    IdSpelling "id-spelling" Error "an id differs from the sample's by case or white space only";
    OutOfOrder "out-of-order" Error "a row stands after one that it precedes in the sample";
    EmptyValue "empty-value" Error "a value is empty or a word for it, and none is in the sample";
    NotANumber "not-a-number" Error "text where the sample has numbers";
    NonFinite "non-finite" Error "nan or an infinity";
    OutOfRange "out-of-range" Error "a number outside the challenge's ranges";
    UnknownLabel "unknown-label" Error "a label that is none of the known ones";
    NotAProbability "not-a-probability" Error "a probability below 0 or above 1";
    NotAnInteger "not-an-integer" Error "a number that is not written as a whole one, where that is asked for";
    WrongSeparator "wrong-separator" Error "a list whose items are separated otherwise, or with one that is empty";
    LongList "long-list" Error "a ranking with more items than allowed";
    BadRunLength "bad-run-length" Error "a mask that is not pairs of a start and a length";
    OverlappingRuns "overlapping-runs" Error "runs of a mask that overlap or do not ascend";
    OutsideImage "outside-image" Error "a run that leaves the image";
    ReversedPair "reversed-pair" Error "an id of two whose halves the sample has the other way round";
    LongText "long-text" Error "a text longer than allowed";
    ChangedCopy "changed-copy" Error "a given value differs from the sample's (see below)";
    NothingPredicted "nothing-predicted" Error "all is as in the sample";
    Crlf "crlf" Warning "lines end in CR LF or CR, and those of the sample do not";
    BlankLine "blank-line" Warning "a line holds nothing; it is passed over";
    SumNotOne "sum-not-one" Warning "the probabilities of a row do not sum to 1; most metrics rescale them";
    HardProbabilities "hard-probabilities" Warning "every probability is 0 or 1";
    RepeatedItem "repeated-item" Warning "an item is twice in a list";
    ControlCharacter "control-character" Warning "a text holds a character that is not shown";
    IntegersForDecimals "integers-for-decimals" Warning "whole numbers only, and the sample has decimals";
    DecimalsForIntegers "decimals-for-integers" Warning "decimals, and the sample's whole numbers vary";
    SampleConstant "sample-constant" Warning "a column was left at the sample's one value";
    ConstantColumn "constant-column" Warning "a column has one value only";
    IdenticalRows "identical-rows" Warning "every row predicts the same";
    UnusedRange "unused-range" Warning "a range of the challenge covers no column";
}

/// Where a fault is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// 1-based line of the submission.
    pub line: Option<u64>,
    /// The row's id.
    pub id: Option<&'a [u8]>,
    /// The column's name.
    pub column: Option<&'a str>,
}

impl Place<'_> {
    /// A place that is only a line.
    #[must_use]
    pub fn line(line: u64) -> Self {
        Self {
            line: Some(line),
            ..Self::default()
        }
    }
}

/// Faults as they are found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    errors: Faults,
    warnings: Faults,
    counts: BTreeMap<Rule, u64>,
}

impl Found {
    /// Adds a fault. The message is made only while faults are still told.
    pub fn add<M: Into<String>>(
        &mut self,
        rule: Rule,
        place: Place<'_>,
        message: impl FnOnce() -> M,
    ) {
        let faults = match rule.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        faults.count += 1;
        *self.counts.entry(rule).or_default() += 1;
        if faults.first.len() < TOLD {
            faults.first.push(Fault {
                rule: rule.name().to_owned(),
                line: place.line,
                id: place.id.map(show),
                column: place.column.map(str::to_owned),
                message: message().into(),
            });
        }
    }

    /// Adds faults that would not be told any more.
    pub(crate) fn add_untold(&mut self, rule: Rule, count: u64) {
        let faults = match rule.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        faults.count += count;
        *self.counts.entry(rule).or_default() += count;
    }

    /// How often each rule is broken.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<Rule, u64> {
        &self.counts
    }

    /// Errors and warnings, each in the order of the file: by line, and what has
    /// no line last.
    #[must_use]
    pub fn into_faults(mut self) -> (Faults, Faults) {
        for faults in [&mut self.errors, &mut self.warnings] {
            faults
                .first
                .sort_by_key(|fault| fault.line.unwrap_or(u64::MAX));
        }
        (self.errors, self.warnings)
    }
}

/// Some bytes of a file in a message: no control characters, never long.
#[must_use]
pub fn show(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let mut shown: String = text.chars().take(SHOWN).flat_map(escape).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let hidden = c.is_control();
    let plain = (!hidden).then_some(c);
    let escaped = hidden.then(|| c.escape_default()).into_iter().flatten();
    plain.into_iter().chain(escaped)
}
