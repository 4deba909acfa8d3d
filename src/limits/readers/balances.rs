//! Accounts that are paid in advance: what is left.

use serde_json::Value;

use super::Asked;
use crate::catalog::AccountShape;
use crate::check::account::{Account, Credit, money, number};
use crate::limits::figures::{Figures, Purse};

fn left(remaining: f64, unit: &str, asked: Asked<'_>) -> Figures {
    Figures {
        purses: vec![Purse {
            owner: "the account",
            credit: Credit {
                remaining: Some(remaining),
                limit: None,
                unit: Some(unit.into()),
                resets: None,
            },
            resets_at: None,
            source: asked.source.into(),
        }],
        ..Figures::default()
    }
}

pub(super) fn deepseek(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let account = Account::of(AccountShape::DeepseekBalance, answer)?;
    let credit = account.credit?;
    let mut figures = left(credit.remaining?, credit.unit.as_deref()?, asked);
    if answer.get("balance_infos")?.as_array()?.len() > 1 {
        figures.notes = account.notes;
    }
    Some(figures)
}

pub(super) fn moonshot(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let data = answer.get("data")?;
    // The Chinese platform and the international one have accounts, keys and currencies of their own.
    let host = asked.source.split('/').next().unwrap_or_default();
    let unit = if host.ends_with(".cn") { "CNY" } else { "USD" };
    let mut figures = left(number(data.get("available_balance")?)?, unit, asked);
    let cash = data.get("cash_balance").and_then(number);
    if let Some(debt) = cash.filter(|cash| *cash < 0.0) {
        figures
            .notes
            .push(format!("in debt: {} in cash", money(debt, unit)));
    }
    Some(figures)
}

pub(super) fn nanogpt(answer: &Value, asked: Asked<'_>) -> Option<Figures> {
    let mut figures = left(number(answer.get("usd_balance")?)?, "USD", asked);
    let nano = answer.get("nano_balance").and_then(number);
    if let Some(nano) = nano.filter(|nano| *nano != 0.0) {
        figures
            .notes
            .push(format!("{} besides", money(nano, "XNO")));
    }
    Some(figures)
}
