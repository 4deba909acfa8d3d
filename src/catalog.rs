//! What is known about each provider: rows of data in `templates/providers/`, compiled in and parsed on first use.

mod elsewhere;
mod form;
mod host;
mod question;
mod row;

use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::secret::Secret;

pub use elsewhere::{Chain, Page, Program, SignIn};
pub use form::{Class, Form, KeyForm};
pub use host::{Host, Over, is_likely_name, is_local, is_readable_by_others, likely_scheme};
pub use question::{AccountShape, Answer, Auth, Check, Method, ModelShape, Models};
pub use row::{Confidence, Key, Kind, KnownModel, Links, Login, Provider, Setting};

static BOOK: LazyLock<Book> = LazyLock::new(Book::read);
/// One file for each kind of way in.
const FILES: [&str; 6] = [
    include_str!("../templates/providers/well-known.json"),
    include_str!("../templates/providers/hosted.json"),
    include_str!("../templates/providers/local.json"),
    include_str!("../templates/providers/companies.json"),
    include_str!("../templates/providers/programs.json"),
    include_str!("../templates/providers/accounts.json"),
];
/// Providers of the user's own, known once goose's folder was read.
static OWN: OnceLock<Vec<Provider>> = OnceLock::new();
/// Below this likeness a suggestion would puzzle more than it helps.
const NEAR: f64 = 0.8;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct Book {
    /// Answers that mean the same from every provider.
    #[serde(default)]
    answers: Vec<Answer>,
    /// Every provider of goose 1.52.0, in the order in which they are shown.
    providers: Vec<Provider>,
}

impl Book {
    fn read() -> Self {
        let mut book = Self::default();
        // The tests prove that every file parses; a shorter book is what a broken build would have.
        for part in FILES.into_iter().filter_map(|text| Self::part(text).ok()) {
            book.answers.extend(part.answers);
            book.providers.extend(part.providers);
        }
        book.providers
            .sort_by_cached_key(|provider| (provider.rank, provider.title.to_lowercase()));
        book
    }

    fn part(text: &'static str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

pub fn all() -> &'static [Provider] {
    &BOOK.providers
}

/// Adds the user's own providers to the catalogue of this run. Only the first call counts.
pub fn take_in(own: Vec<Provider>) {
    let _ = OWN.set(own);
}

/// Every provider of the book, then the user's own.
pub fn known() -> impl Iterator<Item = &'static Provider> {
    all().iter().chain(own())
}

/// The user's own.
pub fn own() -> impl Iterator<Item = &'static Provider> {
    OWN.get().into_iter().flatten()
}

/// goose itself knows a provider of this id.
pub fn is_goose_id(id: &str) -> bool {
    all().iter().any(|provider| provider.id == id)
}

/// The row of this very id.
pub fn by_id(id: &str) -> Option<&'static Provider> {
    known().find(|provider| provider.id == id)
}

pub fn common_answers() -> &'static [Answer] {
    &BOOK.answers
}

/// The provider of that id or usual name, in any case.
pub fn find(name: &str) -> Result<&'static Provider> {
    let wanted = name.trim().to_lowercase();
    known()
        .find(|provider| provider.names().any(|name| name == wanted))
        .ok_or_else(|| {
            let near = near_names(&wanted);
            let action = if near.is_empty() {
                "`goose-setup providers` lists them all".to_owned()
            } else {
                format!(
                    "did you mean {}? `goose-setup providers` lists them all",
                    near.join(" or ")
                )
            };
            Error::usage(format!("there is no provider `{wanted}`"), action)
        })
}

/// Whose key this is, where its beginning tells.
pub fn owner_of_key(key: &Secret) -> Option<&'static Provider> {
    all()
        .iter()
        .filter_map(|provider| {
            let longest = provider
                .forms()
                .iter()
                .filter(|form| form.distinctive && key.expose().starts_with(form.prefix))
                .map(|form| form.prefix.len())
                .max()?;
            Some((longest, provider))
        })
        .max_by_key(|(longest, _)| *longest)
        .map(|(_, provider)| provider)
}

/// Whether this text is a key, by its form: a name or a part of an address may well begin like one.
pub fn is_key(text: &str) -> bool {
    let key = Secret::stored(text);
    let mut forms = all().iter().flat_map(Provider::forms);
    forms.any(|form| form.distinctive && form.resembles(&key))
}

