//! `goose-setup limits`: what limits goose at its providers, and what helps.

mod facts;
mod set;

use std::time::Duration;

use jiff::ZonedDateTime;
use serde_json::json;

use crate::catalog::Provider;
use crate::cli::LimitsArgs;
use crate::commands::check;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::interview::provider::{named, named_or_active};
use crate::limits::ask::{self, Live, Question};
use crate::limits::book;
use crate::limits::sheet::{Known, Sheet};
use crate::limits::threshold::{Met, Threshold};
use crate::limits::way_out::{self, WayOut};
use crate::limits::{view, watch};
use crate::report::Report;
use crate::state::State;
use crate::stored_key;
use crate::talk;

pub fn run(args: &LimitsArgs, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    if !args.set.is_empty() {
        return set::run(args, cx, &state);
    }
    if let Some(every) = args.watch {
        return keep_showing(every, args, cx);
    }
    let shown = if args.offline {
        Shown::of(offline(args, cx, &state)?)
    } else {
        let _busy = cx.talk.busy("asking");
        live(args, cx, &state)?
    };
    shown.warn_of_stale_rows(cx);
    Ok(shown.report(args.fail_under.as_ref(), cx))
}

struct Shown {
    sheets: Vec<Sheet>,
    way_out: Option<WayOut>,
}

impl Shown {
    fn of(sheets: Vec<Sheet>) -> Self {
        Self {
            sheets,
            way_out: None,
        }
    }

    fn text(&self, terminal: Option<usize>) -> String {
        let now = ZonedDateTime::now();
        let sheets: Vec<_> = self
            .sheets
            .iter()
            .map(|sheet| view::text(sheet, &now, terminal))
            .collect();
        let mut text = sheets.join("\n");
        if let Some(way_out) = &self.way_out {
            let width = terminal.unwrap_or(usize::MAX);
            let lines = talk::wrapped(&way_out.sentence(), width, 0);
            text.push_str(&format!("\n{}\n", lines.join("\n")));
        }
        text
    }

    fn warn_of_stale_rows(&self, cx: &Context) {
        for sheet in &self.sheets {
            if let Some((row, age)) = sheet.stale_rows().max_by_key(|(_, age)| *age) {
                cx.talk.warn(format!(
                    "what is documented of {} was read {age} days ago; look at {}",
                    sheet.title, row.page
                ));
            }
        }
    }

    fn report(&self, threshold: Option<&Threshold>, cx: &Context) -> Report {
        let mut below = Vec::new();
        if let Some(threshold) = threshold {
            for sheet in &self.sheets {
                let met = sheet
                    .live
                    .as_ref()
                    .map(|live| threshold.met_by(&live.figures));
                match met.unwrap_or(Met::Unknown) {
                    Met::Below => below.push(sheet.id.as_str()),
                    Met::Above => {}
                    Met::Unknown => cx.talk.warn(format!(
                        "{} has no figure that --fail-under could be compared with",
                        sheet.title
                    )),
                }
            }
        }
        let exit = if below.is_empty() {
            self.exit()
        } else {
            Exit::Found
        };
        let results: Vec<_> = self.sheets.iter().map(Sheet::to_json).collect();
        Report::new(
            exit,
            json!({"results": results, "below": below, "switch_to": self.way_out}),
            self.text(talk::terminal_of_results(&cx.env)),
        )
    }

    fn exit(&self) -> Exit {
        let live = self.sheets.iter().filter_map(|sheet| sheet.live.as_ref());
        Exit::worst(live.map(exit_of))
    }
}

fn exit_of(live: &Live) -> Exit {
    use crate::verdict::Verdict;
    match live.finding.verdict {
        // Nothing free proves some keys, which says nothing about limits.
        Verdict::Unproven => Exit::Done,
        verdict if verdict.exit() == Exit::Done && live.is_exhausted() => Exit::Account,
        verdict => verdict.exit(),
    }
}

