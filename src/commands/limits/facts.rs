//! What goose's files and the environment say that matters to limits.

use crate::catalog;
use crate::context::Context;
use crate::fallback::parameters;
use crate::goose::env_value;
use crate::limits::advice::Setup;
use crate::limits::book::{self, Entry};
use crate::limits::sheet::Known;
use crate::state::State;

const NO_NAMING: &str = "GOOSE_DISABLE_SESSION_NAMING";
const MAX_TOKENS: &str = "GOOSE_MAX_TOKENS";

/// All of it about one provider; `every_model`: not only about the model in use.
pub(super) fn known<'a>(id: &'a str, every_model: bool, cx: &Context, state: &State) -> Known<'a> {
    let setting = |name: &str| {
        let found = state.config.setting(&cx.env, name)?;
        Some(found.value)
    };
    let mut setup = Setup {
        names_sessions: !setting(NO_NAMING).is_some_and(|said| said.eq_ignore_ascii_case("true")),
        has_fallback: !parameters::in_force(&state.config, &cx.env).is_empty(),
        others: state
            .config
            .configured()
            .into_iter()
            .map(|known| known.id)
            .filter(|other| other != id)
            .collect(),
        ..Setup::default()
    };
    if let Some(entry) = book::of(id) {
        note_retries(entry, &mut setup, cx, state);
    }
    Known {
        id,
        model: (!every_model).then(|| model_in_use(id, state)).flatten(),
        live: None,
        key: None,
        setup,
        max_tokens: setting(MAX_TOKENS).and_then(|said| said.parse().ok()),
        note: None,
    }
}

pub(super) fn model_in_use(id: &str, state: &State) -> Option<String> {
    let default = || catalog::by_id(id)?.default_model.map(str::to_owned);
    state.config.model_of(id).or_else(default)
}

fn note_retries(entry: &Entry, setup: &mut Setup, cx: &Context, state: &State) {
    let Some(retries) = entry.retries else { return };
    for (place, name) in retries.names().into_iter().enumerate() {
        let exported = cx.env.text(&name);
        let is_heard = match (exported, state.config.file_value(&name)) {
            (Some(text), _) if retries.text_only => env_value::as_text(&name, text).is_some(),
            (None, Some(value)) if retries.text_only => value.is_string(),
            (Some(_), _) | (None, Some(_)) => true,
            (None, None) => continue,
        };
        if is_heard {
            setup.sets_retries |= place == 0;
            continue;
        }
        let value = exported
            .map(str::to_owned)
            .or_else(|| state.config.file_setting(&name));
        setup.sets_retries |= place == 0;
        setup
            .deaf
            .push((name, value.unwrap_or_default(), exported.is_some()));
    }
}
