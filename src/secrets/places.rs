//! Where goose's two stores are, and looking at them.

use std::path::PathBuf;

use super::entries::Entries;
use super::file::SecretsFile;
use super::keychain::{self, Item, KeychainState};
use super::record::SecretRecord;
use super::{Seen, StoreKind};
use crate::error::{Error, Result, StoreTrouble};
use crate::fsio;
use crate::patience::Patience;

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
    pub fn look(&self, patience: Patience) -> Result<Seen> {
        Ok(Seen {
            keychain: (!self.keyring_off).then(|| keychain::read(Item::Goose, patience)),
            file: SecretsFile::read(&self.file)?,
        })
    }

    /// Lets the desktop ask for the password of a locked keychain; for a person who is there to give it.
    pub fn unlock(&self, patience: Patience) -> Result<()> {
        keychain::unlock(patience).map_err(|trouble| trouble.error(&self.file))
    }

    /// Goose's turn or ours, for either store.
    pub(super) fn locked(&self, patience: Patience) -> Result<fsio::Lock> {
        fsio::lock(&self.lock, patience).map_err(|error| match error {
            busy @ Error::Busy { .. } => Error::Store {
                trouble: StoreTrouble::TimedOut,
                detail: busy.to_string(),
                action: busy.action(),
                instead: None,
            },
            other => other,
        })
    }

    /// The keychain can be looked into without a dialog for anybody.
    pub fn is_keychain_open(&self, patience: Patience) -> bool {
        keychain::is_open(patience)
    }

    /// The secrets are as the change left them.
    pub fn stand(&self, record: &SecretRecord, patience: Patience) -> Result<bool> {
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
