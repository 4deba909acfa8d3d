//! What helps, computed from the limits and from what goose is set to. Each piece has an id and, where there is one, the
//! exact command.

use serde::Serialize;

use super::book::{Entry, Measured};
use super::budget::{Budget, Load};
use super::figures::Purse;
use crate::check::account::money;

/// Answers this long are enough for most work, and leave room for a second request.
const OUTPUT_CAPS: [u64; 5] = [16384, 8192, 4096, 2048, 1024];
/// Dollars for a million tokens of output; dearer models are rare.
const DEAR: f64 = 30.0;
/// A smaller part of a limit is not worth a setting.
const WORTH_SAVING: f64 = 0.001;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    pub id: &'static str,
    pub text: String,
    pub command: Option<String>,
}

/// What goose is set to, and what there is to go to.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub names_sessions: bool,
    pub has_fallback: bool,
    /// Other providers that are set up.
    pub others: Vec<String>,
    /// Retry settings that stand as plain numbers, which goose ignores here: name, value, in the environment.
    pub deaf: Vec<(String, String, bool)>,
    /// A retry setting of the provider's is set.
    pub sets_retries: bool,
}

pub struct Situation<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub entry: Option<&'a Entry>,
    /// Where the limits come from, such as a tier of the handbook.
    pub basis: &'a str,
    pub budget: Budget,
    pub load: Load,
    pub purse: Option<&'a Purse>,
    pub setup: &'a Setup,
    pub measured: &'a Measured,
}

pub fn of(now: &Situation<'_>) -> Vec<Advice> {
    [
        pace(now),
        output_cap(now),
        credit(now),
        session_naming(now),
        retries(now),
        fallback(now),
        second_provider(now),
    ]
    .into_iter()
    .flatten()
    .chain(deaf_settings(now))
    .collect()
}

fn pace(now: &Situation<'_>) -> Option<Advice> {
    let Some(pace) = now.budget.pace(now.load) else {
        let day = now.budget.requests_per_day?;
        let text = format!(
            "{} left for today, each step of goose's work is one ({})",
            counted(day, "request"),
            now.basis
        );
        return Some(Advice {
            id: "pace",
            text,
            command: None,
        });
    };
    let input = thousands(now.load.input);
    let limit = format!("{} {}", thousands(pace.limit), pace.of);
    let text = if pace.per_minute < 1.0 {
        let size = thousands(now.budget.tokens_of(now.load));
        let reserved = now.load.output_cap.filter(|_| now.budget.reserves_output);
        let parts = match reserved {
            Some(cap) => format!(
                "{input} sent and {} reserved for the answer",
                thousands(cap)
            ),
            None => "all of them sent".to_owned(),
        };
        format!(
            "a goose request counts as {size} tokens ({parts}), more than the {limit} a minute: it is refused ({})",
            now.basis
        )
    } else {
        let requests = counted(pace.per_minute.floor(), "goose request");
        let size = if pace.of == "requests" {
            String::new()
        } else {
            format!(
                ", at about {} tokens each",
                thousands(now.budget.tokens_of(now.load))
            )
        };
        let until = match pace.minutes_to_cap {
            Some(minutes) => format!(
                "; without a pause the day's share is used up after about {}",
                duration(minutes)
            ),
            None => String::new(),
        };
        format!(
            "{limit} a minute are about {requests} a minute{size}{until} ({})",
            now.basis
        )
    };
    Some(Advice {
        id: "pace",
        text,
        command: None,
    })
}

/// A shorter reserved answer, where the reserve is what limits.
fn output_cap(now: &Situation<'_>) -> Option<Advice> {
    let cap = now.load.output_cap.filter(|_| now.budget.reserves_output)?;
    let before = now.budget.pace(now.load)?;
    let at = |cap: u64| {
        let load = Load {
            output_cap: Some(cap as f64),
            ..now.load
        };
        now.budget
            .pace(load)
            .map_or(0.0, |pace| pace.per_minute.floor())
    };
    let shorter = OUTPUT_CAPS
        .into_iter()
        .filter(|shorter| (*shorter as f64) < cap);
    let best = shorter
        .clone()
        .find(|shorter| at(*shorter) >= 2.0)
        .or_else(|| shorter.clone().find(|shorter| at(*shorter) >= 1.0))?;
    if at(best) <= before.per_minute.floor() {
        return None;
    }
    Some(Advice {
        id: "max-tokens",
        text: format!(
            "{} reserves what a request may answer, now {} tokens; with {} there is room for {} a minute instead of {}",
            now.title,
            thousands(cap),
            thousands(best as f64),
            counted(at(best), "request"),
            before.per_minute.floor()
        ),
        command: Some(set("GOOSE_MAX_TOKENS", &best.to_string())),
    })
}

