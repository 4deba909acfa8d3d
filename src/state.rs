//! What this machine looks like before anything is asked or changed. Local only, and read once.

use std::cell::OnceCell;
use std::path::PathBuf;

use crate::env::Env;
use crate::error::Result;
use crate::fsio;
use crate::goose::binary::{Goose, VersionCache};
use crate::goose::config::Config;
use crate::goose::paths::{OwnPaths, Paths};
use crate::history::History;
use crate::patience::Patience;
use crate::secrets::{Places, Seen, StoreKind};
use crate::shell::{Shell, ShellFiles, rc};

pub struct State {
    pub paths: Paths,
    pub own: OwnPaths,
    pub config: Config,
    pub places: Places,
    pub versions: VersionCache,
    pub history: History,
    patience: Patience,
    seen: OnceCell<Seen>,
    goose: OnceCell<Option<Goose>>,
}

impl State {
    pub fn look(env: &Env) -> Result<Self> {
        let paths = Paths::of(env)?;
        let own = OwnPaths::of(env)?;
        let config = Config::read(&paths)?;
        let places = Places {
            file: paths.secrets.clone(),
            lock: paths.secrets_lock.clone(),
            former: own.state_dir.join("former-secrets.json"),
            keyring_off: config.keyring_off(env).is_some(),
        };
        Ok(Self {
            versions: VersionCache::at(own.version_cache()),
            history: History::at(own.state_dir.clone()),
            paths,
            own,
            config,
            places,
            patience: Patience::here(env),
            seen: OnceCell::new(),
            goose: OnceCell::new(),
        })
    }

    /// The same machine, waiting for the keychain for this long at most.
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The same machine as `--store` has to see it: a keychain that is asked for counts although goose has it off.
    pub fn with_store(mut self, store: Option<StoreKind>) -> Self {
        if store == Some(StoreKind::Keychain) {
            self.places.keyring_off = false;
        }
        self
    }

    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// The stores of secrets; the keychain is asked the first time this is called.
    pub fn secrets(&self) -> Result<&Seen> {
        if let Some(seen) = self.seen.get() {
            return Ok(seen);
        }
        let seen = self.places.look(self.patience)?;
        Ok(self.seen.get_or_init(|| seen))
    }

    pub fn goose(&self, env: &Env) -> Option<&Goose> {
        self.goose
            .get_or_init(|| Goose::find(env, &self.versions))
            .as_ref()
    }

    pub fn shell_files(&self, env: &Env, shell: Shell) -> Result<ShellFiles> {
        Ok(ShellFiles {
            shell,
            rc: fsio::read(&self.rc_file(env, shell)?)?,
            env_file: fsio::read(&self.own.config_dir.join(rc::env_file_name(shell)))?,
            is_shared: self.is_env_file_shared(env, shell)?,
        })
    }

    fn rc_file(&self, env: &Env, shell: Shell) -> Result<PathBuf> {
        rc::rc_file(shell, env, &fsio::is_file)
    }

    /// Another shell's start-up file has a line that loads the same env file.
    fn is_env_file_shared(&self, env: &Env, shell: Shell) -> Result<bool> {
        let own = self.rc_file(env, shell)?;
        for other in Shell::ALL {
            let rc = self.rc_file(env, other)?;
            if rc::env_file_name(other) == rc::env_file_name(shell) && rc != own {
                let text = fsio::read(&rc)?.bytes.unwrap_or_default();
                if rc::remove(&text) != text {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
