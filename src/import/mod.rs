//! Keys that are on this machine already, in the environment and in the files of other tools. Only read, never changed.

mod assignment;
mod crushrc;
mod owner;
pub mod tools;

use crate::catalog::{self, Provider};
use crate::env::Env;
use crate::error::Result;
use crate::fsio;
use crate::goose::env_value;
use crate::secret::Secret;
use crate::secrets::StoreKind;
use crate::state::State;
use crate::view;

/// A key, whose it is, and every place it was found in.
pub struct Found {
    pub provider: &'static Provider,
    /// The name goose looks for.
    pub variable: &'static str,
    pub key: Secret,
    pub places: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What `--from` takes.
    pub source: &'static str,
    /// A variable, or a path with its line.
    pub at: String,
    /// It can be read in a file.
    pub is_plain_text: bool,
}

/// Everything found, in the order of the catalogue, each key once.
pub struct Haul {
    pub found: Vec<Found>,
    /// What was seen and left alone, and why; no word of it is a key.
    pub left: Vec<String>,
}

/// What a file or variable calls a key.
enum Name<'a> {
    /// An environment variable.
    Variable(&'a str),
    /// A tool's own word for a provider, and the address it is meant for, where that is said.
    Provider(&'a str, Option<&'a str>),
}

impl Found {
    /// Every place, in words.
    pub fn places(&self) -> String {
        let places: Vec<&str> = self.places.iter().map(|place| &*place.at).collect();
        places.join(", ")
    }

    /// What is to be said of copies that anybody can read, once goose has the key.
    pub fn copies(&self) -> impl Iterator<Item = String> {
        let plain = self.places.iter().filter(|place| place.is_plain_text);
        plain.map(|place| {
            format!(
                "the key of {} still stands in plain text at {}; take it out there once nothing else needs it",
                self.provider.title, place.at
            )
        })
    }
}

/// Everything, goose's other store included.
pub fn look(env: &Env, state: &State) -> Result<Haul> {
    let mut haul = around(env);
    other_store(env, state, &mut haul)?;
    haul.sort();
    Ok(haul)
}

/// What the environment and the files of other tools hold. No store is asked, so no keychain opens a dialog.
pub fn around(env: &Env) -> Haul {
    let mut haul = Haul {
        found: Vec::new(),
        left: Vec::new(),
    };
    for name in env.names().map(str::to_owned).collect::<Vec<_>>() {
        // As goose reads it: quotes around an all-digit key are no part of it.
        let value = env
            .filled(&name)
            .and_then(|text| env_value::as_text(&name, text));
        if let Some(value) = value {
            let place = Place {
                source: "environment",
                at: format!("${name}"),
                is_plain_text: false,
            };
            haul.take(&Name::Variable(&name), &value, place);
        }
    }
    let mut read = Vec::new();
    for file in tools::files(env) {
        // A file that cannot be read is not ours to complain about.
        let Ok(snapshot) = fsio::read(&file.path) else {
            continue;
        };
        // In the home directory, `.env` here and `.env` at home are one.
        let twin = (
            file.path.file_name().map(ToOwned::to_owned),
            snapshot.bytes.clone(),
        );
        if read.contains(&twin) {
            continue;
        }
        read.push(twin);
        let Some(text) = snapshot
            .bytes
            .as_deref()
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
        else {
            continue;
        };
        let is_read = file.kind.read(text, &mut |name, value| {
            let place = Place {
                source: file.source,
                at: format!("{}{}", view::path(&file.path, env), line_of(text, value)),
                is_plain_text: true,
            };
            haul.take(&name, value, place);
        });
        if !is_read {
            haul.left.push(format!(
                "{} does not parse, so nothing in it was looked at",
                view::path(&file.path, env)
            ));
        }
    }
    haul.sort();
    haul
}