/// Credit has to cover the longest answer before a request is taken.
fn credit(now: &Situation<'_>) -> Option<Advice> {
    let cap = now
        .load
        .output_cap
        .filter(|_| now.entry.is_some_and(|entry| entry.reserves_credit))?;
    let credit = &now.purse?.credit;
    let left = credit.remaining.filter(|left| *left > 0.0)?;
    let dearest = left / cap * 1e6;
    if dearest >= DEAR {
        return None;
    }
    Some(Advice {
        id: "max-tokens",
        text: format!(
            "{} has to cover an answer of {} tokens before a request is taken, so only models below {} for a million \
             tokens of output work; 8,192 raises that to {}",
            money(left, "USD"),
            thousands(cap),
            money(dearest, "USD"),
            money(left / 8192.0 * 1e6, "USD"),
        ),
        command: (cap > 8192.0).then(|| set("GOOSE_MAX_TOKENS", "8192")),
    })
}

fn session_naming(now: &Situation<'_>) -> Option<Advice> {
    if !now.setup.names_sessions {
        return None;
    }
    let naming = thousands(now.measured.naming_request as f64);
    let budget = &now.budget;
    let requests = |limit: Option<f64>, window: &str| {
        let limit = limit.filter(|limit| *limit >= 1.0)?;
        let of = format!("of {} a {window}", counted(limit, "request"));
        Some((1.0 / limit, of))
    };
    let tokens = |limit: Option<f64>| {
        let limit = limit.filter(|limit| *limit >= 1.0)?;
        let of = format!("of {} tokens a minute", thousands(limit));
        Some((now.measured.naming_request as f64 / limit, of))
    };
    // The day's share is what runs out; within a minute the larger part counts.
    let minute = [
        requests(budget.requests_per_minute, "minute"),
        tokens(budget.tokens_per_minute),
        tokens(budget.input_tokens_per_minute),
    ];
    let (part, of) = requests(budget.requests_per_day, "day").or_else(|| {
        let all = minute.into_iter().flatten();
        all.max_by(|a, b| a.0.total_cmp(&b.0))
    })?;
    if part < WORTH_SAVING {
        return None;
    }
    let share = format!("{} {of}", percent(part));
    Some(Advice {
        id: "session-naming",
        text: format!(
            "a new session is named by a request of its own, about {naming} tokens: {share}"
        ),
        command: Some(set("GOOSE_DISABLE_SESSION_NAMING", "true")),
    })
}

fn retries(now: &Situation<'_>) -> Option<Advice> {
    let retries = now.entry?.retries?;
    if now.setup.sets_retries {
        return None;
    }
    let enough = retries.enough()?;
    let [name, ..] = retries.names();
    Some(Advice {
        id: "retries",
        text: format!(
            "goose gives up on a limited request after {} retries, about {:.0} s; {enough} wait {:.0} s, which outlasts a limit a minute",
            retries.count,
            retries.seconds(retries.count),
            retries.seconds(enough)
        ),
        command: Some(set(&name, &enough.to_string())),
    })
}

/// Settings that goose ignores because they are not text.
fn deaf_settings(now: &Situation<'_>) -> Vec<Advice> {
    let advice = |(name, value, in_environment): &(String, String, bool)| {
        let (text, command) = if *in_environment {
            (
                format!("goose ignores {name} as it is exported, since {value} is no text there"),
                format!("export {name}='\"{value}\"'"),
            )
        } else {
            (
                format!("goose ignores {name}: {value}, since it is written as a number"),
                set(name, value),
            )
        };
        Advice {
            id: "retry-form",
            text,
            command: Some(command),
        }
    };
    now.setup.deaf.iter().map(advice).collect()
}

fn fallback(now: &Situation<'_>) -> Option<Advice> {
    (now.id == "openrouter" && !now.setup.has_fallback).then(|| Advice {
        id: "fallback",
        text:
            "OpenRouter goes on to another model by itself when one is limited, if it is told which"
                .into(),
        command: Some("goose-setup fallback".into()),
    })
}

fn second_provider(now: &Situation<'_>) -> Option<Advice> {
    if !now.setup.others.is_empty() {
        return None;
    }
    let is_router = now.id == "openrouter";
    Some(Advice {
        id: "second-provider",
        text: "no other provider is set up to switch to when this one is used up".into(),
        command: Some(
            if is_router {
                "goose-setup anthropic"
            } else {
                "goose-setup openrouter"
            }
            .into(),
        ),
    })
}

fn set(name: &str, value: &str) -> String {
    format!("goose-setup limits --set {name}={value}")
}

/// `30,000`.
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

fn counted(number: f64, thing: &str) -> String {
    let ending = if number == 1.0 { "" } else { "s" };
    format!("{} {thing}{ending}", thousands(number))
}

fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

fn duration(minutes: f64) -> String {
    match minutes {
        m if m < 10.0 => format!("{m:.1} minutes"),
        m if m < 120.0 => format!("{m:.0} minutes"),
        m => format!("{:.1} hours", m / 60.0),
    }
}

#[cfg(test)]
mod tests;
