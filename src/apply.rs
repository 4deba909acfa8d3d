//! Carries out a plan: the new secret first, then goose's config as the one commit point, then everything else, and what is
//! to be removed from a store last.
//!
//! A journal is written before the first step. A step that fails takes the ones before it back; a process that is killed
//! leaves its journal to the next one (`recovery`). So goose works with the old provider or with the new one.

use std::cell::RefCell;

use crate::error::{Error, Result};
use crate::fsio;
use crate::history::{Entry, Turn};
use crate::plan::{FileChange, ModeChange, Plan};
use crate::prompt;
use crate::secrets::{Change, Filing, Former, SecretRecord, StoreKind};
use crate::state::State;

/// Makes the change. `turn` proves that no other goose-setup is making one.
pub fn apply(plan: &Plan, state: &State, _turn: &Turn) -> Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    let _uninterrupted = prompt::changing();
    if plan.leaves_no_trace() {
        return close(&plan.modes);
    }
    let transaction = Transaction {
        plan,
        state,
        entry: RefCell::new(state.history.entry_of(plan)?),
    };
    let mut done = Done::default();
    match transaction
        .carry_out(&mut done)
        .and_then(|()| state.history.keep(&transaction.entry.borrow()))
    {
        Ok(()) => {
            // The change is made. What cannot be tidied up now is tidied up after the next one.
            let _ = settle(&transaction.entry.borrow(), state);
            Ok(())
        }
        Err(cause) => Err(transaction.take_back(done, cause)),
    }
}

/// What is left to do once a change is made and kept: what it made superfluous goes.
///
/// Former secrets go before the entries that name them, so that none is left behind which nobody knows of.
pub fn settle(entry: &Entry, state: &State) -> Result<()> {
    let history = &state.history;
    let Some(undone) = &entry.undoes else {
        return drop_surplus(state, &[StoreKind::File, StoreKind::Keychain]);
    };
    // An undo cannot be undone, so what it replaced is not kept either.
    let undone = history.entry(undone);
    forget_former(undone.iter().chain([entry]), state);
    undone.iter().try_for_each(|old| history.forget(old))?;
    history.abandon()
}

/// Drops the changes that have had their time, and what they replaced in these stores. Where a store is left out or does not
/// answer, its entries stay, so that the next run knows what to forget.
pub fn drop_surplus(state: &State, stores: &[StoreKind]) -> Result<()> {
    let mut surplus = state.history.surplus()?;
    surplus.retain(|old| {
        let secrets = old.secrets.as_ref();
        secrets.is_none_or(|secrets| stores.contains(&secrets.store))
    });
    let silent = forget_former(&surplus, state);
    surplus
        .iter()
        .filter(|old| !silent.iter().any(|store| replaced_in(old, *store)))
        .try_for_each(|old| state.history.fade(old))
}

/// Forgets the secrets that these changes replaced. Gives back the stores that did not answer: what is kept there stays
/// until `undo --forget`.
pub fn forget_former<'e>(
    entries: impl IntoIterator<Item = &'e Entry>,
    state: &State,
) -> Vec<StoreKind> {
    let gone: Vec<&Entry> = entries.into_iter().collect();
    let is_kept = |id: &str| gone.iter().all(|entry| entry.id != id);
    [StoreKind::File, StoreKind::Keychain]
        .into_iter()
        .filter(|store| gone.iter().any(|entry| replaced_in(entry, *store)))
        .filter(|store| {
            let forgotten = state
                .places
                .forget_former(*store, &is_kept, state.patience());
            forgotten.is_err()
        })
        .collect()
}

fn replaced_in(entry: &Entry, store: StoreKind) -> bool {
    let secrets = entry.secrets.as_ref();
    secrets.is_some_and(|secrets| secrets.store == store)
}

