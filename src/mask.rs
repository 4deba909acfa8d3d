//! Keys that stand where they do not belong, in somebody's file or on the command line: never repeated.

use std::cmp::Reverse;
use std::ffi::OsString;

use crate::catalog;
use crate::secret::{self, Secret};

const HIDDEN: &str = "[hidden]";

/// Lines of a file as they may be shown: the same number of them, without the keys.
pub fn lines(lines: &[&str]) -> Vec<String> {
    let mut goes_on_below: Option<usize> = None;
    let mut is_next = false;
    lines
        .iter()
        .map(|line| {
            let line = line.trim_end_matches(['\r', '\n']);
            let inner = line.trim_start();
            let indent = line.len() - inner.len();
            let is_below = goes_on_below.is_some_and(|outer| inner.is_empty() || indent > outer);
            if !inner.is_empty() && (is_below || std::mem::take(&mut is_next)) {
                return format!("{}{HIDDEN}", &line[..indent]);
            }
            if !is_below {
                goes_on_below = value_of_secret(line).map(|_| indent);
            }
            is_next |= names_next(inner);
            masked(line)
        })
        .collect()
}

fn masked(line: &str) -> String {
    match value_of_secret(line) {
        Some(value) if is_empty(&line[value..]) => line.to_owned(),
        Some(value) => format!("{}{HIDDEN}", &line[..value]),
        None => {
            let line = without_logins(line);
            known_keys(&line).fold(line.clone(), |line, key| line.replace(key, HIDDEN))
        }
    }
}

/// The same line without what stands before the `@` of an address.
fn without_logins(line: &str) -> String {
    const SCHEME_END: &str = "://";
    let mut pieces = line.split(SCHEME_END);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_over = |c: char| c.is_whitespace() || "/?#\"'`".contains(c);
        let (authority, rest) = piece.split_at(piece.find(is_over).unwrap_or(piece.len()));
        shown.push_str(SCHEME_END);
        match authority.rsplit_once('@') {
            Some((_, host)) => shown.push_str(&format!("{HIDDEN}@{host}")),
            None => shown.push_str(authority),
        }
        shown.push_str(rest);
    }
    shown
}

/// Where the value begins that follows the name of a secret: `NAME: value`, `NAME=value`, `set -gx NAME value`,
/// `--name value`, and what follows `Bearer`.
fn value_of_secret(line: &str) -> Option<usize> {
    let is_set = ["set ", "setenv "]
        .iter()
        .any(|word| line.trim_start().starts_with(word));
    words(line).find_map(|(start, word)| {
        let end = start + word.len();
        let rest = &line[end..];
        let gap = rest.len() - rest.trim_start_matches(['"', '\'', ' ', '\t']).len();
        let is_scheme = ["bearer", "basic"].contains(&word.to_ascii_lowercase().as_str());
        if is_scheme && rest.starts_with(' ') && !is_empty(rest) {
            return Some(end + 1);
        }
        if !secret::is_name_of_secret(word) {
            return None;
        }
        let after = &rest[gap..];
        if after.starts_with([':', '=']) {
            let blank = usize::from(after[1..].starts_with(' '));
            return Some(end + gap + 1 + blank);
        }
        let takes_next = (is_set && gap > 0) || (word.starts_with("--") && !rest.is_empty());
        (takes_next && !is_empty(after)).then_some(end + gap)
    })
}

/// The secret itself stands in the line below: a flag in a list, or a header as a pair of name and value.
fn names_next(line: &str) -> bool {
    let bare = line.trim_end_matches(['"', '\'', ',', ' ']);
    let Some((start, last)) = words(bare).last() else {
        return false;
    };
    let before = bare[..start].trim_matches(|c: char| !c.is_ascii_alphabetic());
    start + last.len() == bare.len()
        && secret::is_name_of_secret(last)
        && (last.starts_with("--") || matches!(before, "name" | "key" | "header"))
}

/// Runs of what names are made of, with their places.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr().addr() - line.as_ptr().addr(), word))
}

fn is_empty(value: &str) -> bool {
    !value.contains(|c: char| c.is_alphanumeric())
}

/// Pieces of a text that are keys by their form.
fn known_keys(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "\"'`=,:;()[]{}<>&?/\\".contains(c))
        .filter(|piece| catalog::owner_of_key(&Secret::stored(piece)).is_some())
}

/// Keys that were typed as arguments, wherever on the command line.
pub struct Typed(Vec<Secret>);

