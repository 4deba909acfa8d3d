//! Carries out a plan: the secret first, then goose's config as the one commit point, then everything else.
//!
//! A journal is written before the first step. A step that fails takes the ones before it back; a process that is killed
//! leaves its journal to the next one (`recovery`). So goose works with the old provider or with the new one.

use std::cell::RefCell;

use crate::error::{Error, Result};
use crate::fsio;
use crate::history::{Entry, Turn};
use crate::plan::{FileChange, Plan};
use crate::prompt;
use crate::secrets::{Filing, Former, SecretRecord};
use crate::state::State;

/// Makes the change. `turn` proves that no other goose-setup is making one.
pub fn apply(plan: &Plan, state: &State, _turn: &Turn) -> Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    let _uninterrupted = prompt::changing();
    let transaction = Transaction {
        plan,
        state,
        entry: RefCell::new(Entry::of(plan, state.history.previous_provider()?)),
    };
    let mut done = Done::default();
    match transaction.carry_out(&mut done) {
        Ok(()) => transaction.commit(),
        Err(cause) => Err(transaction.take_back(done, cause)),
    }
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
}

impl<'a> Transaction<'a> {
    fn carry_out(&self, done: &mut Done<'a>) -> Result<()> {
        let history = &self.state.history;
        match &self.plan.secrets {
            Some(secrets) => {
                let id = self.entry.borrow().id.clone();
                let filing = Filing {
                    id: &id,
                    announce: &|record: SecretRecord| {
                        self.entry.borrow_mut().secrets = Some(record);
                        history.begin(&self.entry.borrow())
                    },
                };
                let former =
                    self.state
                        .places
                        .write(&secrets.change, &filing, self.state.patience())?;
                done.secrets = Some(former);
                if self.entry.borrow().secrets.is_none() {
                    history.begin(&self.entry.borrow())?;
                }
            }
            None => history.begin(&self.entry.borrow())?,
        }
        for file in &self.plan.files {
            write(file)?;
            done.files.push(file);
        }
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        let gone = self.state.history.commit(&self.entry.borrow())?;
        for entry in gone {
            if let Some(secrets) = &entry.secrets {
                // A keychain that went away in between keeps them until `undo --forget`.
                let _ = self.state.places.forget_former(
                    secrets.store,
                    &|id| id != entry.id,
                    self.state.patience(),
                );
            }
        }
        Ok(())
    }

    fn take_back(&self, done: Done<'_>, cause: Error) -> Error {
        let was_begun = done.secrets.is_some() || !done.files.is_empty();
        let undone = done
            .undo(self.state)
            .and_then(|()| self.state.history.abandon());
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

impl Done<'_> {
    fn undo(self, state: &State) -> Result<()> {
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

fn write(file: &FileChange) -> Result<()> {
    match &file.after {
        Some(after) => fsio::replace(&file.before, after, file.privacy),
        None => fsio::remove(&file.before),
    }
}
