//! What is checked of the values of each column, row by row and as a whole.

use std::io::Read;

use kgl_csv::Records;

use crate::columns::{Column, Layout, Sample};
use crate::faults::{Found, Place, Rule, show};
use crate::forms::{Form, SUM_TOLERANCE};
use crate::rows::Twin;
use crate::values::{self, Plain, Sameness, Value};

/// The columns of the submission that the sample has.
pub(crate) struct Watch<'a> {
    columns: Vec<Watched<'a>>,
    /// For each form whose columns sum to one, the sum of the row.
    sums: Vec<f64>,
}

struct Watched<'a> {
    /// Where it stands in the submission.
    here: usize,
    /// Where it stands in the sample.
    there: usize,
    column: &'a Column,
    /// Its place among the given columns.
    given: Option<usize>,
    form: Option<&'a Form>,
    /// Its place among the sums.
    sum: Option<usize>,
    values: Sameness,
    /// The line of its first number with a point; 0 for none so far.
    decimal: u64,
    /// Whether a number was neither 0 nor 1.
    soft: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(layout: &Layout, sample: &'a Sample, forms: &'a [Form]) -> Self {
        let given = sample.given();
        let mut summed: Vec<usize> = Vec::new();
        let mut columns = Vec::new();
        for (here, &there) in layout.columns.iter().enumerate() {
            let Some(there) = there.filter(|&there| there > 0) else {
                continue;
            };
            let column = &sample.columns[there];
            let form = column.form.map(|form| (form, &forms[form]));
            let sum = form.filter(|(_, form)| form.sums_to_one()).map(|(at, _)| {
                let known = summed.iter().position(|&form| form == at);
                known.unwrap_or_else(|| {
                    summed.push(at);
                    summed.len() - 1
                })
            });
            columns.push(Watched {
                here,
                there,
                column,
                given: given.iter().position(|&column| column == there),
                form: form.map(|(_, form)| form),
                sum,
                values: Sameness::default(),
                decimal: 0,
                soft: false,
            });
        }
        Self {
            columns,
            sums: vec![0.0; summed.len()],
        }
    }

    /// Checks the values of a row.
    pub(crate) fn see<S: Read, T: Read>(
        &mut self,
        records: &Records<T>,
        id: &[u8],
        twin: Option<&Twin<'_, S>>,
        found: &mut Found,
    ) {
        let line = records.line();
        self.sums.fill(0.0);
        for watched in &mut self.columns {
            let field = records.field(watched.here);
            if let Some(given) = watched.given {
                if let Some(right) = twin.map(|twin| twin.given(given, watched.there))
                    && field != right
                {
                    found.add(Rule::ChangedCopy, watched.place(line, id), || {
                        let (wrong, right) = (show(field), show(right));
                        format!("`{wrong}`, and the sample has `{right}`: copy it from there")
                    });
                }
                continue;
            }
            watched.values.see(field);
            if watched.column.numeric {
                if let Some(sum) = watched.sum
                    && let Value::Number { value, .. } = values::read(field)
                {
                    self.sums[sum] += value;
                }
                watched.see_number(field, line, id, found);
            } else if field.is_empty() {
                if !watched.column.may_miss {
                    found.add(
                        Rule::EmptyValue,
                        watched.place(line, id),
                        || "the value is empty: fill it in",
                    );
                }
            } else if let Some(form) = watched.form
                && watched.column.constant.as_deref() != Some(field)
            {
                form.check(field, || watched.place(line, id), found);
            }
        }
        for sum in &self.sums {
            if (sum - 1.0).abs() > SUM_TOLERANCE {
                let place = Place {
                    line: Some(line),
                    id: Some(id),
                    column: None,
                };
                found.add(Rule::SumNotOne, place, || {
                    format!("the probabilities sum to {sum:.4}")
                });
            }
        }
    }

    /// Checks each column as a whole, after `rows` rows.
    pub(crate) fn finish(&self, rows: u64, found: &mut Found) {
        let predicted: Vec<_> = self.columns.iter().filter(|w| w.given.is_none()).collect();
        if rows < 2 || predicted.is_empty() {
            return;
        }
        if predicted.iter().all(|watched| watched.is_left()) {
            // An error although the site would take it: a submission is spent
            // and nothing learnt, and the likely cause is a pipeline that never
            // wrote its predictions.
            found.add(
                Rule::NothingPredicted,
                Place::default(),
                || "every predicted column is as the sample has it: fill in predictions",
            );
            return;
        }
        if predicted.len() > 1 && predicted.iter().all(|w| w.values.only().is_some()) {
            found.add(
                Rule::IdenticalRows,
                Place::default(),
                || "every row predicts the same: is that meant?",
            );
            return;
        }
        predicted.iter().for_each(|watched| watched.finish(found));
    }
}

