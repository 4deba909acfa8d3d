//! What the environment says over the files.

use super::{Finding, Severity, origin};
use crate::catalog;
use crate::context::Context;
use crate::env::Env;
use crate::error::Result;
use crate::shadows::{self, Expected};
use crate::shell::{Shell, words};
use crate::state::State;

/// Variables that goose reads for itself.
const GENERAL: [&str; 5] = [
    "GOOSE_PROVIDER",
    "GOOSE_MODEL",
    "ACTIVE_PROVIDER",
    "OPENAI_BASE_URL",
    "OPENAI_BASE_PATH",
];

/// Values that goose takes and cannot use.
pub(super) fn values(cx: &Context, state: Option<&State>) -> Vec<Finding> {
    let shell = Shell::detect(&cx.env);
    let mut findings = Vec::new();
    let active = state.and_then(|state| state.config.active(&cx.env).provider);
    let of_active = active
        .and_then(|active| catalog::by_id(&active.value))
        .and_then(|row| row.key.as_ref())
        .map(|key| key.variable);
    let keys = catalog::all()
        .iter()
        .filter_map(|provider| provider.key.as_ref());
    let mut names: Vec<&str> = GENERAL
        .into_iter()
        .chain(keys.map(|key| key.variable))
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let Some(text) = cx.env.text(name) else {
            continue;
        };
        let severity = if GENERAL.contains(&name) || of_active == Some(name) {
            Severity::Error
        } else {
            Severity::Warning
        };
        if text.is_empty() {
            findings.push(Finding::of(
                "env-empty",
                severity,
                format!(
                    "{name} is set but empty{}; goose takes that as the value",
                    origin::phrase(name, cx)
                ),
                words::unset(shell, name),
            ));
        } else if text.trim() != text {
            findings.push(Finding::of(
                "env-padded",
                severity,
                format!(
                    "{name} has blanks around its value{}; goose sends them along",
                    origin::phrase(name, cx)
                ),
                format!("set {name} without them, or unset it"),
            ));
        }
    }
    if let Some(value) = cx.env.text("GOOSE_DISABLE_KEYRING")
        && ["0", "false", "no", "off", ""].contains(&value.to_lowercase().as_str())
    {
        findings.push(Finding::warning(
            "keyring-off-by-any-value",
            format!(
                "GOOSE_DISABLE_KEYRING={value}{} turns the keychain off all the same: any value does",
                origin::phrase("GOOSE_DISABLE_KEYRING", cx)
            ),
            words::unset(shell, "GOOSE_DISABLE_KEYRING"),
        ));
    }
    if let Some(root) = cx.env.text("GOOSE_PATH_ROOT")
        && !std::path::Path::new(root).is_absolute()
    {
        findings.push(Finding::warning(
            "path-root",
            "GOOSE_PATH_ROOT is no absolute path, so goose ignores it".to_owned(),
            "give it an absolute path, or unset it",
        ));
    }
    findings
}

/// goose takes it and cannot use it, which has a finding of its own.
pub(super) fn is_spoilt(text: &str) -> bool {
    text.trim() != text || text.is_empty()
}

/// Values that hide what is set up.
pub(super) fn shadows(cx: &Context, state: &State) -> Result<Vec<Finding>> {
    let files = state.config.active(&Env::default());
    let Some(provider) = files.provider.filter(|provider| !provider.value.is_empty()) else {
        return Ok(Vec::new());
    };
    let row = catalog::by_id(&provider.value);
    let key = match row.and_then(|row| row.key.as_ref()) {
        Some(fact) => state.secrets()?.secret(fact.variable),
        None => None,
    };
    let shadows = shadows::find(
        &cx.env,
        state,
        &Expected {
            id: &provider.value,
            provider: row,
            model: files.model.as_ref().map(|model| model.value.as_str()),
            key: key.as_ref(),
            store: None,
        },
    )?;
    Ok(shadows
        .into_iter()
        // A file that takes a provider's place has a finding of its own, and so has a spoilt value.
        .filter(|shadow| {
            let text = cx.env.text(&shadow.variable);
            text.is_some_and(|text| !is_spoilt(text))
        })
        .map(|shadow| {
            let from = origin::phrase(&shadow.variable, cx);
            Finding::error(
                "shadow",
                format!(
                    "{}{from} outranks the {} that is set up",
                    shadow.variable, shadow.hides
                ),
                shadow.fix,
            )
        })
        .collect())
}
