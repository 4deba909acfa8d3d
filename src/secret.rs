//! A key, and the only ways it may leave memory.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A line typed at a terminal is cut at this many bytes without a word, so a key that long cannot be trusted.
const TERMINAL_LINE_LIMIT: usize = 4095;

/// An API key. It has no `Display`, no `Serialize`, no `PartialEq`, and its `Debug` shows nothing.
///
/// ```
/// let key = goose_setup::secret::Secret::stored("sk-1");
/// assert_eq!(format!("{key:?}"), "Secret");
/// ```
///
/// It cannot be printed,
///
/// ```compile_fail,E0277
/// let key = goose_setup::secret::Secret::stored("sk-1");
/// println!("{key}");
/// ```
///
/// or serialised,
///
/// ```compile_fail,E0277
/// let key = goose_setup::secret::Secret::stored("sk-1");
/// serde_json::to_string(&key);
/// ```
///
/// or compared by accident.
///
/// ```compile_fail,E0369
/// let key = goose_setup::secret::Secret::stored("sk-1");
/// key == key;
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the key is empty")]
    Empty,
    #[error("the key has a blank or control character inside")]
    InnerBlank,
    #[error("the key is {TERMINAL_LINE_LIMIT} bytes or longer, so it may have been cut off")]
    TooLong,
}

