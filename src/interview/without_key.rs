//! A provider without a key: its server, its program, its sign-in or a vendor's credentials have to be there instead.

use crate::catalog::Provider;
use crate::check::{self, Finding};
use crate::elsewhere::{self, Look, SIGN_IN, Stand};
use crate::error::{Error, Result};
use crate::interview::Interview;
use crate::interview::settings::{self, Settings};
use crate::interview::verified::{Judged, Verified, target};
use crate::verdict::Verdict;

/// `None`: it wants a key after all.
pub(super) fn decide(
    interview: &Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
) -> Result<Option<Verified>> {
    let is_given = interview.args.key.is_given() || interview.args.login;
    if is_given && provider.key.is_none() {
        return Err(Error::usage(
            format!("{} takes no API key", provider.title),
            "leave the key flag out",
        ));
    }
    let Some(verified) = look_for(interview, provider, settings)? else {
        return Ok(None);
    };
    Ok(Some(Verified {
        plain: settings::of_credentials(interview, provider, settings)?,
        ..verified
    }))
}

fn look_for(
    interview: &Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
) -> Result<Option<Verified>> {
    if interview.args.no_check {
        return Ok(Some(Verified::unasked(None)));
    }
    if let Some(look) = look(interview, provider, settings)? {
        return in_place_of_key(interview, provider, settings, look).map(Some);
    }
    let http = interview.cx.network()?;
    let target = target(provider, settings, None, interview);
    loop {
        let busy = interview
            .cx
            .talk
            .busy(&format!("looking for {}", provider.title));
        let proof = check::prove_and_list(&http, &target);
        drop(busy);
        let finding = proof.finding;
        if finding.verdict == Verdict::Malformed {
            if interview.is_guided() {
                interview.cx.talk.warn(&finding.detail);
            }
            return Ok(None);
        }
        let is_settled = if Judged::of(finding.verdict, false) == Judged::Good {
            let talk = &interview.cx.talk;
            talk.good(format!("{} answers", provider.title));
            true
        } else {
            goes_without(interview, &finding)?
        };
        if is_settled {
            return Ok(Some(Verified {
                models: proof.models.ok(),
                finding: Some(finding),
                ..Verified::unasked(None)
            }));
        }
    }
}

pub(super) fn look(
    interview: &Interview<'_>,
    provider: &Provider,
    settings: &Settings,
) -> Result<Option<Look>> {
    let (state, env) = (interview.state, &interview.cx.env);
    let written = |name: &str| Some(settings.value(name, &state.config)?.value);
    elsewhere::look_with(provider, &written, state, env)
}

/// What goose uses in place of a key: what can be prepared is, and what is left to do is a note.
fn in_place_of_key(
    interview: &Interview<'_>,
    provider: &'static Provider,
    settings: &Settings,
    look: Look,
) -> Result<Verified> {
    let talk = &interview.cx.talk;
    let prompt = interview.prompt.as_ref().filter(|_| interview.is_guided());
    let mut signs_in = false;
    match (look.stand, prompt) {
        (Stand::SignedOut, _) if brings_sign_in(provider, settings) => {
            return Ok(Verified::unasked(None));
        }
        (Stand::SignedOut, Some(prompt)) if interview.state.goose(&interview.cx.env).is_some() => {
            talk.warn(&look.finding.detail);
            let question = format!("Start `{SIGN_IN}` for that, once this is written?");
            signs_in = prompt.confirm(&question, true)?;
        }
        (Stand::Unproven, Some(prompt)) => {
            talk.warn(&look.finding.detail);
            if !prompt.confirm("Go on with them?", true)? {
                return Err(Error::Cancelled);
            }
        }
        (Stand::Unproven | Stand::Missing, None) => {
            let finding = look.finding;
            let action = format!("{}; or go on with --no-check", finding.action);
            return Err(Finding { action, ..finding }.into_error());
        }
        (Stand::Missing, Some(_)) => {
            if !goes_without(interview, &look.finding)? {
                let again = self::look(interview, provider, settings)?.unwrap_or(look);
                return in_place_of_key(interview, provider, settings, again);
            }
        }
        (Stand::Ready, Some(_)) => talk.good(&look.finding.detail),
        (Stand::Ready | Stand::SignedOut, _) => {}
    }
    let note = (!signs_in).then(|| format!("{}; {}", look.finding.detail, look.finding.action));
    Ok(Verified {
        finding: Some(look.finding),
        signs_in,
        notes: note.into_iter().collect(),
        ..Verified::unasked(None)
    })
}

/// What goose would sign in for is among the answers.
fn brings_sign_in(provider: &Provider, settings: &Settings) -> bool {
    let name = provider.sign_in.as_ref().and_then(|it| it.secret);
    settings
        .secret
        .iter()
        .any(|(given, _)| Some(given.as_str()) == name)
}

/// Something is not there; `false`: look again.
fn goes_without(interview: &Interview<'_>, finding: &Finding) -> Result<bool> {
    let Some(prompt) = interview.prompt.as_ref().filter(|_| interview.is_guided()) else {
        return Err(finding.clone().into_error());
    };
    interview.cx.talk.bad(&finding.detail);
    interview.cx.talk.hint(&finding.action);
    if prompt.confirm("Look again?", true)? {
        return Ok(false);
    }
    if prompt.confirm("Set it up all the same?", false)? {
        Ok(true)
    } else {
        Err(Error::Cancelled)
    }
}
