//! OpenRouter: what a key has spent, its own cap, and the day's free requests of its account.

use serde_json::Value;

use super::{Asked, left_of};
use crate::check::account::{Credit, number};
use crate::limits::book::Window;
use crate::limits::figures::{Figures, Purse, Rate, Spent, Unit};
use crate::limits::when;
use crate::sanitize;

const SPENT: [(&str, &str); 4] = [
    ("usage_daily", "today"),
    ("usage_weekly", "this week"),
    ("usage_monthly", "this month"),
    ("usage", "in all"),
];

pub(super) fn key(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let key = answer.get("data")?.as_object()?;
    let figure = |name: &str| key.get(name).and_then(number);
    let (limit, remaining) = (figure("limit"), figure("limit_remaining"));
    let mut figures = Figures::default();
    let resets = key
        .get("limit_reset")
        .and_then(Value::as_str)
        .and_then(sanitize::word);
    if limit.is_some() || remaining.is_some() {
        figures.purses.push(Purse {
            owner: "this key",
            credit: Credit {
                remaining,
                limit,
                unit: Some("USD".into()),
                resets: resets.map(str::to_owned),
            },
            resets_at: resets.and_then(|period| when::next(period, asked.now)),
            source: asked.source.into(),
        });
    } else if key.get("limit").is_some_and(Value::is_null) {
        figures.notes.push("no spending cap on this key".into());
    }
    figures.spent = SPENT
        .into_iter()
        .filter_map(|(name, during)| {
            Some(Spent {
                during,
                amount: figure(name)?,
                unit: "USD",
                source: asked.source.into(),
            })
        })
        .collect();
    figures
        .rates
        .extend(free_requests(key.get("free_model_daily_requests"), asked));
    figures.tier = match key.get("is_free_tier").and_then(Value::as_bool) {
        Some(true) => Some("free: no credit bought yet".into()),
        Some(false) => Some("paid".into()),
        None => None,
    };
    let expires = key.get("expires_at").and_then(Value::as_str);
    if let Some(expires) = expires.and_then(sanitize::word) {
        figures.notes.push(format!("this key expires at {expires}"));
    }
    Some(figures)
}

fn free_requests(counter: Option<&Value>, asked: Asked<'_>) -> Option<Rate> {
    let counter = counter?;
    let figure = |name: &str| counter.get(name).and_then(number);
    let limit = figure("limit")?;
    Some(Rate {
        name: "free-model requests a day".into(),
        limit: Some(limit),
        remaining: figure("remaining").or_else(|| Some(limit - figure("used")?)),
        resets_at: when::next("daily", asked.now),
        source: asked.source.into(),
        unit: Unit::Requests,
        window: Some(Window::Day),
        applies: asked.model.is_some_and(|model| model.ends_with(":free")),
    })
}

/// The account's own credit, which only a management key may see.
pub(super) fn credits(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let account = answer.get("data")?;
    let bought = number(account.get("total_credits")?)?;
    let used = number(account.get("total_usage")?)?;
    Some(Figures {
        purses: vec![Purse {
            owner: "the account",
            credit: Credit {
                remaining: Some(left_of(bought, used)),
                limit: None,
                unit: Some("USD".into()),
                resets: None,
            },
            resets_at: None,
            source: asked.source.into(),
        }],
        ..Figures::default()
    })
}
