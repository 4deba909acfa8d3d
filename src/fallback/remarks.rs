//! What is to be said of a chain besides that it is written.

use crate::context::Context;
use crate::env::Env;
use crate::error::Result;
use crate::fallback::{Chain, PROVIDER, parameters};
use crate::goose::binary::Version;
use crate::shadows::Shadow;
use crate::shell::{Shell, words};
use crate::state::State;
use crate::view;

/// The first goose that sends the parameters along.
const FIRST_GOOSE: Version = Version(1, 50, 0);

/// What a person should know of a chain like this one, a line each.
pub fn trade_offs(chain: &Chain, state: &State) -> Vec<String> {
    let mut notes = Vec::new();
    if chain
        .models()
        .iter()
        .any(|model| model == "openrouter/auto")
    {
        notes.push(
            "openrouter/auto lets OpenRouter choose for each request, so price and quality vary"
                .into(),
        );
    }
    if chain.models().iter().all(|model| is_free(model)) {
        notes.push(
            "free models answer 20 requests a minute and 50 a day, or 1,000 a day once you bought 10 credits"
                .into(),
        );
        if let Some(first) = state.config.model_of(PROVIDER).filter(|it| !is_free(it)) {
            notes.push(format!(
                "{first} comes before them and is billed; choose a free one with `goose-setup switch {PROVIDER} --model MODEL`"
            ));
        }
    }
    notes
}

fn is_free(model: &str) -> bool {
    model.ends_with(":free") || model == "openrouter/free"
}

/// Why goose would not send the chain although its files say it.
pub fn hindrances(cx: &Context, state: &State) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(goose) = state.goose(&cx.env) {
        state.versions.keep(goose);
        if let Some(version) = goose.version.filter(|version| *version < FIRST_GOOSE) {
            notes.push(format!(
                "goose {version} does not send fallback models, {FIRST_GOOSE} and later do: run `goose update`"
            ));
        }
    }
    let active = state.config.active(&cx.env).provider;
    if let Some(other) = active.filter(|active| active.value != PROVIDER) {
        notes.push(format!(
            "goose uses {} now; the chain counts after `goose-setup switch {PROVIDER}`",
            other.value
        ));
    }
    notes
}

/// Why there is an own setting although it names no chain.
pub fn outranked(state: &State, env: &Env) -> Result<Option<String>> {
    let below = parameters::chain_below(&state.config)?;
    Ok(below.map(|path| {
        format!(
            "{} names fallback models; {} in your own config outranks it",
            view::path(&path, env),
            parameters::SETTING
        )
    }))
}

/// A chain in the environment that outranks this one.
pub fn shadow(models: &[String], cx: &Context) -> Option<Shadow> {
    let in_environment = parameters::in_environment(&cx.env)?;
    (in_environment != models).then(|| Shadow {
        variable: parameters::SETTING.into(),
        hides: "fallback chain",
        fix: words::unset(Shell::detect(&cx.env), parameters::SETTING),
    })
}
