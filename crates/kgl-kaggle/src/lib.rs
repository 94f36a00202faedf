//! Kaggle, through its official client.
//!
//! ```text
//! Call ─► Client::ask ─► the client's own interpreter (bridge.py) ─► Replies
//!                                                       an answer:  JSON as Kaggle sent it
//!                                                       a Refusal:  kind, status, Retry-After
//! ```
//!
//! Every request is made by the official program's own library, with its
//! credentials, its upload and its resumable download: what is ours is a file of
//! Python that its interpreter runs, which takes an order on stdin and gives JSON
//! back. The program's commands are for people: they lose the status of a
//! refusal, the number of a submission and the reason of a failed one, and print
//! warnings and page tokens among the data.
//!
//! [`Client::find`] says where the program is looked for. Nothing secret is in
//! any argument vector, and whatever is told to people goes through [`redact()`].

mod call;
mod client;
mod download;
mod redact;
mod refusal;
mod submissions;
mod wire;

pub use call::Call;
pub use client::{Client, Patience, Replies, read};
pub use download::{Downloaded, download};
pub use redact::redact;
pub use refusal::{Refusal, RefusalKind};
pub use submissions::{ApiScore, ApiSubmission};
pub use wire::{ApiCompetition, ApiFile, ApiLimits, ApiPage, ApiTag};
