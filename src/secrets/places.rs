//! Where goose's two stores are, and looking at them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::entries::Entries;
use super::file::SecretsFile;
use super::keychain::{self, Item, KeychainState};
use super::record::SecretRecord;
use super::{Seen, StoreKind};
use crate::error::Result;

/// Where this user's goose keeps secrets.
#[derive(Clone, Debug)]
pub struct Places {
    /// `secrets.yaml`.
    pub file: PathBuf,
    /// What goose locks while it changes either store.
    pub lock: PathBuf,
    /// Where the file store's former secrets are kept for `undo`.
    pub former: PathBuf,
    /// The user told goose not to use a keychain.
    pub keyring_off: bool,
}

impl Places {
    /// Reads both stores, waiting for the keychain at most `patience`.
    pub fn look(&self, patience: Duration) -> Result<Seen> {
        let until = Instant::now() + patience;
        Ok(Seen {
            keychain: (!self.keyring_off).then(|| keychain::read(Item::Goose, until)),
            file: SecretsFile::read(&self.file)?,
        })
    }

    /// Lets the desktop ask for the password of a locked keychain; for a person who is there to give it.
    pub fn unlock(&self, patience: Duration) -> Result<()> {
        keychain::unlock(Instant::now() + patience).map_err(|trouble| trouble.error(&self.file))
    }

    /// The secrets are as the change left them.
    pub fn stand(&self, record: &SecretRecord, patience: Duration) -> Result<bool> {
        let seen = Self {
            keyring_off: record.store == StoreKind::File,
            ..self.clone()
        }
        .look(patience)?;
        match &seen.keychain {
            Some(KeychainState::Trouble(trouble)) => Err(trouble.error(&self.file)),
            _ => {
                let nothing = Entries::default();
                let current = seen.entries(record.store).unwrap_or(&nothing);
                Ok(record.stands_in(current))
            }
        }
    }
}
