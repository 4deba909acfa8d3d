//! What is known about each provider: rows of data in `templates/providers/`, compiled in and parsed on first use.

mod elsewhere;
mod form;
mod host;

use std::sync::{LazyLock, OnceLock};

use serde::{Deserialize, Serialize};

use crate::check::verdict::{Cause, Verdict};
use crate::error::{Error, Result};
use crate::secret::Secret;

pub use elsewhere::{Chain, Program, SignIn};
pub use form::{Class, Form, KeyForm};
pub use host::{Host, is_likely_name, is_local, is_readable_by_others, likely_scheme};

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// goose's own id.
    pub id: &'static str,
    /// The smaller, the higher in lists; equal ones stand in the order of their titles.
    #[serde(default = "unranked")]
    pub rank: u8,
    pub title: &'static str,
    /// One line for the list to choose from.
    pub why: &'static str,
    pub kind: Kind,
    #[serde(default)]
    pub aliases: Vec<&'static str>,
    pub key: Option<Key>,
    pub login: Option<Login>,
    /// Where goose calls when nothing else is said, up to where the paths of `check` and `models` begin.
    #[serde(default)]
    pub base: &'static str,
    pub host: Option<Host>,
    /// goose's other settings for this provider, secret ones included.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// Another program that goose starts.
    pub program: Option<Program>,
    /// A sign-in that only goose itself can do.
    pub sign_in: Option<SignIn>,
    /// Credentials of a cloud vendor's own tools, which goose finds by itself.
    pub chain: Option<Chain>,
    /// What else a person has to know to get an answer.
    pub note: Option<&'static str>,
    /// goose gives this one up in favour of another.
    pub replaced_by: Option<&'static str>,
    pub default_model: Option<&'static str>,
    pub check: Option<Check>,
    pub models: Option<Models>,
    /// Models goose itself knows of, to choose from where the provider shows no list.
    #[serde(default)]
    pub known_models: Vec<KnownModel>,
    pub links: Links,
    /// Where these facts were read.
    pub source: &'static str,
    pub confidence: Confidence,
}

fn unranked() -> u8 {
    100
}

