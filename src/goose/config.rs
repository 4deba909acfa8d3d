//! goose's configuration: what goose reads from its files and the environment, and where each answer comes from.

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

pub const ACTIVE: &str = "active_provider";
pub(super) const PROVIDERS: &str = "providers";
pub(super) const FLAT_PROVIDER: &str = "GOOSE_PROVIDER";
pub(super) const FLAT_MODEL: &str = "GOOSE_MODEL";
pub(super) const FLAT_CONFIGURED: &str = "_configured";
pub(super) const NO_KEYRING: &str = "GOOSE_DISABLE_KEYRING";

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The environment variable of this name.
    Env(String),
    /// The user's config file.
    Config,
    /// A config file below the user's.
    System(PathBuf),
    #[default]
    None,
}

impl Source {
    /// The word for it in JSON output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Env(_) => "env",
            Self::Config => "config",
            Self::System(_) => "system",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    pub value: String,
    pub source: Source,
}

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

    fn lookup(&self, env: &Env, name: &str) -> Option<(Cow<'_, Value>, Source)> {
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

/// One entry below `providers`. goose passes over a whole entry when one of its fields has the wrong type.
pub(super) struct Entry<'a> {
    /// Not empty.
    pub(super) model: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        let fields = value.as_mapping()?;
        for switch in ["enabled", "configured"] {
            if fields.get(switch).is_some_and(|value| !value.is_bool()) {
                return None;
            }
        }
        let model = match fields.get("model") {
            Some(model) => Some(model.as_str()?),
            None => None,
        };
        Some(Self {
            model: model.filter(|model| !model.is_empty()),
        })
    }
}

