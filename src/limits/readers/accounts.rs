//! What an account or a proxy says of a key.

use serde_json::Value;

use super::{Asked, left_of};
use crate::check::account::{Credit, number};
use crate::limits::book::Window;
use crate::limits::figures::{Figures, Purse, Rate, Spent, Unit};
use crate::sanitize;

/// A proxy without a database answers 500 here, which never gets this far.
pub(super) fn litellm(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let info = answer.get("info")?.as_object()?;
    let figure = |name: &str| info.get(name).and_then(number);
    let mut figures = Figures::default();
    let spend = figure("spend");
    if let Some(budget) = figure("max_budget") {
        let resets_at = info
            .get("budget_reset_at")
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok());
        figures.purses.push(Purse {
            owner: "this key",
            credit: Credit {
                remaining: spend.map(|spend| left_of(budget, spend)),
                limit: Some(budget),
                unit: Some("USD".into()),
                resets: word(info.get("budget_duration")),
            },
            resets_at,
            source: asked.source.into(),
        });
    } else if info.contains_key("max_budget") {
        figures.notes.push("no budget on this key".into());
    }
    figures.spent.extend(spend.map(|amount| Spent {
        during: "in all",
        amount,
        unit: "USD",
        source: asked.source.into(),
    }));
    let limits = [
        ("rpm_limit", Unit::Requests, "requests a minute"),
        ("tpm_limit", Unit::Tokens, "tokens a minute"),
    ];
    figures.rates = limits
        .into_iter()
        .filter_map(|(field, unit, name)| {
            Some(Rate {
                name: name.into(),
                limit: Some(figure(field)?),
                remaining: None,
                resets_at: None,
                source: asked.source.into(),
                unit,
                window: Some(Window::Minute),
                applies: true,
            })
        })
        .collect();
    if let Some(expires) = word(info.get("expires")) {
        figures.notes.push(format!("this key expires at {expires}"));
    }
    Some(figures)
}

/// The key tells no figures, only what it may do; credit needs another kind of key.
pub(super) fn xai(answer: &Value) -> Option<Figures> {
    let acls: Vec<&str> = answer
        .get("acls")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    // `api-key:model:*` opens all models, and leaves the endpoints as they are.
    let is_covered = |acl: &&&str| {
        let families = acls.iter().filter_map(|acl| acl.strip_suffix('*'));
        families.clone().any(|family| acl.starts_with(family))
    };
    let narrow: Vec<&str> = acls
        .iter()
        .filter(|acl| !is_covered(acl))
        .filter_map(|acl| sanitize::word(acl))
        .collect();
    let mut figures = Figures::default();
    if acls.is_empty() {
        figures.notes.push("this key may use nothing".into());
    } else if !narrow.is_empty() {
        figures
            .notes
            .push(format!("this key may use {} only", narrow.join(", ")));
    }
    Some(figures)
}

pub(super) fn huggingface(answer: &Value) -> Option<Figures> {
    answer.get("name")?.as_str()?;
    let mut figures = Figures::default();
    let is_pro = answer.get("isPro").and_then(Value::as_bool);
    figures.tier = is_pro.map(|is_pro| if is_pro { "PRO" } else { "free" }.to_owned());
    let role = answer.pointer("/auth/accessToken/role");
    if let Some(role) = word(role) {
        figures.notes.push(format!("this token's role is {role}"));
    }
    if answer.get("canPay") == Some(&Value::Bool(false)) {
        figures
            .notes
            .push("no means of payment: only what is included".into());
    }
    Some(figures)
}

fn word(value: Option<&Value>) -> Option<String> {
    value?.as_str().and_then(sanitize::word).map(str::to_owned)
}