/// An id, and the tokens of its context where they are known.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum KnownModel {
    Sized(&'static str, u64),
    Named([&'static str; 1]),
}

impl KnownModel {
    pub fn id(&self) -> &'static str {
        match self {
            Self::Sized(id, _) | Self::Named([id]) => id,
        }
    }

    pub fn context(&self) -> Option<u64> {
        match self {
            Self::Sized(_, context) => Some(*context),
            Self::Named(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One key, the models of many makers.
    Router,
    /// A maker or host of models.
    Cloud,
    /// A proxy that somebody runs for themselves; its keys look like whatever its owner likes.
    Gateway,
    /// A server on this machine.
    Local,
    /// Another program that goose starts.
    Command,
    /// A sign-in without a key.
    Account,
}

/// How sure it is that the check is the right one to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Documented by the provider, or read alike in two programs.
    High,
    Medium,
    /// A guess, so nothing it says is proof.
    Low,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The name goose looks for, in the environment and in its store.
    pub variable: &'static str,
    /// Where a person makes one.
    pub page: Option<&'static str>,
    #[serde(default)]
    pub forms: Vec<KeyForm>,
    /// Made up, well-formed, of use to nobody.
    pub sample: &'static str,
    /// The provider can also be used without.
    #[serde(default)]
    pub optional: bool,
}

/// A sign-in in the browser that makes a key: an authorization code under a challenge of PKCE, method S256.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The page a person is sent to.
    pub authorize: &'static str,
    /// The page's parameter for the address it returns to.
    pub callback: &'static str,
    /// The parameter, of the page and of the exchange, that names the method; some know only the one.
    pub method: Option<&'static str>,
    /// More parameters of the page.
    #[serde(default)]
    pub extra: Vec<(&'static str, &'static str)>,
    /// Without an address to return to, the page shows the code.
    #[serde(default)]
    pub shows_code: bool,
    /// Where the code becomes a key.
    pub exchange: &'static str,
    #[serde(default)]
    pub headers: Vec<(&'static str, &'static str)>,
    /// JSON pointer to the key in the answer.
    pub key: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub name: &'static str,
    pub title: &'static str,
    pub default: Option<&'static str>,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub secret: bool,
    /// The request header goose puts the value in; a check does the same.
    pub header: Option<&'static str>,
}

/// The request that tells a right key from a wrong one, without a token spent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    #[serde(default)]
    pub method: Method,
    /// After the base, or a whole address, which only a key for the provider's own host is taken to.
    pub path: &'static str,
    pub auth: Auth,
    #[serde(default)]
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body of a POST.
    pub body: Option<&'static str>,
    /// JSON pointer to what a good answer always has; without one, a good answer is a list of models.
    pub expects: Option<&'static str>,
    /// The endpoint is known to refuse a wrong key.
    #[serde(default)]
    pub proves: bool,
    /// Whether it does is found out each time, with a made-up key.
    #[serde(default)]
    pub control: bool,
    /// What a good answer says about the account.
    pub account: Option<AccountShape>,
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// The command that starts the server, where it is the user's own.
    pub start: Option<&'static str>,
    /// The command that gives the server its first model.
    pub fill: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    #[default]
    Get,
    Post,
}

/// How the key travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "&'static str")]
pub enum Auth {
    None,
    Bearer,
    Header(&'static str),
    /// In a field of a form, in the body.
    Form(&'static str),
}

impl From<&'static str> for Auth {
    fn from(word: &'static str) -> Self {
        match word {
            "none" => Self::None,
            "bearer" => Self::Bearer,
            other => match other.strip_prefix("form:") {
                Some(field) => Self::Form(field),
                None => Self::Header(other),
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountShape {
    OpenrouterKey,
    DeepseekBalance,
}

/// What one kind of answer means. Every condition that is given must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Without one: any status that is an error.
    pub status: Option<u16>,
    /// Lower-case text anywhere in the body, whatever its case there.
    pub contains: Option<&'static str>,
    /// Lower-case text nowhere in the body.
    pub lacks: Option<&'static str>,
    /// JSON pointer to what must equal `value`.
    pub pointer: Option<&'static str>,
    pub value: Option<serde_json::Value>,
    /// Only believed of the provider's own host.
    #[serde(default)]
    pub own_host: bool,
    pub verdict: Verdict,
    pub cause: Option<Cause>,
    pub detail: Option<&'static str>,
    pub action: Option<&'static str>,
}

impl Answer {
    /// It asks for more than a status.
    pub fn is_specific(&self) -> bool {
        self.contains.is_some() || self.pointer.is_some()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    pub path: &'static str,
    /// Asked when `path` has no answer.
    pub also: Option<&'static str>,
    /// Where the provider lists what this very key may use.
    pub own: Option<&'static str>,
    pub auth: Auth,
    #[serde(default)]
    pub headers: Vec<(&'static str, &'static str)>,
    pub shape: ModelShape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelShape {
    Openrouter,
    Openai,
    Anthropic,
    Google,
    Mistral,
    Litellm,
    Ollama,
    Databricks,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    pub keys: Option<&'static str>,
    pub usage: Option<&'static str>,
    pub limits: Option<&'static str>,
    pub upgrade: Option<&'static str>,
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
    all().iter().chain(OWN.get().into_iter().flatten())
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

impl Provider {
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.id).chain(self.aliases.iter().copied())
    }

    pub fn forms(&self) -> &[KeyForm] {
        self.key.as_ref().map_or(&[], |key| &key.forms)
    }

    pub fn form_of(&self, key: &Secret) -> Form {
        if self.forms().is_empty() {
            return Form::Unknown;
        }
        if self.forms().iter().any(|form| form.fits(key)) {
            Form::Usual
        } else {
            Form::Unusual
        }
    }

    /// Why a key of this form can be no good here, however valid it is.
    pub fn refusal_of(&self, key: &Secret) -> Option<&'static str> {
        self.forms()
            .iter()
            .filter(|form| key.expose().starts_with(form.prefix))
            .max_by_key(|form| form.prefix.len())?
            .refused
    }

    /// The value of goose's host setting for what a person typed or pasted.
    pub fn host_value(&self, typed: &str) -> Result<String> {
        match &self.host {
            Some(host) => host.value(typed),
            None => Err(Error::usage(
                format!(
                    "goose always calls {} at its own address, so --host has no effect",
                    self.title
                ),
                "leave --host out",
            )),
        }
    }

    /// Where goose calls with this value of the host setting: what the paths of the row are appended to.
    pub fn base_url(&self, host: Option<&str>) -> String {
        match (&self.host, host.map(str::trim)) {
            (Some(row), Some(value)) if !value.is_empty() => row.base(value),
            _ => self.base.to_owned(),
        }
    }
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
            assert_eq!(answer.pointer.is_some(), answer.value.is_some());
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
