//! What a visitor of the listener wants, and what they get. Nothing they sent is said back.

use super::callback::{self, Answer};

const PAGE: &str = include_str!("../../templates/callback.html");

/// A page for a visitor; it never holds a code, a key or a word of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Heard,
    Declined,
    Incomplete,
    Again,
    WrongHost,
    WrongMethod,
    Unknown,
    Unreadable,
}

/// The page for the request with this head, and the answer it brings, if it came to the right door.
pub(super) fn judge(head: &str, port: u16, path: &str) -> (Page, Option<Answer>) {
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return (Page::Unreadable, None);
    };
    if !version.starts_with("HTTP/1.") {
        return (Page::Unreadable, None);
    }
    let mut hosts = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim());
    // A name that somebody else made point here is not how the provider's page was told to return.
    let is_here = |host: &str| {
        host.rsplit_once(':').is_some_and(|(name, number)| {
            ["localhost", "127.0.0.1"].contains(&name) && number.parse() == Ok(port)
        })
    };
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_here(host) => {}
        _ => return (Page::WrongHost, None),
    }
    if method != "GET" {
        return (Page::WrongMethod, None);
    }
    let (found, query) = target.split_once('?').unwrap_or((target, ""));
    if found != path {
        return (Page::Unknown, None);
    }
    match callback::in_query(query) {
        Some(answer @ Answer::Refused(_)) => (Page::Declined, Some(answer)),
        Some(answer) => (Page::Heard, Some(answer)),
        None => (Page::Incomplete, None),
    }
}

impl Page {
    pub(super) fn response(self) -> String {
        let (status, heading, text) = self.words();
        let body = PAGE
            .replace("{{heading}}", heading)
            .replace("{{text}}", text);
        let allow = if self == Self::WrongMethod {
            "Allow: GET\r\n"
        } else {
            ""
        };
        format!(
            "HTTP/1.1 {status}\r\n{allow}Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            // Whether the code is good is not known yet, so the page does not say so.
            Self::Heard => (
                "200 OK",
                "Back to the terminal",
                "goose-setup has the answer and says there how the sign-in went. You can close this page.",
            ),
            Self::Declined => (
                "200 OK",
                "Not signed in",
                "The sign-in was refused. The terminal says why and what to do. You can close this page.",
            ),
            Self::Incomplete => (
                "400 Bad Request",
                "Nothing came along",
                "This address was opened without a code. Go back to the sign-in page and try again.",
            ),
            Self::Again => (
                "410 Gone",
                "Already done",
                "This sign-in was answered before. Look at the terminal.",
            ),
            Self::WrongHost => (
                "403 Forbidden",
                "Not here",
                "This server answers to its own name only.",
            ),
            Self::WrongMethod => (
                "405 Method Not Allowed",
                "Not like this",
                "This server is only for reading.",
            ),
            Self::Unknown => ("404 Not Found", "Not found", "There is nothing here."),
            Self::Unreadable => (
                "400 Bad Request",
                "Not understood",
                "This was no request that a browser makes.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(head: &str) -> Page {
        judge(head, 4711, "/path").0
    }

    #[test]
    fn only_a_browser_that_was_sent_here_is_heard() {
        let to =
            |line: &str, host: &str| format!("{line} HTTP/1.1\r\nHost: {host}\r\nA: b\r\n\r\n");
        let home = "localhost:4711";
        for (head, expected) in [
            (to("GET /path?code=abc", home), Page::Heard),
            (to("GET /path?code=abc", "127.0.0.1:4711"), Page::Heard),
            (to("GET /path?error=no", home), Page::Declined),
            (to("GET /path", home), Page::Incomplete),
            (to("GET /path?code=", home), Page::Incomplete),
            (to("GET /", home), Page::Unknown),
            (to("GET /?code=abc", home), Page::Unknown),
            (to("GET /path/?code=abc", home), Page::Unknown),
            (to("GET /other?code=abc", home), Page::Unknown),
            (to("GET /favicon.ico", home), Page::Unknown),
            (to("POST /path?code=abc", home), Page::WrongMethod),
            (to("HEAD /path?code=abc", home), Page::WrongMethod),
            (to("OPTIONS /path?code=abc", home), Page::WrongMethod),
            (to("GET /path?code=abc", "evil.example"), Page::WrongHost),
            (
                to("GET /path?code=abc", "evil.example:4711"),
                Page::WrongHost,
            ),
            (to("GET /path?code=abc", "localhost"), Page::WrongHost),
            (to("GET /path?code=abc", "localhost:80"), Page::WrongHost),
            (
                to("GET /path?code=abc", "localhost:4711\r\nHost: evil.example"),
                Page::WrongHost,
            ),
            (
                "GET /path?code=abc HTTP/1.1\r\n\r\n".into(),
                Page::WrongHost,
            ),
            (
                "GET /path?code=a b HTTP/1.1\r\n\r\n".into(),
                Page::Unreadable,
            ),
            ("\u{16}\u{3}\u{1}".into(), Page::Unreadable),
            (String::new(), Page::Unreadable),
        ] {
            assert_eq!(page(&head), expected, "{head}");
        }
    }

    #[test]
    fn a_page_is_whole_asks_nobody_else_and_tells_nothing() {
        for page in [Page::Heard, Page::Declined, Page::Incomplete, Page::Again] {
            let response = page.response();
            assert!(
                !response.contains("{{") && !response.contains("://"),
                "{response}"
            );
            assert!(response.contains("default-src 'none'"));
            assert!(response.contains("no-store"));
        }
    }
}
