//! Settings without which goose cannot start a provider.

use crate::catalog::{Provider, Setting};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::state::State;

/// Why goose could not start the provider, with the line that gives what it lacks.
pub fn first(provider: &Provider, cx: &Context, state: &State) -> Result<Option<Error>> {
    let is_set = |name: &str| is_set(name, cx, state);
    if let Some(host) = &provider.host
        && host.required
        && host.default.is_none()
        && !is_set(host.setting)
    {
        return Ok(Some(Error::usage(
            format!(
                "the address of {} is not set ({})",
                provider.title, host.setting
            ),
            format!("run `goose-setup {} --host URL`", provider.id),
        )));
    }
    for setting in provider.settings.iter().filter(|it| it.required) {
        let is_there = setting.default.is_some()
            || is_set(setting.name)
            || (setting.secret && state.secrets()?.secret(setting.name).is_some());
        if !is_there {
            return Ok(Some(lacks(provider, setting)));
        }
    }
    Ok(None)
}

fn lacks(provider: &Provider, setting: &Setting) -> Error {
    let flag = if setting.secret { "--set-env" } else { "--set" };
    Error::usage(
        format!(
            "the {} of {} is not set ({})",
            setting.title, provider.title, setting.name
        ),
        format!(
            "run `goose-setup {} {flag} {}=…`",
            provider.id, setting.name
        ),
    )
}

/// What goose wants to find in its files too, though there is a usual value for it.
pub fn defaults(provider: &Provider, cx: &Context, state: &State) -> Vec<(String, Option<String>)> {
    provider
        .settings
        .iter()
        .filter(|setting| setting.required && !setting.secret && !is_set(setting.name, cx, state))
        .filter_map(|setting| Some((setting.name.to_owned(), Some(setting.default?.to_owned()))))
        .collect()
}

fn is_set(name: &str, cx: &Context, state: &State) -> bool {
    let found = state.config.setting(&cx.env, name);
    found.is_some_and(|found| !found.value.trim().is_empty())
}
