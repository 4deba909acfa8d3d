//! Taking a change back: one of ours that failed later on, or one that another process did not finish.

use super::StoreKind;
use super::change::{Extent, Former};
use super::entries::Entries;
use super::file::SecretsFile;
use super::keychain::{self, Item, KeychainState};
use super::places::Places;
use super::record::SecretRecord;
use crate::error::Result;
use crate::patience::Patience;

impl Places {
    /// Takes a change back wherever our values still stand; what others wrote since stays.
    pub fn restore(&self, former: &Former) -> Result<()> {
        if former.names.is_empty() && matches!(former.extent, Extent::NamesOnly) {
            return Ok(());
        }
        let _lock = self.locked(former.patience)?;
        match former.store {
            StoreKind::Keychain => self.restore_item(former, former.patience),
            StoreKind::File => self.restore_file(former),
        }
    }

    fn restore_item(&self, former: &Former, patience: Patience) -> Result<()> {
        let is_unmade = matches!(former.extent, Extent::Unmade);
        let Some(current) = self.item(is_unmade, patience)? else {
            return Ok(());
        };
        let wanted = former.taken_out_of(&current);
        let done = match &former.extent {
            Extent::NewItem { carried } if wanted == *carried => {
                keychain::delete(Item::Goose, patience)
            }
            _ if wanted == current => Ok(()),
            _ => keychain::write(Item::Goose, &wanted, patience),
        };
        done.map_err(|trouble| trouble.error(&self.file))
    }

    /// What stands in goose's item. Where the change took the item away, what goose reads since is what was left of it.
    fn item(&self, is_unmade: bool, patience: Patience) -> Result<Option<Entries>> {
        match keychain::read(Item::Goose, patience) {
            KeychainState::Item(entries) => Ok(Some(entries)),
            KeychainState::Empty { .. } if is_unmade => {
                Ok(Some(SecretsFile::read(&self.file)?.sound()?))
            }
            KeychainState::Empty { .. } => Ok(None),
            KeychainState::Trouble(trouble) => Err(trouble.error(&self.file)),
        }
    }

    fn restore_file(&self, former: &Former) -> Result<()> {
        let file = SecretsFile::read(&self.file)?;
        if let Extent::Text { before, after } = &former.extent
            && file.snapshot().bytes.as_deref() == after.as_ref().map(|text| text.as_slice())
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
    pub fn take_back(&self, id: &str, record: &SecretRecord, patience: Patience) -> Result<()> {
        let former = self.former(id, record.store, patience)?;
        let _lock = self.locked(patience)?;
        let file = SecretsFile::read(&self.file)?;
        match record.store {
            StoreKind::File => {
                let current = file.sound()?;
                let wanted = record.taken_out_of(&current, &former);
                if wanted == current {
                    Ok(())
                } else if record.made_store && wanted.is_empty() {
                    file.put_back(None)
                } else {
                    file.write(&file.text_of(&wanted)?, &wanted)
                }
            }
            StoreKind::Keychain => {
                let Some(current) = self.item(record.unmade_store, patience)? else {
                    return Ok(());
                };
                let wanted = record.taken_out_of(&current, &former);
                let done = if wanted == current {
                    Ok(())
                } else if record.made_store && wanted == file.sound()? {
                    keychain::delete(Item::Goose, patience)
                } else {
                    keychain::write(Item::Goose, &wanted, patience)
                };
                done.map_err(|trouble| trouble.error(&self.file))
            }
        }
    }
}
