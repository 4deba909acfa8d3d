//! What the active provider says of its key and model. One list or key request, never a chat.

use super::Finding;
use crate::catalog;
use crate::check;
use crate::check::verdict::Verdict;
use crate::commands::stored_key;
use crate::context::Context;
use crate::env::Env;
use crate::error::Result;
use crate::interview::Judged;
use crate::interview::model::doubt;
use crate::state::State;

pub(super) fn examine(cx: &Context, state: &State) -> Result<Vec<Finding>> {
    let files = state.config.active(&Env::default());
    let row = files
        .provider
        .and_then(|provider| catalog::by_id(&provider.value));
    let Some(provider) = row.filter(|row| row.check.is_some()) else {
        return Ok(Vec::new());
    };
    // Without a readable store there is no key to ask about, and that has been said.
    let Ok(key) = stored_key::in_force(provider, cx, state) else {
        return Ok(Vec::new());
    };
    if provider.key.is_some() && key.is_none() {
        return Ok(Vec::new());
    }
    let http = match cx.network() {
        Ok(http) => http,
        Err(error) => return Ok(vec![super::broken("network", &error)]),
    };
    let proof = check::prove_and_list(&http, &stored_key::target(provider, key.as_ref(), state));
    cx.tell_requests(&http);
    let finding = proof.finding;
    let mut findings = Vec::new();
    let id = match finding.verdict {
        Verdict::Unreachable => "provider-unreachable",
        Verdict::NoCredit | Verdict::LimitReached | Verdict::RateLimited => "account",
        _ => "key-refused",
    };
    match Judged::of(finding.verdict, true) {
        Judged::Good => {}
        Judged::Refused => findings.push(Finding::error(id, finding.detail, finding.action)),
        Judged::Doubtful if finding.verdict == Verdict::Unproven => {}
        Judged::Doubtful => findings.push(Finding::error(id, finding.detail, finding.action)),
    }
    if let (Some(model), Ok(list)) = (files.model, &proof.models)
        && let Some(doubt) = doubt(&model.value, list, provider)
    {
        findings.push(Finding::warning(
            "model",
            doubt,
            format!("run `goose-setup switch {} --model MODEL`", provider.id),
        ));
    }
    Ok(findings)
}
