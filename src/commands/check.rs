//! `goose-setup check`: proves stored keys, all at once.

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::check::http::Http;
use crate::check::{self, Finding, Target};
use crate::cli::CheckArgs;
use crate::commands::stored_key;
use crate::context::Context;
use crate::elsewhere;
use crate::env::Env;
use crate::error::{Error, Exit, Result};
use crate::goose::paths::Paths;
use crate::interview::provider::named;
use crate::limits::ask::is_exhausted;
use crate::limits::way_out::{self, WayOut};
use crate::report::Report;
use crate::state::State;

pub fn run(args: &CheckArgs, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let providers = if args.all {
        all_with_keys(cx, &state)?
    } else if args.providers.is_empty() {
        vec![stored_key::named_or_active(None, cx, &state)?]
    } else {
        args.providers
            .iter()
            .map(|name| named(name))
            .collect::<Result<_>>()?
    };
    let http = cx.network()?;
    let findings = prove_all(&providers, &http, cx, &state)?;
    let mut text = String::new();
    for (provider, finding) in providers.iter().zip(&findings) {
        text.push_str(&line(provider, finding));
    }
    let way_out = way_out(&providers, &findings, &http, cx, &state)?;
    cx.tell_requests(&http);
    if let Some(way_out) = &way_out {
        text.push_str(&format!("{}\n", way_out.sentence()));
    }
    let results: Vec<_> = providers
        .iter()
        .zip(&findings)
        .map(|(provider, finding)| {
            json!({
                "provider": provider.id,
                "verdict": finding.verdict,
                "cause": finding.cause,
                "detail": finding.detail,
                "action": finding.action,
                "http_status": finding.http_status,
                "requests": finding.requests,
            })
        })
        .collect();
    let exit = Exit::worst(findings.iter().map(|finding| finding.verdict.exit()));
    Ok(Report::new(
        exit,
        json!({"results": results, "switch_to": way_out}),
        text,
    ))
}

pub(super) fn all_with_keys(cx: &Context, state: &State) -> Result<Vec<&'static Provider>> {
    let configured = state.config.configured();
    let mut providers = Vec::new();
    for provider in catalog::known() {
        let is_configured = configured.iter().any(|known| known.id == provider.id);
        if is_configured
            && (provider.key.is_none() || stored_key::in_force(provider, cx, state)?.is_some())
        {
            providers.push(provider);
        }
    }
    if providers.is_empty() {
        return Err(Error::usage(
            "no provider with a stored key is set up",
            "run `goose-setup` to set one up",
        ));
    }
    Ok(providers)
}

/// The provider to go to, where the active one was checked and is used up.
fn way_out(
    providers: &[&'static Provider],
    findings: &[Finding],
    http: &Http,
    cx: &Context,
    state: &State,
) -> Result<Option<WayOut>> {
    let known: Vec<_> = providers
        .iter()
        .zip(findings)
        .map(|(provider, finding)| way_out::Known {
            id: provider.id,
            verdict: finding.verdict,
            is_exhausted: is_exhausted(finding.verdict),
        })
        .collect();
    way_out::find(&known, http, cx, state)
}

fn prove_all(
    providers: &[&'static Provider],
    http: &Http,
    cx: &Context,
    state: &State,
) -> Result<Vec<Finding>> {
    let mut keys = Vec::new();
    for provider in providers {
        let key = stored_key::in_force(provider, cx, state)?;
        if let (Some(fact), None) = (&provider.key, &key)
            && !fact.optional
        {
            return Err(stored_key::no_key(provider, fact.variable, state));
        }
        keys.push(key);
    }
    let targets: Vec<_> = providers
        .iter()
        .zip(&keys)
        .map(|(provider, key)| stored_key::target(provider, key.as_ref(), state))
        .collect();
    let (env, paths) = (&cx.env, &state.paths);
    std::thread::scope(|scope| {
        let asked: Vec<_> = targets
            .iter()
            .map(|target| scope.spawn(|| prove(http, target, env, paths)))
            .collect();
        asked
            .into_iter()
            .map(|asked| {
                asked
                    .join()
                    .map_err(|_| Error::unexpected("a check ended without an answer"))
            })
            .collect()
    })
}

/// A provider that goose opens without a key of ours is looked at here, not asked.
fn prove(http: &Http, target: &Target, env: &Env, paths: &Paths) -> Finding {
    match elsewhere::look(target.provider, paths, env).filter(|_| target.key.is_none()) {
        Some(look) => look.finding,
        None => check::prove(http, target),
    }
}

fn line(provider: &Provider, finding: &Finding) -> String {
    let account = finding
        .account
        .as_ref()
        .map(|account| format!(" · {}", account.summary()))
        .unwrap_or_default();
    let mut line = format!("{:<18} {:<16} ", provider.id, finding.verdict.word());
    line.push_str(&finding.detail);
    line.push_str(&account);
    line.push('\n');
    if finding.verdict.exit() != Exit::Done {
        line.push_str(&format!("{:<18} → {}\n", "", finding.action));
    }
    line
}