/// The ids that a `<id>_configured` key calls set up.
pub(super) fn flat_configured(map: &Mapping) -> impl Iterator<Item = &str> {
    map.iter().filter_map(|(key, value)| {
        let id = key.as_str()?.strip_suffix(FLAT_CONFIGURED)?;
        let truthy = value.as_bool() == Some(true)
            || value
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case("true"));
        (truthy && !id.is_empty()).then_some(id)
    })
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
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::error::Error;
    use crate::fsio::Privacy;

    use super::*;

    pub(crate) fn write(path: &Path, text: &str) {
        fsio::replace(
            &fsio::read(path).unwrap(),
            text.as_bytes(),
            Privacy::Ordinary,
        )
        .unwrap();
    }

    /// goose's paths below a folder, with two files between the system's and the user's.
    pub(crate) fn paths(root: &Path) -> Paths {
        let mut paths = Paths::of(&Env::of([("GOOSE_PATH_ROOT", root.to_str().unwrap())])).unwrap();
        paths.system_config = root.join("etc.yaml");
        paths.additional = vec![root.join("one.yaml"), root.join("two.yaml")];
        paths
    }

    fn layered(system: &str, one: &str, two: &str, user: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        write(&paths.system_config, system);
        write(&paths.additional[0], one);
        write(&paths.additional[1], two);
        write(&paths.config, user);
        Config::read(&paths)
    }

    pub(crate) fn config(user: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        write(&paths.config, user);
        Config::read(&paths).unwrap()
    }

    fn answer(config: &Config, env: &Env) -> (Option<String>, Option<String>) {
        let active = config.active(env);
        (
            active.provider.map(|it| it.value),
            active.model.map(|it| it.value),
        )
    }

    const STRUCTURED: &str = "active_provider: groq\nproviders:\n  groq: {enabled: true, model: gm, configured: true}\n  openai: {enabled: true, model: om, configured: true}\n";
    const FLAT: &str = "GOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n";

    /// The answers are those of the real goose 1.52.0 and 1.37.0.
    #[test]
    fn the_environment_is_read_as_goose_reads_it() {
        for (text, name, value, provider, model) in [
            (STRUCTURED, "X", "", Some("groq"), Some("gm")),
            (FLAT, "X", "", Some("groq"), Some("fm")),
            (STRUCTURED, "GOOSE_PROVIDER", "", Some(""), None),
            (STRUCTURED, "GOOSE_MODEL", "", Some("groq"), Some("")),
            (STRUCTURED, "ACTIVE_PROVIDER", "", Some(""), None),
            (FLAT, "GOOSE_PROVIDER", "", Some(""), Some("fm")),
            (FLAT, "GOOSE_MODEL", "", Some("groq"), Some("")),
            (
                STRUCTURED,
                "GOOSE_PROVIDER",
                "openai",
                Some("openai"),
                Some("om"),
            ),
            (STRUCTURED, "GOOSE_PROVIDER", "xai", Some("xai"), None),
            (
                STRUCTURED,
                "ACTIVE_PROVIDER",
                "openai",
                Some("openai"),
                Some("om"),
            ),
            (
                STRUCTURED,
                "ACTIVE_PROVIDER",
                "\"openai\"",
                Some("openai"),
                Some("om"),
            ),
            (STRUCTURED, "ACTIVE_PROVIDER", "12", None, None),
            (STRUCTURED, "ACTIVE_PROVIDER", "+5", None, None),
            (STRUCTURED, "ACTIVE_PROVIDER", "nan", Some("nan"), None),
            (
                STRUCTURED,
                "GOOSE_PROVIDER",
                "\"openai\"",
                Some("\"openai\""),
                None,
            ),
            (STRUCTURED, "GOOSE_PROVIDER", "123", Some("123"), None),
            (STRUCTURED, "GOOSE_MODEL", "123", Some("groq"), Some("123")),
            (
                STRUCTURED,
                "GOOSE_MODEL",
                "\"123\"",
                Some("groq"),
                Some("\"123\""),
            ),
            (
                STRUCTURED,
                "goose_provider",
                "openai",
                Some("groq"),
                Some("gm"),
            ),
            (
                STRUCTURED,
                "PROVIDERS",
                "{\"groq\":{\"model\":\"envm\"}}",
                Some("groq"),
                Some("envm"),
            ),
            (STRUCTURED, "PROVIDERS", "", Some("groq"), None),
        ] {
            assert_eq!(
                answer(&config(text), &Env::of([(name, value)])),
                (provider.map(str::to_owned), model.map(str::to_owned)),
                "{name}={value}"
            );
        }
    }

    /// The answers are those of the real goose 1.52.0 and 1.37.0.
    #[test]
    fn odd_files_are_read_as_goose_reads_them() {
        for (text, provider, model) in [
            (
                "active_provider: ''\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
                Some(""),
                Some("fm"),
            ),
            (
                "active_provider: ~\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: 7\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: groq\nproviders: {groq: {model: 123}}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: groq\nproviders: {groq: {model: ''}}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: groq\nproviders: {groq: {model: gm}}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("gm"),
            ),
            (
                "active_provider: groq\nproviders: {groq: {model: gm, configured: no}}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: groq\nproviders: {groq: {model: gm, enabled: ~}}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: groq\nproviders: {groq: {model: gm}, bad: 7}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("gm"),
            ),
            (
                "active_provider: groq\nproviders: 7\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: groq\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "providers: {groq: {model: gm}}\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
                Some("openai"),
                Some("fm"),
            ),
            ("providers: {groq: {model: gm}}\n", None, None),
            (
                "GOOSE_PROVIDER: groq\nGOOSE_MODEL: 123\n",
                Some("groq"),
                None,
            ),
            ("GOOSE_PROVIDER: 5\nGOOSE_MODEL: m\n", None, Some("m")),
            (
                "active_provider: groq\nproviders: {groq: {enabled: false, model: gm, configured: false}}\n",
                Some("groq"),
                Some("gm"),
            ),
            (
                "b: &b {model: gm}\nactive_provider: groq\nproviders: {groq: {<<: *b}}\nGOOSE_MODEL: fm\n",
                Some("groq"),
                Some("fm"),
            ),
            (
                "active_provider: '123'\nproviders: {'123': {model: '456'}}\n",
                Some("123"),
                Some("456"),
            ),
        ] {
            assert_eq!(
                answer(&config(text), &Env::of([])),
                (provider.map(str::to_owned), model.map(str::to_owned)),
                "{text}"
            );
        }
    }

    /// The answers are those of the real goose 1.52.0.
    #[test]
    fn layers_are_merged_as_goose_merges_them() {
        let lower = "active_provider: groq\nproviders: {groq: {model: x}}\n";
        for (one, two, user, provider, model) in [
            (
                lower,
                "",
                "providers: {groq: {enabled: true}}\n",
                Some("groq"),
                Some("x"),
            ),
            (lower, "", "providers: ~\n", Some("groq"), None),
            (lower, "", "providers: 7\n", Some("groq"), None),
            (lower, "", "providers: {groq: ~}\n", Some("groq"), None),
            (
                lower,
                "",
                "providers: {groq: {enabled: 'bad'}}\n",
                Some("groq"),
                None,
            ),
            (
                lower,
                "",
                "GOOSE_PROVIDER: openai\nGOOSE_MODEL: y\n",
                Some("groq"),
                Some("x"),
            ),
            (
                "active_provider: groq\nproviders: 7\n",
                "",
                "providers: {groq: {model: y}}\n",
                Some("groq"),
                Some("y"),
            ),
            (
                "active_provider: groq\n",
                "",
                "active_provider: ~\nGOOSE_PROVIDER: openai\n",
                Some("openai"),
                None,
            ),
            (
                "GOOSE_MODEL: a\n",
                "active_provider: xai\n",
                "a: b\n",
                Some("xai"),
                Some("a"),
            ),
        ] {
            assert_eq!(
                answer(&layered("", one, two, user).unwrap(), &Env::of([])),
                (provider.map(str::to_owned), model.map(str::to_owned)),
                "{user}"
            );
        }
    }

    #[test]
    fn every_answer_says_where_it_comes_from() {
        let config = layered(
            "GOOSE_MODE: auto\nproviders: {groq: {model: x}}\n",
            "GOOSE_MODE: chat\n",
            "",
            "active_provider: groq\nA: 7\nB: {c: [1]}\nC: ~\n",
        )
        .unwrap();
        let env = Env::of([("A", "9"), ("D", "\"quoted\"")]);
        let active = config.active(&env);
        assert_eq!(active.provider.unwrap().source, Source::Config);
        let model = active.model.unwrap();
        assert!(matches!(&model.source, Source::System(path) if path.ends_with("etc.yaml")));
        assert_eq!(model.source.word(), "system");
        let mode = config.setting(&env, "GOOSE_MODE").unwrap();
        assert_eq!(mode.value, "chat");
        assert!(matches!(&mode.source, Source::System(path) if path.ends_with("one.yaml")));
        let a = config.setting(&env, "a").unwrap();
        assert_eq!((a.value.as_str(), a.source), ("9", Source::Env("A".into())));
        assert_eq!(config.user_setting("A").unwrap(), "7");
        assert_eq!(config.setting(&env, "B").unwrap().value, "{\"c\":[1]}");
        assert_eq!(config.setting(&env, "C"), None);
        assert_eq!(config.setting(&env, "D").unwrap().value, "quoted");
        assert_eq!(config.setting(&env, "E"), None);
    }

    #[test]
    fn a_lower_file_that_does_not_parse_is_passed_over_and_named() {
        let config = layered("a: [\n", "\u{feff}b: 1\nc: 2\n", "- a\n", "d: e\n").unwrap();
        let names: Vec<_> = config
            .skipped
            .iter()
            .map(|path| path.file_name().unwrap())
            .collect();
        assert_eq!(names, ["etc.yaml", "one.yaml", "two.yaml"]);
        assert_eq!(config.user_setting("d").unwrap(), "e");
    }

    #[test]
    fn a_users_file_that_does_not_parse_is_an_error() {
        assert!(matches!(
            layered("", "", "", "a: [\n"),
            Err(Error::BrokenFile { line: Some(2), .. })
        ));
    }

    #[test]
    fn what_a_byte_order_mark_hides_from_goose_is_kept_but_not_believed() {
        let config = config(&format!("\u{feff}{STRUCTURED}"));
        assert_eq!(answer(&config, &Env::of([])), (None, None));
        assert_eq!(config.layout(), Layout::Structured);
        assert_eq!(config.user_setting("active_provider").unwrap(), "groq");
    }

    #[test]
    fn the_keychain_is_off_when_goose_says_so() {
        for value in ["1", "0", "false", ""] {
            assert_eq!(
                config("").keyring_off(&Env::of([(NO_KEYRING, value)])),
                Some(Source::Env(NO_KEYRING.into()))
            );
        }
        for (value, off) in [
            ("true", true),
            ("'true'", true),
            ("'1'", true),
            ("1", false),
            ("'True'", false),
            ("yes", false),
            ("false", false),
            ("'false'", false),
            ("''", false),
            ("~", false),
        ] {
            let config = config(&format!("{NO_KEYRING}: {value}\n"));
            assert_eq!(config.keyring_off(&Env::of([])).is_some(), off, "{value}");
        }
        let config = layered("GOOSE_DISABLE_KEYRING: true\n", "", "", "a: b\n").unwrap();
        assert!(matches!(
            config.keyring_off(&Env::of([])),
            Some(Source::System(_))
        ));
    }

    #[test]
    fn the_layout_is_told_apart() {
        for (text, layout) in [
            ("", Layout::None),
            ("a: b\n", Layout::None),
            (FLAT, Layout::Flat),
            ("groq_configured: true\n", Layout::Flat),
            (STRUCTURED, Layout::Structured),
            (
                "active_provider: groq\nGOOSE_PROVIDER: xai\n",
                Layout::Structured,
            ),
        ] {
            assert_eq!(config(text).layout(), layout, "{text}");
        }
    }

    #[test]
    fn every_configured_provider_is_listed_once_with_its_model() {
        let config = config(
            "providers: {groq: {model: gm}, bad: 7, openai: {enabled: true}}\nGOOSE_PROVIDER: xai\nGOOSE_MODEL: fm\ngroq_configured: true\nollama_configured: true\nmistral_configured: false\n",
        );
        let all: Vec<_> = config
            .configured()
            .into_iter()
            .map(|it| (it.id, it.model))
            .collect();
        assert_eq!(
            all,
            [
                ("groq".into(), Some("gm".into())),
                ("openai".into(), None),
                ("ollama".into(), None),
                ("xai".to_owned(), Some("fm".to_owned())),
            ]
        );
        assert_eq!(config.model_of("groq").unwrap(), "gm");
        assert_eq!(config.model_of("none"), None);
    }
}
