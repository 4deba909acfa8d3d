//! `goose-setup check`: proves stored keys, all at once.

use serde_json::json;

use crate::catalog::{self, Provider};
use crate::check::http::Http;
use crate::check::{self, Finding};
use crate::cli::CheckArgs;
use crate::context::Context;
use crate::elsewhere;
use crate::error::{Error, Exit, Result};
use crate::interview::provider;
use crate::limits::ask::is_exhausted;
use crate::limits::way_out::{self, WayOut};
use crate::report::Report;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;

/// What came of one provider.
struct Row {
    provider: &'static Provider,
    finding: Finding,
    exit: Exit,
}

impl Row {
    fn asked(provider: &'static Provider, finding: Finding) -> Self {
        Self {
            provider,
            exit: finding.verdict.exit(),
            finding,
        }
    }

    /// There is no key to ask with, which proves nothing.
    fn unasked(provider: &'static Provider, error: &Error) -> Self {
        let finding = Finding::new(Verdict::Unproven, error.to_string(), error.action());
        let exit = match error {
            Error::Store { .. } => Exit::Store,
            _ => finding.verdict.exit(),
        };
        Self {
            provider,
            finding,
            exit,
        }
    }
}

pub fn run(args: &CheckArgs, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let providers = if args.all {
        all_with_keys(cx, &state)?
    } else if args.providers.is_empty() {
        vec![provider::named_or_active(None, cx, &state)?]
    } else {
        args.providers
            .iter()
            .map(|name| provider::named(name))
            .collect::<Result<_>>()?
    };
    let http = cx.network()?;
    let rows = prove_all(&providers, &http, cx, &state)?;
    let mut text = String::new();
    for row in &rows {
        text.push_str(&line(row));
    }
    let way_out = way_out(&rows, &http, cx, &state)?;
    cx.tell_requests(&http);
    if let Some(way_out) = &way_out {
        text.push_str(&format!("{}\n", way_out.sentence()));
    }
    let results: Vec<_> = rows
        .iter()
        .map(
            |Row {
                 provider, finding, ..
             }| {
                json!({
                    "provider": provider.id,
                    "verdict": finding.verdict,
                    "cause": finding.cause,
                    "detail": finding.detail,
                    "action": finding.action,
                    "http_status": finding.http_status,
                    "requests": finding.requests,
                })
            },
        )
        .collect();
    let exit = Exit::worst(rows.iter().map(|row| row.exit));
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
fn way_out(rows: &[Row], http: &Http, cx: &Context, state: &State) -> Result<Option<WayOut>> {
    let known: Vec<_> = rows
        .iter()
        .map(|row| way_out::Known {
            id: row.provider.id,
            verdict: row.finding.verdict,
            is_exhausted: is_exhausted(row.finding.verdict),
        })
        .collect();
    way_out::find(&known, http, cx, state)
}

/// One row each, in their order. It is a mistake only to name nobody who has a key.
fn prove_all(
    providers: &[&'static Provider],
    http: &Http,
    cx: &Context,
    state: &State,
) -> Result<Vec<Row>> {
    let mut keys = Vec::new();
    for provider in providers {
        let key = stored_key::in_force(provider, cx, state)?;
        keys.push(match (&provider.key, key) {
            (Some(fact), None) if !fact.optional => {
                Err(stored_key::no_key(provider, fact.variable, state))
            }
            (_, key) => Ok(key),
        });
    }
    if keys.iter().all(Result::is_err) {
        let first = keys.into_iter().next();
        return first.map_or(Ok(Vec::new()), |key| key.map(|_| Vec::new()));
    }
    let mut looks = Vec::new();
    for (provider, key) in providers.iter().zip(&keys) {
        looks.push(match key {
            Ok(None) => elsewhere::look(provider, state, &cx.env)?,
            _ => None,
        });
    }
    std::thread::scope(|scope| {
        let asked: Vec<_> = providers
            .iter()
            .zip(&keys)
            .zip(looks)
            .map(|((provider, key), look)| {
                key.as_ref().map(|key| {
                    let target = stored_key::target(provider, key.as_ref(), cx, state);
                    // A provider that goose opens without a key of ours was looked at here, and is not asked.
                    scope.spawn(move || match look {
                        Some(look) => look.finding,
                        None => check::prove(http, &target),
                    })
                })
            })
            .collect();
        providers
            .iter()
            .zip(asked)
            .map(|(provider, asked)| match asked {
                Err(error) => Ok(Row::unasked(provider, error)),
                Ok(asked) => asked
                    .join()
                    .map(|finding| Row::asked(provider, named(provider, finding, cx, state)))
                    .map_err(|_| Error::unexpected("a check ended without an answer")),
            })
            .collect()
    })
}

/// Which key it was, where that is not the stored one.
fn named(provider: &Provider, finding: Finding, cx: &Context, state: &State) -> Finding {
    match stored_key::outranking(provider, cx, state) {
        Some(variable) => Finding {
            detail: format!(
                "{}; that is the key in ${variable}, which outranks the stored one",
                finding.detail
            ),
            ..finding
        },
        None => finding,
    }
}

fn line(row: &Row) -> String {
    let Row {
        provider, finding, ..
    } = row;
    let account = finding
        .account
        .as_ref()
        .map(|account| format!(" · {}", account.summary()))
        .unwrap_or_default();
    let mut line = format!("{:<18} {:<16} ", provider.id, finding.verdict.word());
    line.push_str(&finding.detail);
    line.push_str(&account);
    line.push('\n');
    if row.exit != Exit::Done {
        line.push_str(&format!("{:<18} → {}\n", "", finding.action));
    }
    line
}
