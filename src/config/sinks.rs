//! `[notify]` of `domcaps.toml`: who is told what is new, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, MAX_BYTES, Reading};
use crate::bounded;
use crate::deliver::{HttpSink, HttpTemplate, NoticeSink, SinkKind};
use crate::model::{HostName, nearest_name};
use crate::rules::Severity;

/// What the file says of notices.
#[derive(Debug, Default)]
pub struct Alerts {
    /// In the order of the file.
    pub sinks: Vec<NoticeSink>,
    /// Files and folders of guests that changes are judged with.
    pub guests: Vec<PathBuf>,
}

/// `[notify]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    #[serde(default)]
    guests: Vec<PathBuf>,
    #[serde(default, rename = "sink")]
    sinks: Vec<Spanned<SinkEntry>>,
}

/// One `[[notify.sink]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SinkEntry {
    name: Option<Spanned<String>>,
    #[serde(rename = "type")]
    kind: Option<Spanned<String>>,
    command: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    url_file: Option<Spanned<PathBuf>>,
    token: Option<Spanned<String>>,
    token_file: Option<Spanned<PathBuf>>,
    room: Option<Spanned<String>>,
    body: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, Spanned<String>>,
    least: Option<Spanned<String>>,
}

/// The names that a webhook's own body may hold, each in braces.
pub(crate) const PLACEHOLDERS: [&str; 5] = ["id", "title", "text", "severity", "notice"];

