//! One exchange with a host: orders in, how it stands and finished shards out, in one ssh.
//!
//! Runs there are kgl-run's: it starts them in tmux, knows how they ended and ends them, by the
//! same rules as everywhere. What is here is a small script around it, which needs a POSIX shell
//! and sha256sum, and waits a while for something to happen, so that nobody has to ask often.

use std::collections::BTreeSet;
use std::time::Duration;

use kgl_cli::quote;
use kgl_contract::{Run, Sha256, parse_document};
use kgl_ssh::Host;

/// No folder of the project there.
const NO_PROJECT: i32 = 121;
/// The programs are not there.
const NO_PROGRAM: i32 = 122;
/// On top of the time that the host was asked to wait.
const LIMIT: Duration = Duration::from_secs(60);
/// Shards in one answer, so that a slow link is not cut in the middle of all of them.
const MOST: u32 = 8;

const SCRIPT: &str = r#"
project=$1 program=$2 tool=$3 name=$4 slug=$5 shards=$6 wait=$7 have=$8 most=$9
shift 9
cd -- "$project" 2>/dev/null || exit 121
[ -x "$program" ] && [ -x "$tool" ] || exit 122
run() { "$program" --as "$name" --quiet "$@"; }
while [ $# -gt 0 ]; do
  case $1 in
    start)
      mkdir -p -- "$shards" 2>/dev/null
      said=$(printf '%s\n' "$4" | run _start --session "$3" --competition "$slug" 2>&1 >/dev/null)
      code=$?
      [ "$code" -eq 0 ] || { wait=0; printf 'refused %s %s %s\n' "$2" "$code" "$(printf %s "$said" | tr '\n\r' '  ')"; }
      shift 4
      ;;
    stop)
      run stop --competition "$slug" --run "$2" --grace 2 >/dev/null 2>&1 </dev/null
      shift 2
      ;;
    close)
      # Only where nothing runs in it any more: a session of this name may be another search's.
      [ "$(tmux list-panes -t "=$2:" -F '#{pane_dead}' 2>/dev/null)" != 1 ] || tmux kill-session -t "=$2" 2>/dev/null
      shift 2
      ;;
    forget)
      # Away in one step, so that it is never half a run.
      runs=competitions/$slug/outputs/runs
      mv -- "$runs/$2" "$runs/.gone-$2" 2>/dev/null && rm -rf -- "$runs/.gone-$2"
      shift 2
      ;;
    aside)
      mv -f -- "$shards/sequence_nn_search.shard$2.json" "$shards/sequence_nn_search.shard$2.json.broken" 2>/dev/null
      shift 2
      ;;
  esac
