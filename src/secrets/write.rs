//! Making a change: on what the store holds by then, read back afterwards.

use zeroize::Zeroizing;

use super::StoreKind;
use super::change::{Change, Extent, Filing, Former};
use super::entries::Entries;
use super::file::SecretsFile;
use super::keychain::{self, Item, KeychainState};
use super::places::Places;
use super::record::SecretRecord;
use super::trouble::Trouble;
use crate::error::{Result, StoreTrouble};
use crate::patience::Patience;

impl Places {
    /// Makes the change on what the store holds by then, and reads it back.
    pub fn write(
        &self,
        change: &Change,
        filing: &Filing<'_>,
        patience: Patience,
    ) -> Result<Former> {
        let _lock = self.locked(patience)?;
        let file = SecretsFile::read(&self.file)?;
        let former = match change.store {
            StoreKind::Keychain => self.write_item(change, &file, filing, patience),
            StoreKind::File => self.write_file(change, &file, filing, patience),
        }?;
        Ok(Former { patience, ..former })
    }

    fn file_away(&self, filing: &Filing<'_>, former: &Former, patience: Patience) -> Result<()> {
        // The journal comes first: what is kept for a change that nobody knows of would lie there for ever.
        (filing.announce)(SecretRecord::of(former))?;
        self.keep_former(filing.id, former, patience)
    }

    fn write_item(
        &self,
        change: &Change,
        file: &SecretsFile,
        filing: &Filing<'_>,
        patience: Patience,
    ) -> Result<Former> {
        let in_words = |trouble: Trouble| trouble.error(&self.file);
        let (base, extent) = match keychain::read(Item::Goose, patience) {
            KeychainState::Item(entries) => (entries, Extent::NamesOnly),
            KeychainState::Empty { locked } => {
                if locked {
                    keychain::unlock(patience).map_err(in_words)?;
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
        if wanted == base && (change.names_set().next().is_none() || !is_new) {
            return Ok(Former::nothing(change.store));
        }
        // Without the item goose reads the file again, so it may only go where that comes to the same.
        let goes = change.unmakes && !is_new && wanted == file.sound()?;
        let extent = if goes { Extent::Unmade } else { extent };
        if !goes {
            keychain::fits(&wanted).map_err(in_words)?;
        }
        let former = Former::of(change.store, &base, &wanted, extent);
        self.file_away(filing, &former, patience)?;
        let done = if goes {
            keychain::delete(Item::Goose, patience)
        } else {
            keychain::write(Item::Goose, &wanted, patience).and_then(|()| kept(&wanted, patience))
        };
        if let Err(trouble) = done {
            // Half a change may have arrived. The first cause is what counts, also when this fails for the same reason.
            // After a silence the write may still arrive, so whoever comes next looks what became of it.
            if trouble.kind != StoreTrouble::TimedOut {
                let _ = if is_new {
                    keychain::delete(Item::Goose, patience)
                } else {
                    keychain::write(Item::Goose, &base, patience)
                };
            }
            return Err(in_words(trouble));
        }
        Ok(former)
    }

    fn write_file(
        &self,
        change: &Change,
        file: &SecretsFile,
        filing: &Filing<'_>,
        patience: Patience,
    ) -> Result<Former> {
        let before = file.sound()?;
        let mut base = before.clone();
        if change.carry_over {
            match keychain::read(Item::Goose, patience) {
                KeychainState::Item(entries) => base.take_over(&entries, &change.kept),
                KeychainState::Empty { .. } => {}
                KeychainState::Trouble(trouble) => return Err(trouble.error(&self.file)),
            }
        }
        let wanted = change.applied_to(&base);
        if wanted == before {
            return Ok(Former::nothing(change.store));
        }
        let goes = change.unmakes && file.is_nothing_but(&wanted)?;
        let after = if goes {
            None
        } else {
            Some(file.text_of(&wanted)?)
        };
        let extent = Extent::Text {
            before: file.snapshot().bytes.clone().map(Zeroizing::new),
            after: after.clone(),
        };
        let former = Former::of(change.store, &before, &wanted, extent);
        self.file_away(filing, &former, patience)?;
        match after {
            Some(after) => file.write(&after, &wanted)?,
            None => file.put_back(None)?,
        }
        Ok(former)
    }
}

fn kept(wanted: &Entries, patience: Patience) -> std::result::Result<(), Trouble> {
    match keychain::read(Item::Goose, patience) {
        KeychainState::Item(entries) if entries == *wanted => Ok(()),
        KeychainState::Trouble(trouble) => Err(trouble),
        KeychainState::Item(_) | KeychainState::Empty { .. } => Err(Trouble::not_kept()),
    }
}
