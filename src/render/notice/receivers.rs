//! A notice as the body of a request, for each kind of receiver.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Notice, shortened};
use crate::deliver::{HttpMethod, HttpRequest, HttpSink, HttpTemplate};
use crate::model::Time;
use crate::render::json;
use crate::rules::Severity;

/// Largest body: curl before 8.5 takes 100 KiB in a line of its configuration, quoted.
const MOST: usize = 40_000;

/// ntfy takes 4,096 bytes in a message, Slack advises 4,000 characters.
const SHORT: usize = 3500;

/// Matrix takes 65,536 bytes in an event.
const MIDDLE: usize = 16_000;

/// More changes, and hosts of each kind, than fit into any body.
const MANY: usize = 4096;

/// The request that tells a sink; what is too much for it is left out and counted.
#[must_use]
pub fn request(sink: &HttpSink, notice: &Notice) -> HttpRequest {
    let mut most = MANY;
    let mut body = body(sink, notice, most);
    while body.len() > MOST && most > 1 {
        most /= 2;
        body = self::body(sink, notice, most);
    }
    let url = sink.url.trim_end_matches('/');
    let (method, url) = match sink.template {
        HttpTemplate::Webhook | HttpTemplate::Slack => (HttpMethod::Post, sink.url.clone()),
        HttpTemplate::Ntfy => {
            (HttpMethod::Post, url.rsplit_once('/').map_or(url, |(root, _)| root).to_owned())
        }
        HttpTemplate::Matrix => {
            let room = encoded(sink.room.as_deref().unwrap_or_default());
            let send = "send/m.room.message";
            let path = format!("{url}/_matrix/client/v3/rooms/{room}/{send}/{}", notice.id);
            (HttpMethod::Put, path)
        }
        HttpTemplate::Alertmanager => (HttpMethod::Post, format!("{url}/api/v2/alerts")),
    };
    let mut headers = sink.headers.clone();
    let is_typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !is_typed {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    HttpRequest { method, url, headers, token: sink.token.clone(), body }
}

fn body(sink: &HttpSink, notice: &Notice, most: usize) -> String {
    let limited = notice.limited(most);
    match sink.template {
        HttpTemplate::Webhook => match &sink.body {
            Some(template) => filled(template, &limited),
            None => json::notice_in_line(&limited),
        },
        HttpTemplate::Slack => {
            let text = text_within(notice, SHORT).replace("```", "'''");
            let text = format!("*{}*\n```\n{text}```", notice.title());
            // What Slack's documentation says is to be escaped; nothing else is a mention or a link.
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            json::in_line(&json!({ "text": text }))
        }
        HttpTemplate::Ntfy => json::in_line(&json!({
            "topic": sink.url.trim_end_matches('/').rsplit('/').next().unwrap_or_default(),
            "title": notice.title(),
            "message": text_within(notice, SHORT),
            "priority": match notice.severity() {
                Severity::Breaking => 4,
                Severity::Warning => 3,
                Severity::Info => 2,
            },
        })),
        HttpTemplate::Matrix => json::in_line(&json!({
            "msgtype": "m.text",
            "body": format!("{}\n{}", notice.title(), text_within(notice, MIDDLE)),
            // A name in the text that looks like a mention is none.
            "m.mentions": {},
        })),
        HttpTemplate::Alertmanager => json::in_line(&alerts(&limited)),
    }
}

/// The text of a notice in so many bytes.
fn text_within(notice: &Notice, bytes: usize) -> String {
    let mut most = MANY;
    let mut text = notice.limited(most).text();
    while text.len() > bytes && most > 1 {
        most /= 2;
        text = notice.limited(most).text();
    }
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes - 4).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}…\n", &text[..end])
}

/// A site's own body. What is filled in is looked at no more, whatever braces it has.
fn filled(template: &str, notice: &Notice) -> String {
    let mut body = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        body.push_str(&rest[..at]);
        rest = &rest[at..];
        let value = |name: &str| match name {
            "id" => Some(json::in_line(&notice.id.as_str().into())),
            "title" => Some(json::in_line(&notice.title().into())),
            "text" => Some(json::in_line(&notice.text().into())),
            "severity" => Some(json::in_line(&notice.severity().name().into())),
            "notice" => Some(json::notice_in_line(notice)),
            _ => None,
        };
        let name = rest.find('}').map_or("", |end| &rest[1..end]);
        match value(name) {
            Some(value) => {
                body.push_str(&value);
                rest = &rest[name.len() + 2..];
            }
            None => {
                body.push('{');
                rest = &rest[1..];
            }
        }
    }
    body.push_str(rest);
    body
}

/// How long a change is an alert.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a host that fails is an alert where nothing is heard of it any more.
const QUARTER: Duration = Duration::from_secs(90 * 24 * 60 * 60);

