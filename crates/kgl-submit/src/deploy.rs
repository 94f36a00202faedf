//! `kgl-submit deploy`: what a code competition runs. A folder of files becomes a
//! dataset, a script becomes a notebook that uses it with the internet off; the
//! notebook is followed to its end, its output fetched and checked. What comes
//! out may then be submitted.
//!
//! ```text
//! files ─► dataset, ready ─► notebook pushed ─► it ends well ─► output ─► check ─► deployment
//! ```
//!
//! The client says "done" to much that is not: a refused push, a dataset that is
//! not ready, a file that was not fetched. Each step is therefore read back from
//! the site before the next one is taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kgl_cli::{Exit, Failure, Io, OrFail as _, write_atomically};
use kgl_contract::{Challenge, Deployment, NotebookVersion, Sha256, Tag};
use kgl_kaggle::{Call, Client, Refusal, RefusalKind, read};
use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::cli::Deploy;
use crate::clock::{Backoff, Clock, SystemClock, between};
use crate::request::{Named, Request};

const DATASETS: &str = "datasets.DatasetApiService";
const KERNELS: &str = "kernels.KernelsApiService";
/// A dataset's files are taken in within minutes.
const DATASET_READY: Duration = Duration::from_secs(30 * 60);

/// Publishes, follows, fetches and checks.
///
/// # Errors
/// The site refuses, or the notebook or its output fails (exit 1), bad input (2), the outside
/// world fails (3).
pub fn run(options: &Deploy, io: &Io) -> Result<Exit, Failure> {
    let (challenge, source) = io.read_document::<Challenge>(Some(&options.challenge))?;
    let place = source.base.join("outputs/deploy");
    let clock = SystemClock::new(options.haste);
    let mut deploy = Deployer {
        client: Client::find()?,
        clock: &clock,
        io,
        slug: challenge.slug.clone(),
        user: String::new(),
    };
    deploy.user = deploy.whoami()?;
    let names = [
        format!("kgl-{}", challenge.slug),
        format!("kgl-run-{}", challenge.slug),
    ];
    let [dataset, notebook] = names.map(|name| shorten(&name));
    let files_sha256 = deploy.publish(&options.files, &dataset, &place)?;
    let version = deploy.push(&options.notebook, &notebook, &dataset, &place)?;
    deploy.follow(&notebook, Duration::from_secs(options.wait * 60))?;
    let output = place.join(format!("output-{version}"));
    let submission = deploy.fetch(&notebook, &output, &options.file)?;
    let check = check_output(&challenge, source.base, &submission, io)?;
    let valid = check.valid;
    let name = format!("{}/{notebook}", deploy.user);
    let deployment = Deployment {
        schema: Tag::default(),
        competition: challenge.slug,
        dataset: format!("{}/{dataset}", deploy.user),
        files_sha256,
        notebook: NotebookVersion {
            name: name.clone(),
            version,
            file: options.file.clone(),
        },
        output: submission.display().to_string(),
        check,
    };
    io.write_document(&deployment, options.out.as_deref())?;
    if !valid {
        return Err(Failure::no(format_args!(
            "version {version} of {name} writes an invalid submission"
        ))
        .hint("mend the notebook's script, and deploy again"));
    }
    let argv = [
        "kgl-submit".to_owned(),
        "--challenge".to_owned(),
        options.challenge.display().to_string(),
        "--submission".to_owned(),
        submission.display().to_string(),
        "--notebook".to_owned(),
        name,
        "--notebook-version".to_owned(),
        version.to_string(),
    ];
    io.note(format_args!("to submit it: {}", kgl_cli::quote(argv)));
    Ok(Exit::Done)
}

/// A name of at most 50 characters, which is what the site takes.
fn shorten(name: &str) -> String {
    let short: String = name.chars().take(50).collect();
    short.trim_end_matches('-').to_owned()
}