impl Watched<'_> {
    fn place<'p>(&'p self, line: u64, id: &'p [u8]) -> Place<'p> {
        Place {
            line: Some(line),
            id: Some(id),
            column: Some(&self.column.name),
        }
    }

    #[inline]
    fn see_number(&mut self, field: &[u8], line: u64, id: &[u8], found: &mut Found) {
        if let Some(plain) = Plain::read(field) {
            if !plain.integer && self.decimal == 0 {
                self.decimal = line;
            }
            self.soft |= plain.value > 0.0 && plain.value < 1.0;
            if self.form.is_none() && self.column.surely_holds(plain.value) {
                return;
            }
        } else if let Value::Number { integer: false, .. } = values::read(field) {
            self.soft = true;
            self.decimal = if self.decimal == 0 {
                line
            } else {
                self.decimal
            };
        }
        check_number(field, self.column, || self.place(line, id), found);
        if let Some(form) = self.form {
            form.check(field, || self.place(line, id), found);
        }
    }

    /// Whether it is as the sample has it, in every row.
    fn is_left(&self) -> bool {
        match (self.values.only(), &self.column.constant) {
            (Some(value), Some(constant)) => values::same(value, constant),
            _ => false,
        }
    }

    fn finish(&self, found: &mut Found) {
        let place = Place {
            column: Some(&self.column.name),
            ..Place::default()
        };
        if let Some(value) = self.values.only().map(show) {
            if self.is_left() {
                found.add(Rule::SampleConstant, place, || {
                    format!("every value is the sample's `{value}`: was it predicted?")
                });
            } else {
                found.add(Rule::ConstantColumn, place, || {
                    format!("every value is `{value}`: is that meant?")
                });
            }
            return;
        }
        if !self.column.numeric {
            return;
        }
        if self.column.decimals && self.decimal == 0 && !self.is_integer() {
            found.add(
                Rule::IntegersForDecimals,
                place,
                || "only whole numbers, and the sample has decimals: were they rounded?",
            );
        }
        if self.column.integers_vary && self.decimal > 0 && self.form.is_none() {
            let first = Place {
                line: Some(self.decimal),
                ..place
            };
            found.add(Rule::DecimalsForIntegers, first, || {
                "the first decimal, and the sample has whole numbers that vary: are labels asked for?"
            });
        }
        let probability = self.form.is_some_and(Form::is_numeric) && !self.is_integer();
        if probability && !self.soft {
            found.add(
                Rule::HardProbabilities,
                place,
                || "every probability is 0 or 1: were they rounded?",
            );
        }
    }

    fn is_integer(&self) -> bool {
        let form = self.form.map(|form| &form.rule.form);
        matches!(form, Some(kgl_contract::ValueForm::Integer))
    }
}

#[inline]
fn check_number<'p>(
    field: &[u8],
    column: &Column,
    place: impl Fn() -> Place<'p>,
    found: &mut Found,
) {
    if Plain::read(field).is_some_and(|plain| column.surely_holds(plain.value)) {
        return;
    }
    match values::read(field) {
        Value::Number { value, .. } => {
            if value < column.min {
                found.add(Rule::OutOfRange, place(), || {
                    format!(
                        "{} is below the smallest allowed, {}",
                        show(field),
                        column.min
                    )
                });
            } else if value > column.max {
                found.add(Rule::OutOfRange, place(), || {
                    format!(
                        "{} is above the largest allowed, {}",
                        show(field),
                        column.max
                    )
                });
            }
        }
        Value::Missing | Value::NotANumber if column.may_miss => {}
        Value::Missing if field.is_empty() => {
            found.add(
                Rule::EmptyValue,
                place(),
                || "the value is empty: fill in a number",
            );
        }
        Value::Missing => found.add(Rule::EmptyValue, place(), || {
            format!("`{}` is read as no value: fill in a number", show(field))
        }),
        Value::NotANumber | Value::Infinite => found.add(Rule::NonFinite, place(), || {
            format!(
                "`{}` is not a finite number: mend the prediction",
                show(field)
            )
        }),
        Value::Text => found.add(Rule::NotANumber, place(), || {
            format!(
                "`{}` is not a number, and the sample has numbers here",
                show(field)
            )
        }),
    }
}