fn alerts(notice: &Notice) -> Json {
    let later = |time: Duration| {
        let milliseconds = i64::try_from(time.as_millis()).unwrap_or_default();
        Time::from_milliseconds(notice.made_at.milliseconds().saturating_add(milliseconds))
            .to_string()
    };
    let made_at = notice.made_at.to_string();
    let mut alerts: Vec<Json> = Vec::new();
    for change in &notice.changes {
        alerts.push(json!({
            "labels": {
                "alertname": "DomcapsChange",
                "severity": change.severity.name(),
                "kind": change.kind,
                "rule": change.rule,
                "change": change.fingerprints.first(),
                "notice": notice.id,
            },
            "annotations": { "summary": change.line(), "hosts": change.hosts.join(", ") },
            "startsAt": made_at,
            "endsAt": later(DAY),
        }));
    }
    for failing in &notice.failing {
        alerts.push(json!({
            "labels": host_labels(failing.host.as_str()),
            "annotations": { "summary": failing.line(), "description": shortened(&failing.reason) },
            "startsAt": failing.since.unwrap_or(notice.made_at).to_string(),
            "endsAt": later(QUARTER),
        }));
    }
    for recovery in &notice.recovered {
        let line = format!("{} recovered at {}", recovery.host, recovery.recovered_at);
        alerts.push(json!({
            "labels": host_labels(recovery.host.as_str()),
            "annotations": { "summary": line },
            "startsAt": recovery.failing_since.to_string(),
            "endsAt": recovery.recovered_at.to_string(),
        }));
    }
    let has_more = !(notice.new_hosts.is_empty() && notice.context.is_empty());
    if alerts.is_empty() || has_more || notice.omitted > 0 {
        alerts.push(json!({
            "labels": { "alertname": "DomcapsNotice", "severity": "info", "notice": notice.id },
            "annotations": { "summary": notice.title(), "description": cut_text(notice) },
            "startsAt": made_at,
            "endsAt": later(DAY),
        }));
    }
    alerts.into()
}

/// What tells one alert of a host from another: the recovery ends the failure.
fn host_labels(host: &str) -> Json {
    json!({ "alertname": "DomcapsHostFailing", "severity": "warning", "host": host })
}

fn cut_text(notice: &Notice) -> String {
    text_within(notice, SHORT)
}

/// A part of a path, with all that means something in a URL as `%XX` (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut path = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(byte.into());
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::notice::FailingHost;

    const HOSTILE: &str =
        "<!channel> ``` {text} {{ .Labels }} \"\\\u{1b}[31m\u{202e}\n@room $(id) `x`";

    fn notice(hosts: usize) -> Notice {
        let at = Time::from_milliseconds(1_800_000_000_000);
        let mut notice = Notice::empty("s", "abc-1-2".to_owned(), at);
        notice.failing = (0..hosts)
            .map(|number| FailingHost {
                host: format!("hv{number}").parse().unwrap(),
                since: Some(at),
                last_success: None,
                reason: HOSTILE.repeat(9),
            })
            .collect();
        notice
    }

    fn sink(template: HttpTemplate, body: Option<&str>) -> HttpSink {
        HttpSink {
            template,
            url: "https://h.example/topic".to_owned(),
            token: None,
            headers: Vec::new(),
            room: Some("!a/b:h.example".to_owned()),
            body: body.map(str::to_owned),
        }
    }

    fn sent(template: HttpTemplate, hosts: usize) -> (HttpRequest, Json) {
        let request = request(&sink(template, None), &notice(hosts));
        let json = serde_json::from_str(&request.body).unwrap();
        (request, json)
    }

    #[test]
    fn hostile_text_is_obeyed_nowhere() {
        for template in HttpTemplate::ALL {
            let (request, _) = sent(template, 1);
            assert!(!request.body.contains(crate::render::is_invisible), "{}", request.body);
        }
        let (_, slack) = sent(HttpTemplate::Slack, 1);
        let text = slack["text"].as_str().unwrap();
        assert!(!text.contains('<') && text.contains("&lt;!channel&gt;"), "{text}");
        assert_eq!(text.matches("```").count(), 2, "{text}");
        assert!(text.contains("\\u{1b}[31m"), "{text}");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_in_again() {
        let body = "{\"a\": {text}, \"b\": {title}, \"c\": {}, \"d\": {\"e\": {id}}}";
        let request = request(&sink(HttpTemplate::Webhook, Some(body)), &notice(1));
        let json: Json = serde_json::from_str(&request.body).unwrap();
        assert!(json["a"].as_str().unwrap().contains("{text} {{ .Labels }}"), "{json}");
        assert_eq!(
            (&json["b"], &json["d"]["e"]),
            (&"domcaps: 1 host failing".into(), &"abc-1-2".into())
        );
    }

    #[test]
    fn each_receiver_gets_what_it_takes() {
        let (request, json) = sent(HttpTemplate::Ntfy, 1);
        assert_eq!((request.url.as_str(), &json["topic"]), ("https://h.example", &"topic".into()));
        let (request, json) = sent(HttpTemplate::Matrix, 1);
        let room = "rooms/%21a%2Fb%3Ah.example/send/m.room.message/abc-1-2";
        assert!(
            request.url.ends_with(room) && request.method == HttpMethod::Put,
            "{}",
            request.url
        );
        assert_eq!(json["msgtype"], "m.text");
        let (request, json) = sent(HttpTemplate::Alertmanager, 2);
        assert!(request.url.ends_with("/topic/api/v2/alerts"), "{}", request.url);
        assert_eq!(json.as_array().unwrap().len(), 2);
        assert_eq!(json[1]["labels"]["host"], "hv1");
    }

    #[test]
    fn what_is_too_much_is_left_out_and_counted() {
        for template in HttpTemplate::ALL {
            let (request, _) = sent(template, 5000);
            assert!(request.body.len() <= MOST, "{template:?}: {}", request.body.len());
            assert!(
                request.body.contains("more; `domcaps changes`") || template == HttpTemplate::Ntfy
            );
        }
        let (_, json) = sent(HttpTemplate::Webhook, 5000);
        let told = json["failing"].as_array().unwrap().len() as u64;
        assert_eq!(
            (&json["counts"]["failing"], &json["title"]),
            (&5000.into(), &"domcaps: 5000 hosts failing".into())
        );
        assert_eq!(told + json["omitted"].as_u64().unwrap(), 5000);
    }
}
