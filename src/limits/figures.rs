//! Live figures of an account, each with the endpoint or header it was read from.

use jiff::Timestamp;
use serde::Serialize;

use super::book::Window;
use crate::check::account::Credit;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Several things can run out: the key's own cap, the account's credit.
    pub purses: Vec<Purse>,
    pub spent: Vec<Spent>,
    pub rates: Vec<Rate>,
    pub tier: Option<String>,
    pub tier_source: Option<String>,
    /// Each with its source in brackets.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purse {
    /// Whose it is: "this key", "the account".
    #[serde(rename = "of")]
    pub owner: &'static str,
    #[serde(flatten)]
    pub credit: Credit,
    pub resets_at: Option<Timestamp>,
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spent {
    pub during: &'static str,
    pub amount: f64,
    pub unit: &'static str,
    pub source: String,
}

/// What is unknown is `None`, in JSON `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    pub name: String,
    pub limit: Option<f64>,
    pub remaining: Option<f64>,
    pub resets_at: Option<Timestamp>,
    pub source: String,
    #[serde(skip)]
    pub unit: Unit,
    #[serde(skip)]
    pub window: Option<Window>,
    /// It limits the model in use.
    #[serde(skip)]
    pub applies: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Requests,
    Tokens,
    InputTokens,
    OutputTokens,
    Other,
}

impl Figures {
    pub fn absorb(&mut self, other: Self) {
        self.purses.extend(other.purses);
        self.spent.extend(other.spent);
        self.rates.extend(other.rates);
        if self.tier.is_none() {
            (self.tier, self.tier_source) = (other.tier, other.tier_source);
        }
        self.notes.extend(other.notes);
    }

    /// The purse that is empty first.
    pub fn tightest(&self) -> Option<&Purse> {
        let left = |purse: &&Purse| purse.credit.remaining;
        self.purses
            .iter()
            .filter(|purse| left(purse).is_some())
            .min_by(|a, b| {
                left(a)
                    .unwrap_or(f64::INFINITY)
                    .total_cmp(&left(b).unwrap_or(f64::INFINITY))
            })
            .or_else(|| self.purses.first())
    }

    /// Nothing is left of something that the model in use needs.
    pub fn is_used_up(&self) -> bool {
        let is_empty = |left: Option<f64>| left.is_some_and(|left| left <= 0.0);
        self.purses
            .iter()
            .any(|purse| is_empty(purse.credit.remaining))
            || self
                .rates
                .iter()
                .any(|rate| rate.applies && is_empty(rate.remaining))
    }
}
