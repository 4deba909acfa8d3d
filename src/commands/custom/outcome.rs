//! What came of it: read again as goose reads it, and reported.

use serde_json::json;

use crate::commands::custom::answers::Answers;
use crate::consent::Outcome;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::goose::custom::Custom;
use crate::plan::Plan;
use crate::proof;
use crate::report::{Report, Written};
use crate::shadows::{Expected, Shadow};
use crate::state::State;
use crate::verdict::Verdict;

/// `is_told`: the facts were said before the plan was shown.
pub(super) fn finish(
    answers: &Answers,
    plan: &Plan,
    outcome: Outcome,
    is_told: bool,
    cx: &Context,
    state: &State,
) -> Result<Report> {
    let title = &answers.wanted.title;
    let (is_dry, mut text) = match outcome {
        Outcome::Shown(text) => (true, text),
        Outcome::NothingToDo => (false, "nothing to change: ".to_owned()),
        Outcome::Changed => (false, String::new()),
    };
    let shadows = if is_dry { None } else { proven(answers, cx)? };
    let is_proven = shadows.is_some();
    let written = Written::of(plan, is_dry)
        .noting(answers.notes.clone())
        .against(shadows);
    if is_proven {
        text.push_str(&format!(
            "goose {} {title} with {}\n",
            written.verb(),
            answers.model
        ));
    } else if !is_dry {
        text.push_str(&format!(
            "{title} is as you said; goose goes on using another provider\n"
        ));
    }
    if is_dry || !is_told {
        text.push_str(&format!("{}\n", facts(answers)));
    }
    text.push_str(&written.lines());
    let wanted = &answers.wanted;
    let own = json!({
        "provider": wanted.id,
        "title": wanted.title,
        "engine": wanted.engine,
        "url": wanted.base_url,
        "model": answers.model,
        "models": wanted.models,
        "streaming": answers.streaming,
        "headers": wanted.headers.keys().collect::<Vec<_>>(),
        "needs_key": wanted.key_name.is_some(),
        "verdict": answers.finding.as_ref().map_or(Verdict::Unproven, |finding| finding.verdict),
        "requests": answers.requests,
        "store": answers.store.map(|store| store.kind),
        "config": state.paths.config,
    });
    Ok(written.report(own, text))
}

/// What the endpoint told of the model, and what it left open.
pub(super) fn facts(answers: &Answers) -> String {
    let model = answers.wanted.models.first();
    let context = match model.and_then(|model| model.context) {
        Some(tokens) => format!("{tokens} tokens"),
        None => "unknown".into(),
    };
    let tools = match model.and_then(|model| model.tools) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    let streams = match (answers.streaming.known, answers.streaming.used) {
        (Some(true), true) => "yes",
        (Some(false), true) => "no, but goose asks for it",
        (None, true) => "unknown, taken as yes",
        (_, false) => "no",
    };
    format!("  context: {context}; calls tools: {tools}; streams: {streams}")
}

/// What outranks it; `None` where it was not to become the active provider.
fn proven(answers: &Answers, cx: &Context) -> Result<Option<Vec<Shadow>>> {
    let again = cx.look()?;
    let custom = Custom::read(&again.paths)?;
    let is_there = custom
        .by_id(&answers.wanted.id)
        .is_some_and(|(now, _)| now.base_url == answers.wanted.base_url);
    if !is_there {
        return Err(Error::unexpected(format!(
            "{} was written, but goose would not find it",
            answers.wanted.id
        )));
    }
    if !answers.activates {
        return Ok(None);
    }
    let proof = proof::prove(
        &cx.env,
        &Expected {
            id: &answers.wanted.id,
            provider: Some(answers.row),
            model: Some(&answers.model),
            key: answers.key.as_ref(),
            store: answers.store.map(|store| store.kind),
        },
    )?;
    Ok(Some(proof.shadows))
}
