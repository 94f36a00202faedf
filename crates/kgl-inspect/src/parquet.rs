//! What a Parquet file says of itself: columns, types, rows, and where its writer
//! told them, missing values and ranges. The values stay unread.
//!
//! All of that stands in the footer, in front of its length and the four letters
//! that the file begins and ends with.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use kgl_contract::{ColumnKind, ColumnProfile, ColumnType, Extremes, TableProfile};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{
    ConvertedType, FieldRepetitionType, FileMetaData, LogicalType, SchemaElement, Statistics, Type,
};
use serde_json::Value;

use crate::fault::Fault;

const MAGIC: &[u8] = b"PAR1";
/// The length of the footer, and the letters behind it.
const TAIL_BYTES: u64 = 8;
/// A longer footer is taken for a broken one.
const LONGEST_FOOTER: u64 = 256 << 20;

/// Whether the file's first bytes are those of Parquet.
pub(crate) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Reads the footer of the file at `place`.
///
/// # Errors
/// [`Fault`]: it cannot be read, or is cut off.
pub(crate) fn profile_file(place: &Path, path: &str) -> Result<TableProfile, Fault> {
    let file = footer(place)?;
    let rows = u64::try_from(file.num_rows).unwrap_or_default();
    let columns = top_columns(&file.schema);
    Ok(TableProfile {
        path: path.to_owned(),
        separator: String::new(),
        rows,
        columns: columns
            .map(|element| column(element, &file, rows))
            .collect(),
    })
}

fn footer(place: &Path) -> Result<FileMetaData, Fault> {
    let mut file = File::open(place)?;
    let size = file.metadata()?.len();
    let cut = || Fault::Footer("it is cut off".to_owned());
    let tail_at = size.checked_sub(TAIL_BYTES).ok_or_else(cut)?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.seek(SeekFrom::Start(tail_at))?;
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(4);
    if magic != MAGIC {
        return Err(cut());
    }
    let length = length
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let start = tail_at
        .checked_sub(length)
        .filter(|_| length <= LONGEST_FOOTER);
    file.seek(SeekFrom::Start(start.ok_or_else(cut)?))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    // What is read may take more memory than it does on disk, but not without end.
    let most = bytes.len().saturating_mul(64);
    let mut protocol = TCompactInputProtocol::new(bytes.as_slice(), most);
    FileMetaData::read_from_in_protocol(&mut protocol)
        .map_err(|error| Fault::Footer(error.to_string()))
}

/// The children of the root; what is below them belongs to one field of a row.
fn top_columns(schema: &[SchemaElement]) -> impl Iterator<Item = &SchemaElement> {
    let mut rest = schema.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (first, _) = rest.split_first()?;
        // How many elements are still to come that belong to the first.
        let (mut open, mut length) = (1_i64, 0);
        while open > 0 && length < rest.len() {
            open += i64::from(rest[length].num_children.unwrap_or(0)) - 1;
            length += 1;
        }
        rest = &rest[length..];
        Some(first)
    })
}

fn column(element: &SchemaElement, file: &FileMetaData, rows: u64) -> ColumnProfile {
    let (type_, kind) = type_of(element);
    let told: Option<Vec<&Statistics>> = file
        .row_groups
        .iter()
        .map(|group| {
            let chunks = group
                .columns
                .iter()
                .filter_map(|chunk| chunk.meta_data.as_ref());
            let mut own = chunks.filter(|chunk| chunk.path_in_schema == [element.name.as_str()]);
            own.next()?.statistics.as_ref()
        })
        .collect();
    let told = told.unwrap_or_default();
    let required = element.repetition_type == Some(FieldRepetitionType::REQUIRED);
    let nulls: Option<i64> = told.iter().map(|told| told.null_count).sum();
    let missing = nulls.filter(|_| !required).unwrap_or_default();
    let missing = u64::try_from(missing).unwrap_or_default().min(rows);
    ColumnProfile {
        name: element.name.clone(),
        type_,
        missing,
        distinct_estimate: 0,
        distinct_exact: false,
        range: range(element, &told),
        length_chars: None,
        examples: Vec::new(),
        kind: Some(kind),
        mean: None,
        standard_deviation: None,
        quantiles: None,
        top: Vec::new(),
    }
}

fn type_of(element: &SchemaElement) -> (ColumnType, ColumnKind) {
    let is_date = matches!(
        element.logical_type,
        Some(LogicalType::DATE(_) | LogicalType::TIMESTAMP(_))
    ) || matches!(
        element.converted_type,
        Some(
            ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS
        )
    );
    let is_decimal = matches!(element.logical_type, Some(LogicalType::DECIMAL(_)))
        || element.converted_type == Some(ConvertedType::DECIMAL);
    match element.type_ {
        _ if element.repetition_type == Some(FieldRepetitionType::REPEATED) => {
            (ColumnType::Text, ColumnKind::List)
        }
        // A list, a map or a structure.
        None => (ColumnType::Text, ColumnKind::List),
        Some(Type::INT96) => (ColumnType::Date, ColumnKind::Date),
        _ if is_date => (ColumnType::Date, ColumnKind::Date),
        Some(Type::FLOAT | Type::DOUBLE) => (ColumnType::Real, ColumnKind::Real),
        _ if is_decimal => (ColumnType::Real, ColumnKind::Real),
        Some(Type::BOOLEAN) => (ColumnType::Boolean, ColumnKind::Boolean),
        Some(Type::INT32 | Type::INT64) => (ColumnType::Integer, ColumnKind::Integer),
        Some(_) => (ColumnType::Text, ColumnKind::Text),
    }
}

/// Smallest and largest number over all groups of rows, where each tells its own.
fn range(element: &SchemaElement, told: &[&Statistics]) -> Option<Extremes> {
    // Of unsigned numbers and decimals the bytes mean something else.
    let plain = matches!(&element.logical_type, None | Some(LogicalType::INTEGER(_)))
        && !matches!(
            element.converted_type,
            Some(
                ConvertedType::DECIMAL
                    | ConvertedType::UINT_8
                    | ConvertedType::UINT_16
                    | ConvertedType::UINT_32
                    | ConvertedType::UINT_64
            )
        );
    if !plain || !matches!(type_of(element).0, ColumnType::Integer | ColumnType::Real) {
        return None;
    }
    let number = |bytes: &Option<Vec<u8>>| read(element.type_?, bytes.as_deref()?);
    let ends: Option<Vec<[f64; 2]>> = told
        .iter()
        .map(|told| Some([number(&told.min_value)?, number(&told.max_value)?]))
        .collect();
    let [min, max] = ends?
        .into_iter()
        .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
    let json = |number: f64| match element.type_ {
        Some(Type::INT32 | Type::INT64) => Value::from(number as i64),
        _ => Value::from(number),
    };
    Some(Extremes {
        min: json(min),
        max: json(max),
    })
}

/// A number as statistics hold it; none where a double cannot hold it.
fn read(type_: Type, bytes: &[u8]) -> Option<f64> {
    let number = match type_ {
        Type::INT32 => f64::from(i32::from_le_bytes(bytes.try_into().ok()?)),
        Type::INT64 => {
            let whole = i64::from_le_bytes(bytes.try_into().ok()?);
            (whole.unsigned_abs() <= 1 << 53).then_some(whole as f64)?
        }
        Type::FLOAT => f64::from(f32::from_le_bytes(bytes.try_into().ok()?)),
        Type::DOUBLE => f64::from_le_bytes(bytes.try_into().ok()?),
        _ => return None,
    };
    number.is_finite().then_some(number)
}
