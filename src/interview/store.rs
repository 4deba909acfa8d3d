//! Where the secret goes.

use crate::error::{Error, Result, StoreTrouble};
use crate::interview::Interview;
use crate::plan::StoreChoice;
use crate::secrets::StoreKind;
use crate::view;

/// The store asked for, else the one goose reads now. Plain text is never chosen silently.
pub fn decide(interview: &Interview<'_>) -> Result<StoreChoice> {
    let seen = interview.state.secrets()?;
    if let Some(kind) = interview.args.store {
        seen.usable(kind)?;
        return Ok(StoreChoice {
            kind,
            on_request: true,
        });
    }
    match seen.used() {
        Ok(kind) => Ok(StoreChoice {
            kind,
            on_request: false,
        }),
        Err(error) => plain_text_instead(interview, error),
    }
}

fn plain_text_instead(interview: &Interview<'_>, error: Error) -> Result<StoreChoice> {
    let is_offered = matches!(
        error,
        Error::Store {
            trouble: StoreTrouble::Absent
                | StoreTrouble::Locked
                | StoreTrouble::Denied
                | StoreTrouble::TimedOut,
            ..
        }
    );
    let Some(prompt) = interview
        .prompt
        .as_ref()
        .filter(|_| is_offered && interview.is_guided())
    else {
        return Err(error);
    };
    let talk = &interview.cx.talk;
    talk.warn(error.to_string());
    let question = format!(
        "Keep the key in {}?",
        view::store(
            StoreKind::File,
            &interview.state.paths.secrets,
            &interview.cx.env
        )
    );
    if prompt.confirm(&question, false)? {
        Ok(StoreChoice {
            kind: StoreKind::File,
            on_request: true,
        })
    } else {
        Err(error)
    }
}