fn offline(args: &LimitsArgs, cx: &Context, state: &State) -> Result<Vec<Sheet>> {
    let ids: Vec<&str> = if args.all {
        book::all().iter().map(|entry| entry.id).collect()
    } else {
        wanted(args, cx, state)?
            .into_iter()
            .map(|provider| provider.id)
            .collect()
    };
    let now = ZonedDateTime::now();
    let configured = state.config.configured();
    let sheet = |id: &str| {
        let is_set_up = configured.iter().any(|known| known.id == id);
        let mut sheet = Sheet::of(facts::known(id, args.all && !is_set_up, cx, state), &now);
        if args.all && !is_set_up {
            // The handbook as a book: nobody asked what would help there.
            sheet.advice.clear();
        }
        sheet
    };
    Ok(ids.into_iter().map(sheet).collect())
}

fn live(args: &LimitsArgs, cx: &Context, state: &State) -> Result<Shown> {
    let providers = if args.all {
        check::all_with_keys(cx, state)?
    } else {
        wanted(args, cx, state)?
    };
    let mut keys = Vec::new();
    for provider in &providers {
        keys.push(stored_key::in_force(provider, cx, state)?);
    }
    let http = cx.network()?;
    let now = ZonedDateTime::now();
    let mut questions = Vec::new();
    for (provider, key) in providers.iter().zip(&keys) {
        let needs_one = provider.key.as_ref().is_some_and(|fact| !fact.optional);
        if key.is_some() || !needs_one {
            questions.push(Question {
                target: stored_key::target(provider, key.as_ref(), cx, state),
                entry: book::of(provider.id),
                model: facts::model_in_use(provider.id, state),
            });
        }
    }
    let answers = ask::all(&http, &questions, now.timestamp());
    let found: Vec<_> = questions
        .iter()
        .zip(&answers)
        .map(|(question, live)| way_out::Known {
            id: question.target.provider.id,
            verdict: live.finding.verdict,
            is_exhausted: live.is_exhausted(),
        })
        .collect();
    let way_out = way_out::find(&found, &http, cx, state)?;
    cx.tell_requests(&http);
    let mut answers: Vec<_> = questions.iter().zip(answers).collect();
    let sheets = providers
        .iter()
        .zip(&keys)
        .map(|(provider, key)| {
            let asked = answers
                .iter()
                .position(|(question, _)| question.target.provider.id == provider.id)
                .map(|place| answers.remove(place));
            let own = asked
                .as_ref()
                .is_some_and(|(question, _)| question.target.own_host);
            let note = asked.is_none().then(|| {
                format!(
                    "no key is stored, so nobody was asked; run `goose-setup {}`",
                    provider.id
                )
            });
            let known = Known {
                live: asked.map(|(_, live)| live),
                key: key.as_ref().filter(|_| own),
                note,
                ..facts::known(provider.id, false, cx, state)
            };
            Sheet::of(known, &now)
        })
        .collect();
    Ok(Shown { sheets, way_out })
}

fn wanted(args: &LimitsArgs, cx: &Context, state: &State) -> Result<Vec<&'static Provider>> {
    if args.providers.is_empty() {
        return Ok(vec![named_or_active(None, cx, state)?]);
    }
    let mut providers: Vec<&'static Provider> = Vec::new();
    for name in &args.providers {
        let provider = named(name)?;
        if providers.iter().all(|known| known.id != provider.id) {
            providers.push(provider);
        }
    }
    Ok(providers)
}

fn keep_showing(every: Duration, args: &LimitsArgs, cx: &Context) -> Result<Report> {
    if !cx.env.stdout_is_terminal() {
        return Err(Error::usage(
            "--watch needs a terminal to show it on",
            "leave it out, or use --json in a loop of your own",
        ));
    }
    // Looked at anew each time: somebody may switch meanwhile. Nothing is said while asking, the screen is in use.
    match watch::keep(every, || {
        Ok(live(args, cx, &cx.look()?)?.text(talk::terminal_of_results(&cx.env)))
    })? {}
}
