//! `goose-setup models`: what a provider offers, with context, price and tool support.

use serde_json::json;

use crate::check;
use crate::check::models::Model;
use crate::cli::{ModelsArgs, SortBy};
use crate::context::Context;
use crate::error::{Exit, Result};
use crate::interview::model::Columns;
use crate::interview::provider::named_or_active;
use crate::limits::hour;
use crate::report::Report;
use crate::stored_key;
use crate::talk;

pub fn run(args: &ModelsArgs, cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let provider = named_or_active(args.provider.as_deref(), cx, &state)?;
    let is_public = provider
        .models
        .as_ref()
        .is_some_and(|models| models.auth == crate::catalog::Auth::None);
    let key = if is_public {
        None
    } else {
        stored_key::in_force(provider, cx, &state)?
    };
    if let (Some(fact), None, false) = (&provider.key, &key, is_public)
        && !fact.optional
    {
        return Err(stored_key::no_key(provider, fact.variable, &state));
    }
    let target = stored_key::target(provider, key.as_ref(), cx, &state);
    let http = cx.network()?;
    let list = check::list(&http, &target);
    cx.tell_requests(&http);
    let list = list.map_err(check::Finding::into_error)?;
    let mut shown: Vec<&Model> = list.iter().filter(|model| is_wanted(model, args)).collect();
    if let Some(by) = args.sort {
        sort(&mut shown, by);
    }
    let columns = Columns::of(&shown);
    let mut text = String::new();
    for model in &shown {
        text.push_str(&columns.row(model));
        text.push_str(&remarks(model, args.cost));
        text.push('\n');
    }
    if args.cost && !shown.is_empty() {
        let width = talk::terminal_of_results(&cx.env).unwrap_or(usize::MAX);
        for line in talk::wrapped(&hour::formula(), width, 0) {
            text.push_str(&format!("{line}\n"));
        }
    }
    if shown.is_empty() {
        cx.talk.say(format!(
            "none of the {} models of {} fits; see `goose-setup models --help`",
            list.len(),
            provider.title
        ));
    }
    let fields = shown
        .iter()
        .map(|model| {
            json!({
                "id": model.id,
                "name": model.name,
                "context": model.context,
                "input_price": model.input_price,
                "output_price": model.output_price,
                "tools": model.tools,
                "free": model.free,
                "expires": model.expires,
                "hour_cost": hour::cost(model),
            })
        })
        .collect::<Vec<_>>();
    Ok(Report::new(
        Exit::Done,
        json!({"provider": provider.id, "models": fields, "hour_formula": hour::formula()}),
        text,
    ))
}

/// What is unknown comes last.
fn sort(models: &mut [&Model], by: SortBy) {
    match by {
        SortBy::Price => models.sort_by(|a, b| {
            let cost = |model: &Model| hour::cost(model).unwrap_or(f64::INFINITY);
            cost(a).total_cmp(&cost(b))
        }),
        SortBy::Context => models.sort_by_key(|model| std::cmp::Reverse(model.context)),
    }
}

fn remarks(model: &Model, with_cost: bool) -> String {
    let cost = hour::cost(model).filter(|cost| with_cost && *cost > 0.0);
    let cost = cost.map(|cost| format!("  from ${cost:.2} an hour"));
    let tools = (model.tools == Some(false)).then(|| "  no tools".to_owned());
    let expires = model.expires.as_ref().map(|day| format!("  until {day}"));
    [cost, tools, expires].into_iter().flatten().collect()
}

fn is_wanted(model: &Model, args: &ModelsArgs) -> bool {
    let found = args.search.as_ref().is_none_or(|search| {
        let search = search.to_lowercase();
        model.id.to_lowercase().contains(&search) || model.name.to_lowercase().contains(&search)
    });
    found && (args.any || model.tools != Some(false)) && (!args.free || model.free)
}
