//! What stands in config.yaml.

use super::{Finding, Mend};
use crate::catalog;
use crate::context::Context;
use crate::env::Env;
use crate::goose::config::{Layout, Source, Sourced};
use crate::secret::{Secret, is_name_of_secret};
use crate::state::State;
use crate::view;

pub(super) fn examine(cx: &Context, state: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(active(cx, state));
    findings.extend(leftovers(cx, state));
    findings.extend(keys(cx, state));
    findings.extend(parameters(cx, state));
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

/// Flat keys beside the structured ones: goose reads past them, and takes them away at its next write.
fn leftovers(cx: &Context, state: &State) -> Option<Finding> {
    if state.config.layout() != Layout::Structured {
        return None;
    }
    let flat: Vec<&str> = ["GOOSE_PROVIDER", "GOOSE_MODEL"]
        .into_iter()
        .filter(|name| state.config.user_setting(name).is_some())
        .collect();
    if flat.is_empty() {
        return None;
    }
    let files = state.config.active(&Env::default());
    let finding = Finding::warning(
        "flat-leftovers",
        format!(
            "{} in {} count no more beside `providers`; goose's next write takes them away",
            flat.join(" and "),
            view::path(&state.paths.config, &cx.env)
        ),
        "run `goose-setup doctor --fix`",
    );
    Some(match (files.provider, files.model) {
        (Some(provider), Some(model)) => finding.mended_by(Mend::Config {
            provider: provider.value,
            model: model.value,
        }),
        _ => finding,
    })
}

fn keys(cx: &Context, state: &State) -> Vec<Finding> {
    state
        .config
        .user_names()
        .filter(|name| {
            let value = state.config.user_setting(name).unwrap_or_default();
            is_name_of_secret(name) || catalog::owner_of_key(&Secret::stored(&value)).is_some()
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
fn parameters(cx: &Context, state: &State) -> Option<Finding> {
    const NAME: &str = "OPENROUTER_PARAMETERS";
    let set = state.config.setting(&cx.env, NAME)?;
    let is_object =
        serde_json::from_str::<serde_json::Value>(&set.value).is_ok_and(|value| value.is_object());
    (!is_object).then(|| {
        Finding::error(
            "openrouter-parameters",
            format!("{NAME} is no JSON object, so goose does not start OpenRouter"),
            match set.source {
                Source::Env(_) => format!("unset {NAME}"),
                _ => "run `goose-setup fallback --clear`, or take the line out".to_owned(),
            },
        )
    })
}
