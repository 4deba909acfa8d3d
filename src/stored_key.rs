//! A key that is set up already: which one counts, and whom goose asks with it.

use crate::catalog::Provider;
use crate::check::Target;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::state::State;

/// The key goose uses: the one in the environment, else the stored one.
pub fn in_force(provider: &Provider, cx: &Context, state: &State) -> Result<Option<Secret>> {
    let Some(fact) = &provider.key else {
        return Ok(None);
    };
    match in_environment(fact.variable, cx) {
        Some(key) => Ok(Some(key)),
        None => Ok(state.secrets()?.secret(fact.variable)),
    }
}

/// The variable whose key goose uses instead of the stored one.
pub fn outranking(provider: &Provider, cx: &Context, state: &State) -> Option<&'static str> {
    let variable = provider.key.as_ref()?.variable;
    let key = in_environment(variable, cx)?;
    let stored = state.secrets().ok()?.secret(variable)?;
    (!stored.is_same_as(&key)).then_some(variable)
}

/// The stored key, else the one in the environment: for what shall run on what is set up.
pub fn set_up(provider: &Provider, cx: &Context, state: &State) -> Result<Option<Secret>> {
    let Some(fact) = &provider.key else {
        return Ok(None);
    };
    let stored = state.secrets()?.secret(fact.variable);
    Ok(stored.or_else(|| in_environment(fact.variable, cx)))
}

fn in_environment(variable: &str, cx: &Context) -> Option<Secret> {
    cx.env
        .filled(variable)
        .and_then(|text| crate::goose::env_value::as_text(variable, text))
        .map(|text| Secret::stored(&text))
}

/// Whom goose asks, with its settings in the environment and in its files.
pub fn target<'k>(
    provider: &'static Provider,
    key: Option<&'k Secret>,
    cx: &Context,
    state: &State,
) -> Target<'k> {
    Target::of(provider, key, &|name| state.config.setting(&cx.env, name))
}

/// Why there is no key to work with: a store that cannot be used says so itself.
pub fn no_key(provider: &Provider, variable: &str, state: &State) -> Error {
    if let Err(error @ Error::Store { .. }) = state.secrets().and_then(|seen| seen.used()) {
        return error;
    }
    Error::usage(
        format!("no key of {} is stored ({variable})", provider.title),
        format!("run `goose-setup {}` to set it up", provider.id),
    )
}
