//! Keeps `schemas/` equal to the types, and every fixture readable.
//!
//! `KGL_BLESS=1` writes the schemas instead of comparing them. Fixtures are
//! documents of this and of older versions: they are never rewritten, since
//! they are what somebody's disk holds.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;

use crate::*;

fn here(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn compare_schema<D: Document + JsonSchema>() {
    let mut schema = schemars::schema_for!(D);
    schema.insert("$id".into(), D::wire_name().into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap();
    text.push('\n');
    let path = here(&format!("../../schemas/{}-{}.json", D::KIND, D::MAJOR));
    if std::env::var_os("KGL_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} differs from the type: run `KGL_BLESS=1 cargo test -p kgl-contract` and read the diff",
        path.display()
    );
}

/// Reads every fixture of the kind, and checks that reading and writing it
/// keeps its meaning.
fn read_fixtures<D: Document + PartialEq + std::fmt::Debug>() {
    let mut seen = 0;
    for entry in fs::read_dir(here("fixtures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // `search-1.json`, `search-1-older.json`, but not `search-shard-1.json`.
        let rest = name.strip_prefix(&format!("{}-{}", D::KIND, D::MAJOR));
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
            continue;
        }
        seen += 1;
        let bytes = fs::read(&path).unwrap();
        let document: D = parse_document(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            unknown_fields(&bytes, &document),
            Vec::<String>::new(),
            "{name}"
        );
        let canonical = canonical_bytes(&document).unwrap();
        assert_eq!(parse_document::<D>(&canonical).unwrap(), document, "{name}");
        assert_eq!(
            canonical_bytes(&parse_document::<D>(&canonical).unwrap()).unwrap(),
            canonical
        );
    }
    assert!(seen > 0, "no fixture for {}", D::wire_name());
}

macro_rules! documents {
    ($($test:ident: $type:ty),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                compare_schema::<$type>();
                read_fixtures::<$type>();
            }
        )*

        #[test]
        fn no_schema_without_a_type() {
            let known = [$(format!("{}-{}.json", <$type>::KIND, <$type>::MAJOR)),*];
            for entry in fs::read_dir(here("../../schemas")).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(known.contains(&name), "schemas/{name} belongs to no document type");
            }
        }
    };
}

documents! {
    search: Search,
    search_shard: SearchShard,
    search_merged: SearchMerged,
    challenge: Challenge,
    run: Run,
    array_job: ArrayJob,
    array_status: ArrayStatus,
    machine_prices: MachinePrices,
    fleet: Fleet,
    file_list: FileList,
    host_status: HostStatus,
    sync_plan: SyncPlan,
    inspection: Inspection,
    submission_request: SubmissionRequest,
    submission_check: SubmissionCheck,
    submission_receipt: SubmissionReceipt,
    deployment: Deployment,
    submission_history: SubmissionHistory,
    validation_report: ValidationReport,
    baseline: Baseline,
    scaffold_report: ScaffoldReport,
}
