//! goose's secrets: where goose reads them now, and changes to them that leave everything else in place.
//!
//! goose asks its one keychain item first and reads `secrets.yaml` only where that item does not exist or no keychain
//! answers. Once the item exists the file is ignored, so whichever store is written first takes over what the other held.

mod entries;
mod file;
mod former;
mod keychain;
mod record;
mod trouble;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use entries::{Entries, Held, Touch};
pub use file::SecretsFile;
use keychain::Item;
pub use keychain::KeychainState;
pub use record::SecretRecord;
pub use trouble::Trouble;

use crate::error::{Error, Result, StoreTrouble};
use crate::fsio;
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    Keychain,
    File,
}

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

/// A change of secrets on its way: what the record of it is filed under, and who is told before it is made.
pub struct Filing<'a> {
    pub id: &'a str,
    pub announce: &'a dyn Fn(SecretRecord) -> Result<()>,
}

/// Both stores as they are at one moment.
#[derive(Debug)]
pub struct Seen {
    /// `None`: goose's keychain is off, so it was not asked.
    pub keychain: Option<KeychainState>,
    pub file: SecretsFile,
}

/// What is to be different in one store; made by [`Seen::change`], which knows what has to be taken along.
#[derive(Debug)]
pub struct Change {
    pub store: StoreKind,
    pub set: Vec<(String, Secret)>,
    pub remove: Vec<String>,
    /// Take along what goose reads now and would not find any more: `secrets.yaml` when the first item is made, the item
    /// when the file is to be used instead of it.
    carry_over: bool,
}

/// What a change replaced, for taking it back.
pub struct Former {
    store: StoreKind,
    names: Vec<String>,
    before: Entries,
    after: Entries,
    extent: Extent,
    /// As long as the change was allowed to take.
    patience: Duration,
}

/// What else came into being or changed along with the names.
enum Extent {
    NamesOnly,
    /// The item is new and holds these besides; without our names it is no more than the file, and goes.
    NewItem {
        carried: Entries,
    },
    /// The whole text before (`None`: no file) and after.
    Text {
        before: Option<Zeroizing<Vec<u8>>>,
        after: Zeroizing<Vec<u8>>,
    },
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

    /// Makes the change on what the store holds by then, and reads it back.
    pub fn write(
        &self,
        change: &Change,
        filing: &Filing<'_>,
        patience: Duration,
    ) -> Result<Former> {
        let until = Instant::now() + patience;
        let _lock = fsio::lock(&self.lock, patience)?;
        let file = SecretsFile::read(&self.file)?;
        let former = match change.store {
            StoreKind::Keychain => self.write_item(change, &file, filing, until),
            StoreKind::File => self.write_file(change, &file, filing, until),
        }?;
        Ok(Former { patience, ..former })
    }

    fn file_away(&self, filing: &Filing<'_>, former: &Former, until: Instant) -> Result<()> {
        // The journal comes first: what is kept for a change that nobody knows of would lie there for ever.
        (filing.announce)(SecretRecord::of(former))?;
        self.keep_former(filing.id, former, until)
    }

    /// Takes a change back wherever our values still stand; what others wrote since stays.
    pub fn restore(&self, former: &Former) -> Result<()> {
        if former.names.is_empty() && matches!(former.extent, Extent::NamesOnly) {
            return Ok(());
        }
        let until = Instant::now() + former.patience;
        let _lock = fsio::lock(&self.lock, former.patience)?;
        match former.store {
            StoreKind::Keychain => self.restore_item(former, until),
            StoreKind::File => self.restore_file(former),
        }
    }

    fn write_item(
        &self,
        change: &Change,
        file: &SecretsFile,
        filing: &Filing<'_>,
        until: Instant,
    ) -> Result<Former> {
        let in_words = |trouble: Trouble| trouble.error(&self.file);
        let (base, extent) = match keychain::read(Item::Goose, until) {
            KeychainState::Item(entries) => (entries, Extent::NamesOnly),
            KeychainState::Empty { locked } => {
                if locked {
                    keychain::unlock(until).map_err(in_words)?;
                }
                let carried = if change.carry_over {
                    file.sound()?
                } else {
                    Entries::default()
                };
                (carried.clone(), Extent::NewItem { carried })
            }
            KeychainState::Trouble(trouble) => return Err(in_words(trouble)),
        };
        let wanted = change.applied_to(&base);
        let is_new = matches!(extent, Extent::NewItem { .. });
        if wanted == base && (change.set.is_empty() || !is_new) {
            return Ok(Former::nothing(change.store));
        }
        let former = Former::of(change.store, &base, &wanted, extent);
        self.file_away(filing, &former, until)?;
        if let Err(trouble) =
            keychain::write(Item::Goose, &wanted, until).and_then(|()| kept(&wanted, until))
        {
            // Half a change may have arrived. The first cause is what counts, also when this fails for the same reason.
            let _ = if is_new {
                keychain::delete(Item::Goose, until)
            } else {
                keychain::write(Item::Goose, &base, until)
            };
            return Err(in_words(trouble));
        }
        Ok(former)
    }

    fn write_file(
        &self,
        change: &Change,
        file: &SecretsFile,
        filing: &Filing<'_>,
        until: Instant,
    ) -> Result<Former> {
        let before = file.sound()?;
        let mut base = before.clone();
        if change.carry_over {
            match keychain::read(Item::Goose, until) {
                KeychainState::Item(entries) => base.take_over(&entries),
                KeychainState::Empty { .. } => {}
                KeychainState::Trouble(trouble) => return Err(trouble.error(&self.file)),
            }
        }
        let wanted = change.applied_to(&base);
        if wanted == before {
            return Ok(Former::nothing(change.store));
        }
        let after = file.text_of(&wanted)?;
        let extent = Extent::Text {
            before: file.snapshot().bytes.clone().map(Zeroizing::new),
            after: after.clone(),
        };
        let former = Former::of(change.store, &before, &wanted, extent);
        self.file_away(filing, &former, until)?;
        file.write(&after, &wanted)?;
        Ok(former)
    }

