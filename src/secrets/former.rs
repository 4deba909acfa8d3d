//! Secrets that a change replaced, kept for `undo` in the same kind of store: the keychain in an item of our own, the file
//! store in a file of our own that only its owner can read.

use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

use serde_json::{Map, Value};

use super::StoreKind;
use super::change::Former;
use super::entries::Entries;
use super::keychain::{self, Item, KeychainState};
use super::places::Places;
use crate::error::{Error, Result};
use crate::fsio::{self, Privacy};
use crate::patience::Patience;

impl Places {
    /// Keeps what is about to be replaced, under the id of the change.
    pub(super) fn keep_former(&self, id: &str, former: &Former, patience: Patience) -> Result<()> {
        if former.before.is_empty() {
            return Ok(());
        }
        let mut kept = self.kept(former.store, patience)?;
        // A change may be made in two steps.
        let mut replaced = kept
            .value(id)
            .cloned()
            .and_then(Entries::from_value)
            .unwrap_or_default();
        replaced.take_over(&former.before, &[]);
        kept.put(id, Some(replaced.to_value()));
        if former.store == StoreKind::Keychain {
            crowd_out(&mut kept, |kept| keychain::fits(kept).is_ok());
        }
        self.write_kept(former.store, &kept, patience)
    }

    /// The values that the change with this id replaced.
    pub fn former(&self, id: &str, store: StoreKind, patience: Patience) -> Result<Entries> {
        let kept = self.kept(store, patience)?;
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
        patience: Patience,
    ) -> Result<usize> {
        let kept = self.kept(store, patience)?;
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
        self.write_kept(store, &rest, patience)?;
        Ok(gone.len())
    }

    fn kept(&self, store: StoreKind, patience: Patience) -> Result<Entries> {
        match store {
            StoreKind::File => read_file(&self.former),
            StoreKind::Keychain => match keychain::read(Item::Former, patience) {
                KeychainState::Item(entries) => Ok(entries),
                KeychainState::Empty { .. } => Ok(Entries::default()),
                KeychainState::Trouble(trouble) => Err(trouble.error(&self.file)),
            },
        }
    }

    fn write_kept(&self, store: StoreKind, kept: &Entries, patience: Patience) -> Result<()> {
        match store {
            StoreKind::File => {
                let mut before = fsio::read_own(&self.former)?;
                let done = if kept.is_empty() {
                    fsio::remove(&before)
                } else {
                    fsio::replace(&before, kept.to_json().as_bytes(), Privacy::Private)
                };
                before.bytes.zeroize();
                done
            }
            StoreKind::Keychain => {
                let done = if kept.is_empty() {
                    keychain::delete(Item::Former, patience)
                } else {
                    keychain::write(Item::Former, kept, patience)
                };
                done.map_err(|trouble| trouble.error(&self.file))
            }
        }
    }
}

/// An item may not grow for ever everywhere: what was replaced longest ago makes room first.
fn crowd_out(kept: &mut Entries, fits: impl Fn(&Entries) -> bool) {
    while !kept.is_empty() && !fits(kept) {
        let oldest = kept.names().min().map(str::to_owned);
        kept.put(&oldest.unwrap_or_default(), None);
    }
}

fn read_file(path: &Path) -> Result<Entries> {
    let Some(bytes) = fsio::read_own(path)?.bytes.map(Zeroizing::new) else {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn where_there_is_no_room_for_all_former_keys_the_oldest_go_first() {
        let mut kept =
            Entries::from_json(r#"{"2":{"A":"b"},"1":{"A":"a"},"3":{"A":"c"}}"#).unwrap();
        let two = r#"{"2":{"A":"b"},"3":{"A":"c"}}"#;
        crowd_out(&mut kept, |kept| kept.to_json().len() <= two.len());
        assert_eq!(kept.to_json().as_str(), two);
        crowd_out(&mut kept, |_| false);
        assert!(kept.is_empty());
    }
}
