//! What a provider's keys look like.

use serde::Deserialize;

use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Usual,
    /// Worth a warning, never a refusal: forms change without notice.
    Unusual,
    /// Nothing is known of this provider's keys.
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyForm {
    pub prefix: &'static str,
    /// Length after the prefix.
    pub min: usize,
    pub max: usize,
    pub class: Class,
    /// No other provider's keys begin like this.
    #[serde(default)]
    pub distinctive: bool,
    /// Why such a key can be no good for goose.
    pub refused: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Lower-case hexadecimal digits.
    Hex,
    Alphanumeric,
    LowerAlphanumeric,
    /// Letters, digits and `-`, `_`, `.`.
    Token,
    /// Letters, digits and `+`, `/`, `=`, `-`, `_`.
    Base64,
}

/// Less is no key, whatever it begins with.
const SHORTEST: usize = 16;

impl KeyForm {
    /// The prefix, and enough behind it that could be the rest of a key, if not of today's length.
    pub fn resembles(&self, key: &Secret) -> bool {
        key.expose().strip_prefix(self.prefix).is_some_and(|rest| {
            rest.len() >= self.min.min(SHORTEST) && rest.chars().all(|c| self.class.has(c))
        })
    }

    pub fn fits(&self, key: &Secret) -> bool {
        key.expose().strip_prefix(self.prefix).is_some_and(|rest| {
            (self.min..=self.max).contains(&rest.len()) && rest.chars().all(|c| self.class.has(c))
        })
    }
}

impl Class {
    fn has(self, c: char) -> bool {
        match self {
            Self::Hex => c.is_ascii_digit() || ('a'..='f').contains(&c),
            Self::Alphanumeric => c.is_ascii_alphanumeric(),
            Self::LowerAlphanumeric => c.is_ascii_digit() || c.is_ascii_lowercase(),
            Self::Token => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
            Self::Base64 => c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_'),
        }
    }
}
