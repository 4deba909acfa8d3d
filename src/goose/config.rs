//! goose's configuration: what goose reads from its files and the environment, and where each answer comes from.

mod entry;
mod source;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use crate::env::Env;
use crate::error::Result;
use crate::fsio::{self, Snapshot};
use crate::goose::env_value;
use crate::goose::layers::Layers;
use crate::goose::paths::Paths;
use crate::yaml_edit;

pub(super) use entry::{Entry, flat_configured};
pub use source::{Source, Sourced};

pub const ACTIVE: &str = "active_provider";
pub const PROVIDERS: &str = "providers";
pub(super) const FLAT_PROVIDER: &str = "GOOSE_PROVIDER";
pub(super) const FLAT_MODEL: &str = "GOOSE_MODEL";
pub(super) const FLAT_CONFIGURED: &str = "_configured";
pub(super) const NO_KEYRING: &str = "GOOSE_DISABLE_KEYRING";

/// What goose will use. A value that is set but empty counts for goose and is kept here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Active {
    pub provider: Option<Sourced>,
    pub model: Option<Sourced>,
}

/// A provider that was set up at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    pub id: String,
    pub model: Option<String>,
}

/// The form of the user's config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `active_provider` and `providers`.
    Structured,
    /// `GOOSE_PROVIDER`, `GOOSE_MODEL` and `<id>_configured`.
    Flat,
    None,
}

impl Layout {
    /// The word for it in JSON output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Structured => "structured",
            Self::Flat => "flat",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    /// The user's file as it was read: what a change starts from.
    pub user: Snapshot,
    /// Files below the user's that goose passes over because they do not parse.
    pub skipped: Vec<PathBuf>,
    content: Mapping,
    layers: Layers,
}

impl Config {
    pub fn read(paths: &Paths) -> Result<Self> {
        let mut system = Vec::new();
        let mut skipped = Vec::new();
        for path in std::iter::once(&paths.system_config).chain(&paths.additional) {
            match below(path) {
                Below::Missing => {}
                Below::Unreadable => skipped.push(path.clone()),
                Below::Map(map) => system.push((path.clone(), map)),
            }
        }
        let user = fsio::read(&paths.config)?;
        let text = user.bytes.as_deref().unwrap_or_default();
        let content = yaml_edit::parse(&paths.config, text)?;
        let seen = yaml_edit::seen_by_goose(text).unwrap_or_default();
        Ok(Self {
            layers: Layers::of(system, seen),
            user,
            skipped,
            content,
        })
    }

    /// The user's file, including what a byte order mark hides from goose.
    pub(super) fn content(&self) -> &Mapping {
        &self.content
    }

    /// What goose would read if this were the user's file.
    pub(super) fn with_user(&self, content: Mapping) -> Self {
        Self {
            layers: self.layers.with_user(content.clone()),
            content,
            ..self.clone()
        }
    }

    /// The same, had the user's file this text.
    pub fn after(&self, text: &[u8]) -> Result<Self> {
        let content = yaml_edit::parse(&self.user.path, text)?;
        let user = Snapshot {
            bytes: Some(text.to_vec()),
            ..self.user.clone()
        };
        Ok(Self {
            user,
            ..self.with_user(content)
        })
    }

    pub fn layout(&self) -> Layout {
        let has = |key: &str| self.content.contains_key(key);
        if has(ACTIVE) || has(PROVIDERS) {
            Layout::Structured
        } else if has(FLAT_PROVIDER)
            || has(FLAT_MODEL)
            || flat_configured(&self.content).next().is_some()
        {
            Layout::Flat
        } else {
            Layout::None
        }
    }

    pub fn active(&self, env: &Env) -> Active {
        let provider = raw_env(env, FLAT_PROVIDER)
            .or_else(|| self.structured_provider(env))
            .or_else(|| self.text(FLAT_PROVIDER));
        let model = raw_env(env, FLAT_MODEL)
            .or_else(|| self.structured_model(env, &provider.as_ref()?.value))
            .or_else(|| self.text(FLAT_MODEL));
        Active { provider, model }
    }

    fn structured_provider(&self, env: &Env) -> Option<Sourced> {
        let (value, source) = self.lookup(env, ACTIVE)?;
        Some(Sourced {
            value: value.as_str()?.to_owned(),
            source,
        })
    }

    fn structured_model(&self, env: &Env, provider: &str) -> Option<Sourced> {
        let (providers, source) = self.lookup(env, PROVIDERS)?;
        let value = Entry::of(providers.get(provider)?)?.model?.to_owned();
        let source = match source {
            Source::Env(_) => source,
            _ => self.layers.source(&[PROVIDERS, provider, "model"]),
        };
        Some(Sourced { value, source })
    }

    /// Any setting that is no secret, as text: the environment first, then the files.
    pub fn setting(&self, env: &Env, name: &str) -> Option<Sourced> {
        let (value, source) = self.lookup(env, name)?;
        Some(Sourced {
            value: as_text(&value)?,
            source,
        })
    }

