//! What the providers of a gateway say before it is set up: whether the key works, whether the model is there and calls
//! tools, and what limits it. Nothing of it costs a token.

use std::thread;

use jiff::Timestamp;

use crate::catalog::Provider;
use crate::check::http::Http;
use crate::check::{Finding, Target};
use crate::error::{Error, Result};
use crate::fallback::{Demands, Offer};
use crate::gateway::route::Route;
use crate::limits::ask::{self, Live, Question};
use crate::limits::book;
use crate::verdict::Verdict;

/// What was answered about one route.
pub struct Answer {
    pub live: Live,
    pub offer: Result<Offer, Finding>,
    pub is_own_host: bool,
}

/// What to make of it, where nothing speaks against it for certain.
#[derive(Debug)]
pub enum Opinion {
    Good,
    /// Worth a word: it may work, or will again.
    Note(String),
    /// Could not be verified; a person may know better.
    Doubt(Error),
}

/// Asks about all routes at once, and each provider only once for its models. The answers stand in the order of the routes.
pub fn ask(http: &Http, routes: &[Route], targets: &[Target<'_>], now: Timestamp) -> Vec<Answer> {
    let questions: Vec<Question<'_>> = routes
        .iter()
        .zip(targets)
        .map(|(route, target)| Question {
            target: target.clone(),
            entry: book::of(route.provider.id),
            model: Some(route.model.clone()),
        })
        .collect();
    let mut providers: Vec<&Target<'_>> = Vec::new();
    for target in targets {
        let is_new = |known: &&Target<'_>| known.provider.id == target.provider.id;
        if !providers.iter().any(is_new) {
            providers.push(target);
        }
    }
    let (lives, offers) = thread::scope(|scope| {
        let offers: Vec<_> = providers
            .iter()
            .map(|target| scope.spawn(|| Offer::ask(http, target)))
            .collect();
        let lives = ask::all(http, &questions, now);
        let offers: Vec<_> = offers
            .into_iter()
            .map(|asked| {
                asked
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect();
        (lives, offers)
    });
    targets
        .iter()
        .zip(lives)
        .filter_map(|(target, live)| {
            let place = providers
                .iter()
                .position(|asked| asked.provider.id == target.provider.id)?;
            Some(Answer {
                live,
                offer: offers.get(place)?.clone(),
                is_own_host: target.own_host,
            })
        })
        .collect()
}

/// Refuses a route whose key is refused, or whose model is not there or calls no tools.
pub fn judge(route: &Route, answer: &Answer) -> Result<Opinion> {
    let finding = &answer.live.finding;
    match finding.verdict {
        verdict if verdict.is_refusal() => return Err(finding.clone().into_error()),
        Verdict::Unreachable | Verdict::NotAllowed => return Ok(Opinion::Doubt(doubt(finding))),
        _ => {}
    }
    let is_listed = match &answer.offer {
        Ok(offer) if offer.says_something() => {
            offer.judge(&route.model, Demands::default())?;
            true
        }
        Ok(_) => false,
        Err(finding) if finding.verdict.is_refusal() => return Err(finding.clone().into_error()),
        Err(finding) if finding.verdict == Verdict::Unreachable => {
            return Ok(Opinion::Doubt(doubt(finding)));
        }
        Err(_) => false,
    };
    Ok(if answer.live.is_exhausted() {
        Opinion::Note(exhausted(route, finding))
    } else if !is_listed {
        Opinion::Note(format!(
            "whether {} has the model {} is not proven: it shows no list",
            route.provider.title, route.model
        ))
    } else if finding.verdict == Verdict::Unproven {
        Opinion::Note(finding.detail.clone())
    } else {
        Opinion::Good
    })
}

fn exhausted(route: &Route, finding: &Finding) -> String {
    let why = match finding.verdict {
        Verdict::Valid | Verdict::ValidRestricted => "nothing is left of a limit",
        _ => finding.detail.as_str(),
    };
    format!(
        "{} cannot answer now ({why}); the gateway goes on to the others meanwhile",
        route.name
    )
}

fn doubt(finding: &Finding) -> Error {
    const WAY: &str = "go on with --no-check";
    let mut finding = finding.clone();
    if finding.action.is_empty() {
        finding.action = WAY.into();
    } else if !finding.action.contains("--no-check") {
        finding.action = format!("{}, or {WAY}", finding.action);
    }
    finding.into_error()
}

/// Where nobody was asked, that is said.
pub fn unasked(providers: impl Iterator<Item = &'static Provider>) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for provider in providers {
        if !titles.contains(&provider.title) {
            titles.push(provider.title);
        }
    }
    format!(
        "whether keys and models are good is unproven: {} {} not asked",
        titles.join(", "),
        if titles.len() == 1 { "was" } else { "were" }
    )
}
