//! What an address is: who answers there, and what it says of a key.

use crate::catalog::Provider;
use crate::check::http::Http;
use crate::check::{self, Finding, Target};
use crate::commands::custom::former::Former;
use crate::commands::custom::key;
use crate::custom::definition::Wanted;
use crate::custom::details::Details;
use crate::custom::endpoint::Endpoint;
use crate::custom::probe::{self, Caller, Found};
use crate::custom::row;
use crate::error::Result;
use crate::goose::custom::{Engine, Headers, key_name};
use crate::interview::Interview;
use crate::key_source;
use crate::secret::Secret;
use crate::verdict::{Cause, Verdict};

/// What the person said of the endpoint, and what its file says already.
pub(super) struct Given<'a> {
    pub(super) only: Option<Engine>,
    pub(super) headers: &'a Headers,
    pub(super) former: Option<&'a Former>,
}

/// What was found out of the endpoint, and the key for it.
pub(super) struct Survey {
    pub(super) engine: Engine,
    pub(super) base_url: String,
    pub(super) details: Details,
    pub(super) lists: bool,
    /// goose shall send a key: this one, or where there is none here, whichever it finds itself.
    pub(super) needs_key: bool,
    pub(super) key: Option<Secret>,
    pub(super) finding: Option<Finding>,
    pub(super) requests: u32,
}

impl Survey {
    /// `--no-check`: believes what is said, what the file says already, and what the address itself tells.
    pub(super) fn unasked(
        endpoint: &Endpoint,
        given: &Given<'_>,
        interview: &Interview<'_>,
    ) -> Result<Self> {
        let former = given.former;
        let known = former.map(|former| former.definition.engine);
        let stays = former.is_some_and(|former| former.is_meant_by(endpoint));
        let told = if stays {
            known
        } else {
            endpoint.hint.or(known)
        };
        let engine = given.only.or(told).unwrap_or(Engine::Openai);
        let base_url = match former.filter(|_| stays && known == Some(engine)) {
            Some(former) => former.definition.base_url.clone(),
            None => endpoint.base_url(engine, &endpoint.first_base(engine)),
        };
        let key = match (key_source::read(&interview.args.key, interview.cx)?, former) {
            (Some(key), _) => Some(key),
            (None, Some(former)) => key::kept(interview, endpoint, former)?,
            (None, None) => None,
        };
        Ok(Self {
            engine,
            base_url,
            details: Details::default(),
            lists: true,
            needs_key: key.is_some()
                || former.is_some_and(|former| former.definition.requires_auth),
            key,
            finding: None,
            requests: 0,
        })
    }

    pub(super) fn with_key(
        first: Found,
        endpoint: &Endpoint,
        given: &Given<'_>,
        interview: &Interview<'_>,
    ) -> Result<Self> {
        let wants_key = first.door.wants_key();
        let mut candidate = key_source::read(&interview.args.key, interview.cx)?;
        let talk = &interview.cx.talk;
        if interview.prompt.is_some() {
            talk.good(format!(
                "{} answers in the style of {}{}",
                first.door.base,
                first.door.engine.title(),
                if wants_key { ", and wants a key" } else { "" }
            ));
        }
        if !wants_key && candidate.is_none() {
            let http = interview.cx.network()?;
            return Ok(Self::of(first, None, given.caller(&http, endpoint, None)));
        }
        let (held, stored) = match given.former {
            Some(former) => (
                former.held_key(interview.state)?,
                former.key_for(endpoint, interview.state)?,
            ),
            None => (None, None),
        };
        if candidate.is_none() && !interview.is_guided() {
            candidate.clone_from(&stored);
        }
        let mut requests = first.requests;
        loop {
            let key = match candidate.take() {
                Some(key) => key,
                None => match key::ask(interview, endpoint, stored.as_ref())? {
                    Some(key) => key,
                    None => continue,
                },
            };
            let http = interview.cx.network()?;
            let busy = talk.busy("asking the endpoint about the key");
            let caller = given.caller(&http, endpoint, Some(&key));
            let outcome =
                probe::look(caller, given.only).and_then(|with| judged(&first, with, &key, caller));
            drop(busy);
            interview.cx.tell_requests(&http);
            let (with, finding) = match outcome {
                Ok((with, finding)) => (Some(with), finding),
                Err(finding) => (None, finding),
            };
            requests += finding.requests + with.as_ref().map_or(0, |with| with.requests);
            let replaces = held.as_ref().is_some_and(|held| !held.is_same_as(&key));
            if key::is_taken(interview, &finding, replaces)? {
                let found = Found {
                    requests,
                    ..with.unwrap_or(first)
                };
                let survey = Self::of(found, Some(finding), caller);
                return Ok(Self {
                    needs_key: true,
                    key: Some(key),
                    ..survey
                });
            }
        }
    }

