//! What a killed goose-setup left behind is finished, or taken back, before anything else is changed.

use crate::borrowed;
use crate::context::Context;
use crate::error::Result;
use crate::fsio::{self, Snapshot};
use crate::history::{Entry, FileRecord, Turn};
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
    borrowed::refuse(&cx.env)?;
    let state = State::look(&cx.env)?;
    let turn = state.history.turn(|| {
        cx.talk
            .say("waiting for another goose-setup that is changing something");
    })?;
    if let Some(entry) = state.history.interrupted()? {
        clear_leftovers(&entry, &state)?;
        let what = if is_past_commit_point(&entry, &state)? {
            finish(&entry)?;
            state.history.keep(&entry)?;
            apply::settle(&entry, &state)?;
            "finished now"
        } else {
            take_back(&entry, &state)?;
            "taken back"
        };
        cx.talk.warn(format!(
            "a change that was interrupted is {what}: {}",
            entry.title
        ));
    }
    Ok(turn)
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

fn finish(entry: &Entry) -> Result<()> {
    for record in &entry.files {
        let now = fsio::read(&record.path)?;
        if is(&now, record.before.as_ref().map(|text| text.bytes())) {
            write(&now, record, record.after.as_ref().map(|text| text.bytes()))?;
        }
    }
    Ok(())
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
