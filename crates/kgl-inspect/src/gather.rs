//! What a folder holds, put together.

use std::fs::File;
use std::path::Path;

use kgl_contract::{Inspection, Notice, Tag, Task, Unlearned};
use kgl_csv::{Sizes, Unpacked};
use rayon::prelude::*;

use crate::fault::Fault;
use crate::files::{Folder, Found, count_kinds};
use crate::folders::count_folders;
use crate::layout::{Layout, unpacked_name};
use crate::order::Order;
use crate::repeats::Rows;
use crate::table::Profiled;
use crate::{json_lines, notices, parquet, submission, table, task};

/// The inspection of a competition whose data is not here.
pub(crate) fn nothing_here(data: &Path) -> Inspection {
    Inspection {
        schema: Tag::default(),
        competition: None,
        published: Vec::new(),
        files: Vec::new(),
        kinds: Vec::new(),
        folders: Vec::new(),
        tables: Vec::new(),
        submission: None,
        task: None,
        notices: Vec::new(),
        unlearned: vec![Unlearned {
            what: "tables".to_owned(),
            reason: format!("there is no data in {}", data.display()),
            next: "run it again with --download, or name the folder of the data with --data"
                .to_owned(),
        }],
    }
}

/// Profiles the tables of a folder and puts together what is known. `advance` is told of bytes
/// that are done.
pub(crate) fn inspect(folder: Folder, advance: &(dyn Fn(u64) + Sync)) -> Inspection {
    let Folder {
        files,
        mut unlearned,
        ..
    } = folder;
    // A small table is one block; a large one keeps all workers busy by itself.
    let (small, large): (Vec<&Found>, Vec<&Found>) = files
        .iter()
        .filter(|file| file.layout.is_some())
        .partition(|file| file.entry.size_bytes <= Sizes::USUAL.block as u64);
    let mut profiles: Vec<_> = small
        .into_par_iter()
        .map(|file| (file, profile(file, advance)))
        .collect();
    profiles.extend(large.into_iter().map(|file| (file, profile(file, advance))));
    profiles.sort_by(|(a, _), (b, _)| a.entry.path.cmp(&b.entry.path));

    let mut tables = Vec::new();
    let mut orders = Vec::new();
    for (file, profile) in profiles {
        match profile {
            Ok(profiled) => {
                if file.layout == Some(Layout::Parquet) {
                    unlearned.push(values_unread(file));
                }
                tables.push(profiled.table);
                orders.push(profiled.orders);
            }
            Err(fault) => unlearned.push(broken(file, &fault)),
        }
    }
    let submission = submission::tell_submission(&tables);
    if files.is_empty() {
        unlearned.push(Unlearned {
            what: "files".to_owned(),
            reason: "the folder holds no files but hidden ones".to_owned(),
            next: "look whether this is the folder you meant".to_owned(),
        });
    } else if submission.is_none() {
        unlearned.push(Unlearned {
            what: "submission".to_owned(),
            reason: "none of the tables that could be read is a sample of a submission".to_owned(),
            next: "put sample_submission.csv into the folder, then inspect again".to_owned(),
        });
    }
    unlearned.sort_by(|a, b| (&a.what, &a.reason).cmp(&(&b.what, &b.reason)));
    let task = submission
        .as_ref()
        .and_then(|shape| task::tell_task(&tables, shape));
    let mut inspection = Inspection {
        schema: Tag::default(),
        competition: None,
        published: Vec::new(),
        kinds: count_kinds(files.iter().map(|file| &file.entry)),
        folders: count_folders(&files),
        files: Vec::new(),
        tables,
        submission,
        task,
        notices: Vec::new(),
        unlearned,
    };
    if let Some(task) = &inspection.task {
        inspection.notices = tell_notices(task, &inspection, &orders, &files);
    }
    inspection.files = files.into_iter().map(|file| file.entry).collect();
    inspection
}

fn profile(file: &Found, advance: &(dyn Fn(u64) + Sync)) -> Result<Profiled, Fault> {
    let path = file.entry.path.as_str();
    let open = || Ok::<_, Fault>(Unpacked::new(File::open(&file.place)?)?);
    match file.layout {
        Some(Layout::JsonLines) => json_lines::profile(open()?, path, advance),
        Some(Layout::Parquet) => parquet::profile_file(&file.place, path).map(Profiled::of),
        _ => table::profile(open()?, path, Sizes::USUAL, advance),
    }
}

fn values_unread(file: &Found) -> Unlearned {
    Unlearned {
        what: file.entry.path.clone(),
        reason: "of Parquet only the schema is read: no distinct values, examples or quantiles"
            .to_owned(),
        next: format!(
            "write it as CSV, for instance with DuckDB: COPY (FROM '{0}') TO '{0}.csv'",
            file.entry.path
        ),
    }
}

fn broken(file: &Found, fault: &Fault) -> Unlearned {
    Unlearned {
        what: file.entry.path.clone(),
        reason: fault.to_string(),
        next: fault.next().to_owned(),
    }
}

/// What is worth a look. A table that cannot be read a second time has no more to say.
fn tell_notices(
    task: &Task,
    inspection: &Inspection,
    orders: &[Vec<Order>],
    files: &[Found],
) -> Vec<Notice> {
    let find = |path: &Option<String>| {
        let path = path.as_ref()?;
        let place = inspection
            .tables
            .iter()
            .position(|table| table.path == *path)?;
        let file = files.iter().find(|file| file.entry.path == *path)?;
        Some((place, file))
    };
    let Some((train, train_file)) = find(&task.train) else {
        return Vec::new();
    };
    let table = &inspection.tables[train];
    let mut all = notices::of_order(task, table, &orders[train]);
    let columns = notices::telling_columns(task, table);
    if let Some((test, test_file)) = find(&task.test)
        && !columns.is_empty()
    {
        let rows = |file: &Found| {
            let separated = file.layout == Some(Layout::Separated);
            let name = unpacked_name(&file.entry.path);
            separated.then(|| Rows::read(&file.place, name, &columns).ok())?
        };
        let shared = rows(train_file).and_then(|train| train.shared_with(&rows(test_file)?));
        let test = &inspection.tables[test];
        all.extend(
            shared.and_then(|shared| notices::of_repeats(table, test, columns.len(), shared)),
        );
    }
    all
}
