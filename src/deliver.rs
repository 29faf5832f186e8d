//! Delivers notices: to a command, or over HTTP through the installed `curl`.
//!
//! Knows nothing of what a notice says. Secrets never stand on a command line: curl reads its options
//! from standard input.

mod curl;

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::collect::{Untold, run_within, shell};
use crate::rules::Severity;

pub use curl::{HttpMethod, HttpRequest, post};

/// Who is to be told.
#[derive(Clone, Debug)]
pub struct NoticeSink {
    /// Its name: its place in what was told is kept under it.
    pub name: String,
    /// How it is told.
    pub kind: SinkKind,
    /// Changes that matter less are not told.
    pub least: Severity,
}

/// How a sink is told.
#[derive(Clone, Debug)]
pub enum SinkKind {
    /// A shell command that reads JSON.
    Command(String),
    /// A request over HTTP.
    Http(HttpSink),
}

impl SinkKind {
    /// The name used in domcaps.toml and in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Http(http) => http.template.name(),
        }
    }
}

/// Where a request goes, and with what.
#[derive(Clone)]
pub struct HttpSink {
    /// What the receiver understands.
    pub template: HttpTemplate,
    /// Where to; may hold a secret.
    pub url: String,
    /// For `Authorization: Bearer`.
    pub token: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The room of Matrix.
    pub room: Option<String>,
    /// The body of a webhook, with `{text}` and its like; the notice's JSON where there is none.
    pub body: Option<String>,
}

impl std::fmt::Debug for HttpSink {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpSink").field("template", &self.template).finish_non_exhaustive()
    }
}

/// What a receiver of requests understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpTemplate {
    /// The notice's JSON, or a body of the site's own.
    Webhook,
    /// <https://docs.ntfy.sh/publish/#publish-as-json>
    Ntfy,
    /// Incoming webhooks of Slack, and of Mattermost, Rocket.Chat and Zulip, which take the same.
    Slack,
    /// `PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}` of Matrix' client-server API.
    Matrix,
    /// `POST /api/v2/alerts` of Prometheus' Alertmanager.
    Alertmanager,
}

impl HttpTemplate {
    /// Every template.
    pub const ALL: [Self; 5] =
        [Self::Webhook, Self::Ntfy, Self::Slack, Self::Matrix, Self::Alertmanager];

    /// The name used in domcaps.toml and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Ntfy => "ntfy",
            Self::Slack => "slack",
            Self::Matrix => "matrix",
            Self::Alertmanager => "alertmanager",
        }
    }
}

/// Runs a sink's command with a notice's JSON on its standard input, and `DOMCAPS_NOTICE` (its id),
/// `DOMCAPS_TITLE` and `DOMCAPS_DB` set.
///
/// # Errors
/// Where it does not run, fails, or is not done within a minute.
pub fn command(
    command: &str,
    json: &[u8],
    variables: [(&str, &str); 2],
    database: &Path,
    stop: &AtomicBool,
) -> Result<(), String> {
    let stdin = file_of(json).map_err(|error| error.to_string())?;
    let mut shell = shell(command);
    shell.envs(variables).env("DOMCAPS_DB", database).stdin(stdin);
    match run_within(&mut shell, stop) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the command failed ({status})")),
        Err(Untold::Stopped) => Err("interrupted".to_owned()),
        Err(untold) => Err(format!("the command {untold}")),
    }
}

/// A file without a name that holds this.
fn file_of(content: &[u8]) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(content)?;
    file.rewind()?;
    Ok(file)
}