done
# What there is: ends of runs, and shards that were not brought yet.
look() {
  news=
  set -- competitions/"$slug"/outputs/runs/*/run.rc
  ends=$#
  for file in "$shards"/sequence_nn_search.shard*.json; do
    [ -f "$file" ] || continue
    index=${file##*.shard}
    case $have in *" ${index%.json} "* | all) ;; *) news=yes ;; esac
  done
}
look
before=$ends
while [ "$wait" -gt 0 ] && [ -z "$news" ] && [ "$ends" -eq "$before" ]; do
  sleep 0.1
  wait=$((wait - 1))
  look
done
echo "machine $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
run status --competition "$slug" 2>/dev/null </dev/null | sed 's/^/run /'
for file in "$shards"/sequence_nn_search.shard*.json; do
  [ -f "$file" ] || continue
  index=${file##*.shard}
  index=${index%.json}
  case $have in
    *" $index "* | all) echo "has $index" ;;
    *)
      [ "$most" -gt 0 ] || continue
      most=$((most - 1))
      sum=$(sha256sum <"$file") && size=$(wc -c <"$file") || continue
      echo "shard $index $((size)) ${sum%% *}"
      cat -- "$file"
      ;;
  esac
done
echo end
"#;

/// What is the same in every exchange with a host.
#[derive(Debug, Clone)]
pub(crate) struct There {
    pub(crate) host: Host,
    /// The project's folder.
    pub(crate) root: String,
    /// kgl-run, relative to it.
    pub(crate) program: String,
    /// The search's tool, relative to it.
    pub(crate) tool: String,
    pub(crate) competition: String,
    /// The folder of this search's shards; absolute.
    pub(crate) shards: String,
}

/// What is asked of a host in one exchange.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    /// Runs to start: shard, session, planned run.
    pub(crate) start: Vec<(u32, String, Run)>,
    /// Runs to end, by id.
    pub(crate) stop: Vec<String>,
    /// Files to move aside, by shard.
    pub(crate) aside: Vec<u32>,
    /// tmux sessions to close in which nothing runs any more.
    pub(crate) close: Vec<String>,
    /// Runs whose folders are of no more use, by id.
    pub(crate) forget: Vec<String>,
    /// Shards that need not be sent; none: nothing is to be sent at all.
    pub(crate) have: Option<BTreeSet<u32>>,
    /// How long to wait for something to happen.
    pub(crate) wait: Duration,
}

/// What a host answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) cores: u32,
    /// All runs of the competition there.
    pub(crate) runs: Vec<Run>,
    /// Shards that are there and were not sent.
    pub(crate) has: BTreeSet<u32>,
    /// Shards, with their bytes.
    pub(crate) shards: Vec<(u32, Vec<u8>)>,
    /// Starts that were refused: shard, exit code, why.
    pub(crate) refused: Vec<(u32, i32, String)>,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// A sentence.
    pub(crate) what: String,
    /// The project or its programs have to be brought (again).
    pub(crate) unprepared: bool,
}

impl Trouble {
    pub(crate) fn new(what: impl std::fmt::Display) -> Self {
        Self {
            what: what.to_string(),
            unprepared: false,
        }
    }
}

impl There {
    /// One exchange.
    pub(crate) fn exchange(&self, orders: &Orders) -> Result<Answer, Trouble> {
        let words = self.words(orders);
        let limit = orders.wait + LIMIT;
        let finished = self
            .host
            .run(&words, b"", Some(limit))
            .map_err(Trouble::new)?;
        let name = self.host.name();
        match finished.status.code() {
            Some(0) => {}
            Some(code @ (NO_PROJECT | NO_PROGRAM)) => {
                let what = if code == NO_PROJECT {
                    "the project"
                } else {
                    "kgl"
                };
                return Err(Trouble {
                    what: format!("{name}: {what} is not there yet"),
                    unprepared: true,
                });
            }
            _ => {
                return Err(Trouble::new(format_args!(
                    "{name}: {}",
                    finished.stderr_text().trim()
                )));
            }
        }
        parse(&finished.stdout).map_err(|what| Trouble::new(format_args!("{name}: {what}")))
    }

    fn words(&self, orders: &Orders) -> Vec<String> {
        let have = match &orders.have {
            None => "all".to_owned(),
            Some(indexes) => indexes
                .iter()
                .fold(" ".to_owned(), |have, i| format!("{have}{i} ")),
        };
        let tenths = (orders.wait.as_millis() / 100).to_string();
        let mut words: Vec<String> = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into();
        words.extend([
            self.root.clone(),
            format!("./{}", self.program),
            format!("./{}", self.tool),
            self.host.name().to_owned(),
            self.competition.clone(),
            self.shards.clone(),
            tenths,
            have,
            MOST.to_string(),
        ]);
        for index in &orders.aside {
            words.extend(["aside".to_owned(), index.to_string()]);
        }
        for id in &orders.stop {
            words.extend(["stop".to_owned(), id.clone()]);
        }
        for session in &orders.close {
            words.extend(["close".to_owned(), session.clone()]);
        }
        for id in &orders.forget {
            words.extend(["forget".to_owned(), id.clone()]);
        }
        for (index, session, run) in &orders.start {
            let plan = serde_json::to_string(run).unwrap_or_default();
            words.extend(["start".to_owned(), index.to_string(), session.clone(), plan]);
        }
        words
    }

    /// How a person would run `argv` in the competition's folder there.
    pub(crate) fn shown(&self, argv: &[String]) -> String {
        let work = format!("{}/competitions/{}", self.root, self.competition);
        format!("cd {} && {}", quote([work]), quote(argv))
    }
}

/// Reads an answer: lines, and after each line of a shard its bytes.
fn parse(bytes: &[u8]) -> Result<Answer, String> {
    let cut = || "the answer was cut".to_owned();
    let mut answer = Answer::default();
    let mut rest = bytes;
    loop {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(cut)?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let (word, value) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "end" => return Ok(answer),
            "machine" => answer.cores = value.parse().unwrap_or(1),
            "run" => {
                let run = parse_document(value.as_bytes()).map_err(|error| error.to_string())?;
                answer.runs.push(run);
            }
            "has" => {
                answer.has.insert(value.parse().map_err(|_| cut())?);
            }
            "refused" => {
                let mut parts = value.splitn(3, ' ');
                let mut number = || parts.next().and_then(|part| part.parse::<i32>().ok());
                let (shard, code) = (number().ok_or_else(cut)?, number().ok_or_else(cut)?);
                let why = parts.next().unwrap_or_default();
                let why = why.trim().trim_start_matches("kgl-run: ").to_owned();
                let shard = u32::try_from(shard).map_err(|_| cut())?;
                answer.refused.push((shard, code, why));
            }
            "shard" => {
                let parts: Vec<&str> = value.split(' ').collect();
                let [index, size, digest] = parts.as_slice() else {
                    return Err(cut());
                };
                // A name that is no index is somebody else's file.
                let index: Option<u32> = index.parse().ok();
                let size: usize = size.parse().map_err(|_| cut())?;
                let digest: Sha256 = digest.parse().map_err(|_| cut())?;
                let body = rest.get(..size).ok_or_else(cut)?;
                rest = &rest[size..];
                if Sha256::of(body) != digest {
                    return Err("a shard changed on its way".to_owned());
                }
                if let Some(index) = index {
                    answer.shards.push((index, body.to_owned()));
                }
            }
            _ => return Err(format!("it answered `{line}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let body = b"{\"a\":\n1}\n";
        let mut bytes = b"refused 7 2 kgl-run: tmux cannot be started\nmachine 4\nhas 3\n".to_vec();
        bytes.extend(format!("shard 5 {} {}\n", body.len(), Sha256::of(body)).bytes());
        bytes.extend(body);
        bytes.extend(b"end\n");
        let answer = parse(&bytes).unwrap();
        assert_eq!(answer.cores, 4);
        assert_eq!(answer.has, BTreeSet::from([3]));
        assert_eq!(answer.shards, [(5, body.to_vec())]);
        assert_eq!(
            answer.refused,
            [(7, 2, "tmux cannot be started".to_owned())]
        );
        for cut in 0..bytes.len() {
            assert!(parse(&bytes[..cut]).is_err(), "{cut}");
        }
        let text = String::from_utf8(bytes).unwrap();
        assert!(parse(text.replace("1}", "2}").as_bytes()).is_err());
    }
}