/// Keys in the one of goose's stores that goose does not read.
fn other_store(env: &Env, state: &State, haul: &mut Haul) -> Result<()> {
    let seen = state.secrets()?;
    let (other, source, at) = match seen.read_from() {
        Some(StoreKind::Keychain) => (
            StoreKind::File,
            "goose-file",
            view::path(&state.paths.secrets, env),
        ),
        _ => (
            StoreKind::Keychain,
            "goose-keychain",
            "goose's keychain item".to_owned(),
        ),
    };
    for provider in catalog::known() {
        let Some(variable) = provider.key.as_ref().map(|key| key.variable) else {
            continue;
        };
        if let Some(key) = seen.secret_in(other, variable) {
            haul.add(
                provider,
                key,
                Place {
                    source,
                    at: at.clone(),
                    is_plain_text: other == StoreKind::File,
                },
            );
        }
    }
    Ok(())
}

impl Haul {
    fn sort(&mut self) {
        let order = |id: &str| catalog::known().position(|provider| provider.id == id);
        self.found.sort_by_key(|found| order(found.provider.id));
    }

    fn take(&mut self, name: &Name<'_>, value: &str, place: Place) {
        if is_reference(value) {
            return;
        }
        let Ok(key) = Secret::parse(value) else {
            return;
        };
        match owner::of(name, &key) {
            owner::Owner::Provider(provider) => self.add(provider, key, place),
            owner::Owner::OtherAddress => self.left.push(format!(
                "the key at {} is for an address of its own: set that up with `goose-setup custom`",
                place.at
            )),
            owner::Owner::Nobody => {}
        }
    }

    fn add(&mut self, provider: &'static Provider, key: Secret, place: Place) {
        let Some(variable) = provider.key.as_ref().map(|key| key.variable) else {
            return;
        };
        let known = self
            .found
            .iter_mut()
            .find(|found| found.provider.id == provider.id && found.key.is_same_as(&key));
        match known {
            Some(found) if found.places.contains(&place) => {}
            Some(found) => found.places.push(place),
            None => self.found.push(Found {
                provider,
                variable,
                key,
                places: vec![place],
            }),
        }
    }
}

/// Not a key but where to find one, or a hint to put one there.
fn is_reference(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_lowercase();
    [
        "$",
        "`",
        "<",
        "{env:",
        "{file:",
        "os.environ/",
        "op://",
        "(",
        "%",
    ]
    .iter()
    .any(|start| value.starts_with(start))
        || ["...", "your-", "your_", "change-me", "changeme"]
            .iter()
            .any(|part| lower.contains(part))
        || is_crossed_out(&lower)
}

/// `sk-xxxxxxxx`, but not a key that happens to have a few of them.
fn is_crossed_out(lower: &str) -> bool {
    let last = lower.rsplit(['-', '_']).next().unwrap_or_default();
    let rest = last.trim_end_matches('x');
    let crosses = last.len() - rest.len();
    crosses > 3 || (crosses == 3 && rest.is_empty())
}

/// The line a value stands in, as editors take it.
fn line_of(text: &str, value: &str) -> String {
    let value = value.trim();
    let says = |line: &str| assignment::of(line).is_some_and(|(_, said)| said == value);
    text.lines()
        .position(|line| line.contains(value) || says(line))
        .map(|line| format!(":{}", line + 1))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_points_at_a_key_is_no_key() {
        for value in [
            "$OPENAI_API_KEY",
            "$(pass show openai)",
            "`pass show openai`",
            "${{ secrets.OPENAI_API_KEY }}",
            "os.environ/OPENAI_API_KEY",
            "{env:OPENAI_API_KEY}",
            "op://vault/openai/key",
            "<your key>",
            "sk-xxxxxxxx",
            "your_openai_key_here",
            "xxx",
            "sk-ant-xxx",
            "AIzaSyXXXXXXXX",
        ] {
            assert!(is_reference(value), "{value}");
        }
        for value in ["sk-proj-abc", "sk-proj-aXxx1b", "sk-proj-abcxxx", "gsk_x"] {
            assert!(!is_reference(value), "{value}");
        }
    }

    #[test]
    fn a_line_is_counted_as_editors_count() {
        assert_eq!(line_of("a\nb: key\n", "key"), ":2");
        assert_eq!(line_of("a\n", "key"), "");
        let fish = "# fish\nSETUVAR --export KEY:a\\x2db\n";
        assert_eq!(line_of(fish, "a-b"), ":2");
    }
}