impl Secret {
    /// Takes what a person pasted or a file held and gives the key in it.
    ///
    /// Every source goes through here: outer blanks, terminal paste marks, `[export] NAME=`, one pair of quotes and
    /// zero-width characters go away; anything else that a key cannot hold is refused.
    pub fn parse(raw: &str) -> Result<Self, Malformed> {
        let visible: Zeroizing<String> = Zeroizing::new(
            raw.replace("\u{1b}[200~", "")
                .replace("\u{1b}[201~", "")
                .chars()
                .filter(|c| !is_zero_width(*c))
                .collect(),
        );
        let mut key = visible.trim();
        if let Some(value) = assigned_value(key) {
            key = value.trim();
        }
        key = unquoted(key).trim();
        if key.is_empty() {
            return Err(Malformed::Empty);
        }
        if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Malformed::InnerBlank);
        }
        if key.len() >= TERMINAL_LINE_LIMIT {
            return Err(Malformed::TooLong);
        }
        Ok(Self::stored(key))
    }

    /// A value that is already in a store, taken as it is.
    pub fn stored(value: &str) -> Self {
        Self(SecretString::from(value))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Enough to tell keys apart, too little to use: the first 8 hex digits of the SHA-256.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.expose().as_bytes())
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    pub fn is_same_as(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }

    /// `text` with every occurrence of this key replaced, for text that came from outside.
    pub fn redact(&self, text: &str) -> String {
        if self.expose().is_empty() {
            return text.to_owned();
        }
        text.replace(self.expose(), "[key]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A name under which people keep what nobody else shall see: of a variable, a setting, a header or a query parameter.
pub fn is_name_of_secret(name: &str) -> bool {
    const ALONE: [&str; 6] = ["key", "auth", "sig", "pass", "pwd", "pat"];
    const ENDS: [&str; 12] = [
        "apikey",
        "accesskey",
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "credential",
        "credentials",
        "authorization",
        "signature",
        "cookie",
    ];
    let name = name.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    ALONE.contains(&last) || ENDS.iter().any(|end| last.ends_with(end))
}

/// The value of `NAME=value` or `export NAME=value`, where NAME is a shell variable name.
fn assigned_value(text: &str) -> Option<&str> {
    let text = text.strip_prefix("export ").unwrap_or(text).trim_start();
    let (name, value) = text.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    // A key that merely ends in `=` padding is no assignment.
    (is_name && !value.is_empty() && !value.chars().all(|c| c == '=')).then_some(value)
}

fn unquoted(text: &str) -> &str {
    ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_pasted_gives_a_key_that_can_be_sent_or_none(
            raw in "\\PC{0,60}|[\u{0}-\u{20}\"'`=A-Za-z\u{200b}\u{feff}\u{1b}]{0,60}"
        ) {
            if let Ok(key) = Secret::parse(&raw) {
                let key = key.expose();
                prop_assert!(!key.is_empty() && key.len() < TERMINAL_LINE_LIMIT);
                prop_assert!(!key.chars().any(|c| c.is_whitespace() || c.is_control() || is_zero_width(c)));
                prop_assert!(raw.replace(is_zero_width, "").contains(key), "it was not in what was pasted");
            }
        }

        #[test]
        fn a_key_survives_every_wrapping(key in "[a-z][A-Za-z0-9_.=+/-]{0,80}", left in "[ \t\r\n\u{feff}]{0,4}", right in "[ \t\r\n]{0,4}") {
            for raw in [
                format!("{left}{key}{right}"),
                format!("{left}\"{key}\"{right}"),
                format!("{left}export SOME_KEY='{key}'{right}"),
                format!("{left}SOME_KEY={key}{right}"),
            ] {
                let parsed = Secret::parse(&raw).unwrap();
                prop_assert_eq!(parsed.expose(), key.as_str());
            }
        }
    }

    #[test]
    fn every_way_of_pasting_gives_the_same_key() {
        for raw in [
            "sk-or-v1-abc",
            "  sk-or-v1-abc\n",
            "sk-or-v1-abc\r\n",
            "\"sk-or-v1-abc\"",
            "'sk-or-v1-abc'",
            "OPENROUTER_API_KEY=sk-or-v1-abc",
            "export OPENROUTER_API_KEY='sk-or-v1-abc'",
            "  export OPENROUTER_API_KEY=\"sk-or-v1-abc\"  ",
            "\u{1b}[200~sk-or-v1-abc\u{1b}[201~",
            "\u{feff}sk-or\u{200b}-v1-abc",
        ] {
            assert_eq!(
                Secret::parse(raw).unwrap().expose(),
                "sk-or-v1-abc",
                "{raw:?}"
            );
        }
    }

    #[test]
    fn a_key_that_only_looks_like_an_assignment_is_kept_whole() {
        for raw in ["abcDEF==", "ABC==", "aB=cd", "sk-1=2"] {
            assert_eq!(Secret::parse(raw).unwrap().expose(), raw);
        }
    }

    #[test]
    fn a_name_tells_whether_it_holds_a_secret_in_any_case() {
        for name in [
            "MISTRAL_API_KEY",
            "mistral_api_key",
            "X-Api-Key",
            "apiKey",
            "AWS_SECRET_ACCESS_KEY",
            "AZURE_KEY",
            "HF_TOKEN",
            "accessToken",
            "CLIENT_SECRET",
            "PASSWORD",
            "DB_PASSWORD",
            "Authorization",
            "Proxy-Authorization",
            "sig",
            "\"HF_TOKEN\"",
        ] {
            assert!(is_name_of_secret(name), "{name}");
        }
        for name in [
            "GOOSE_MODEL",
            "GOOSE_MAX_TOKENS",
            "GOOSE_DISABLE_KEYRING",
            "api_key_env",
            "AWS_ACCESS_KEY_ID",
            "monkey",
            "OPENROUTER_PARAMETERS",
            "",
        ] {
            assert!(!is_name_of_secret(name), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_with_its_reason() {
        for (raw, reason) in [
            ("", Malformed::Empty),
            (" \n", Malformed::Empty),
            ("''", Malformed::Empty),
            ("sk abc", Malformed::InnerBlank),
            ("sk\u{7}abc", Malformed::InnerBlank),
            ("sk-a\nsk-b", Malformed::InnerBlank),
        ] {
            assert_eq!(Secret::parse(raw).unwrap_err(), reason, "{raw:?}");
        }
        assert_eq!(
            Secret::parse(&"k".repeat(4095)).unwrap_err(),
            Malformed::TooLong
        );
        assert!(Secret::parse(&"k".repeat(4094)).is_ok());
    }

    #[test]
    fn debug_output_shows_nothing_of_the_key() {
        let secret = Secret::parse("sk-or-v1-abc").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.fingerprint().len(), 8);
        assert_eq!(secret.redact("no sk-or-v1-abc here"), "no [key] here");
    }

    #[test]
    fn fuzz_whatever_is_pasted_gives_a_key_that_can_be_sent_or_none() {
        crate::fuzz::fuzz("key", |raw| {
            let raw = String::from_utf8_lossy(raw);
            let Ok(key) = Secret::parse(&raw) else { return };
            let key = key.expose();
            assert!(!key.is_empty() && key.len() < TERMINAL_LINE_LIMIT);
            assert!(
                !key.chars()
                    .any(|c| c.is_whitespace() || c.is_control() || is_zero_width(c))
            );
            let shown = Secret::stored(key).redact(&format!("{key} and <{key}>{key}"));
            assert!(key.len() < 3 || !shown.contains(key), "{shown}");
        });
    }
}
