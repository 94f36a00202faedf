//! What can be asked of the client.

use serde::Serialize;
use serde_json::Value;

/// One request to Kaggle, or one deed of the client.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Call {
    /// A remote procedure; answered with the JSON that Kaggle sent. A field that is absent there
    /// has its default (false, 0, an empty list).
    Rpc {
        /// As in `competitions.CompetitionApiService`.
        service: &'static str,
        /// As in `GetCompetition`.
        rpc: &'static str,
        /// Its fields, in camel case as on the wire.
        request: Value,
        /// For a listing: the field that holds its items. All pages are fetched; the answer is
        /// `{<field>: [...], "more": bool}`.
        #[serde(skip_serializing_if = "Option::is_none")]
        list: Option<&'static str>,
        /// The number of items after which no further page is fetched.
        #[serde(skip_serializing_if = "Option::is_none")]
        most: Option<usize>,
    },
    /// A method of the client's API class, as `competition_download_file`; answered with its result.
    Method {
        /// Its name.
        client: &'static str,
        /// Its keyword arguments.
        arguments: Value,
    },
}

/// The service that most calls go to.
const COMPETITIONS: &str = "competitions.CompetitionApiService";

impl Call {
    /// A remote procedure of the competitions' service.
    #[must_use]
    pub fn competitions(rpc: &'static str, request: Value) -> Self {
        Self::of(COMPETITIONS, rpc, request)
    }

    /// A remote procedure of any service.
    #[must_use]
    pub fn of(service: &'static str, rpc: &'static str, request: Value) -> Self {
        Self::Rpc {
            service,
            rpc,
            request,
            list: None,
            most: None,
        }
    }

    /// The same, for a listing whose items are in `field`: all of them, or the first `most`.
    #[must_use]
    pub fn all_of(mut self, field: &'static str, at_most: usize) -> Self {
        if let Self::Rpc { list, most, .. } = &mut self {
            *list = Some(field);
            *most = Some(at_most);
        }
        self
    }

    /// A method of the client's API class.
    #[must_use]
    pub fn method(client: &'static str, arguments: Value) -> Self {
        Self::Method { client, arguments }
    }
}
