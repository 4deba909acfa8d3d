//! What a killed goose-setup left behind is finished, or taken back, before anything else is changed.

use std::cell::RefCell;

use crate::borrowed;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fsio::{self, Snapshot};
use crate::goose::paths::OwnPaths;
use crate::history::{Entry, FileRecord, History, Turn};
use crate::patience::Patience;
use crate::secrets::{Places, StoreKind};
use crate::state::State;
use crate::{apply, undo};

/// Puts in order what was interrupted, if anything was.
pub fn mend(cx: &Context) -> Result<()> {
    if cx.look()?.history.interrupted()?.is_some() {
        turn(cx)?;
    }
    Ok(())
}

/// Waits for our turn, and puts things in order first.
pub fn turn(cx: &Context) -> Result<Turn> {
    let (turn, state) = wait(cx)?;
    if let Some(entry) = state.history.interrupted()? {
        put_in_order(&entry, &state, cx)?;
    }
    Ok(turn)
}

/// Waits for our turn, to forget everything: what was interrupted and cannot be put in order is given up.
pub fn last_turn(cx: &Context) -> Result<Turn> {
    let (turn, state) = wait(cx)?;
    if let Some(entry) = state.history.interrupted()?
        && let Err(error) = put_in_order(&entry, &state, cx)
    {
        state.history.abandon()?;
        cx.talk.warn(format!("{error}; it is given up"));
    }
    Ok(turn)
}

/// Former secrets whose time is over go with any run that comes by, also one that changes nothing else. Nobody is kept
/// waiting for that, and nobody is asked for a password.
pub fn expire(cx: &Context) {
    let Ok(own) = OwnPaths::of(&cx.env) else {
        return;
    };
    let history = History::at(own.state_dir);
    let is_due = history.surplus().is_ok_and(|surplus| !surplus.is_empty());
    if !is_due || borrowed::refuse(&cx.env).is_err() {
        return;
    }
    let (Ok(_turn), Ok(state)) = (history.turn(Patience::NONE), cx.look()) else {
        return;
    };
    if !matches!(state.history.interrupted(), Ok(None)) {
        return;
    }
    let state = state.with_patience(Patience::SHELL_START);
    let mut stores = vec![StoreKind::File];
    if state.places.is_keychain_open(state.patience()) {
        stores.push(StoreKind::Keychain);
    }
    // What cannot be forgotten now is forgotten by the next run.
    let _ = apply::drop_surplus(&state, &stores);
}

fn wait(cx: &Context) -> Result<(Turn, State)> {
    borrowed::refuse(&cx.env)?;
    let state = State::look(&cx.env)?;
    let turn = state.history.turn(Patience::TURN)?;
    Ok((turn, state))
}

fn put_in_order(entry: &Entry, state: &State, cx: &Context) -> Result<()> {
    let what = finish_or_take_back(entry, state).map_err(|cause| match cause {
        cause @ Error::Store { .. } => Error::Interrupted {
            title: entry.title.clone(),
            cause: Box::new(cause),
        },
        other => other,
    })?;
    cx.talk.warn(format!(
        "a change that was interrupted is {what}: {}",
        entry.title
    ));
    Ok(())
}

fn finish_or_take_back(entry: &Entry, state: &State) -> Result<&'static str> {
    clear_leftovers(entry, state)?;
    if is_past_commit_point(entry, state)? {
        let entry = finish(entry, state)?;
        state.history.keep(&entry)?;
        apply::settle(&entry, state)?;
        Ok("finished now")
    } else {
        take_back(entry, state)?;
        Ok("taken back")
    }
}

/// Text of a file that was being written when its process ended; it may hold secrets.
fn clear_leftovers(entry: &Entry, state: &State) -> Result<()> {
    let files = entry.files.iter().map(|record| record.path.as_path());
    files
        .chain([state.places.file.as_path()])
        .try_for_each(fsio::clear_leftovers_of)
}

/// Whether the change counts as made. Without goose's config in it that hangs on the secret; files alone can always be
/// finished, since all of them stands in the journal.
fn is_past_commit_point(entry: &Entry, state: &State) -> Result<bool> {
    let Some(record) = entry.commit_point.and_then(|index| entry.files.get(index)) else {
        return match &entry.secrets {
            Some(secrets) => state.places.stand(secrets, state.patience()),
            None => Ok(true),
        };
    };
    let now = fsio::read(&record.path)?;
    if is(&now, record.before.as_ref().map(|text| text.bytes())) {
        return Ok(false);
    }
    // goose may have written since, from our text or from the one before it.
    Ok(undo::is_made(record, &now))
}

/// Gives back the entry as it is then.
fn finish(entry: &Entry, state: &State) -> Result<Entry> {
    for record in &entry.files {
        let now = fsio::read(&record.path)?;
        if is(&now, record.before.as_ref().map(|text| text.bytes())) {
            write(&now, record, record.after.as_ref().map(|text| text.bytes()))?;
        }
    }
    let entry = RefCell::new(entry.clone());
    let later = entry.borrow().later.clone();
    if let Some(later) = later {
        let places = Places {
            keyring_off: later.store == StoreKind::File,
            ..state.places.clone()
        };
        let left = later.left_to_do(&places.look(state.patience())?);
        if !left.is_empty() {
            apply::write_secrets(&left, &entry, state)?;
        }
    }
    Ok(entry.into_inner())
}

fn take_back(entry: &Entry, state: &State) -> Result<()> {
    for record in entry.files.iter().rev() {
        let now = fsio::read(&record.path)?;
        if is(&now, record.after.as_ref().map(|text| text.bytes())) {
            write(
                &now,
                record,
                record.before.as_ref().map(|text| text.bytes()),
            )?;
        }
    }
    if let Some(secrets) = &entry.secrets {
        state
            .places
            .take_back(&entry.id, secrets, state.patience())?;
    }
    apply::forget_former([entry], state);
    state.history.abandon()
}

fn is(now: &Snapshot, text: Option<&[u8]>) -> bool {
    now.bytes.as_deref() == text
}

fn write(now: &Snapshot, record: &FileRecord, text: Option<&[u8]>) -> Result<()> {
    match text {
        Some(text) => fsio::replace(now, text, record.privacy()),
        None => fsio::remove(now),
    }
}
