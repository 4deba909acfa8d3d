//! What stands in config.yaml.

use super::{Finding, Mend};
use crate::catalog;
use crate::context::Context;
use crate::env::Env;
use crate::fallback::parameters::{self, SETTING};
use crate::goose::config::{ACTIVE, Config, Layout, PROVIDERS, Source, Sourced};
use crate::secret::is_name_of_secret;
use crate::shell::{Shell, words};
use crate::state::State;
use crate::view;
use crate::yaml_edit::{self, Edit};

pub(super) fn examine(cx: &Context, state: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(active(cx, state));
    findings.extend(leftovers(cx, state));
    findings.extend(doomed(cx, state));
    findings.extend(keys(cx, state));
    findings.extend(openrouter(cx, state));
    findings.extend(state.config.skipped.iter().map(|path| {
        Finding::warning(
            "layer-broken",
            format!("goose passes over {}, which does not parse", path.display()),
            format!("mend {}", path.display()),
        )
    }));
    findings
}

fn active(cx: &Context, state: &State) -> Option<Finding> {
    let files = state.config.active(&Env::default());
    let effective = state.config.active(&cx.env);
    let is_said = |it: Option<Sourced>| it.is_some_and(|it| !it.value.is_empty());
    // A container may say all of it in the environment.
    if is_said(effective.provider) && is_said(effective.model) {
        return None;
    }
    let Some(provider) = files
        .provider
        .map(|it| it.value)
        .filter(|it| !it.is_empty())
    else {
        return Some(Finding::error(
            "no-provider",
            "no provider is set up",
            "run `goose-setup`",
        ));
    };
    if files.model.is_some_and(|model| !model.value.is_empty()) {
        return None;
    }
    let finding = Finding::error(
        "no-model",
        format!("{provider} is active without a model, and goose then does not start"),
        format!("run `goose-setup switch {provider} --model MODEL`"),
    );
    let default = catalog::by_id(&provider).and_then(|row| row.default_model);
    Some(match default {
        Some(model) => finding.mended_by(Mend::Config {
            provider,
            model: model.to_owned(),
        }),
        None => finding,
    })
}

/// Flat keys beside the structured ones, and what goose's next write makes of them: it moves to the newer layout first.
fn leftovers(cx: &Context, state: &State) -> Option<Finding> {
    let config = &state.config;
    if config.layout() != Layout::Structured {
        return None;
    }
    let flat: Vec<&str> = ["GOOSE_PROVIDER", "GOOSE_MODEL"]
        .into_iter()
        .filter(|name| config.user_setting(name).is_some())
        .collect();
    if flat.is_empty() {
        return None;
    }
    let has = |key| config.user_names().any(|name| name == key);
    let files = config.active(&Env::default());
    let active = files.provider.map(|it| it.value).unwrap_or_default();
    let rival = config
        .user_setting("GOOSE_PROVIDER")
        .filter(|rival| !rival.is_empty() && *rival != active && !has(PROVIDERS));
    let fate = match rival {
        Some(rival) => format!(
            "count no more beside `{ACTIVE}: {active}`, but goose's next write makes {rival} the active provider"
        ),
        None if files.model.is_some() && is_model_lost(config, &flat, &active) => {
            "say which model is used; goose's next write takes them away, and then it has none"
                .into()
        }
        None => format!("count no more beside `{PROVIDERS}`; goose's next write takes them away"),
    };
    let finding = Finding::warning(
        "flat-leftovers",
        format!(
            "{} in {} {fate}",
            flat.join(" and "),
            view::path(&state.paths.config, &cx.env)
        ),
        "run `goose-setup doctor --fix`",
    );
    Some(match files.model {
        Some(model) if !active.is_empty() => finding.mended_by(Mend::Config {
            provider: active,
            model: model.value,
        }),
        _ => finding,
    })
}

/// Without the flat keys there is no model.
fn is_model_lost(config: &Config, flat: &[&str], active: &str) -> bool {
    let mut edits = vec![Edit::set([ACTIVE], active)];
    edits.extend(flat.iter().map(|name| Edit::remove([name])));
    let text = config.user.bytes.as_deref().unwrap_or_default();
    let later = yaml_edit::apply(&config.user.path, text, &edits)
        .and_then(|edited| config.after(&edited.text));
    later.is_ok_and(|later| {
        let model = later.active(&Env::default()).model;
        model.is_none_or(|model| model.value.is_empty())
    })
}

/// Whatever ends so is taken for a mark of the flat layout, whoever wrote it.
fn doomed(cx: &Context, state: &State) -> Vec<Finding> {
    const END: &str = "_configured";
    let names = || state.config.user_names();
    if !names().any(|name| name == PROVIDERS) {
        return Vec::new();
    }
    names()
        .filter(|name| {
            name.strip_suffix(END)
                .is_some_and(|id| !catalog::is_goose_id(id))
        })
        .map(|name| {
            Finding::warning(
                "key-doomed",
                format!(
                    "{name} in {} ends in `{END}`, and goose's next write takes every such key away",
                    view::path(&state.paths.config, &cx.env)
                ),
                format!("rename {name}, if anything reads it"),
            )
        })
        .collect()
}

fn keys(cx: &Context, state: &State) -> Vec<Finding> {
    state
        .config
        .user_names()
        .filter(|name| {
            let value = state.config.user_setting(name).unwrap_or_default();
            is_name_of_secret(name) || catalog::is_key(&value)
        })
        .map(|name| {
            Finding::warning(
                "key-in-config",
                format!(
                    "{name} in {} is a key in plain text, and goose does not read it there",
                    view::path(&state.paths.config, &cx.env)
                ),
                format!("store it with `goose-setup key set`, then take the line {name} out"),
            )
        })
        .collect()
}

/// goose does not start OpenRouter when these are no JSON object.
fn openrouter(cx: &Context, state: &State) -> Option<Finding> {
    let source = parameters::unusable(&state.config, &cx.env)?;
    Some(Finding::error(
        "openrouter-parameters",
        format!("{SETTING} is no JSON object, so goose does not start OpenRouter"),
        match source {
            Source::Env(_) => words::unset(Shell::detect(&cx.env), SETTING),
            Source::System(path) => {
                format!("take {SETTING} out of {}", view::path(&path, &cx.env))
            }
            Source::Config | Source::None => "run `goose-setup fallback --clear`".to_owned(),
        },
    ))
}