    fn restore_item(&self, former: &Former, until: Instant) -> Result<()> {
        let current = match keychain::read(Item::Goose, until) {
            KeychainState::Item(entries) => entries,
            KeychainState::Empty { .. } => return Ok(()),
            KeychainState::Trouble(trouble) => return Err(trouble.error(&self.file)),
        };
        let wanted = former.taken_out_of(&current);
        let done = match &former.extent {
            Extent::NewItem { carried } if wanted == *carried => {
                keychain::delete(Item::Goose, until)
            }
            _ if wanted == current => Ok(()),
            _ => keychain::write(Item::Goose, &wanted, until),
        };
        done.map_err(|trouble| trouble.error(&self.file))
    }

    fn restore_file(&self, former: &Former) -> Result<()> {
        let file = SecretsFile::read(&self.file)?;
        if let Extent::Text { before, after } = &former.extent
            && file.snapshot().bytes.as_deref() == Some(after.as_slice())
            && (before.is_some() || !file.is_link())
        {
            return file.put_back(before.as_ref().map(|text| text.as_slice()));
        }
        let current = file.sound()?;
        let wanted = former.taken_out_of(&current);
        if wanted != current {
            file.write(&file.text_of(&wanted)?, &wanted)?;
        }
        Ok(())
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

    /// Takes back what another process wrote and did not finish, wherever it still stands.
    pub fn take_back(&self, id: &str, record: &SecretRecord, patience: Duration) -> Result<()> {
        let until = Instant::now() + patience;
        let former = self.former(id, record.store, patience)?;
        let _lock = fsio::lock(&self.lock, patience)?;
        let file = SecretsFile::read(&self.file)?;
        match record.store {
            StoreKind::File => {
                let current = file.sound()?;
                let wanted = record.taken_out_of(&current, &former);
                if wanted == current {
                    Ok(())
                } else if record.made_store && wanted.is_empty() && !file.is_link() {
                    file.put_back(None)
                } else {
                    file.write(&file.text_of(&wanted)?, &wanted)
                }
            }
            StoreKind::Keychain => {
                let current = match keychain::read(Item::Goose, until) {
                    KeychainState::Item(entries) => entries,
                    KeychainState::Empty { .. } => return Ok(()),
                    KeychainState::Trouble(trouble) => return Err(trouble.error(&self.file)),
                };
                let wanted = record.taken_out_of(&current, &former);
                let done = if wanted == current {
                    Ok(())
                } else if record.made_store && wanted == file.sound()? {
                    keychain::delete(Item::Goose, until)
                } else {
                    keychain::write(Item::Goose, &wanted, until)
                };
                done.map_err(|trouble| trouble.error(&self.file))
            }
        }
    }
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

    /// A value that goose cannot use because it is no text, as the text it was meant to be.
    pub fn as_text(&self, store: StoreKind, name: &str) -> Option<Secret> {
        match self.entries(store)?.value(name)? {
            serde_json::Value::Number(number) => Some(Secret::stored(&number.to_string())),
            serde_json::Value::Bool(word) => Some(Secret::stored(&word.to_string())),
            _ => None,
        }
    }

    /// The names that goose finds in its store at this moment.
    pub fn names(&self) -> Vec<String> {
        self.current()
            .map(|entries| entries.names().map(str::to_owned).collect())
            .unwrap_or_default()
    }

    /// A change that leaves nothing behind which goose finds now. It asks the keychain no second time where the first
    /// time gave nothing to take along.
    pub fn change(
        &self,
        store: StoreKind,
        set: Vec<(String, Secret)>,
        remove: Vec<String>,
    ) -> Change {
        let has_item = matches!(self.keychain, Some(KeychainState::Item(_)));
        Change {
            store,
            set,
            remove,
            carry_over: store == StoreKind::Keychain || has_item,
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

fn kept(wanted: &Entries, until: Instant) -> Result<(), Trouble> {
    match keychain::read(Item::Goose, until) {
        KeychainState::Item(entries) if entries == *wanted => Ok(()),
        KeychainState::Trouble(trouble) => Err(trouble),
        KeychainState::Item(_) | KeychainState::Empty { .. } => Err(Trouble::not_kept()),
    }
}

impl Change {
    fn applied_to(&self, base: &Entries) -> Entries {
        let mut entries = base.clone();
        for name in &self.remove {
            entries.put(name, None);
        }
        for (name, secret) in &self.set {
            entries.set(name, secret);
        }
        entries
    }
}

impl Former {
    /// What the change did to each name; empty where the store already was as wanted.
    pub fn touched(&self) -> Vec<(String, Touch)> {
        self.before.touched_by(&self.after)
    }

    fn nothing(store: StoreKind) -> Self {
        Self::of(
            store,
            &Entries::default(),
            &Entries::default(),
            Extent::NamesOnly,
        )
    }

    fn of(store: StoreKind, before: &Entries, after: &Entries, extent: Extent) -> Self {
        let names: Vec<String> = before
            .touched_by(after)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        Self {
            store,
            before: before.only(&names),
            after: after.only(&names),
            names,
            extent,
            patience: Duration::ZERO,
        }
    }

    fn taken_out_of(&self, current: &Entries) -> Entries {
        let mut entries = current.clone();
        for name in &self.names {
            if current.value(name) == self.after.value(name) {
                entries.put(name, self.before.value(name).cloned());
            }
        }
        entries
    }
}

/// Names only.
impl fmt::Debug for Former {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Former")
            .field("store", &self.store)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
