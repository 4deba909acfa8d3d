//! The questions of a row: which request proves a key, which lists models, and what the answers mean.

use serde::Deserialize;

use crate::verdict::{Cause, Verdict};

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
    /// What starts the server, where it is the user's own: a whole instruction.
    pub start: Option<&'static str>,
    /// What gives the server its first model: a whole instruction.
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
    /// JSON pointer to what must equal `value` or be `at_most` so much.
    pub pointer: Option<&'static str>,
    pub value: Option<serde_json::Value>,
    /// A number, also one written as text; or several, each of which must.
    pub at_most: Option<f64>,
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