    fn of(found: Found, finding: Option<Finding>, caller: Caller<'_>) -> Self {
        let details = Details::ask(caller, &found.door);
        Self {
            engine: found.door.engine,
            lists: found.door.lists(),
            finding: finding.or_else(|| {
                Some(Finding::new(
                    Verdict::Valid,
                    "the endpoint answers without a key",
                    "",
                ))
            }),
            needs_key: false,
            base_url: caller
                .endpoint
                .base_url(found.door.engine, &found.door.base),
            requests: found.requests + details.requests,
            details,
            key: None,
        }
    }
}

impl<'a> Given<'a> {
    fn caller(
        &self,
        http: &'a Http,
        endpoint: &'a Endpoint,
        key: Option<&'a Secret>,
    ) -> Caller<'a> {
        Caller {
            http,
            endpoint,
            key,
            headers: self.headers,
        }
    }
}

/// Knocks without a key. A scheme that was only guessed is tried the other way round too.
pub(super) fn look(
    interview: &Interview<'_>,
    endpoint: &mut Endpoint,
    given: &Given<'_>,
) -> Result<Found> {
    let http = interview.cx.network()?;
    let _busy = interview
        .cx
        .talk
        .busy(&format!("looking at {}", endpoint.host()));
    let mut outcome = probe::look(given.caller(&http, endpoint, None), given.only);
    let cause = outcome.as_ref().err().and_then(|finding| finding.cause);
    let is_other_worth_it = endpoint.is_scheme_guessed
        && matches!(cause, Some(Cause::Tls | Cause::Refused | Cause::NotThisApi));
    let other = endpoint.with_other_scheme();
    // Whoever stands between could have broken https so that the key comes along in the clear.
    if is_other_worth_it && other.is_readable_by_others() {
        outcome = outcome.map_err(without_https);
    } else if is_other_worth_it
        && let Ok(found) = probe::look(given.caller(&http, &other, None), given.only)
    {
        *endpoint = other;
        outcome = Ok(found);
    }
    interview.cx.tell_requests(&http);
    outcome.map_err(Finding::into_error)
}

/// Only where nothing listens may the address be one without https; everything else would be the wrong reason for that.
fn without_https(finding: Finding) -> Finding {
    if finding.cause != Some(Cause::Refused) {
        return finding;
    }
    Finding {
        action: format!(
            "{}; if it has no https, write http:// yourself, and everybody on the way can read the key",
            finding.action
        ),
        ..finding
    }
}

/// What two looks, without the key and with it, say of the key.
fn judged(
    without: &Found,
    with: Found,
    key: &Secret,
    caller: Caller<'_>,
) -> std::result::Result<(Found, Finding), Finding> {
    if !without.door.wants_key() {
        let title = caller.endpoint.host();
        let finding = Finding::new(
            Verdict::Unproven,
            format!("{title} answers without a key too, so nothing proves this one"),
            "leave the key out, or go on with --no-check if you are sure of it",
        );
        return Ok((with, finding));
    }
    let row = described(&with, caller)
        .map_err(|error| Finding::new(Verdict::Unproven, error.to_string(), error.action()))?;
    let target = Target::new(row, None, Some(key));
    let finding = match &with.door.chat {
        // Then what the list answers is judged as for every other provider.
        _ if without.door.locks_list() && !with.door.has_no_list() => {
            check::prove(caller.http, &target)
        }
        Ok(reply) => check::judge_empty(&target, reply),
        Err(trouble) => trouble.clone().into(),
    };
    Ok((with, finding))
}

fn described(found: &Found, caller: Caller<'_>) -> Result<&'static Provider> {
    let endpoint = caller.endpoint;
    row::described(&Wanted {
        id: "custom".into(),
        title: endpoint.host().to_owned(),
        engine: found.door.engine,
        base_url: endpoint.base_url(found.door.engine, &found.door.base),
        models: Vec::new(),
        key_name: Some(key_name("custom")),
        lists: true,
        headers: caller.headers.clone(),
        streams: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_go_without_https_is_only_named_where_nothing_listens() {
        for (cause, is_named) in [
            (Cause::Refused, true),
            (Cause::Tls, false),
            (Cause::NotThisApi, false),
        ] {
            let finding = Finding {
                cause: Some(cause),
                ..Finding::new(Verdict::Unreachable, "detail", "action")
            };
            let action = without_https(finding).action;
            assert_eq!(action.contains("http://"), is_named, "{action}");
        }
    }
}