/// Forgets every secret that a change replaced, also what is kept for a change that nobody knows of any more.
pub fn forget_every_former(entries: &[Entry], state: &State) -> Result<()> {
    let forget = |store| {
        state
            .places
            .forget_former(store, &|_| false, state.patience())
    };
    forget(StoreKind::File)?;
    let must = entries
        .iter()
        .any(|entry| replaced_in(entry, StoreKind::Keychain));
    if must || !state.places.keyring_off {
        match forget(StoreKind::Keychain) {
            Err(error) if must => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

struct Transaction<'a> {
    plan: &'a Plan,
    state: &'a State,
    entry: RefCell<Entry>,
}

#[derive(Default)]
struct Done<'a> {
    secrets: Option<Former>,
    files: Vec<&'a FileChange>,
    removed: Option<Former>,
    /// A store was asked to write and has not said that it did.
    is_store_open: bool,
}

impl<'a> Transaction<'a> {
    fn carry_out(&self, done: &mut Done<'a>) -> Result<()> {
        let (first, later) = self.steps();
        if let Some(later) = &later {
            let record = SecretRecord::of_removal(later, self.state.secrets()?);
            self.entry.borrow_mut().later = Some(record);
        }
        if let Some(change) = first {
            done.secrets = Some(self.change_secrets(&change, done)?);
        }
        if self.entry.borrow().secrets.is_none() {
            self.state.history.begin(&self.entry.borrow())?;
        }
        for file in &self.plan.files {
            write(file)?;
            done.files.push(file);
        }
        close(&self.plan.modes)?;
        if let Some(change) = later {
            done.removed = Some(self.change_secrets(&change, done)?);
        }
        Ok(())
    }

    /// The secrets to change before the files, and those to remove after them: until goose's config says so, goose needs
    /// what is to be removed.
    fn steps(&self) -> (Option<Change>, Option<Change>) {
        let Some(secrets) = &self.plan.secrets else {
            return (None, None);
        };
        if !self.plan.files.iter().any(|file| file.is_commit_point) {
            return (Some(secrets.change.clone()), None);
        }
        let (first, later) = secrets.change.in_two();
        let is_due = !first.is_empty() || !secrets.carried.is_empty();
        (is_due.then_some(first), later)
    }

    fn change_secrets(&self, change: &Change, done: &mut Done<'_>) -> Result<Former> {
        done.is_store_open = true;
        let former = write_secrets(change, &self.entry, self.state)?;
        done.is_store_open = false;
        Ok(former)
    }

    fn take_back(&self, done: Done<'_>, cause: Error) -> Error {
        let was_begun = done.secrets.is_some() || !done.files.is_empty();
        // A store that failed in the middle of a write may hold the new secret all the same. If that cannot be seen, the
        // journal stays, and what it replaced stays with it.
        let entry = self.entry.borrow();
        let open = entry.secrets.as_ref().filter(|_| done.is_store_open);
        if open.is_some() && cause.is_silence() {
            // It may still hear us, so taking it back now could come before the write.
            return Error::Unsettled {
                cause: Box::new(cause),
            };
        }
        let settled = open.map_or(Ok(()), |record| {
            let patience = self.state.patience();
            self.state.places.take_back(&entry.id, record, patience)
        });
        let undone = settled.and_then(|()| done.undo(self.state)).and_then(|()| {
            forget_former([&*entry], self.state);
            self.state.history.abandon()
        });
        match undone {
            Ok(()) if !was_begun => cause,
            Ok(()) => Error::RolledBack {
                cause: Box::new(cause),
            },
            Err(undo) => Error::HalfDone {
                cause: Box::new(cause),
                undo: Box::new(undo),
            },
        }
    }
}

/// Makes one change of secrets, which the journal knows of before it is made.
pub fn write_secrets(change: &Change, entry: &RefCell<Entry>, state: &State) -> Result<Former> {
    let id = entry.borrow().id.clone();
    let filing = Filing {
        id: &id,
        announce: &|record: SecretRecord| {
            let so_far = entry.borrow_mut().secrets.take();
            entry.borrow_mut().secrets = Some(match so_far {
                Some(so_far) => so_far.followed_by(record),
                None => record,
            });
            state.history.begin(&entry.borrow())
        },
    };
    state.places.write(change, &filing, state.patience())
}

impl Done<'_> {
    /// Backwards, so that at no moment goose is told to use what is not there.
    fn undo(self, state: &State) -> Result<()> {
        if let Some(former) = &self.removed {
            state.places.restore(former)?;
        }
        for file in self.files.iter().rev() {
            let now = fsio::Snapshot {
                bytes: file.after.clone(),
                ..file.before.clone()
            };
            match &file.before.bytes {
                Some(before) => fsio::replace(&now, before, file.privacy)?,
                None => fsio::remove(&now)?,
            }
        }
        if let Some(former) = &self.secrets {
            state.places.restore(former)?;
        }
        Ok(())
    }
}

/// All of them or none.
fn close(modes: &[ModeChange]) -> Result<()> {
    for (index, mode) in modes.iter().enumerate() {
        if let Err(cause) = fsio::set_mode(&mode.path, mode.before, mode.after) {
            for done in modes.iter().take(index) {
                fsio::set_mode(&done.path, done.after, done.before)?;
            }
            return Err(cause);
        }
    }
    Ok(())
}

fn write(file: &FileChange) -> Result<()> {
    match &file.after {
        Some(after) => fsio::replace(&file.before, after, file.privacy),
        None => fsio::remove(&file.before),
    }
}
