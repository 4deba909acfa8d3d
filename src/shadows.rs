//! What outranks the files: everything that would make goose use something else than they say.

use serde::Serialize;

use crate::catalog::{self, Provider};
use crate::env::Env;
use crate::error::Result;
use crate::goose::config::Source;
use crate::goose::custom::Custom;
use crate::goose::env_value;
use crate::secret::Secret;
use crate::secrets::StoreKind;
use crate::shell::exports;
use crate::shell::{Shell, words};
use crate::state::State;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shadow {
    /// The environment variable, or the path of the file.
    pub variable: String,
    /// What goose does not get to see: provider, model, key, host, setting or store.
    pub hides: &'static str,
    /// The line that takes it away.
    pub fix: String,
}

impl Shadow {
    pub fn sentence(&self) -> String {
        format!(
            "{} outranks the {} that is set up: {}",
            self.variable, self.hides, self.fix
        )
    }
}

/// What goose shall use.
pub struct Expected<'a> {
    pub id: &'a str,
    pub provider: Option<&'static Provider>,
    pub model: Option<&'a str>,
    pub key: Option<&'a Secret>,
    pub store: Option<StoreKind>,
}

pub fn find(env: &Env, state: &State, expected: &Expected<'_>) -> Result<Vec<Shadow>> {
    let mut finder = Finder::new(env);
    let active = state.config.active(env);
    if let Some(provider) = &active.provider
        && provider.value != expected.id
        && let Source::Env(variable) = &provider.source
    {
        finder.add(variable, "provider");
    }
    if let Some(model) = &active.model
        && expected
            .model
            .is_some_and(|expected| model.value != expected)
        && let Source::Env(variable) = &model.source
    {
        finder.add(variable, "model");
    }
    if let Some(provider) = expected.provider {
        finder.key(provider, expected.key);
        finder.settings(provider, state);
    }
    if expected.store == Some(StoreKind::Keychain)
        && let Some(Source::Env(variable)) = state.config.keyring_off(env)
    {
        finder.add(&variable, "store");
    }
    let custom = Custom::read(&state.paths)?;
    let broken = custom.broken.iter().map(|broken| broken.path.as_path());
    // A file of the user's own may well define a provider; it stands in the way where goose has one of that name.
    let shadowing = custom
        .shadowing(expected.id)
        .filter(|_| catalog::is_goose_id(expected.id));
    for file in shadowing.into_iter().chain(broken) {
        finder.found.push(Shadow {
            fix: format!("mend or move {}", file.display()),
            variable: file.display().to_string(),
            hides: "provider",
        });
    }
    Ok(finder.found)
}

/// What outranks this key of a provider, whichever provider is active.
pub fn of_key(env: &Env, provider: &Provider, key: &Secret) -> Vec<Shadow> {
    let mut finder = Finder::new(env);
    finder.key(provider, Some(key));
    finder.found
}

struct Finder<'e> {
    env: &'e Env,
    shell: Shell,
    found: Vec<Shadow>,
}

impl<'e> Finder<'e> {
    fn new(env: &'e Env) -> Self {
        Self {
            env,
            shell: Shell::detect(env),
            found: Vec::new(),
        }
    }

    fn add(&mut self, variable: &str, hides: &'static str) {
        let is_ours = exports::our_exports(self.env).contains(&variable);
        self.found.push(Shadow {
            variable: variable.to_owned(),
            hides,
            fix: if is_ours {
                words::refresh(self.shell)
            } else {
                words::unset(self.shell, variable)
            },
        });
    }

    fn key(&mut self, provider: &Provider, expected: Option<&Secret>) {
        let (Some(fact), Some(expected)) = (&provider.key, expected) else {
            return;
        };
        if let Some(text) = self.env.text(fact.variable)
            && env_value::as_text(fact.variable, text).as_deref() != Some(expected.expose())
        {
            self.add(fact.variable, "key");
        }
    }

    fn settings(&mut self, provider: &Provider, state: &State) {
        let host = provider
            .host
            .iter()
            .map(|host| (host.setting, host.default, "host"));
        let others = provider
            .settings
            .iter()
            .filter(|setting| !setting.secret)
            .map(|setting| (setting.name, setting.default, "setting"));
        for (name, default, hides) in host.chain(others) {
            let Some(text) = self.env.text(name) else {
                continue;
            };
            let in_environment = env_value::as_text(name, text);
            let in_files = state.config.file_setting(name);
            let written = in_files.as_deref().or(default);
            if in_environment.as_deref() != written {
                self.add(name, hides);
            }
        }
    }
}
