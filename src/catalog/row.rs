//! A row: what a person sees of a provider, what goose has to be told of it, and what is asked of it.

use serde::{Deserialize, Serialize};

use super::{Chain, Check, Form, Host, KeyForm, Models, Program, SignIn};
use crate::error::{Error, Result};
use crate::secret::Secret;

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
    /// The vendor's own line that tells whether a key or sign-in is good at all, where nothing asked here does.
    pub proof: Option<&'static str>,
    /// What else a person has to know to get an answer.
    pub note: Option<&'static str>,
    /// goose gives this one up in favour of another.
    pub replaced_by: Option<&'static str>,
    pub default_model: Option<&'static str>,
    pub check: Option<Check>,
    /// Why there is no check, where there is a reason that its owner can know.
    pub unasked: Option<&'static str>,
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
    /// Names that other programs have for the same key.
    #[serde(default)]
    pub also: Vec<&'static str>,
    /// What the provider calls it, where that is no API key.
    pub called: Option<&'static str>,
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
    /// Says which of the vendor's credentials stand in for a key.
    #[serde(default)]
    pub with_credentials: bool,
    /// The request header goose puts the value in; a check does the same.
    pub header: Option<&'static str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    pub keys: Option<&'static str>,
    pub usage: Option<&'static str>,
    pub limits: Option<&'static str>,
    pub upgrade: Option<&'static str>,
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

    /// What a person knows the secret as.
    pub fn name_of_key(&self) -> &'static str {
        self.key
            .as_ref()
            .and_then(|key| key.called)
            .unwrap_or("API key")
    }

    /// The same, where it was named before.
    pub fn key_in_short(&self) -> &'static str {
        self.key
            .as_ref()
            .and_then(|key| key.called)
            .unwrap_or("key")
    }

    /// The same with its article.
    pub fn a_key(&self) -> String {
        let word = self.key_in_short();
        let article = if word.starts_with(['a', 'A']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {word}")
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

    /// goose's setting of the address, unless `is_set` says that the other one, which outranks it in a file, is there.
    pub fn host_setting(&self, is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
        let host = self.host.as_ref()?;
        let is_outranked = host.over.as_ref().is_some_and(|over| is_set(over.setting));
        (!is_outranked).then_some(host.setting)
    }

    /// Where goose calls with this value of the host setting: what the paths of the row are appended to.
    pub fn base_url(&self, host: Option<&str>) -> String {
        match (&self.host, host.map(str::trim)) {
            (Some(row), Some(value)) if !value.is_empty() => row.base(value),
            _ => self.base.to_owned(),
        }
    }
}
