//! Which shards this call means: INDEX, the count, the map, and what the
//! engine that started us says in the environment.

use std::fs;
use std::path::Path;

use kgl_cli::{Failure, OrFail as _, read_failure};
use kgl_contract::IndexSet;

use crate::cli::Arguments;

/// Variables in which array-job engines say how many tasks there are.
const COUNT_VARIABLES: [&str; 4] = [
    "BATCH_TASK_COUNT",
    "SLURM_ARRAY_TASK_COUNT",
    "CLOUD_RUN_TASK_COUNT",
    "AWS_BATCH_JOB_ARRAY_SIZE",
];

/// The task counts that the environment names, by variable.
#[must_use]
pub fn environment_counts() -> Vec<(String, String)> {
    let read = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
    COUNT_VARIABLES.iter().filter_map(read).collect()
}

/// The shards to search out of `count`, checked against `environment`, the
/// task counts that the engine names.
///
/// # Errors
/// An index that is not below its count, a map that cannot be read, or a count
/// in the environment that would leave shards out (exit 2).
pub fn shards_meant(
    arguments: &Arguments,
    count: u32,
    environment: &[(String, String)],
) -> Result<IndexSet, Failure> {
    let map = arguments
        .map
        .as_deref()
        .map(|path| read_map(path, count))
        .transpose()?;
    let (tasks, of_what) = match &map {
        Some(map) => (
            u32::try_from(map.len()).unwrap_or(u32::MAX),
            "the lines of --map",
        ),
        None => (count, "the search's shard count"),
    };
    for (variable, value) in environment {
        if value.parse() != Ok(tasks) {
            return Err(Failure::usage(format_args!(
                "{variable}={value} contradicts {of_what}, {tasks}: shards would be left out or asked for in vain"
            ))
            .hint(format_args!("start {tasks} tasks, or give --count or --map")));
        }
    }
    let indexes = match arguments.index.as_deref().unwrap_or_default() {
        "all" => (0..tasks).collect(),
        text => IndexSet::from_list(text).or_usage("INDEX")?,
    };
    if let Some(&(_, last)) = indexes.ranges().last().filter(|&&(_, last)| last >= tasks) {
        return Err(
            Failure::usage(format_args!("INDEX {last} is not below {tasks}, {of_what}"))
                .hint("indexes begin at 0"),
        );
    }
    Ok(match map {
        Some(map) => indexes.iter().map(|task| map[task as usize]).collect(),
        None => indexes,
    })
}

/// The shard of each task: one index a line.
fn read_map(path: &Path, count: u32) -> Result<Vec<u32>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| read_failure(path, error))?;
    let mut map = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let context = || format!("{}, line {number}", path.display());
        let index: u32 = line
            .trim()
            .parse()
            .or_usage(format_args!("{}: `{line}` is no index", context()))?;
        if index >= count {
            return Err(Failure::usage(format_args!(
                "{}: shard {index} is not below {count}",
                context()
            )));
        }
        map.push(index);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn meant(words: &[&str], count: u32, environment: &[(&str, &str)]) -> Result<String, String> {
        let arguments = Arguments::try_parse_from([&["kgl-shard-search"], words].concat()).unwrap();
        let environment: Vec<_> = environment
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect();
        shards_meant(&arguments, count, &environment)
            .map(|set| set.to_string())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn an_index_is_below_the_count() {
        assert_eq!(meant(&["3"], 4, &[]).unwrap(), "3");
        assert_eq!(meant(&["0-3"], 4, &[]).unwrap(), "0-3");
        assert!(
            meant(&["4"], 4, &[])
                .unwrap_err()
                .contains("INDEX 4 is not below 4")
        );
        assert_eq!(meant(&["all"], 4, &[]).unwrap(), "0-3");
        assert_eq!(meant(&["2,0,1"], 4, &[]).unwrap(), "0-2");
        assert!(
            meant(&[""], 4, &[])
                .unwrap_err()
                .contains("is not a set of indexes")
        );
    }

    #[test]
    fn the_environment_must_agree() {
        assert_eq!(meant(&["3"], 4, &[("BATCH_TASK_COUNT", "4")]).unwrap(), "3");
        for value in ["5", "3", "", "four"] {
            let error = meant(&["3"], 4, &[("BATCH_TASK_COUNT", value)]).unwrap_err();
            assert!(
                error.contains(&format!("BATCH_TASK_COUNT={value} contradicts")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_map_says_which_shard_a_task_takes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing");
        fs::write(&path, "7\n2\n").unwrap();
        let map = path.to_str().unwrap();
        assert_eq!(
            meant(&["1", "--map", map], 16, &[("SLURM_ARRAY_TASK_COUNT", "2")]).unwrap(),
            "2"
        );
        assert!(
            meant(&["2", "--map", map], 16, &[])
                .unwrap_err()
                .contains("not below 2")
        );
        assert!(
            meant(
                &["1", "--map", map],
                16,
                &[("SLURM_ARRAY_TASK_COUNT", "16")]
            )
            .is_err()
        );
        assert!(
            meant(&["1", "--map", map], 7, &[])
                .unwrap_err()
                .contains("line 1: shard 7 is not below 7")
        );
        fs::write(&path, "7\nx\n").unwrap();
        assert!(
            meant(&["1", "--map", map], 16, &[])
                .unwrap_err()
                .contains("line 2: `x` is no index")
        );
    }
}
