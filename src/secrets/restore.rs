//! Taking a change back: one of ours that failed later on, or one that another process did not finish.

use std::time::{Duration, Instant};

use super::StoreKind;
use super::change::{Extent, Former};
use super::file::SecretsFile;
use super::keychain::{self, Item, KeychainState};
use super::places::Places;
use super::record::SecretRecord;
use crate::error::Result;
use crate::fsio;

impl Places {
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
