//! An address as somebody pasted it, taken apart; and what goose makes of the one that is written for it.

use url::Url;

use crate::catalog;
use crate::error::{Error, Result};
use crate::goose::custom::Engine;
use crate::secret::is_name_of_secret;

/// Ends of an address that name one function of an API, with what they tell of the API; longer ones first.
const TAILS: [(&str, Option<Engine>); 15] = [
    ("/v1/messages/count_tokens", Some(Engine::Anthropic)),
    ("/v1/messages", Some(Engine::Anthropic)),
    ("/messages", Some(Engine::Anthropic)),
    ("/chat/completions", Some(Engine::Openai)),
    ("/completions", Some(Engine::Openai)),
    ("/responses", Some(Engine::Openai)),
    ("/embeddings", Some(Engine::Openai)),
    ("/models", None),
    ("/api/generate", Some(Engine::Ollama)),
    ("/api/version", Some(Engine::Ollama)),
    ("/api/chat", Some(Engine::Ollama)),
    ("/api/tags", Some(Engine::Ollama)),
    ("/api/show", Some(Engine::Ollama)),
    ("/api/ps", Some(Engine::Ollama)),
    ("/api", None),
];

/// Where servers keep an API in the style of OpenAI's when only their host is known; the usual place first.
const OPENAI_PLACES: [&str; 6] = ["/v1", "", "/api/v1", "/openai/v1", "/v1beta/openai", "/api"];
const ANTHROPIC_PLACES: [&str; 2] = ["", "/anthropic"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and port.
    pub origin: String,
    /// The path up to where the API begins, without a slash at its end.
    prefix: String,
    /// A function of the API was pasted along, so `prefix` is exactly what its paths hang on.
    is_exact: bool,
    pub query: Option<String>,
    /// What the pasted function tells.
    pub hint: Option<Engine>,
    /// The scheme was not typed.
    pub is_scheme_guessed: bool,
}