/// Reads who is told what is new.
///
/// # Errors
/// Where the file cannot be read, or says something of a sink that it cannot say: nobody is told then,
/// rather than some.
pub fn alerts(path: &Path) -> Result<Alerts, ConfigError> {
    let text = bounded::file(path, MAX_BYTES);
    let text = text.map_err(|error| ConfigError::Io { path: path.to_owned(), error })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Alerts, ConfigError> {
    let reading = Reading { text, path };
    let section = reading.file()?.notify;
    let mut names = BTreeSet::new();
    let mut sinks = Vec::new();
    for entry in &section.sinks {
        let sink = reading.sink(entry)?;
        if !names.insert(sink.name.clone()) {
            return Err(reading.error(entry.span(), format!("two sinks are called {}", sink.name)));
        }
        sinks.push(sink);
    }
    let guests = section.guests.iter().map(|guests| reading.beside(guests)).collect();
    Ok(Alerts { sinks, guests })
}

impl Reading<'_> {
    /// A path in the file is relative to the file's folder.
    fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    fn sink(&self, spanned: &Spanned<SinkEntry>) -> Result<NoticeSink, ConfigError> {
        let entry = spanned.get_ref();
        let missing = |why: &str| self.error(spanned.span(), why.to_owned());
        let name = entry.name.as_ref().ok_or_else(|| missing("a sink needs a name"))?;
        if name.get_ref().parse::<HostName>().is_err() {
            let why = "a sink's name has letters, digits, `.`, `_` and `-`";
            return Err(self.error(name.span(), why.to_owned()));
        }
        let least = match &entry.least {
            None => Severity::Info,
            Some(least) => least.get_ref().parse().map_err(|why| self.error(least.span(), why))?,
        };
        let kind = match (&entry.kind, &entry.command) {
            (None, Some(_)) => "command",
            (Some(kind), _) => kind.get_ref().as_str(),
            (None, None) => {
                return Err(missing(
                    "a sink needs a command, or a type (webhook, ntfy, slack, matrix, alertmanager) and a url",
                ));
            }
        };
        let kind = match (kind, &entry.command) {
            ("command", Some(command)) if entry.has_no_http() => {
                SinkKind::Command(command.get_ref().clone())
            }
            ("command", Some(command)) => {
                let why = "a command has no url, token, room, body or headers";
                return Err(self.error(command.span(), why.to_owned()));
            }
            ("command", None) => return Err(missing("a sink of type command needs a command")),
            (_, Some(command)) => {
                let why = "a sink has a command or a url, not both";
                return Err(self.error(command.span(), why.to_owned()));
            }
            (other, None) => SinkKind::Http(self.http(spanned, other)?),
        };
        Ok(NoticeSink { name: name.get_ref().clone(), kind, least })
    }

    fn http(&self, spanned: &Spanned<SinkEntry>, kind: &str) -> Result<HttpSink, ConfigError> {
        let entry = spanned.get_ref();
        let missing = |why: &str| self.error(spanned.span(), why.to_owned());
        let Some(template) = HttpTemplate::ALL.into_iter().find(|each| each.name() == kind) else {
            let names = HttpTemplate::ALL.map(HttpTemplate::name);
            let near = nearest_name(kind, names)
                .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            let span = entry.kind.as_ref().map_or_else(|| spanned.span(), Spanned::span);
            let why = format!("`{kind}` is no type: write command, {}{near}", names.join(", "));
            return Err(self.error(span, why));
        };
        let url = self.secret(entry.url.as_ref(), entry.url_file.as_ref(), "url")?;
        let (url, span) = url.ok_or_else(|| missing("this sink needs a url, or a url_file"))?;
        self.check_url(&url, template, span)?;
        let token = self.secret(entry.token.as_ref(), entry.token_file.as_ref(), "token")?;
        let only = |field: &Option<Spanned<String>>, wanted: HttpTemplate, what: &str| match field {
            Some(field) if template != wanted => {
                let why = format!("only a sink of type {} has a {what}", wanted.name());
                Err(self.error(field.span(), why))
            }
            _ => Ok(()),
        };
        only(&entry.room, HttpTemplate::Matrix, "room")?;
        only(&entry.body, HttpTemplate::Webhook, "body")?;
        if template == HttpTemplate::Matrix && (entry.room.is_none() || token.is_none()) {
            return Err(missing("a sink of type matrix needs a room, and a token or a token_file"));
        }
        if let Some(room) = entry.room.as_ref().filter(|room| !room.get_ref().starts_with('!')) {
            let why = "a room of Matrix is named by its id, which begins with `!`";
            return Err(self.error(room.span(), why.to_owned()));
        }
        if let Some(body) = &entry.body {
            self.check_body(body)?;
        }
        Ok(HttpSink {
            template,
            url,
            token: token.map(|(token, _)| token),
            headers: self.headers(&entry.headers)?,
            room: entry.room.as_ref().map(|room| room.get_ref().clone()),
            body: entry.body.as_ref().map(|body| body.get_ref().clone()),
        })
    }

    fn check_url(
        &self,
        url: &str,
        template: HttpTemplate,
        span: Range<usize>,
    ) -> Result<(), ConfigError> {
        // It may be a secret, and is not repeated.
        let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
        let is_visible = url.chars().all(|letter| letter.is_ascii_graphic());
        let Some(rest) = rest.filter(|rest| is_visible && !rest.is_empty()) else {
            let why = "this url is none that begins with https:// or http://";
            return Err(self.error(span, why.to_owned()));
        };
        let topic = rest.trim_end_matches('/').split_once('/');
        if template == HttpTemplate::Ntfy && topic.is_none() {
            let why = "the url of a sink of type ntfy ends in the topic: https://ntfy.sh/TOPIC";
            return Err(self.error(span, why.to_owned()));
        }
        Ok(())
    }

    /// Something that stands in the file, or better in one of its own.
    fn secret(
        &self,
        value: Option<&Spanned<String>>,
        file: Option<&Spanned<PathBuf>>,
        what: &str,
    ) -> Result<Option<(String, Range<usize>)>, ConfigError> {
        let (text, span) = match (value, file) {
            (None, None) => return Ok(None),
            (Some(value), None) => (value.get_ref().clone(), value.span()),
            (Some(value), Some(_)) => {
                let why = format!("a sink has a {what} or a {what}_file, not both");
                return Err(self.error(value.span(), why));
            }
            (None, Some(file)) => {
                let path = self.beside(file.get_ref());
                let text = bounded::file(&path, MAX_BYTES)
                    .map_err(|error| ConfigError::Io { path, error })?;
                (text.trim().to_owned(), file.span())
            }
        };
        if text.is_empty() || text.chars().any(char::is_control) {
            let why = format!("this {what} is not one line of text");
            return Err(self.error(span, why));
        }
        Ok(Some((text, span)))
    }

    fn headers(
        &self,
        headers: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let header = |(name, value): (&Spanned<String>, &Spanned<String>)| {
            // The token of RFC 9110, section 5.6.2.
            let is_name =
                |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
            if name.get_ref().is_empty() || !name.get_ref().chars().all(is_name) {
                return Err(self.error(name.span(), "this is no name of a header".to_owned()));
            }
            if value.get_ref().chars().any(char::is_control) {
                let why = "the value of a header is one line of text";
                return Err(self.error(value.span(), why.to_owned()));
            }
            Ok((name.get_ref().clone(), value.get_ref().clone()))
        };
        headers.iter().map(header).collect()
    }

    /// The body of a webhook must be JSON whatever its placeholders become.
    fn check_body(&self, body: &Spanned<String>) -> Result<(), ConfigError> {
        let mut filled = body.get_ref().clone();
        for name in PLACEHOLDERS {
            filled = filled.replace(&format!("{{{name}}}"), "\"\"");
        }
        serde_json::from_str::<serde_json::Value>(&filled).map(drop).map_err(|why| {
            let names = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
            let why =
                format!("this body is not JSON ({why}); {names} become JSON, quotes included");
            self.error(body.span(), why)
        })
    }
}

