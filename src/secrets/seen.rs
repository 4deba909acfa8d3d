//! What both stores hold at one moment, and which of them goose reads.

use serde_json::Value;

use super::StoreKind;
use super::change::Change;
use super::entries::{Entries, Held};
use super::file::SecretsFile;
use super::keychain::KeychainState;
use super::trouble::Trouble;
use crate::error::{Error, Result, StoreTrouble};
use crate::secret::Secret;

/// Both stores as they are at one moment.
#[derive(Debug)]
pub struct Seen {
    /// `None`: goose's keychain is off, so it was not asked.
    pub keychain: Option<KeychainState>,
    pub file: SecretsFile,
}

/// Where a secret is, as far as can be seen from here.
#[derive(Debug)]
pub enum Found<'s> {
    In(StoreKind),
    /// Goose looks there and finds none.
    NotIn(StoreKind),
    /// The keychain may have it.
    Unseen(&'s Trouble),
}

impl Seen {
    /// The store that goose reads and will go on to read, so the one to write to; an error where that is not certain.
    pub fn used(&self) -> Result<StoreKind> {
        let Some(state) = &self.keychain else {
            return self.usable(StoreKind::File);
        };
        match state {
            KeychainState::Trouble(trouble)
                if trouble.kind == StoreTrouble::Absent && self.file_is_in_use()? =>
            {
                Ok(StoreKind::File)
            }
            _ => self.usable(StoreKind::Keychain),
        }
    }

    /// `store`, if it can be written to now.
    pub fn usable(&self, store: StoreKind) -> Result<StoreKind> {
        let path = &self.file.snapshot().path;
        match (store, &self.keychain) {
            (StoreKind::File, _) => self.file.sound().map(drop)?,
            (StoreKind::Keychain, Some(KeychainState::Item(_))) => {}
            (StoreKind::Keychain, Some(KeychainState::Empty { locked: false })) => {
                // The first item takes the file over, so it has to be readable.
                self.file.sound().map(drop)?;
            }
            (StoreKind::Keychain, Some(KeychainState::Empty { locked: true })) => {
                return Err(Trouble::locked().error(path));
            }
            (StoreKind::Keychain, Some(KeychainState::Trouble(trouble))) => {
                return Err(trouble.error(path));
            }
            (StoreKind::Keychain, None) => {
                return Err(Error::usage(
                    "goose's keychain is turned off by GOOSE_DISABLE_KEYRING",
                    "take that setting out, or choose `--store file`",
                ));
            }
        }
        Ok(store)
    }

    /// Where goose would find a stored secret at this moment; `None`: nowhere, it stumbles over its own item.
    pub fn read_from(&self) -> Option<StoreKind> {
        match &self.keychain {
            None | Some(KeychainState::Empty { .. }) => Some(StoreKind::File),
            Some(KeychainState::Item(_)) => Some(StoreKind::Keychain),
            Some(KeychainState::Trouble(trouble)) => {
                trouble.goose_reads_the_file.then_some(StoreKind::File)
            }
        }
    }

