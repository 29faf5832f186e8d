//! Requests through the installed curl, which reads all of their options from standard input.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use super::file_of;
use crate::collect::{Untold, run_within};

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// How.
    pub method: HttpMethod,
    /// Where to; may hold a secret.
    pub url: String,
    /// Beside the type of the body.
    pub headers: Vec<(String, String)>,
    /// For `Authorization: Bearer`.
    pub token: Option<String>,
    /// JSON, or what else the site's own body is.
    pub body: String,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// What is sent again may be taken twice.
    Post,
    /// What is sent again is taken once.
    Put,
}

/// Sends a request with the program `curl`.
///
/// # Errors
/// Where it does not arrive, or is answered by anything but 2xx; no secret is in the text.
pub fn post(curl: &Path, request: &HttpRequest, stop: &AtomicBool) -> Result<(), String> {
    let run = || -> std::io::Result<_> {
        let [out, err] = [tempfile::tempfile()?, tempfile::tempfile()?];
        let mut command = Command::new(curl);
        // Without ~/.curlrc, which may hold anything.
        command.args(["-q", "-K", "-"]).stdin(file_of(request.config().as_bytes())?);
        command.stdout(out.try_clone()?).stderr(err.try_clone()?);
        Ok((run_within(&mut command, stop), text_of(out)?, text_of(err)?))
    };
    let (ended, out, err) = run().map_err(|error| error.to_string())?;
    let status = match ended {
        Ok(status) => status,
        Err(Untold::Stopped) => return Err("interrupted".to_owned()),
        Err(untold) => return Err(format!("curl {untold}")),
    };
    // The answer, a line end and the status code.
    let (answer, code) = out.rsplit_once('\n').unwrap_or(("", &out));
    if status.success() && code.len() == 3 && code.starts_with('2') {
        return Ok(());
    }
    let why = match status.success() {
        true => format!("answered with {code}: {answer}"),
        false => err.trim().trim_start_matches("curl: ").to_owned(),
    };
    Err(request.without_secrets(why.trim_end_matches([':', ' '])))
}

/// The end of what was written to a file.
fn text_of(mut file: File) -> std::io::Result<String> {
    const MOST: u64 = 1 << 16;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl HttpRequest {
    /// What curl reads: an option a line, its value quoted as curl(1) says for `--config`.
    fn config(&self) -> String {
        /// More than an answer that says why needs.
        const ANSWER: &str = "16384";
        let mut config = String::new();
        let mut set = |option: &str, value: &str| {
            config.push_str(option);
            config.push_str(" = \"");
            for letter in value.chars() {
                match letter {
                    '"' => config.push_str("\\\""),
                    '\\' => config.push_str("\\\\"),
                    '\n' => config.push_str("\\n"),
                    '\r' => config.push_str("\\r"),
                    '\t' => config.push_str("\\t"),
                    other => config.push(other),
                }
            }
            config.push_str("\"\n");
        };
        set("url", &self.url);
        set("request", if self.method == HttpMethod::Post { "POST" } else { "PUT" });
        // Never a file, nor a redirection to one.
        set("proto", "=http,https");
        set("connect-timeout", "10");
        set("max-time", "30");
        set("max-filesize", ANSWER);
        set("write-out", "\\n%{http_code}");
        for (name, value) in &self.headers {
            set("header", &format!("{name}: {value}"));
        }
        if let Some(token) = &self.token {
            set("header", &format!("Authorization: Bearer {token}"));
        }
        // Without this curl waits for a word of the server before a long body.
        set("header", "Expect:");
        // As it is: data-binary would read a file where it begins with @.
        set("data-raw", &self.body);
        config.push_str("silent\nshow-error\ngloboff\n");
        config
    }

    /// The text without the secrets of the request: a server may repeat what it was sent.
    fn without_secrets(&self, text: &str) -> String {
        const LONG: usize = 300;
        let mut text = text.replace(&self.url, "URL");
        // What follows the host is a secret with many services.
        let path = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let is_own = |name: &str| !name.eq_ignore_ascii_case("content-type");
        let headers = self.headers.iter().filter(|(name, _)| is_own(name));
        let headers = headers.map(|(_, value)| value.as_str());
        for secret in self.token.as_deref().into_iter().chain(headers).chain([path]) {
            if secret.len() > 3 {
                text = text.replace(secret, "…");
            }
        }
        text.chars().take(LONG).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> HttpRequest {
        HttpRequest {
            method: HttpMethod::Post,
            url: "https://h.example/s3cret/path".to_owned(),
            headers: vec![("X-Key".to_owned(), "k3y-of-all".to_owned())],
            token: Some("t0ken".to_owned()),
            body: "@/etc/passwd \"\\\n\turl = \"x\"".to_owned(),
        }
    }

    #[test]
    fn a_value_stays_within_its_quotes() {
        let config = request().config();
        assert!(
            config.contains("data-raw = \"@/etc/passwd \\\"\\\\\\n\\turl = \\\"x\\\"\"\n"),
            "{config}"
        );
        assert_eq!(config.lines().filter(|line| line.starts_with("url")).count(), 1);
    }

    #[test]
    fn no_secret_is_in_an_error() {
        let said = request()
            .without_secrets("no k3y-of-all, t0ken, https://h.example/s3cret/path at /s3cret/path");
        assert_eq!(said, "no …, …, URL at /…");
    }
}
