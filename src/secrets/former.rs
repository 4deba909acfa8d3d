//! Secrets that a change replaced, kept for `undo` in the same kind of store: the keychain in an item of our own, the file
//! store in a file of our own that only its owner can read.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::StoreKind;
use super::change::Former;
use super::entries::Entries;
use super::keychain::{self, Item, KeychainState};
use super::places::Places;
use crate::error::{Error, Result};
use crate::fsio::{self, Privacy};

impl Places {
    /// Keeps what is about to be replaced, under the id of the change.
    pub(super) fn keep_former(&self, id: &str, former: &Former, until: Instant) -> Result<()> {
        if former.before.is_empty() {
            return Ok(());
        }
        let mut kept = self.kept(former.store, until)?;
        kept.put(id, Some(former.before.to_value()));
        self.write_kept(former.store, &kept, until)
    }

    /// The values that the change with this id replaced.
    pub fn former(&self, id: &str, store: StoreKind, patience: Duration) -> Result<Entries> {
        let kept = self.kept(store, Instant::now() + patience)?;
        Ok(kept
            .value(id)
            .cloned()
            .and_then(Entries::from_value)
            .unwrap_or_default())
    }

    /// Forgets the values of every change but those that `is_kept` names; says how many it forgot.
    pub fn forget_former(
        &self,
        store: StoreKind,
        is_kept: &dyn Fn(&str) -> bool,
        patience: Duration,
    ) -> Result<usize> {
        let until = Instant::now() + patience;
        let kept = self.kept(store, until)?;
        let gone: Vec<String> = kept
            .names()
            .filter(|id| !is_kept(id))
            .map(str::to_owned)
            .collect();
        if gone.is_empty() {
            return Ok(0);
        }
        let mut rest = kept;
        for id in &gone {
            rest.put(id, None);
        }
        self.write_kept(store, &rest, until)?;
        Ok(gone.len())
    }

    fn kept(&self, store: StoreKind, until: Instant) -> Result<Entries> {
        match store {
            StoreKind::File => read_file(&self.former),
            StoreKind::Keychain => match keychain::read(Item::Former, until) {
                KeychainState::Item(entries) => Ok(entries),
                KeychainState::Empty { .. } => Ok(Entries::default()),
                KeychainState::Trouble(trouble) => Err(trouble.error(&self.file)),
            },
        }
    }

    fn write_kept(&self, store: StoreKind, kept: &Entries, until: Instant) -> Result<()> {
        match store {
            StoreKind::File => {
                let before = fsio::read(&self.former)?;
                if kept.is_empty() {
                    fsio::remove(&before)
                } else {
                    fsio::replace(&before, kept.to_json().as_bytes(), Privacy::Private)
                }
            }
            StoreKind::Keychain => {
                let done = if kept.is_empty() {
                    keychain::delete(Item::Former, until)
                } else {
                    keychain::write(Item::Former, kept, until)
                };
                done.map_err(|trouble| trouble.error(&self.file))
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Entries> {
    let Some(bytes) = fsio::read(path)?.bytes else {
        return Ok(Entries::default());
    };
    serde_json::from_slice::<Map<String, Value>>(&bytes)
        .ok()
        .and_then(|map| Entries::from_value(Value::Object(map)))
        .ok_or_else(|| Error::BrokenFile {
            path: path.to_path_buf(),
            line: None,
            column: None,
            reason: "it is no JSON object of former secrets".into(),
        })
}
