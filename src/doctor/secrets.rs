//! The stores of secrets, and the key of the active provider in them.

use super::{Finding, Mend, Severity, broken};
use crate::catalog;
use crate::context::Context;
use crate::error::Result;
use crate::secrets::{Held, Seen, StoreKind};
use crate::state::State;

pub(super) fn examine(cx: &Context, state: &State) -> Result<Vec<Finding>> {
    // A file that does not parse has been named already.
    let Ok(seen) = state.secrets() else {
        return Ok(Vec::new());
    };
    let mut findings = Vec::new();
    if seen.file.sound().is_err() && seen.keychain.is_none() {
        // What is in it cannot be told.
        return Ok(findings);
    }
    if let Some(trouble) = seen.keychain_trouble() {
        findings.push(match seen.used() {
            Ok(_) => Finding::warning(
                "keychain",
                format!("{trouble}; goose reads secrets.yaml instead"),
                "start or unlock the keychain, or keep it at that with `--store file`",
            ),
            Err(error) => broken("keychain", &error),
        });
    }
    let active = state.config.active(&cx.env).provider;
    for known in state.config.configured() {
        let Some(fact) = catalog::by_id(&known.id).and_then(|row| row.key.as_ref()) else {
            continue;
        };
        match seen.held(fact.variable) {
            Held::Key(_) => {}
            Held::Unusable => findings.push(not_text(fact.variable, &known.id, seen)),
            Held::Missing if fact.optional || cx.env.filled(fact.variable).is_some() => {}
            Held::Missing if seen.keychain_trouble().is_some() => {}
            Held::Missing => {
                let is_active = active
                    .as_ref()
                    .is_some_and(|active| active.value == known.id);
                findings.push(Finding::of(
                    "key-missing",
                    if is_active {
                        Severity::Error
                    } else {
                        Severity::Warning
                    },
                    format!("{} of {} is not stored", fact.variable, known.id),
                    format!("run `goose-setup {}`", known.id),
                ));
            }
        }
    }
    Ok(findings)
}

fn not_text(variable: &str, provider: &str, seen: &Seen) -> Finding {
    let what = format!("{variable} is stored as a number or the like, which goose cannot use");
    let set = format!("`goose-setup key set {provider}`");
    let store = seen.read_from();
    let is_known = store.is_some_and(|store| seen.as_text(store, variable).is_some());
    let finding = |fix| Finding::error("key-not-text", what, fix);
    if is_known {
        return finding(format!("run {set}")).mended_by(Mend::Secret(variable.to_owned()));
    }
    finding(match store {
        Some(StoreKind::File) => format!("put it in quotes in secrets.yaml, or run {set}"),
        _ => format!("run {set}"),
    })
}
