//! What the provider's page sends back, by the browser or by hand.

use url::{Host, Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::catalog::Provider;
use crate::sanitize;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) enum Answer {
    Code(Secret),
    /// The page's own word for why not.
    Refused(String),
    /// A whole key was pasted instead.
    Key(Secret),
}

/// `None`: the query holds neither a code nor an error.
pub(super) fn in_query(query: &str) -> Option<Answer> {
    let value = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, value)| name == wanted && !value.is_empty())
            .map(|(_, value)| Zeroizing::new(value.into_owned()))
    };
    if let Some(error) = value("error") {
        let reason = match value("error_description") {
            Some(more) => format!("{} ({})", *more, *error),
            None => error.to_string(),
        };
        return Some(Answer::Refused(sanitize::line(&reason, None)));
    }
    Secret::parse(&value("code")?).ok().map(Answer::Code)
}

/// What a person pasted: the code, the address the browser ended at, or a key after all. On failure why it is none of them.
pub(super) fn in_paste(
    text: &str,
    provider: &Provider,
    path: &str,
) -> Result<Answer, &'static str> {
    let paste = Secret::parse(text)
        .map_err(|_| "that is no code: it has a blank inside, or is nothing or far too much")?;
    let text = paste.expose();
    if provider
        .forms()
        .iter()
        .any(|form| form.distinctive && form.fits(&paste))
    {
        return Ok(Answer::Key(paste));
    }
    if let Some(query) = text.strip_prefix('?') {
        return in_query(query).ok_or(NO_CODE);
    }
    if text.starts_with("code=") || text.starts_with("error=") {
        return in_query(text).ok_or(NO_CODE);
    }
    let Some(url) = address(text) else {
        return Ok(Answer::Code(paste));
    };
    if is_loopback(&url) && url.path() != path {
        return Err("that address belongs to another sign-in; paste the one this sign-in ended at");
    }
    in_query(url.query().unwrap_or_default()).ok_or(NO_CODE)
}

const NO_CODE: &str = "there is no code in that address; paste the one the browser ended at";

/// Browsers leave the scheme out where they can.
fn address(text: &str) -> Option<Url> {
    let bare = ["localhost:", "127.0.0.1:"];
    let url = if bare.iter().any(|start| text.starts_with(start)) {
        Url::parse(&format!("http://{text}"))
    } else {
        Url::parse(text)
    };
    url.ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::catalog;

    fn told(answer: Option<Answer>) -> String {
        match answer {
            Some(Answer::Code(code)) => format!("code {}", code.expose()),
            Some(Answer::Refused(reason)) => format!("refused {reason}"),
            Some(Answer::Key(key)) => format!("key {}", key.expose()),
            None => "nothing".into(),
        }
    }

    #[test]
    fn a_query_holds_a_code_or_an_error_or_neither() {
        for (query, answer) in [
            ("code=abc-1", "code abc-1"),
            ("state=x&code=a%2Db", "code a-b"),
            ("code=", "nothing"),
            ("code=a%20b", "nothing"),
            ("", "nothing"),
            ("kode=abc", "nothing"),
            ("error=access_denied", "refused access_denied"),
            (
                "error=access_denied&error_description=You+said%20no%1B%5B2J&code=abc",
                "refused You said no[2J (access_denied)",
            ),
        ] {
            assert_eq!(told(in_query(query)), answer, "{query}");
        }
    }

    #[test]
    fn every_way_of_carrying_a_code_over_is_understood() {
        let provider = catalog::find("openrouter").unwrap();
        let key = provider.key.as_ref().unwrap().sample;
        let paste = |text: &str| match in_paste(text, provider, "/path") {
            Ok(answer) => told(Some(answer)),
            Err(reason) => reason.to_owned(),
        };
        for text in [
            "abc-1",
            "  'abc-1'\n",
            "code=abc-1",
            "?code=abc-1",
            "http://localhost:4711/path?code=abc-1",
            "localhost:4711/path?code=abc-1&more=1",
            "127.0.0.1:4711/path?code=abc-1#top",
            "https://openrouter.ai/anywhere?code=abc-1",
        ] {
            assert_eq!(paste(text), "code abc-1", "{text}");
        }
        assert_eq!(paste(key), format!("key {key}"));
        assert_eq!(paste("localhost:1/path?error=no"), "refused no");
        assert_eq!(paste("https://openrouter.ai/auth?x=1"), NO_CODE);
        assert!(paste("http://localhost:4711/other?code=abc").contains("another sign-in"));
        assert!(paste("two words").contains("no code"));
        assert!(paste(" ").contains("no code"));
    }
}
