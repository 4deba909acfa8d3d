//! Venice: balances, and the limits of each model.

use serde_json::Value;

use super::Asked;
use crate::check::account::{Credit, number};
use crate::limits::book::Window;
use crate::limits::figures::{Figures, Purse, Rate, Unit};
use crate::sanitize;

pub(super) fn limits(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let data = answer.get("data")?.as_object()?;
    let epoch = data
        .get("nextEpochBegins")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    let mut figures = Figures::default();
    let balance = |name: &str| data.get("balances")?.get(name).and_then(number);
    // DIEM and VCU are the daily allowance; a call is paid from it before it is paid in dollars.
    let purses = [("USD", None), ("DIEM", epoch), ("VCU", epoch)];
    let known: Vec<_> = purses
        .into_iter()
        .filter_map(|(unit, resets_at)| Some((unit, balance(unit)?, resets_at)))
        .collect();
    // One of them is enough to go on, so an empty one counts only where all are.
    let is_any_filled = known.iter().any(|(_, amount, _)| *amount > 0.0);
    for (unit, amount, resets_at) in known {
        if is_any_filled && amount <= 0.0 {
            continue;
        }
        figures.purses.push(Purse {
            owner: "the account",
            credit: Credit {
                remaining: Some(amount),
                limit: None,
                unit: Some(unit.into()),
                resets: resets_at.map(|_| "daily".to_owned()),
            },
            resets_at,
            source: asked.source.into(),
        });
    }
    figures.tier = data
        .get("apiTier")
        .and_then(|tier| tier.get("id")?.as_str())
        .and_then(sanitize::word)
        .map(str::to_owned);
    if data.get("accessPermitted") == Some(&Value::Bool(false)) {
        figures
            .notes
            .push("Venice lets this key call no model now".into());
    }
    figures.rates = of_model(data.get("rateLimits"), asked).unwrap_or_default();
    Some(figures)
}

/// The limits of the model in use; the list has those of all models.
fn of_model(all: Option<&Value>, asked: Asked<'_>) -> Option<Vec<Rate>> {
    let model = asked.model?;
    let own = all?
        .as_array()?
        .iter()
        .find(|entry| entry.get("apiModelId").and_then(Value::as_str) == Some(model))?;
    let rates = own
        .get("rateLimits")?
        .as_array()?
        .iter()
        .filter_map(|rate| {
            let (unit, window, name) = match rate.get("type")?.as_str()? {
                "RPM" => (Unit::Requests, Window::Minute, "requests a minute"),
                "RPD" => (Unit::Requests, Window::Day, "requests a day"),
                "TPM" => (Unit::Tokens, Window::Minute, "tokens a minute"),
                "TPD" => (Unit::Tokens, Window::Day, "tokens a day"),
                _ => return None,
            };
            Some(Rate {
                name: name.into(),
                limit: rate.get("amount").and_then(number),
                remaining: None,
                resets_at: None,
                source: asked.source.into(),
                unit,
                window: Some(window),
                applies: true,
            })
        });
    Some(rates.collect())
}