fn check_output(
    challenge: &Challenge,
    home: PathBuf,
    submission: &Path,
    io: &Io,
) -> Result<kgl_contract::SubmissionCheck, Failure> {
    let Some(section) = challenge.submission.clone() else {
        return Err(Failure::usage(
            "challenge.json has no `submission` section, so the output cannot be checked",
        )
        .hint("say in it where the sample is"));
    };
    let request = Request {
        competition: challenge.slug.clone(),
        submission: Named {
            given: submission.display().to_string(),
            path: submission.to_owned(),
        },
        sample: Named {
            path: home.join(&section.sample),
            given: section.sample,
        },
        rules: crate::check::Rules {
            order: section.order,
            ranges: section.ranges,
            forms: crate::labels::read(section.values, &home)?,
        },
        room: crate::room::Room::default(),
        home,
    };
    let (check, counts) = crate::check_request(&request)?;
    io.note(crate::verdict::describe(&check, &counts, io.is_verbose()));
    Ok(check)
}

struct Deployer<'a> {
    client: Client,
    clock: &'a dyn Clock,
    io: &'a Io,
    slug: String,
    user: String,
}

impl Deployer<'_> {
    fn call(&self, what: &str, call: Call) -> Result<Result<Value, Refusal>, Failure> {
        let mut replies = self.client.ask(&[call])?;
        replies.said.iter().for_each(|line| self.io.detail(line));
        replies
            .answers
            .pop()
            .ok_or_else(|| Failure::outside(format_args!("{what}: no answer")))
    }

    /// A call that must be answered.
    fn must(&self, what: &str, call: Call) -> Result<Value, Failure> {
        self.call(what, call)?
            .map_err(|refusal| refusal.failure(format_args!("cannot {what}"), &self.slug))
    }

    /// A call that only reads: asked again while it may pass.
    fn insist(&self, what: &str, call: &Call) -> Result<Value, Failure> {
        let mut pauses = Backoff::new(Duration::from_secs(2), Duration::from_secs(60));
        for _ in 0..8 {
            match self.call(what, call.clone())? {
                Err(refusal) if refusal.may_pass() => {
                    self.io.detail(format_args!("{refusal}; asking again"));
                    self.clock.sleep(pauses.step());
                }
                answer => {
                    return answer.map_err(|refusal| {
                        refusal.failure(format_args!("cannot {what}"), &self.slug)
                    });
                }
            }
        }
        self.must(what, call.clone())
    }

    fn whoami(&self) -> Result<String, Failure> {
        let request = json!({ "competitionName": self.slug });
        let replies = self
            .client
            .ask(&[Call::competitions("GetCompetition", request)])?;
        for answer in replies.answers {
            read::<Value>("the competition", answer)
                .map_err(|refusal| refusal.failure("cannot ask for the competition", &self.slug))?;
        }
        replies.user.ok_or_else(|| {
            Failure::usage("the credentials do not say whose they are").hint("make kaggle-auth")
        })
    }

    /// Makes the dataset hold these files, unless it does; gives their digest.
    fn publish(&self, files: &Path, name: &str, place: &Path) -> Result<Sha256, Failure> {
        let digest = digest_of(files)?;
        let staged = place.join("dataset");
        stage(files, &staged)?;
        let id = format!("{}/{name}", self.user);
        let about =
            json!({ "id": id, "title": name, "licenses": [{ "name": "MIT" }], "isPrivate": true });
        write_atomically(
            &staged.join("dataset-metadata.json"),
            about.to_string().as_bytes(),
        )?;
        let asked = json!({ "ownerSlug": self.user, "datasetSlug": name });
        let known = self.call(
            "look for the dataset",
            Call::of(DATASETS, "GetDataset", asked.clone()),
        )?;
        let done = place.join("dataset.sha256");
        let there = match known {
            Ok(_) => true,
            Err(refusal)
                if matches!(refusal.kind, RefusalKind::NotFound | RefusalKind::Forbidden) =>
            {
                false
            }
            Err(refusal) => return Err(refusal.failure("cannot look for the dataset", &self.slug)),
        };
        if there && fs::read_to_string(&done).is_ok_and(|told| told.trim() == digest.to_string()) {
            self.io
                .note(format_args!("dataset {id}: holds these files already"));
            return Ok(digest);
        }
        let folder = staged.display().to_string();
        let (method, arguments) = if there {
            let notes = format!("kgl {}", digest.short());
            let arguments = json!({ "folder": folder, "version_notes": notes, "quiet": true, "convert_to_csv": false, "dir_mode": "zip" });
            ("dataset_create_version", arguments)
        } else {
            let arguments = json!({ "folder": folder, "public": false, "quiet": true, "convert_to_csv": false, "dir_mode": "zip" });
            ("dataset_create_new", arguments)
        };
        let answer = self.must("publish the dataset", Call::method(method, arguments))?;
        let status = answer["status"].as_str().unwrap_or_default();
        if !status.eq_ignore_ascii_case("ok") {
            return Err(Failure::no(format_args!(
                "the site does not take the dataset {id}: {}",
                answer["error"].as_str().unwrap_or("it gives no reason")
            )));
        }
        let begun = self.clock.now();
        let mut pauses = Backoff::new(Duration::from_secs(3), Duration::from_secs(30));
        loop {
            let call = Call::of(DATASETS, "GetDatasetStatus", asked.clone());
            let answer = self.insist("ask for the dataset", &call)?;
            let status = answer["status"]
                .as_str()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if status == "ready" {
                break;
            }
            if status.contains("error") || between(begun, self.clock.now()) > DATASET_READY {
                return Err(Failure::outside(format_args!(
                    "the dataset {id} does not get ready: {status}"
                ))
                .hint(format_args!("see https://www.kaggle.com/datasets/{id}")));
            }
            self.clock.sleep(pauses.step());
        }
        write_atomically(&done, format!("{digest}\n").as_bytes())?;
        self.io.note(format_args!("dataset {id}: ready"));
        Ok(digest)
    }

    /// Pushes a version of the notebook; gives its number.
    fn push(&self, script: &Path, name: &str, dataset: &str, place: &Path) -> Result<u64, Failure> {
        let staged = place.join("notebook");
        let code = fs::read(script).map_err(|error| kgl_cli::read_failure(script, error))?;
        write_atomically(&staged.join("notebook.py"), &code)?;
        let id = format!("{}/{name}", self.user);
        let about = json!({
            "id": id, "title": name, "code_file": "notebook.py", "language": "python", "kernel_type": "script",
            "is_private": true, "enable_gpu": false, "enable_internet": false,
            "dataset_sources": [format!("{}/{dataset}", self.user)], "competition_sources": [self.slug],
            "kernel_sources": [], "model_sources": [],
        });
        write_atomically(
            &staged.join("kernel-metadata.json"),
            about.to_string().as_bytes(),
        )?;
        let folder = staged.display().to_string();
        let answer = self.must(
            "push the notebook",
            Call::method("kernels_push", json!({ "folder": folder })),
        )?;
        if let Some(error) = answer["error"].as_str().filter(|error| !error.is_empty()) {
            return Err(Failure::no(format_args!(
                "the site does not take the notebook {id}: {error}"
            )));
        }
        let lost = answer["invalidDatasetSources"].as_array();
        if lost.is_some_and(|lost| !lost.is_empty()) {
            return Err(Failure::outside(format_args!(
                "the notebook {id} does not see its dataset"
            ))
            .hint("deploy again: the dataset may be ready by then"));
        }
        let version = answer["versionNumber"].as_u64().ok_or_else(|| {
            Failure::outside(format_args!(
                "the notebook {id} was pushed, and got no version"
            ))
        })?;
        self.io.note(format_args!(
            "notebook {id}: version {version} pushed, running"
        ));
        Ok(version)
    }

    /// Follows the notebook to its end.
    fn follow(&self, name: &str, limit: Duration) -> Result<(), Failure> {
        let request = json!({ "userName": self.user, "kernelSlug": name });
        let begun = self.clock.now();
        let bar = self.io.progress(limit.as_secs(), "the notebook runs");
        let mut told = 0;
        let mut pauses = Backoff::new(Duration::from_secs(5), Duration::from_secs(60));
        loop {
            let call = Call::of(KERNELS, "GetKernelSessionStatus", request.clone());
            let answer = self.insist("ask for the notebook", &call)?;
            let status = answer["status"]
                .as_str()
                .unwrap_or_default()
                .to_ascii_uppercase();
            if status.ends_with("COMPLETE") {
                return Ok(());
            }
            if status.ends_with("ERROR") || status.contains("CANCEL") {
                let why = answer["failureMessage"]
                    .as_str()
                    .unwrap_or("it gives no reason");
                return Err(
                    Failure::no(format_args!("the notebook failed: {why}")).hint(format_args!(
                        "read its log: kaggle kernels output {}/{name}",
                        self.user
                    )),
                );
            }
            let waited = between(begun, self.clock.now());
            if waited > limit {
                return Err(Failure::outside(format_args!(
                    "the notebook still runs after {} minutes",
                    limit.as_secs() / 60
                ))
                .hint(format_args!(
                    "see https://www.kaggle.com/code/{}/{name}",
                    self.user
                )));
            }
            bar.advance(waited.as_secs().saturating_sub(told));
            told = waited.as_secs();
            self.clock.sleep(pauses.step());
        }
    }

    /// Fetches the notebook's output; gives the path of the file that counts.
    fn fetch(&self, name: &str, output: &Path, file: &str) -> Result<PathBuf, Failure> {
        // What an earlier fetch left must not be taken for this one's.
        if output.exists() {
            fs::remove_dir_all(output)
                .or_outside(format_args!("cannot clear {}", output.display()))?;
        }
        let arguments = json!({ "kernel": format!("{}/{name}", self.user), "path": output, "force": true, "quiet": true });
        self.must(
            "fetch the notebook's output",
            Call::method("kernels_output", arguments),
        )?;
        let submission = output.join(file);
        if !submission.is_file() {
            return Err(Failure::no(format_args!("the notebook wrote no {file}"))
                .hint(format_args!("see what it wrote in {}", output.display())));
        }
        Ok(submission)
    }
}