impl Typed {
    pub fn of(arguments: &[OsString]) -> Self {
        let mut keys: Vec<String> = arguments
            .iter()
            .map(|argument| argument.to_string_lossy())
            .flat_map(|argument| {
                known_keys(&argument)
                    .flat_map(|key| {
                        // A key may hold what usually ends one.
                        let whole = argument.find(key).map(|start| &argument[start..]);
                        [Some(key), whole].into_iter().flatten()
                    })
                    // Names are compared, and repeated, in lower case.
                    .flat_map(|key| [key.to_owned(), key.to_lowercase()])
                    .collect::<Vec<_>>()
            })
            .collect();
        keys.sort_by_key(|key| Reverse(key.len()));
        Self(keys.iter().map(|key| Secret::stored(key)).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn redact(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, key| key.redact(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_giving_a_secret_its_value_shows_it() {
        for line in [
            "export MISTRAL_API_KEY=canary",
            "export MISTRAL_API_KEY=\"canary and more\"",
            "  mistral_api_key = 'canary'",
            "set -gx MISTRAL_API_KEY canary",
            "setenv MISTRAL_API_KEY canary",
            "$env.MISTRAL_API_KEY = \"canary\"",
            "MISTRAL_API_KEY: canary",
            "\"MISTRAL_API_KEY\": \"canary\",",
            "- X-Api-Key: canary",
            "    Authorization: Bearer canary",
            "headers: {Authorization: canary, Accept: json}",
            "args: [\"--api-key\", \"canary\"]",
            "- --token=canary",
            "curl -H 'Bearer canary' https://example.com",
            "uri: https://example.com/mcp?apiKey=canary",
            "db_password: canary",
            "- sk-or-v1-canary",
            "A=sk-or-v1-canary;B=c",
            "DB_URL: postgres://user:canary@h/db",
            "X_PASS: canary",
            "github_pat = canary",
            "gcp-credentials: canary",
        ] {
            let shown = lines(&[line]).concat();
            assert!(
                !shown.contains("canary") && shown.contains(HIDDEN),
                "{line}: {shown}"
            );
        }
    }

    #[test]
    fn a_secret_on_the_lines_below_its_name_is_hidden_too() {
        for text in [
            vec!["API_KEY: |", "  canary", "", "  canary"],
            vec!["API_KEY: \"a", "  canary\""],
            vec!["- --api-key", "- canary"],
            vec!["- name: X-Api-Key", "  value: canary"],
            vec!["- key: Authorization", "  value: canary"],
        ] {
            let shown = lines(&text);
            assert_eq!(shown.len(), text.len());
            assert!(!shown.concat().contains("canary"), "{shown:?}");
        }
        assert_eq!(
            lines(&["API_KEY: |", "  canary", "GOOSE_MODEL: m"]),
            ["API_KEY: |", "  [hidden]", "GOOSE_MODEL: m"]
        );
    }

    #[test]
    fn what_holds_no_secret_is_shown_as_it_is() {
        for line in [
            "GOOSE_PROVIDER: openrouter",
            "GOOSE_MAX_TOKENS: 4096",
            "OPENAI_HOST: https://llm.example.com/v1?who=me@example.com",
            "GOOSE_BYPASS: false",
            "\"api_key_env\": \"CUSTOM_X_API_KEY\",",
            "env_keys: [A_API_KEY, B_TOKEN]",
            "- A_API_KEY",
            "API_KEY:",
            "model: tokenizer-secretary",
        ] {
            assert_eq!(lines(&[line]), [line]);
        }
    }

    #[test]
    fn a_key_is_taken_out_wherever_it_was_typed() {
        let typed = |arguments: &[&str]| {
            Typed::of(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
        };
        for argument in [
            "sk-or-v1-Canary",
            "--key-env=sk-or-v1-Canary",
            "X=sk-or-v1-Canary",
            " 'sk-or-v1-Canary' ",
        ] {
            let keys = typed(&["goose-setup", argument]);
            assert_eq!(keys.redact("no `sk-or-v1-Canary`"), "no `[key]`");
            assert_eq!(keys.redact("no `sk-or-v1-canary`"), "no `[key]`");
        }
        assert_eq!(
            typed(&["sk-or-v1-a:Canary"]).redact("<sk-or-v1-a:Canary>"),
            "<[key]>"
        );
        assert!(typed(&["openrouter", "--model", "a/b:free"]).is_empty());
    }
}
