//! Messages and addresses as SARIF wants them.

use super::wire::Message;

/// A message on one line. `{` and `}` are doubled, as sections 3.11.5 asks for, where a placeholder
/// (`{0}`) could be meant; and no `](` is left, which would make a link (section 3.11.6).
pub(super) fn message(text: &str) -> Message {
    let text = crate::render::plain(text).replace('{', "{{").replace('}', "}}");
    Message { text: text.replace("](", "] (") }
}

/// A path as a URI (RFC 3986, section 2): what is not unreserved is percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let relative = path.trim_start_matches("./");
    let mut uri = String::from(if relative.starts_with('/') { "file://" } else { "" });
    for byte in relative.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("./a/b c.xml"), "a/b%20c.xml");
        assert_eq!(uri("ä:|%.xml"), "%C3%A4%3A%7C%25.xml");
        assert_eq!(uri("/tmp/a.xml"), "file:///tmp/a.xml");
        assert_eq!(uri("../a.xml"), "../a.xml");
    }

    #[test]
    fn messages_hold_no_link_and_no_placeholder() {
        assert_eq!(message("[a](b) {0}").text, "[a] (b) {{0}}");
    }
}