fn near_names(wanted: &str) -> Vec<&'static str> {
    let mut near: Vec<(f64, &str)> = known()
        .filter_map(|provider| {
            let likeness = provider
                .names()
                .map(|name| strsim::jaro_winkler(name, wanted))
                .fold(0.0, f64::max);
            (likeness >= NEAR).then_some((likeness, provider.id))
        })
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::collections::HashSet;

    use super::*;

    fn key(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    #[test]
    fn every_row_parses() {
        let rows: usize = FILES
            .into_iter()
            .map(|text| Book::part(text).unwrap().providers.len())
            .sum();
        assert_eq!(rows, all().len());
        assert_eq!(rows, 83);
    }

    #[test]
    fn every_row_accepts_its_own_sample() {
        for provider in all() {
            let Some(row) = &provider.key else { continue };
            let sample = key(row.sample);
            assert_ne!(provider.form_of(&sample), Form::Unusual, "{}", provider.id);
            assert_eq!(provider.refusal_of(&sample), None, "{}", provider.id);
            if let Some(owner) = owner_of_key(&sample) {
                assert_eq!(owner.id, provider.id);
            }
        }
    }

    #[test]
    fn no_name_and_no_distinctive_prefix_belongs_to_two_rows() {
        let mut names = HashSet::new();
        let mut prefixes = HashSet::new();
        for provider in all() {
            for name in provider.names() {
                assert!(names.insert(name), "{name}");
                assert_eq!(name, name.to_lowercase());
            }
            for form in provider.forms().iter().filter(|form| form.distinctive) {
                assert!(prefixes.insert(form.prefix), "{}", form.prefix);
                assert!(form.prefix.len() >= 3, "{}", form.prefix);
            }
        }
    }

    #[test]
    fn every_address_is_https_or_local() {
        for provider in all() {
            let links = &provider.links;
            let pages = [links.keys, links.usage, links.limits, links.upgrade];
            let page = provider.key.as_ref().and_then(|key| key.page);
            let login = provider.login.as_ref();
            let login = login.map(|login| [login.authorize, login.exchange]);
            for url in pages
                .into_iter()
                .flatten()
                .chain(page)
                .chain(login.into_iter().flatten())
            {
                assert!(url.starts_with("https://"), "{url}");
            }
            let base = provider.base;
            assert!(
                base.is_empty()
                    || base.starts_with("https://")
                    || base.starts_with("http://localhost"),
                "{base}"
            );
            assert!(!base.ends_with('/'), "{base}");
        }
    }

    #[test]
    fn every_answer_is_written_the_way_it_is_compared() {
        let rows = all().iter().filter_map(|provider| provider.check.as_ref());
        for answer in common_answers()
            .iter()
            .chain(rows.flat_map(|check| &check.answers))
        {
            let text = answer.contains.unwrap_or_default();
            assert_eq!(text, text.to_lowercase());
            let is_compared = answer.value.is_some() != answer.at_most.is_some();
            assert_eq!(answer.pointer.is_some(), is_compared);
            for said in [answer.detail, answer.action].into_iter().flatten() {
                assert!(!said.ends_with('.'), "{said}");
                assert!(
                    !said.starts_with(|c: char| c.is_ascii_uppercase()),
                    "{said}"
                );
            }
        }
    }

    #[test]
    fn usual_names_find_goose_ids() {
        for (name, id) in [
            ("openrouter", "openrouter"),
            ("DeepSeek", "custom_deepseek"),
            ("custom_deepseek", "custom_deepseek"),
            ("gemini", "google"),
            ("GROK", "xai"),
            (" claude ", "anthropic"),
        ] {
            assert_eq!(find(name).unwrap().id, id);
        }
    }

    #[test]
    fn an_unknown_name_suggests_near_ones() {
        let error = find("opnrouter").unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        assert!(error.action().contains("openrouter"), "{}", error.action());
        let error = find("zzz").unwrap_err();
        assert!(!error.action().contains("did you mean"));
    }

    #[test]
    fn a_distinctive_key_names_its_owner() {
        for (text, owner) in [
            ("sk-or-v1-abc", Some("openrouter")),
            ("sk-ant-api03-abc", Some("anthropic")),
            ("sk-proj-abc", Some("openai")),
            ("gsk_abc", Some("groq")),
            ("xai-abc", Some("xai")),
            ("AIzaSyabc", Some("google")),
            ("sk-abc", None),
            ("0123456789abcdef0123456789abcdef", None),
        ] {
            assert_eq!(owner_of_key(&key(text)).map(|p| p.id), owner, "{text}");
        }
    }

    #[test]
    fn no_name_of_a_provider_is_taken_for_a_key() {
        for name in all().iter().flat_map(Provider::names) {
            assert!(!is_key(name), "{name}");
        }
        for row in all().iter().filter_map(|provider| provider.key.as_ref()) {
            let is_known = owner_of_key(&key(row.sample)).is_some();
            assert_eq!(is_key(row.sample), is_known, "{}", row.variable);
        }
        for word in ["hf_proxy", "hf_inference_endpoint_of_ours", "xai-mirror"] {
            assert!(!is_key(word), "{word}");
        }
    }

    #[test]
    fn a_key_that_cannot_ask_a_model_is_known_by_its_form() {
        let openai = find("openai").unwrap();
        assert!(openai.refusal_of(&key("sk-admin-abc")).is_some());
        assert!(openai.refusal_of(&key("sk-proj-abc")).is_none());
        let anthropic = find("anthropic").unwrap();
        assert!(anthropic.refusal_of(&key("sk-ant-admin01-abc")).is_some());
    }

    #[test]
    fn an_odd_form_is_unusual_and_no_more() {
        let openrouter = find("openrouter").unwrap();
        assert_eq!(openrouter.form_of(&key("sk-or-v1-short")), Form::Unusual);
        assert_eq!(openrouter.form_of(&key("hello")), Form::Unusual);
        assert_eq!(find("ollama").unwrap().form_of(&key("x")), Form::Unknown);
    }
}
