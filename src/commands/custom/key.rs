//! The key of an endpoint: asked for, and taken or not after what the endpoint said of it.

use crate::check::Finding;
use crate::commands::custom::former::Former;
use crate::custom::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::interview::{Interview, Judged};
use crate::secret::Secret;

pub(super) fn is_taken(
    interview: &Interview<'_>,
    finding: &Finding,
    replaces: bool,
) -> Result<bool> {
    let talk = &interview.cx.talk;
    let judged = Judged::of(finding.verdict, replaces);
    if judged == Judged::Good {
        if interview.prompt.is_some() {
            talk.good(&finding.detail);
        }
        return Ok(true);
    }
    let Some(prompt) = interview.prompt.as_ref().filter(|_| interview.is_guided()) else {
        return Err(finding.clone().into_error());
    };
    talk.bad(&finding.detail);
    talk.hint(&finding.action);
    if judged == Judged::Refused {
        return Ok(false);
    }
    prompt.confirm("Go on with this key all the same?", false)
}

/// The key that goes on being used where nobody is asked about it; another address has to be given one of its own.
/// `None`: there is none here, be it that none is wanted.
pub(super) fn kept(
    interview: &Interview<'_>,
    endpoint: &Endpoint,
    former: &Former,
) -> Result<Option<Secret>> {
    if former.is_at(endpoint) || !former.definition.requires_auth {
        return former.key_for(endpoint, interview.state);
    }
    loop {
        if let Some(key) = ask(interview, endpoint, None)? {
            return Ok(Some(key));
        }
    }
}

/// `None`: what was typed is no key.
pub(super) fn ask(
    interview: &Interview<'_>,
    endpoint: &Endpoint,
    stored: Option<&Secret>,
) -> Result<Option<Secret>> {
    let host = endpoint.host();
    let Some(prompt) = &interview.prompt else {
        return Err(Error::missing(
            format!("the key that {host} wants"),
            "--key-stdin, --key-env VAR or --key-command CMD",
        ));
    };
    let question = match stored {
        Some(_) => format!("Key for {host} (hidden; Enter keeps the stored one)"),
        None => format!("Key for {host} (hidden)"),
    };
    let typed = prompt.hidden(&question)?;
    if typed.trim().is_empty()
        && let Some(stored) = stored
    {
        return Ok(Some(stored.clone()));
    }
    match Secret::parse(&typed) {
        Ok(key) => Ok(Some(key)),
        Err(reason) => {
            interview.cx.talk.bad(reason.to_string());
            Ok(None)
        }
    }
}