    pub fn find(&self, name: &str) -> Found<'_> {
        let store = match &self.keychain {
            Some(KeychainState::Trouble(trouble))
                if !trouble.goose_reads_the_file || !self.holds(StoreKind::File, name) =>
            {
                return Found::Unseen(trouble);
            }
            Some(KeychainState::Item(_)) => StoreKind::Keychain,
            _ => StoreKind::File,
        };
        if self.holds(store, name) {
            Found::In(store)
        } else {
            Found::NotIn(store)
        }
    }

    /// The store to take this secret out of; an error where it may be in one that cannot be seen.
    pub fn home_of(&self, name: &str) -> Result<StoreKind> {
        match self.find(name) {
            Found::In(StoreKind::Keychain) | Found::NotIn(StoreKind::Keychain) => {
                Ok(StoreKind::Keychain)
            }
            Found::Unseen(trouble)
                if trouble.kind != StoreTrouble::Absent || !self.file_is_in_use()? =>
            {
                Err(trouble.hidden())
            }
            _ => self.usable(StoreKind::File),
        }
    }

    /// What is to be said where the secret is taken out of one store and the other cannot be seen.
    pub fn stays_unseen(&self, name: &str) -> Option<String> {
        self.keychain_trouble()
            .map(|trouble| format!("{trouble}; if it holds {name}, that stays"))
    }

    pub fn entries(&self, store: StoreKind) -> Option<&Entries> {
        match (store, &self.keychain) {
            (StoreKind::File, _) => self.file.entries(),
            (StoreKind::Keychain, Some(KeychainState::Item(entries))) => Some(entries),
            (StoreKind::Keychain, _) => None,
        }
    }

    /// A secret as goose finds it in its store at this moment; `None` also where it finds one that it cannot use.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.held(name).key()
    }

    pub fn held(&self, name: &str) -> Held {
        self.current()
            .map_or(Held::Missing, |entries| entries.held(name))
    }

    /// A usable secret in this store, whether goose looks there or not.
    pub fn secret_in(&self, store: StoreKind, name: &str) -> Option<Secret> {
        self.entries(store)?.held(name).key()
    }

    /// Something is in this store under that name, usable or not.
    pub fn holds(&self, store: StoreKind, name: &str) -> bool {
        self.entries(store)
            .is_some_and(|entries| entries.value(name).is_some())
    }

    /// Why it cannot be seen what the keychain holds.
    pub fn keychain_trouble(&self) -> Option<String> {
        match &self.keychain {
            Some(KeychainState::Trouble(trouble)) => Some(trouble.detail.clone()),
            _ => None,
        }
    }

    /// Why it is unknown what the keychain holds, where there is one.
    pub fn unseen_keychain(&self) -> Option<&str> {
        match &self.keychain {
            Some(KeychainState::Trouble(trouble)) if trouble.kind != StoreTrouble::Absent => {
                Some(&trouble.detail)
            }
            _ => None,
        }
    }

    /// A value that goose cannot use because it is no text, as the text it was meant to be. None where the store does not
    /// tell that text to the letter: `0x1f` is known as 31.
    pub fn as_text(&self, store: StoreKind, name: &str) -> Option<Secret> {
        let value = self.entries(store)?.value(name)?;
        let printed = match value {
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        let is_to_the_letter = match store {
            StoreKind::File => self
                .file
                .source_of(name)
                .is_some_and(|text| *text == printed),
            // JSON has one way to write a whole number, and many for others.
            StoreKind::Keychain => !value.is_f64(),
        };
        is_to_the_letter.then(|| Secret::stored(&printed))
    }

    /// The names that goose finds in its store at this moment.
    pub fn names(&self) -> Vec<String> {
        self.current()
            .map(|entries| entries.names().map(str::to_owned).collect())
            .unwrap_or_default()
    }

    /// goose has its item in the keychain.
    pub fn has_item(&self) -> bool {
        matches!(self.keychain, Some(KeychainState::Item(_)))
    }

    /// A change that leaves nothing behind which goose finds now. It asks the keychain no second time where the first
    /// time gave nothing to take along.
    pub fn change(
        &self,
        store: StoreKind,
        set: Vec<(String, Secret)>,
        remove: Vec<String>,
        kept: Vec<String>,
    ) -> Change {
        Change {
            carry_over: store == StoreKind::Keychain || self.has_item(),
            kept,
            ..Change::of(store, set, remove)
        }
    }

    /// The change takes the whole store away, as things are now.
    pub fn unmakes(&self, change: &Change) -> bool {
        let Some(entries) = self.entries(change.store).filter(|_| change.unmakes) else {
            return false;
        };
        let left = change.applied_to(entries);
        match change.store {
            StoreKind::File => self.file.is_nothing_but(&left).unwrap_or(false),
            StoreKind::Keychain => self.file.sound().is_ok_and(|file| file == left),
        }
    }

    /// The names that a change with `carry_over` takes from the other store besides its own.
    pub fn carried(&self, store: StoreKind) -> Vec<String> {
        let none = Entries::default();
        let (from, to) = match (store, &self.keychain) {
            (StoreKind::Keychain, Some(KeychainState::Empty { .. })) => (self.file.entries(), None),
            (StoreKind::File, Some(KeychainState::Item(entries))) => {
                (Some(entries), self.file.entries())
            }
            _ => (None, None),
        };
        let (from, to) = (from.unwrap_or(&none), to.unwrap_or(&none));
        from.names()
            .filter(|name| from.value(name) != to.value(name))
            .map(str::to_owned)
            .collect()
    }

    fn current(&self) -> Option<&Entries> {
        self.read_from().and_then(|store| self.entries(store))
    }

    fn file_is_in_use(&self) -> Result<bool> {
        Ok(!self.file.sound()?.is_empty())
    }
}
