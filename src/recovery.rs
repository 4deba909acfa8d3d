//! What a killed goose-setup left behind is finished, or taken back, before anything else is changed.

use crate::context::Context;
use crate::error::Result;
use crate::fsio::{self, Snapshot};
use crate::history::{Entry, FileRecord, Turn};
use crate::state::State;

/// Waits for our turn, and puts things in order first.
pub fn turn(cx: &Context) -> Result<Turn> {
    let state = State::look(&cx.env)?;
    let turn = state.history.turn()?;
    if let Some(entry) = state.history.interrupted()? {
        if is_past_commit_point(&entry)? {
            finish(&entry)?;
            state.history.commit(&entry)?;
            cx.talk.warn(format!(
                "a change that was interrupted is finished now: {}",
                entry.title
            ));
        } else {
            take_back(&entry, &state)?;
            cx.talk.warn(format!(
                "a change that was interrupted is taken back: {}",
                entry.title
            ));
        }
    }
    Ok(turn)
}

/// A change without goose's config in it can only be finished: all of it stands in the journal, or was one step.
fn is_past_commit_point(entry: &Entry) -> Result<bool> {
    let Some(record) = entry.commit_point.and_then(|index| entry.files.get(index)) else {
        return Ok(true);
    };
    let now = fsio::read(&record.path)?;
    Ok(!is(&now, record.before.as_ref().map(|text| text.bytes())))
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
