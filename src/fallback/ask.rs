//! The chain as a part of setup, and what OpenRouter offers the key that is stored or being set up.

use crate::catalog::{self, Provider};
use crate::check::{Finding, Target};
use crate::cli::SetupArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fallback::{Chain, Demands, Offer, PROVIDER, pick};
use crate::plan::Choice;
use crate::prompt::Prompt;
use crate::state::State;
use crate::stored_key;

/// Whether setup is about the one provider that falls over by itself.
pub fn is_for(choice: &Choice) -> bool {
    choice.provider.id == PROVIDER
}

/// The chain that setup was given by flag.
pub fn given(
    args: &SetupArgs,
    choice: &Choice,
    cx: &Context,
    state: &State,
) -> Result<Option<Chain>> {
    if args.fallback.is_empty() {
        return Ok(None);
    }
    if !is_for(choice) {
        return Err(Error::usage(
            format!(
                "only OpenRouter has fallback models, not {}",
                choice.provider.title
            ),
            "leave --fallback out, or see `goose-setup gateway` for falling over between providers",
        ));
    }
    let chain = Chain::parse(&args.fallback)?;
    if !args.no_check {
        let offer = offer(Some(choice), cx, state, &mut Vec::new())?;
        offer.judge_all(&chain, Demands::default())?;
    }
    Ok(Some(chain))
}

/// The chain from the plan screen; the one so far where the person thinks better of it.
pub fn ask(
    prompt: &Prompt,
    so_far: Option<Chain>,
    choice: &Choice,
    cx: &Context,
    state: &State,
) -> Option<Chain> {
    let picked = offer(Some(choice), cx, state, &mut Vec::new())
        .and_then(|offer| pick(prompt, &offer, Demands::default()));
    match picked {
        Ok(chain) => Some(chain),
        Err(error) => {
            if !matches!(error, Error::Cancelled) {
                cx.talk.bad(error.to_string());
            }
            so_far
        }
    }
}

/// What OpenRouter offers the key: the stored one, or the one that is being set up.
pub fn offer(
    choice: Option<&Choice>,
    cx: &Context,
    state: &State,
    notes: &mut Vec<String>,
) -> Result<Offer> {
    let provider = provider()?;
    let fresh = choice.and_then(|choice| {
        let variable = provider.key.as_ref()?.variable;
        choice.secrets.iter().find(|(name, _)| name == variable)
    });
    let key = match fresh {
        Some((_, key)) => Some(key.clone()),
        None => stored_key::in_force(provider, cx, state)?,
    };
    let host = choice.and_then(|choice| {
        let setting = provider.host.as_ref()?.setting;
        choice.settings.iter().find(|(name, _)| name == setting)
    });
    let target = match host {
        Some((_, host)) => Target::new(provider, host.as_deref(), key.as_ref()),
        None => stored_key::target(provider, key.as_ref(), cx, state),
    };
    let http = cx.network()?;
    let offer = {
        let _busy = cx.talk.busy("asking OpenRouter for its models");
        Offer::ask(&http, &target)
    };
    cx.tell_requests(&http);
    let offer = offer.map_err(Finding::into_error)?;
    if !offer.is_own {
        notes.push(
            "the models were looked up in the public list: whether this key may use them is not proven"
                .into(),
        );
    }
    Ok(offer)
}

fn provider() -> Result<&'static Provider> {
    catalog::by_id(PROVIDER)
        .ok_or_else(|| Error::unexpected("the catalogue has no row for OpenRouter"))
}
