//! Carries out a plan: the secret first, then goose's config as the one commit point, then everything else.
//!
//! A step that fails takes the ones before it back, so that goose works with the old provider or with the new one.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::fsio;
use crate::plan::{FileChange, Plan};
use crate::prompt;
use crate::secrets::{Former, Places};

/// How long another goose may hold the lock on the secrets before we give up.
pub fn apply(plan: &Plan, places: &Places, patience: Duration) -> Result<()> {
    let _uninterrupted = prompt::changing();
    let mut done = Done::default();
    let result = carry_out(plan, places, patience, &mut done);
    let Err(cause) = result else {
        return Ok(());
    };
    if done.is_nothing() {
        return Err(cause);
    }
    match done.take_back(places) {
        Ok(()) => Err(Error::RolledBack {
            cause: Box::new(cause),
        }),
        Err(undo) => Err(Error::HalfDone {
            cause: Box::new(cause),
            undo: Box::new(undo),
        }),
    }
}

#[derive(Default)]
struct Done<'p> {
    secrets: Option<Former>,
    files: Vec<&'p FileChange>,
}

fn carry_out<'p>(
    plan: &'p Plan,
    places: &Places,
    patience: Duration,
    done: &mut Done<'p>,
) -> Result<()> {
    if let Some(secrets) = &plan.secrets {
        done.secrets = Some(places.write(&secrets.change, patience)?);
    }
    for file in &plan.files {
        match &file.after {
            Some(after) => fsio::replace(&file.before, after, file.privacy)?,
            None => fsio::remove(&file.before)?,
        }
        done.files.push(file);
    }
    Ok(())
}

impl Done<'_> {
    fn is_nothing(&self) -> bool {
        self.secrets.is_none() && self.files.is_empty()
    }

    fn take_back(self, places: &Places) -> Result<()> {
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
            places.restore(former)?;
        }
        Ok(())
    }
}
