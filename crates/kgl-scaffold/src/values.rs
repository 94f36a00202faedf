//! What the check can hold the values to predict to.

use kgl_contract::{ColumnType, Inspection, TaskKind};
use serde_json::{Value, json};

use crate::plan::below_data;

/// What the check can hold the values to predict to.
pub(crate) fn values(inspection: &Inspection) -> Vec<Value> {
    let (Some(task), Some(shape)) = (&inspection.task, &inspection.submission) else {
        return Vec::new();
    };
    let train = task.train.as_ref();
    let profile = |name: &String| {
        let table = inspection
            .tables
            .iter()
            .find(|table| Some(&table.path) == train)?;
        table.column(name)
    };
    let separator = task.list_separator.as_deref().unwrap_or(" ");
    let rule = |name: &String| match task.kind {
        TaskKind::Classes => {
            let answer = profile(name)?;
            // Only names that were counted one by one are all that there are.
            let named = answer.type_ == ColumnType::Text && !answer.top.is_empty();
            let labels = json!({ "table": below_data(train?), "column": name });
            named.then(|| json!({ "columns": name, "form": "label", "labels": labels }))
        }
        TaskKind::Probability => Some(json!({ "columns": name, "form": "probability" })),
        TaskKind::Labels if shape.target_columns.len() == 1 => {
            Some(json!({ "columns": name, "form": "label-set", "separator": separator }))
        }
        TaskKind::Ranking => {
            Some(json!({ "columns": name, "form": "ranking", "separator": separator }))
        }
        TaskKind::Text => Some(json!({ "columns": name, "form": "text" })),
        _ => None,
    };
    if task.kind == TaskKind::ClassProbabilities {
        let rule = |columns: String| json!({ "columns": columns, "form": "probability", "sum_to_one": true });
        let head = common_head(&shape.target_columns);
        return (!head.is_empty())
            .then(|| rule(head + "*"))
            .into_iter()
            .collect();
    }
    shape.target_columns.iter().filter_map(rule).collect()
}

/// What all names begin with.
fn common_head(names: &[String]) -> String {
    let Some(first) = names.first() else {
        return String::new();
    };
    let shared = |head: &&str| names.iter().all(|name| name.starts_with(*head));
    let heads = first
        .char_indices()
        .map(|(end, _)| &first[..end])
        .collect::<Vec<_>>();
    heads
        .into_iter()
        .rev()
        .find(shared)
        .unwrap_or_default()
        .to_owned()
}
