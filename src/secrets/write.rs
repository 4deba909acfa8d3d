//! Making a change: on what the store holds by then, read back afterwards.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::StoreKind;
use super::change::{Change, Extent, Filing, Former};
use super::entries::Entries;
use super::file::SecretsFile;
use super::keychain::{self, Item, KeychainState};
use super::places::Places;
use super::record::SecretRecord;
use super::trouble::Trouble;
use crate::error::Result;
use crate::fsio;

impl Places {
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
}

fn kept(wanted: &Entries, until: Instant) -> Result<(), Trouble> {
    match keychain::read(Item::Goose, until) {
        KeychainState::Item(entries) if entries == *wanted => Ok(()),
        KeychainState::Trouble(trouble) => Err(trouble),
        KeychainState::Item(_) | KeychainState::Empty { .. } => Err(Trouble::not_kept()),
    }
}
