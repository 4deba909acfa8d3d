//! What the active provider says of its key and model. One list or key request, never a chat.

use std::time::Instant;

use super::Finding;
use super::environment::is_spoilt;
use crate::catalog;
use crate::check;
use crate::check::http::Http;
use crate::clock::Clock;
use crate::context::Context;
use crate::env::Env;
use crate::interview::Judged;
use crate::interview::model::doubt;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;

/// Signed requests, and tokens that expire, are refused beyond this.
const CLOCK_TOLERANCE: u64 = 300;

pub(super) fn examine(cx: &Context, state: &State, until: Instant) -> Vec<Finding> {
    let mut files = state.config.active(&Env::default());
    if files.provider.is_none() {
        files = state.config.active(&cx.env);
    }
    let row = files
        .provider
        .and_then(|provider| catalog::by_id(&provider.value));
    let Some(provider) = row.filter(|row| row.check.is_some()) else {
        return Vec::new();
    };
    let variable = provider.key.as_ref().map(|fact| fact.variable);
    let in_environment = variable.and_then(|name| cx.env.text(name));
    if in_environment.is_some_and(is_spoilt) {
        return Vec::new();
    }
    // Without a readable store there is no key to ask about, and that has been said.
    let Ok(key) = stored_key::in_force(provider, cx, state) else {
        return Vec::new();
    };
    if provider.key.is_some() && key.is_none() {
        return Vec::new();
    }
    let left = until.saturating_duration_since(Instant::now());
    let http = match Http::new(&cx.env, Clock::of(left), cx.verbose) {
        Ok(http) => http,
        Err(error) => return vec![super::broken("network", &error)],
    };
    let proof = check::prove_and_list(
        &http,
        &stored_key::target(provider, key.as_ref(), cx, state),
    );
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
    findings.extend(http.clock_ahead().and_then(clock));
    findings
}

fn clock(ahead: i64) -> Option<Finding> {
    let off = ahead.unsigned_abs();
    (off > CLOCK_TOLERANCE).then(|| {
        let (count, unit) = match off {
            0..7200 => (off / 60, "minutes"),
            7200..172_800 => (off / 3600, "hours"),
            _ => (off / 86_400, "days"),
        };
        let side = if ahead > 0 { "ahead" } else { "behind" };
        Finding::warning(
            "clock",
            format!(
                "the clock of this machine is {count} {unit} {side} of the provider's, and certificates, sign-ins and signed requests fail over that"
            ),
            "set the clock, such as with `timedatectl set-ntp true`",
        )
    })
}