impl SinkEntry {
    fn has_no_http(&self) -> bool {
        let texts = [&self.url, &self.token, &self.room, &self.body];
        texts.into_iter().all(Option::is_none)
            && self.url_file.is_none()
            && self.token_file.is_none()
            && self.headers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Alerts, String> {
        parse(text, Path::new("d.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn sinks_are_read() {
        let alerts = read(
            "[notify]\nguests = ['g']\n[[notify.sink]]\nname = 'a'\ncommand = 'x'\n\
             [[notify.sink]]\nname = 'b'\ntype = 'slack'\nurl = 'https://h/s'\nleast = 'warning'\n\
             [[notify.sink]]\nname = 'c'\ntype = 'webhook'\nurl = 'http://h'\nbody = '{\"t\": {text}}'\n",
        )
        .unwrap();
        let kinds: Vec<&str> = alerts.sinks.iter().map(|sink| sink.kind.name()).collect();
        assert_eq!(kinds, ["command", "slack", "webhook"]);
        assert_eq!(alerts.sinks[1].least, Severity::Warning);
        assert_eq!(alerts.guests, [PathBuf::from("g")]);
        assert!(read("").unwrap().sinks.is_empty());
    }

    #[test]
    fn mistakes_are_errors_with_their_place_and_without_secrets() {
        for (entry, error) in [
            ("command = 'x'", "a sink needs a name"),
            ("name = 'a b'\ncommand = 'x'", "a sink's name has letters"),
            ("name = 'a'", "a sink needs a command, or a type"),
            ("name = 'a'\ntype = 'slak'\nurl = 'https://h'", "did you mean `slack`?"),
            ("name = 'a'\ntype = 'slack'", "needs a url, or a url_file"),
            ("name = 'a'\ntype = 'slack'\nurl = 'file:///etc/x'", "begins with https://"),
            ("name = 'a'\ntype = 'slack'\nurl = \"https://h/\\u0001\"", "not one line of text"),
            ("name = 'a'\ntype = 'ntfy'\nurl = 'https://ntfy.sh'", "ends in the topic"),
            ("name = 'a'\ntype = 'matrix'\nurl = 'https://h'", "needs a room"),
            (
                "name = 'a'\ntype = 'slack'\nurl = 'https://h'\nbody = '{}'",
                "only a sink of type webhook",
            ),
            ("name = 'a'\ntype = 'webhook'\nurl = 'https://h'\nbody = '{text'", "is not JSON"),
            ("name = 'a'\ncommand = 'x'\nurl = 'https://h'", "a command has no url"),
            (
                "name = 'a'\ntype = 'slack'\nurl = 'https://h'\nheaders = {'a b' = 'c'}",
                "no name of a header",
            ),
            (
                "name = 'a'\ntype = 'slack'\nurl = 'https://h'\nheaders = {a = \"c\\r\\nd: e\"}",
                "one line of text",
            ),
        ] {
            let said = read(&format!("[[notify.sink]]\n{entry}\n")).unwrap_err();
            assert!(said.starts_with("d.toml:") && said.contains(error), "{entry}: {said}");
        }
        let twice = "[[notify.sink]]\nname = 'a'\ncommand = 'x'\n";
        assert!(read(&twice.repeat(2)).unwrap_err().contains("two sinks are called a"));
    }
}