    /// What the files say, whatever the environment says.
    pub fn file_setting(&self, name: &str) -> Option<String> {
        as_text(self.layers.value(name)?)
    }

    /// The same, in the type in which they say it.
    pub fn file_value(&self, name: &str) -> Option<&Value> {
        self.layers.value(name)
    }

    /// What the user's own file says, whatever outranks it.
    pub fn user_setting(&self, name: &str) -> Option<String> {
        as_text(self.content.get(name)?)
    }

    /// What the user's own file says of a provider, in the structured form also where it is flat.
    pub fn user_entry(&self, id: &str) -> Option<Value> {
        if let Some(entry) = self.content.get(PROVIDERS).and_then(|all| all.get(id)) {
            return Some(entry.clone());
        }
        let is_flat = self
            .user_setting(FLAT_PROVIDER)
            .is_some_and(|flat| flat == id);
        let is_marked = flat_configured(&self.content).any(|marked| marked == id);
        (is_flat || is_marked).then(|| {
            let model = self.user_setting(FLAT_MODEL).filter(|_| is_flat);
            Value::Mapping(Mapping::from_iter([
                ("enabled".into(), true.into()),
                ("model".into(), model.unwrap_or_default().into()),
                ("configured".into(), true.into()),
            ]))
        })
    }

    /// The names in the user's own file.
    pub fn user_names(&self) -> impl Iterator<Item = &str> {
        self.content.keys().filter_map(Value::as_str)
    }

    /// What turns goose's keychain off, if anything does.
    pub fn keyring_off(&self, env: &Env) -> Option<Source> {
        if env.text(NO_KEYRING).is_some() {
            return Some(Source::Env(NO_KEYRING.into()));
        }
        turns_off(self.layers.value(NO_KEYRING)?).then(|| self.layers.source(&[NO_KEYRING]))
    }

    /// Every provider the files know as set up, in their order.
    pub fn configured(&self) -> Vec<Configured> {
        let entries = self.layers.value(PROVIDERS).and_then(Value::as_mapping);
        let mut all: Vec<Configured> = entries
            .into_iter()
            .flatten()
            .filter_map(|(id, entry)| {
                Entry::of(entry)?;
                let id = id.as_str()?.to_owned();
                let model = self.model_of(&id);
                Some(Configured { id, model })
            })
            .collect();
        let flat_provider = self.text(FLAT_PROVIDER).map(|flat| flat.value);
        for id in flat_configured(&self.content)
            .map(str::to_owned)
            .chain(flat_provider.filter(|id| !id.is_empty()))
        {
            if all.iter().all(|known| known.id != id) {
                let model = self.model_of(&id);
                all.push(Configured { id, model });
            }
        }
        all
    }

    /// The model the files hold for a provider.
    pub fn model_of(&self, provider: &str) -> Option<String> {
        let files_only = Env::default();
        self.structured_model(&files_only, provider)
            .or_else(|| {
                let named = |found: Option<Sourced>| found.is_some_and(|it| it.value == provider);
                (named(self.text(FLAT_PROVIDER)) || named(self.active(&files_only).provider))
                    .then(|| self.text(FLAT_MODEL))?
            })
            .map(|model| model.value)
            .filter(|model| !model.is_empty())
    }

    /// Any setting that is no secret, in the type that goose sees: the environment first, then the files.
    pub fn lookup(&self, env: &Env, name: &str) -> Option<(Cow<'_, Value>, Source)> {
        let variable = name.to_uppercase();
        if let Some(text) = env.text(&variable) {
            let value = if env_value::is_read_raw(&variable) {
                text.into()
            } else {
                serde_yaml::to_value(env_value::parsed(text)).ok()?
            };
            return Some((Cow::Owned(value), Source::Env(variable)));
        }
        let value = self.layers.value(name)?;
        Some((Cow::Borrowed(value), self.layers.source(&[name])))
    }

    fn text(&self, name: &str) -> Option<Sourced> {
        Some(Sourced {
            value: self.layers.value(name)?.as_str()?.to_owned(),
            source: self.layers.source(&[name]),
        })
    }
}

enum Below {
    Missing,
    Unreadable,
    Map(Mapping),
}

fn below(path: &Path) -> Below {
    match fsio::read(path) {
        Ok(Snapshot { bytes: None, .. }) => Below::Missing,
        Ok(Snapshot {
            bytes: Some(bytes), ..
        }) => yaml_edit::seen_by_goose(&bytes).map_or(Below::Unreadable, Below::Map),
        Err(_) => Below::Unreadable,
    }
}

/// Whether goose takes this value of `GOOSE_DISABLE_KEYRING` in a file as a yes.
pub(super) fn turns_off(value: &Value) -> bool {
    value.as_bool() == Some(true) || matches!(value.as_str(), Some("true" | "1"))
}

/// goose takes these two from the environment as they stand, and an empty one counts.
fn raw_env(env: &Env, name: &str) -> Option<Sourced> {
    Some(Sourced {
        value: env.text(name)?.to_owned(),
        source: Source::Env(name.into()),
    })
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => serde_json::to_string(other).ok(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