/// The digest of the files below a folder: names and contents, in the order of the names.
fn digest_of(folder: &Path) -> Result<Sha256, Failure> {
    let mut lines = Vec::new();
    for path in files_below(folder)? {
        let file = fs::File::open(folder.join(&path))
            .map_err(|error| kgl_cli::read_failure(&folder.join(&path), error))?;
        let (sha256, _) =
            Sha256::of_reader(file).or_outside(format_args!("cannot read {}", path.display()))?;
        lines.push(format!("{sha256}  {}", path.display()));
    }
    if lines.is_empty() {
        return Err(Failure::usage(format_args!(
            "{} holds no files to publish",
            folder.display()
        )));
    }
    Ok(Sha256::of_lines(lines.iter().map(String::as_str)))
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.or_usage(format_args!("cannot read {}", folder.display()))?;
        if entry.file_type().is_file() {
            paths.extend(entry.path().strip_prefix(folder).map(Path::to_owned));
        }
    }
    Ok(paths)
}

/// Copies the files into a folder of their own, where the client wants its description beside them.
fn stage(files: &Path, staged: &Path) -> Result<(), Failure> {
    let cannot = || format!("cannot write {}", staged.display());
    if staged.exists() {
        fs::remove_dir_all(staged).or_outside(cannot())?;
    }
    for path in files_below(files)? {
        let target = staged.join(&path);
        let folder = target.parent().unwrap_or(staged);
        fs::create_dir_all(folder).or_outside(cannot())?;
        fs::copy(files.join(&path), &target).or_outside(cannot())?;
    }
    Ok(())
}