impl Endpoint {
    pub fn parse(typed: &str) -> Result<Self> {
        let typed = typed.trim().trim_matches(['<', '>', '"', '\'', '`']).trim();
        if catalog::is_key(typed) {
            return Err(Error::usage(
                "that is an API key where an address belongs",
                "give the address, and the key when asked or by --key-stdin; this one now stands in your shell's history",
            ));
        }
        let is_scheme_guessed = !typed.contains("://");
        let whole = if is_scheme_guessed {
            format!("{}://{typed}", catalog::likely_scheme(typed))
        } else {
            typed.to_owned()
        };
        let url = Url::parse(&whole).map_err(|reason| rubbish(&reason.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(rubbish("only http and https are spoken"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::usage(
                "the address holds a user name or a password, which would stand in plain text in goose's file",
                "leave `user:password@` out; where the server takes a token instead, give that with --key-stdin",
            ));
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(rubbish("it names no host"));
        };
        if is_scheme_guessed && !catalog::is_likely_name(host) {
            return Err(rubbish("it does not look like one"));
        }
        let holds_secret = url
            .query_pairs()
            .any(|(name, value)| is_name_of_secret(&name) || catalog::is_key(&value));
        if holds_secret || url.path().split('/').any(catalog::is_key) {
            return Err(Error::usage(
                "the address holds a key, which would stand in plain text in goose's file",
                "leave it out of the address and give it with --key-stdin",
            ));
        }
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let path = url.path().trim_end_matches('/');
        let tail = TAILS.iter().find(|(tail, _)| path.ends_with(tail));
        Ok(Self {
            origin: format!("{}://{host}{port}", url.scheme()),
            prefix: tail
                .and_then(|(tail, _)| path.strip_suffix(tail))
                .unwrap_or(path)
                .trim_end_matches('/')
                .to_owned(),
            is_exact: tail.is_some_and(|(tail, _)| *tail != "/api"),
            query: url
                .query()
                .filter(|query| !query.is_empty())
                .map(str::to_owned),
            hint: tail.and_then(|(_, engine)| *engine),
            is_scheme_guessed,
        })
    }

    /// The same address with the other scheme, for when the guess was wrong.
    pub fn with_other_scheme(&self) -> Self {
        let (scheme, rest) = match self.origin.strip_prefix("https://") {
            Some(rest) => ("http", rest),
            None => ("https", self.origin.trim_start_matches("http://")),
        };
        Self {
            origin: format!("{scheme}://{rest}"),
            is_scheme_guessed: false,
            ..self.clone()
        }
    }

    /// Host and port: what a person would call it who has no better name.
    pub fn host(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(&*self.origin, |(_, host)| host)
    }

    /// A key on its way there can be read by everybody between.
    pub fn is_readable_by_others(&self) -> bool {
        catalog::is_readable_by_others(&self.origin)
    }

    /// Where an API of this kind may be, the likeliest first.
    pub fn bases(&self, engine: Engine) -> Vec<String> {
        let prefix = self.prefix.as_str();
        let mut paths: Vec<String> = Vec::new();
        match engine {
            Engine::Openai if prefix.is_empty() && !self.is_exact => {
                paths.extend(OPENAI_PLACES.map(str::to_owned));
            }
            Engine::Openai if ends_in_version(prefix) => paths.push(prefix.into()),
            Engine::Openai if self.is_exact && self.hint == Some(Engine::Openai) => {
                paths.extend([prefix.into(), format!("{prefix}/v1")]);
            }
            Engine::Openai => paths.extend([format!("{prefix}/v1"), prefix.into(), "/v1".into()]),
            Engine::Anthropic if prefix.is_empty() => {
                paths.extend(ANTHROPIC_PLACES.map(str::to_owned));
            }
            Engine::Anthropic => paths.extend([without_version(prefix).to_owned(), String::new()]),
            Engine::Ollama => paths.extend([without_version(prefix).to_owned(), String::new()]),
        }
        let mut bases = Vec::new();
        for path in paths {
            let base = format!("{}{path}", self.origin);
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
        bases
    }

    /// The likeliest of them.
    pub fn first_base(&self, engine: Engine) -> String {
        let mut bases = self.bases(engine).into_iter();
        bases.next().unwrap_or_else(|| self.origin.clone())
    }

    /// An address of a function below `base`, with the query where goose would send it.
    pub fn url(&self, engine: Engine, base: &str, path: &str) -> String {
        match &self.query {
            Some(query) if engine == Engine::Openai => format!("{base}{path}?{query}"),
            _ => format!("{base}{path}"),
        }
    }

    /// The value of `base_url` for which goose calls the API at `base`.
    pub fn base_url(&self, engine: Engine, base: &str) -> String {
        match engine {
            Engine::Openai if ends_in_version(base) => self.url(engine, base, ""),
            Engine::Openai => self.url(engine, base, "/chat/completions"),
            Engine::Anthropic | Engine::Ollama => base.to_owned(),
        }
    }
}

/// Where goose 1.52.0 lists models for this `base_url`, as seen on the wire.
pub fn models_url(engine: Engine, base_url: &str) -> String {
    let (address, query) = match base_url.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (base_url, String::new()),
    };
    let address = address.trim_end_matches('/');
    let whole = if address.contains("://") {
        address.to_owned()
    } else {
        format!("{}://{address}", catalog::likely_scheme(address))
    };
    match engine {
        Engine::Openai => {
            if let Some(base) = whole.strip_suffix("/chat/completions") {
                format!("{base}/models{query}")
            } else if ends_in_version(&whole) {
                format!("{whole}/models{query}")
            } else {
                format!("{whole}/v1/models{query}")
            }
        }
        Engine::Anthropic => format!("{whole}/v1/models"),
        Engine::Ollama => format!("{whole}/api/tags"),
    }
}

/// goose appends `/v1` to everything that does not end in `v` and digits.
fn ends_in_version(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn without_version(path: &str) -> &str {
    path.strip_suffix("/v1").unwrap_or(path)
}

fn rubbish(reason: &str) -> Error {
    Error::usage(
        format!("the address cannot be used: {reason}"),
        "give one such as https://llm.example.com/v1",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::error::Exit;

    fn first(typed: &str, engine: Engine) -> String {
        let endpoint = Endpoint::parse(typed).unwrap();
        endpoint.base_url(engine, &endpoint.first_base(engine))
    }

    #[test]
    fn whatever_is_pasted_goose_is_told_where_the_api_begins() {
        for (typed, engine, told) in [
            (
                "llm.example.com",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/v1",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/v1/",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/v4",
                Engine::Openai,
                "https://llm.example.com/v4",
            ),
            (
                "https://llm.example.com/v1/chat/completions",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/v1/models",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/team",
                Engine::Openai,
                "https://llm.example.com/team/v1",
            ),
            (
                "https://llm.example.com/api/chat/completions",
                Engine::Openai,
                "https://llm.example.com/api/chat/completions",
            ),
            (
                "https://llm.example.com/openai/v1?api-version=2024-10-21",
                Engine::Openai,
                "https://llm.example.com/openai/v1?api-version=2024-10-21",
            ),
            ("127.0.0.1:8080", Engine::Openai, "http://127.0.0.1:8080/v1"),
            ("[::1]:8080/v1", Engine::Openai, "http://[::1]:8080/v1"),
            (
                "http://gpu-box:8000/v1#top",
                Engine::Openai,
                "http://gpu-box:8000/v1",
            ),
            (
                "<HTTPS://LLM.Example.com:443/v1>",
                Engine::Openai,
                "https://llm.example.com/v1",
            ),
            (
                "https://llm.example.com/v1/messages",
                Engine::Anthropic,
                "https://llm.example.com",
            ),
            (
                "https://llm.example.com/v1",
                Engine::Anthropic,
                "https://llm.example.com",
            ),
            (
                "https://llm.example.com/anthropic/v1",
                Engine::Anthropic,
                "https://llm.example.com/anthropic",
            ),
            (
                "localhost:11434/api/tags",
                Engine::Ollama,
                "http://localhost:11434",
            ),
            (
                "http://localhost:11434/v1",
                Engine::Ollama,
                "http://localhost:11434",
            ),
            (
                "http://localhost:11434/api",
                Engine::Ollama,
                "http://localhost:11434",
            ),
        ] {
            assert_eq!(first(typed, engine), told, "{typed}");
        }
    }

    #[test]
    fn goose_lists_models_where_it_was_seen_to() {
        for (engine, base_url, models) in [
            (Engine::Openai, "http://x", "http://x/v1/models"),
            (Engine::Openai, "http://x/v1/", "http://x/v1/models"),
            (Engine::Openai, "http://x/api/v2", "http://x/api/v2/models"),
            (
                Engine::Openai,
                "http://x/v1beta",
                "http://x/v1beta/v1/models",
            ),
            (Engine::Openai, "http://x/V1", "http://x/V1/v1/models"),
            (
                Engine::Openai,
                "http://x/api/chat/completions",
                "http://x/api/models",
            ),
            (
                Engine::Openai,
                "http://x/api/chat/completions?a=b",
                "http://x/api/models?a=b",
            ),
            (
                Engine::Openai,
                "127.0.0.1:1/v1",
                "http://127.0.0.1:1/v1/models",
            ),
            (Engine::Anthropic, "http://x/a/", "http://x/a/v1/models"),
            (Engine::Ollama, "http://x", "http://x/api/tags"),
        ] {
            assert_eq!(models_url(engine, base_url), models);
        }
    }

    #[test]
    fn what_is_no_address_or_holds_a_secret_is_refused_without_repeating_it() {
        for typed in [
            "",
            "ftp://example.com",
            "https://",
            "not an address",
            "javascript:alert(1)",
            "https://user:hunter2@example.com/v1",
            "https://hunter2@example.com/v1",
            "https://example.com/v1?api_key=hunter2",
            "https://example.com/v1?access_token=hunter2",
            "https://example.com/sk-ant-hunter2hunter2hunter2/v1",
            "sk-or-v1-hunter2hunter2hunter2",
        ] {
            let error = Endpoint::parse(typed).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{typed}");
            assert!(!format!("{error} {}", error.action()).contains("hunter2"));
        }
    }

    #[test]
    fn only_this_machine_and_this_house_are_spoken_to_unencrypted_without_a_word() {
        for (typed, is_readable) in [
            ("http://127.0.0.1:1", false),
            ("http://[::1]:1", false),
            ("localhost:1", false),
            ("https://example.com", false),
            ("http://example.com", true),
            ("gpu-box:8000", false),
            ("http://192.168.1.5:8000", true),
        ] {
            assert_eq!(
                Endpoint::parse(typed).unwrap().is_readable_by_others(),
                is_readable,
                "{typed}"
            );
        }
    }

    #[test]
    fn a_wrong_guess_of_the_scheme_can_be_turned() {
        let endpoint = Endpoint::parse("llm.example.com:8000/v1").unwrap();
        assert!(endpoint.is_scheme_guessed);
        let other = endpoint.with_other_scheme();
        assert_eq!(
            other.bases(Engine::Openai),
            ["http://llm.example.com:8000/v1"]
        );
    }

    #[test]
    fn fuzz_any_text_is_refused_or_an_address_at_its_own_host() {
        crate::fuzz::fuzz("address", |typed| {
            let typed = String::from_utf8_lossy(typed);
            for provider in catalog::all() {
                if let Ok(value) = provider.host_value(&typed) {
                    assert_eq!(provider.host_value(&value).ok(), Some(value), "said twice");
                }
            }
            let Ok(endpoint) = Endpoint::parse(&typed) else {
                return;
            };
            for engine in [Engine::Openai, Engine::Anthropic, Engine::Ollama] {
                let bases = endpoint.bases(engine);
                assert!(!bases.is_empty());
                for base in bases {
                    for path in ["/models", "/chat/completions"] {
                        let url = Url::parse(&endpoint.url(engine, &base, path)).unwrap();
                        assert_eq!(url.origin().ascii_serialization(), endpoint.origin);
                        assert!(
                            url.username().is_empty() && url.password().is_none(),
                            "{url}"
                        );
                        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
                    }
                    models_url(engine, &endpoint.base_url(engine, &base));
                }
            }
        });
    }
}
