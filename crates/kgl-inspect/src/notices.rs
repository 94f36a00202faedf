//! What is worth a look before a model is trusted: answers that the order of the
//! rows tells, and rows to predict for whose answers are known.

use kgl_contract::{ColumnKind, Notice, TableProfile, Task, TaskKind};

use crate::order::Order;
use crate::person::names_rows;
use crate::repeats::Shared;

/// From here on a rank correlation is none by chance: of a hundred rows that have nothing to do
/// with their order, one in four hundred reaches it.
const FOLLOWS: f64 = 0.3;
/// Neighbours that differ less than half as often as in chance order stand in some order.
const TOGETHER: f64 = 0.5;
/// Fewer rows in common than this share, or than these, are told of nobody.
const FEW_SHARE: f64 = 0.001;
const FEW_ROWS: u64 = 3;
/// Rows that repeat by themselves say nothing when they are in another table too.
const MOSTLY_DISTINCT: f64 = 0.95;

/// What the order of the training table's rows tells of its answers. `orders` are those of its
/// columns.
pub(crate) fn of_order(task: &Task, train: &TableProfile, orders: &[Order]) -> Vec<Notice> {
    // What is to come follows time, and rows are written as time goes by.
    if task.kind == TaskKind::Forecast {
        return Vec::new();
    }
    let columns = train.columns.iter().zip(orders);
    let answers = columns.filter(|(column, _)| task.answers.contains(&column.name));
    answers
        .filter_map(|(column, order)| {
            let follows = |with: Option<f64>| with.filter(|with| with.abs() >= FOLLOWS);
            let numeric = column.is_numeric();
            let seen = if let Some(with) = follows(order.with_place).filter(|_| numeric) {
                format!("it follows the order of the rows (rank correlation {with:.2})")
            } else if let Some(with) = follows(order.with_id).filter(|_| numeric) {
                format!("it follows the column that names rows (rank correlation {with:.2})")
            } else {
                let changes = order.changes.filter(|changes| *changes < TOGETHER)?;
                let percent = changes * 100.0;
                format!(
                    "equal values stand together: neighbours differ {percent:.1} % as often as \
                     they would in chance order"
                )
            };
            Some(Notice {
                what: format!("{}: {}", train.path, column.name),
                seen,
                meaning: "the rows may be sorted by the answer or by what belongs together; keep \
                          row numbers and ids out of a model, and shuffle, or part by groups, \
                          before you validate"
                    .to_owned(),
            })
        })
        .collect()
}

/// The columns that make a row what it is: those that both tables have and that do not merely
/// name it.
pub(crate) fn telling_columns(task: &Task, train: &TableProfile) -> Vec<String> {
    let tells = |name: &&String| {
        let kind = train.column(name).and_then(|column| column.kind);
        match kind {
            None | Some(ColumnKind::Constant | ColumnKind::Empty) => false,
            // A sequence or a hash in each row is what the row is; a second id is not.
            Some(ColumnKind::Identifier) => !names_rows(name),
            Some(_) => true,
        }
    };
    task.shared_columns.iter().filter(tells).cloned().collect()
}

/// Rows of the test table that are in the training table too.
pub(crate) fn of_repeats(
    train: &TableProfile,
    test: &TableProfile,
    columns: usize,
    shared: Shared,
) -> Option<Notice> {
    let told =
        shared.rows >= FEW_ROWS && shared.share >= FEW_SHARE && shared.distinct >= MOSTLY_DISTINCT;
    let percent = shared.share * 100.0;
    let about = if shared.exact { "" } else { "about " };
    told.then(|| Notice {
        what: test.path.clone(),
        seen: format!(
            "{about}{percent:.1} % of its rows are in {} too, the same in {columns} columns that \
             both have",
            train.path
        ),
        meaning: "their answers are known; rows held out for validation are likely to be known as \
                  well, so keep equal rows together"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableProfile {
        serde_json::from_value(serde_json::json!({
            "path": "train.csv", "separator": ",", "rows": 1000, "columns": [
                { "name": "id", "type": "integer", "kind": "identifier", "missing": 0,
                  "distinct_estimate": 1000, "distinct_exact": true, "examples": [] },
                { "name": "y", "type": "real", "kind": "real", "missing": 0,
                  "distinct_estimate": 900, "distinct_exact": true, "examples": [] } ]
        }))
        .unwrap()
    }

    fn task(kind: TaskKind) -> Task {
        Task {
            kind,
            train: Some("train.csv".to_owned()),
            test: None,
            answers: vec!["y".to_owned()],
            shared_columns: vec!["id".to_owned(), "y".to_owned()],
            group_columns: Vec::new(),
            list_separator: None,
        }
    }

    #[test]
    fn an_answer_that_follows_the_rows_is_told() {
        let of = |kind, with_place, with_id, changes| {
            let order = Order {
                with_place,
                with_id,
                changes,
            };
            let notices = of_order(&task(kind), &table(), &[Order::default(), order]);
            notices.into_iter().map(|one| one.seen).collect::<String>()
        };
        let none = of(TaskKind::Number, Some(0.1), None, Some(0.9));
        assert_eq!(none, "");
        let rows = of(TaskKind::Number, Some(-0.97), Some(0.5), None);
        assert!(
            rows.contains("order of the rows (rank correlation -0.97)"),
            "{rows}"
        );
        let id = of(TaskKind::Number, Some(0.0), Some(0.5), None);
        assert!(id.contains("names rows (rank correlation 0.50)"), "{id}");
        let together = of(TaskKind::Number, None, None, Some(0.012));
        assert!(together.contains("differ 1.2 %"), "{together}");
        assert_eq!(of(TaskKind::Forecast, Some(1.0), None, None), "");
    }

    #[test]
    fn rows_in_both_tables_are_told_where_rows_differ() {
        let told = |rows, share, distinct| {
            let shared = Shared {
                share,
                rows,
                distinct,
                exact: true,
            };
            of_repeats(&table(), &table(), 4, shared).map(|notice| notice.seen)
        };
        assert!(
            told(30, 0.03, 1.0)
                .unwrap()
                .starts_with("3.0 % of its rows")
        );
        assert_eq!(told(30, 0.03, 0.5), None);
        assert_eq!(told(2, 0.03, 1.0), None);
        assert_eq!(telling_columns(&task(TaskKind::Number), &table()), ["y"]);
    }
}
