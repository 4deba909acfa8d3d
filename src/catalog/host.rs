//! The address of a provider: from what a person pastes to what goose will call.

use std::net::IpAddr;

use serde::Deserialize;
use url::Url;

use crate::error::{Error, Result};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// goose's setting.
    pub setting: &'static str,
    pub default: Option<&'static str>,
    /// There is no sensible default, so setup asks.
    #[serde(default)]
    pub required: bool,
    /// What one looks like, where names vary.
    pub example: Option<&'static str>,
    /// The scheme goose adds itself; without one goose only takes a whole address.
    pub scheme: Option<&'static str>,
    /// The port goose adds itself to a bare local address.
    pub port: Option<u16>,
    /// What goose expects the value to end in.
    pub path: Option<&'static str>,
    /// Ends that people paste along and goose appends itself.
    #[serde(default)]
    pub tails: Vec<&'static str>,
    /// Ends that goose itself takes off.
    #[serde(default)]
    pub drops: Vec<&'static str>,
    pub over: Option<Over>,
}

/// goose's second setting for the same address. It outranks the first, unless that one is in the environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Over {
    pub setting: &'static str,
    /// The path that the value ends in and that the row's own paths begin with; without it, goose calls them without it too.
    pub version: &'static str,
}

impl Host {
    pub(super) fn value(&self, typed: &str) -> Result<String> {
        let typed = typed.trim();
        let has_scheme = typed.contains("://");
        let whole = if has_scheme {
            typed.to_owned()
        } else {
            format!("{}://{typed}", self.scheme.unwrap_or(likely_scheme(typed)))
        };
        let url = Url::parse(&whole).map_err(|reason| rubbish(&reason.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(rubbish("only http and https addresses are called"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(rubbish("it holds a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(rubbish("it has a `?` or `#` part"));
        }
        let Some(name) = url.host_str().filter(|name| !name.is_empty()) else {
            return Err(rubbish("it names no host"));
        };
        if !has_scheme && !is_likely_name(name) {
            return Err(rubbish("it does not look like an address"));
        }
        let mut origin = format!("{}://{name}", url.scheme());
        let default_port = self
            .port
            .filter(|_| url.scheme() == "http" && (!has_scheme || is_local(name)));
        if let Some(port) = url.port().or(default_port) {
            origin.push_str(&format!(":{port}"));
        }
        let path = self.without_tails(url.path());
        let path = if path.is_empty() {
            self.path.unwrap_or_default()
        } else {
            path
        };
        Ok(origin + path)
    }

    /// What goose makes of a value that is already in its settings, right or wrong.
    pub(super) fn base(&self, value: &str) -> String {
        let value = value.trim_end_matches('/');
        let value = self
            .drops
            .iter()
            .find_map(|end| value.strip_suffix(end))
            .unwrap_or(value)
            .trim_end_matches('/');
        let Some(scheme) = self.scheme.filter(|_| !value.contains("://")) else {
            return value.to_owned();
        };
        let whole = format!("{scheme}://{value}");
        let Some(port) = self.port else { return whole };
        match Url::parse(&whole) {
            Ok(url) if url.port().is_none() && url.host_str().is_some_and(is_local) => {
                format!("{whole}:{port}")
            }
            _ => whole,
        }
    }

    /// To the last of them: what is left would lose the next one when it is given again.
    fn without_tails<'a>(&self, path: &'a str) -> &'a str {
        let mut path = path.trim_end_matches('/');
        while let Some(rest) = self
            .tails
            .iter()
            .filter_map(|tail| path.strip_suffix(tail))
            .min_by_key(|rest| rest.len())
        {
            path = rest.trim_end_matches('/');
        }
        path
    }
}

/// Nobody has a certificate for a name inside the house.
pub fn likely_scheme(typed: &str) -> &'static str {
    let authority = typed.split('/').next().unwrap_or_default();
    let name = match Url::parse(&format!("http://{authority}")) {
        Ok(url) => url.host_str().unwrap_or_default().to_owned(),
        Err(_) => return "https",
    };
    let is_inside = is_local(&name) || !name.contains('.') || address(&name).is_some();
    if is_inside { "http" } else { "https" }
}

pub fn is_likely_name(name: &str) -> bool {
    address(name).is_some()
        || name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

pub fn is_local(name: &str) -> bool {
    name == "localhost" || address(name).is_some_and(|address| address.is_loopback())
}

/// What is sent to this address is not encrypted, and leaves this machine and the house.
pub fn is_readable_by_others(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let is_near =
        |name: &str| is_local(name) || (!name.contains('.') && self::address(name).is_none());
    url.scheme() == "http" && !url.host_str().is_some_and(is_near)
}

fn address(name: &str) -> Option<IpAddr> {
    name.trim_matches(['[', ']']).parse().ok()
}

fn rubbish(reason: &str) -> Error {
    Error::usage(
        format!("the host cannot be used: {reason}"),
        "give --host an address such as https://proxy.example.com",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use proptest::prelude::*;

    use super::super::find;
    use super::is_readable_by_others;
    use crate::error::Exit;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_typed_gives_an_address_that_stays_itself_or_none(
            typed in "\\PC{0,40}|(https?://)?[a-zA-Z0-9.:@\\[\\]-]{0,20}(/[a-z0-9/?#%. ]{0,20})?"
        ) {
            for provider in ["openai", "openrouter", "ollama", "anthropic", "litellm"] {
                let host = find(provider).unwrap().host.as_ref().unwrap();
                if let Ok(value) = host.value(&typed) {
                    let url = url::Url::parse(&value).unwrap();
                    prop_assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
                    prop_assert!(url.username().is_empty() && url.query().is_none());
                    prop_assert_eq!(host.value(&value).unwrap(), value, "{} {}", provider, typed);
                }
            }
        }
    }

    #[test]
    fn an_unencrypted_address_is_readable_unless_it_is_near() {
        for address in [
            "http://example.com",
            "http://10.0.0.1:80/v1",
            "http://[fe80::1]",
        ] {
            assert!(is_readable_by_others(address), "{address}");
        }
        for address in [
            "https://example.com",
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]:1",
            "http://gpu-box:8000",
        ] {
            assert!(!is_readable_by_others(address), "{address}");
        }
    }

    #[test]
    fn a_pasted_address_becomes_what_goose_appends_to() {
        for (provider, typed, value) in [
            (
                "openai",
                "https://proxy.example.com/",
                "https://proxy.example.com",
            ),
            (
                "openai",
                "https://proxy.example.com/v1",
                "https://proxy.example.com",
            ),
            (
                "openai",
                "https://proxy.example.com/v1/chat/completions",
                "https://proxy.example.com",
            ),
            (
                "openai",
                "https://proxy.example.com/team/v1/",
                "https://proxy.example.com/team",
            ),
            ("openai", "proxy.example.com", "https://proxy.example.com"),
            ("openai", "127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("openai", "[::1]:8080", "http://[::1]:8080"),
            (
                "openrouter",
                "https://openrouter.ai/api/v1",
                "https://openrouter.ai",
            ),
            (
                "openrouter",
                "HTTPS://OpenRouter.AI/api/v1/",
                "https://openrouter.ai",
            ),
            (
                "anthropic",
                "https://gw.example.com/anthropic/v1/messages",
                "https://gw.example.com/anthropic",
            ),
            (
                "google",
                "https://generativelanguage.googleapis.com/v1beta",
                "https://generativelanguage.googleapis.com",
            ),
            ("xai", "https://api.x.ai", "https://api.x.ai/v1"),
            ("xai", "https://api.x.ai/v1/", "https://api.x.ai/v1"),
            (
                "xai",
                "https://api.x.ai/v1/chat/completions",
                "https://api.x.ai/v1",
            ),
            ("litellm", "localhost:4000", "http://localhost:4000"),
            ("litellm", "litellm:4000/v1", "http://litellm:4000"),
            (
                "litellm",
                "https://litellm.example.com/ui-proxy",
                "https://litellm.example.com/ui-proxy",
            ),
            ("ollama", "localhost", "http://localhost:11434"),
            ("ollama", "http://localhost", "http://localhost:11434"),
            ("ollama", "gpu-box", "http://gpu-box:11434"),
            ("ollama", "http://gpu-box", "http://gpu-box"),
            (
                "ollama",
                "https://ollama.example.com",
                "https://ollama.example.com",
            ),
            (
                "ollama",
                "http://127.0.0.1:11434/api/tags",
                "http://127.0.0.1:11434",
            ),
        ] {
            let provider = find(provider).unwrap();
            assert_eq!(
                provider.host_value(typed).unwrap(),
                value,
                "{} {typed}",
                provider.id
            );
            // Said twice, it stays what it is.
            assert_eq!(
                provider.host_value(value).unwrap(),
                value,
                "{} {value}",
                provider.id
            );
        }
    }

    #[test]
    fn rubbish_is_a_usage_error() {
        for typed in [
            "",
            "   ",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://user:hunter2@example.com",
            "https://user@example.com",
            "https://",
            "https://example.com/?key=1",
            "https://example.com/#top",
            "not an address",
            "javascript:alert(1)",
            "http://exa mple.com",
        ] {
            let error = find("openai").unwrap().host_value(typed).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{typed}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_provider_without_a_host_setting_takes_no_host() {
        for id in ["custom_deepseek", "mistral", "groq"] {
            let error = find(id)
                .unwrap()
                .host_value("https://example.com")
                .unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
        }
    }

    #[test]
    fn a_setting_is_read_as_goose_reads_it() {
        for (provider, host, base) in [
            ("openai", None, "https://api.openai.com"),
            (
                "openai",
                Some("https://proxy.example.com/v1"),
                "https://proxy.example.com/v1",
            ),
            ("xai", Some("https://api.x.ai/v1/"), "https://api.x.ai/v1"),
            ("ollama", Some("localhost"), "http://localhost:11434"),
            ("ollama", Some("myhost"), "http://myhost"),
            ("ollama", Some("127.0.0.1:9999"), "http://127.0.0.1:9999"),
            ("ollama", Some(""), "http://localhost:11434"),
            (
                "groq",
                Some("https://ignored.example.com"),
                "https://api.groq.com/openai",
            ),
        ] {
            assert_eq!(find(provider).unwrap().base_url(host), base);
        }
    }
}
