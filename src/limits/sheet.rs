//! Everything there is to say about one provider's limits.

use jiff::ZonedDateTime;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::advice::{self, Advice, Setup, Situation};
use super::ask::Live;
use super::book::{self, Row};
use super::budget::{self, Budget, Load};
use super::figures::Rate;
use super::links::Links;
use super::when;
use crate::catalog;
use crate::secret::Secret;

pub struct Sheet {
    pub id: String,
    pub title: String,
    pub model: Option<String>,
    /// `None`: nobody was asked.
    pub live: Option<Live>,
    pub rows: Vec<&'static Row>,
    pub links: Links,
    pub advice: Vec<Advice>,
    /// Why there are no live figures.
    pub note: Option<String>,
    as_of: String,
    today: Date,
}

/// What a sheet is made from.
pub struct Known<'a> {
    pub id: &'a str,
    pub model: Option<String>,
    pub live: Option<Live>,
    /// One that is the provider's own.
    pub key: Option<&'a Secret>,
    pub setup: Setup,
    pub max_tokens: Option<f64>,
    pub note: Option<String>,
}

impl Sheet {
    pub fn of(known: Known<'_>, now: &ZonedDateTime) -> Self {
        let provider = catalog::by_id(known.id);
        let entry = book::of(known.id);
        let title = provider
            .map_or(known.id, |provider| provider.title)
            .to_owned();
        let rows = entry.map_or_else(Vec::new, |entry| entry.rows_for(known.model.as_deref()));
        let figures = known.live.as_ref().map(|live| &live.figures);
        let rates = figures.map_or(&[][..], |figures| &figures.rates);
        let row = row_in_force(&rows, rates);
        let basis = basis(row, rates);
        let advice = advice::of(&Situation {
            id: known.id,
            title: &title,
            entry,
            basis: &basis,
            budget: Budget::of(row, rates, entry),
            load: Load::of(known.model.as_deref(), known.max_tokens),
            purse: figures.and_then(|figures| figures.tightest()),
            setup: &known.setup,
            measured: book::measured(),
        });
        let as_of = match (&known.live, rows.iter().map(|row| row.read).min()) {
            (None, Some(read)) => read.to_string(),
            _ => when::stamp(now.timestamp()),
        };
        Self {
            links: Links::of(provider, entry, known.key),
            id: known.id.to_owned(),
            title,
            model: known.model,
            live: known.live,
            rows,
            advice,
            note: known.note,
            as_of,
            today: now.date(),
        }
    }

    pub fn stale_rows(&self) -> impl Iterator<Item = (&'static Row, i32)> {
        let today = self.today;
        self.rows
            .iter()
            .filter(move |row| row.is_stale(today))
            .map(move |row| (*row, row.age_in_days(today)))
    }

    pub fn to_json(&self) -> Value {
        let figures = self.live.as_ref().map(|live| &live.figures);
        let documented: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let mut value = json!(row);
                value["stale"] = row.is_stale(self.today).into();
                value
            })
            .collect();
        let rates: Vec<Value> = figures
            .map_or(&[][..], |figures| &figures.rates)
            .iter()
            .map(rate_to_json)
            .collect();
        json!({
            "provider": self.id,
            "model": self.model,
            "verdict": self.live.as_ref().map(|live| live.finding.verdict),
            "detail": self.live.as_ref().map(|live| &live.finding.detail),
            "exhausted": self.live.as_ref().map(Live::is_exhausted),
            "credit": figures.and_then(|figures| figures.tightest()),
            "credits": figures.map(|figures| &figures.purses),
            "spent": figures.map(|figures| &figures.spent),
            "rates": rates,
            "tier": figures.and_then(|figures| figures.tier.as_ref()),
            "tier_source": figures.and_then(|figures| figures.tier_source.as_ref()),
            "notes": figures.map(|figures| &figures.notes),
            "documented": documented,
            "links": self.links,
            "advice": self.advice,
            "as_of": self.as_of,
        })
    }
}

/// Moments are told to the second, in UTC.
fn rate_to_json(rate: &Rate) -> Value {
    let mut value = json!(rate);
    value["resets_at"] = json!(rate.resets_at.map(when::stamp));
    value
}

/// The lowest tier, unless a live figure says which one it is.
fn row_in_force(rows: &[&'static Row], rates: &[Rate]) -> Option<&'static Row> {
    budget::tier_told_by(rates, rows).or(rows.first().copied())
}

fn basis(row: Option<&Row>, rates: &[Rate]) -> String {
    let is_live = rates
        .iter()
        .any(|rate| rate.applies && rate.window.is_some());
    match (row, is_live) {
        (Some(row), false) if row.uncertain => format!("{}, uncertain", row.tier),
        (Some(row), false) => row.tier.to_owned(),
        (Some(row), true) => format!("{}, and live figures", row.tier),
        (None, true) => "live figures".into(),
        (None, false) => "as documented".into(),
    }
}
