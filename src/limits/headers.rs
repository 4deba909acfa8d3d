//! The rate-limit headers that a free answer carries.
//!
//! Providers agree on a prefix and on the words limit, remaining and reset; where the words stand, and how the window is
//! named, differs: `x-ratelimit-limit-requests`, `anthropic-ratelimit-input-tokens-limit`, `x-ratelimit-remaining-tokens-minute`.

use jiff::Timestamp;

use super::book::{Entry, Window};
use super::figures::{Rate, Unit};
use super::when;
use crate::sanitize;

/// With what is counted where the rest of the name does not say it.
const PREFIXES: [(&str, &str); 5] = [
    ("x-ratelimit-", "requests"),
    ("x-tokenlimit-", "tokens"),
    ("anthropic-ratelimit-", "requests"),
    ("ratelimit-", "requests"),
    ("x-rate-limit-", "requests"),
];

pub(super) fn rates(
    headers: &[(String, String)],
    entry: Option<&Entry>,
    now: Timestamp,
) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::new();
    for (header, value) in headers {
        let Some((prefix, subject, word)) = parts(header) else {
            continue;
        };
        let (unit, window) = meaning(&subject, entry);
        let name = match window {
            Some(Window::Minute) => format!("{} a minute", unit_words(unit, &subject)),
            Some(Window::Day) => format!("{} a day", unit_words(unit, &subject)),
            None => unit_words(unit, &subject),
        };
        let index = rates.iter().position(|rate| rate.name == name);
        let index = index.unwrap_or_else(|| {
            rates.push(Rate {
                name,
                limit: None,
                remaining: None,
                resets_at: None,
                source: format!("{prefix}* headers"),
                unit,
                window,
                applies: true,
            });
            rates.len() - 1
        });
        let Some(rate) = rates.get_mut(index) else {
            continue;
        };
        let number = value.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        match word {
            "limit" => rate.limit = number,
            "remaining" => rate.remaining = number,
            _ => rate.resets_at = when::reset(value, now),
        }
    }
    rates.retain(|rate| rate.limit.is_some() || rate.remaining.is_some());
    rates.extend(retry_after(headers, now));
    rates
}

/// A provider that names a wait takes no request before it is over.
fn retry_after(headers: &[(String, String)], now: Timestamp) -> Option<Rate> {
    let (_, value) = headers.iter().find(|(name, _)| name == "retry-after")?;
    Some(Rate {
        name: "requests right now".into(),
        limit: None,
        remaining: Some(0.0),
        resets_at: Some(when::reset(value, now)?),
        source: "retry-after header".into(),
        unit: Unit::Requests,
        window: None,
        applies: true,
    })
}

/// The prefix, what is counted, and which of limit, remaining and reset it is.
fn parts(header: &str) -> Option<(&'static str, String, &'static str)> {
    let (prefix, fallback, rest) = PREFIXES
        .iter()
        .find_map(|(prefix, fallback)| Some((*prefix, *fallback, header.strip_prefix(prefix)?)))?;
    let mut words: Vec<&str> = rest.split('-').collect();
    let place = words
        .iter()
        .position(|word| ["limit", "remaining", "reset"].contains(word))?;
    let word = match words.remove(place) {
        "limit" => "limit",
        "remaining" => "remaining",
        _ => "reset",
    };
    let subject = words.join(" ");
    let subject = sanitize::line(&subject, None);
    Some(if subject.is_empty() {
        (prefix, fallback.to_owned(), word)
    } else {
        (prefix, subject, word)
    })
}

fn meaning(subject: &str, entry: Option<&Entry>) -> (Unit, Option<Window>) {
    let has = |word: &str| subject.split(' ').any(|part| part == word);
    let unit = if has("tokens") || has("token") {
        match (
            has("input") || has("prompt"),
            has("output") || has("generated"),
        ) {
            (true, _) => Unit::InputTokens,
            (_, true) => Unit::OutputTokens,
            _ => Unit::Tokens,
        }
    } else if has("requests") || has("req") || has("request") {
        Unit::Requests
    } else {
        Unit::Other
    };
    let window = if has("day") {
        Some(Window::Day)
    } else if has("minute") {
        Some(Window::Minute)
    } else {
        entry.and_then(|entry| entry.header_windows.get(subject).copied())
    };
    (unit, window)
}

fn unit_words(unit: Unit, subject: &str) -> String {
    match unit {
        Unit::Requests => "requests".into(),
        Unit::Tokens => "tokens".into(),
        Unit::InputTokens => "input tokens".into(),
        Unit::OutputTokens => "output tokens".into(),
        Unit::Other => subject.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::super::book;
    use super::*;

    /// Name, limit, what is left, and when it starts anew.
    type Said = (String, Option<f64>, Option<f64>, Option<String>);

    fn read(id: &str, headers: &[(&str, &str)]) -> Vec<Said> {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        rates(&headers, book::of(id), now)
            .into_iter()
            .map(|rate| {
                (
                    rate.name,
                    rate.limit,
                    rate.remaining,
                    rate.resets_at.map(when::stamp),
                )
            })
            .collect()
    }

    fn one(name: &str, limit: f64, left: f64, resets: Option<&str>) -> Said {
        (
            name.into(),
            Some(limit),
            Some(left),
            resets.map(str::to_owned),
        )
    }

    #[test]
    fn groq_counts_requests_a_day_and_tokens_a_minute() {
        assert_eq!(
            read(
                "groq",
                &[
                    ("x-ratelimit-limit-requests", "14400"),
                    ("x-ratelimit-limit-tokens", "18000"),
                    ("x-ratelimit-remaining-requests", "14370"),
                    ("x-ratelimit-remaining-tokens", "17997"),
                    ("x-ratelimit-reset-requests", "2m59.56s"),
                    ("x-ratelimit-reset-tokens", "7.66s"),
                ]
            ),
            [
                one(
                    "requests a day",
                    14400.0,
                    14370.0,
                    Some("2026-11-24T12:02:59Z")
                ),
                one(
                    "tokens a minute",
                    18000.0,
                    17997.0,
                    Some("2026-11-24T12:00:07Z")
                ),
            ]
        );
    }

    #[test]
    fn anthropic_puts_the_word_last() {
        assert_eq!(
            read(
                "anthropic",
                &[
                    ("anthropic-ratelimit-requests-limit", "50"),
                    ("anthropic-ratelimit-requests-remaining", "48"),
                    ("anthropic-ratelimit-requests-reset", "2026-11-24T12:01:00Z"),
                    ("anthropic-ratelimit-input-tokens-limit", "30000"),
                    ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ]
            ),
            [
                one("requests", 50.0, 48.0, Some("2026-11-24T12:01:00Z")),
                one("input tokens", 30000.0, 0.0, None),
            ]
        );
    }

    #[test]
    fn a_window_may_stand_in_the_name() {
        assert_eq!(
            read(
                "cerebras",
                &[
                    ("x-ratelimit-limit-requests-day", "14400"),
                    ("x-ratelimit-remaining-requests-day", "14399"),
                    ("x-ratelimit-limit-tokens-minute", "60000"),
                    ("x-ratelimit-remaining-tokens-minute", "59000"),
                ]
            ),
            [
                one("requests a day", 14400.0, 14399.0, None),
                one("tokens a minute", 60000.0, 59000.0, None)
            ]
        );
        assert_eq!(
            read(
                "fireworks-ai",
                &[
                    ("x-ratelimit-limit-tokens-prompt", "60000"),
                    ("x-ratelimit-remaining-tokens-prompt", "1"),
                ]
            ),
            [one("input tokens", 60000.0, 1.0, None)]
        );
    }

    #[test]
    fn a_bare_prefix_counts_requests_and_a_wait_means_none_now() {
        assert_eq!(
            read(
                "openrouter",
                &[
                    ("x-ratelimit-limit", "20"),
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1795521660000"),
                    ("retry-after", "30"),
                ]
            ),
            [
                one("requests", 20.0, 0.0, Some("2026-11-24T12:01:00Z")),
                (
                    "requests right now".into(),
                    None,
                    Some(0.0),
                    Some("2026-11-24T12:00:30Z".into())
                ),
            ]
        );
    }

    #[test]
    fn headers_that_say_nothing_useful_are_left_out() {
        let odd = [
            ("x-ratelimit-limit-requests", "many"),
            ("x-ratelimit-reset-tokens", "1s"),
            ("x-ratelimit-policy", "fair"),
            ("retry-after", "later"),
        ];
        assert_eq!(read("openai", &odd), []);
    }

    #[test]
    fn fuzz_no_header_makes_a_figure_that_is_none() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        crate::fuzz::fuzz("headers", |lines| {
            let lines = String::from_utf8_lossy(lines);
            let headers: Vec<_> = lines
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            for entry in [None, book::of("groq"), book::of("openrouter")] {
                for rate in rates(&headers, entry, now) {
                    let figures = [rate.limit, rate.remaining];
                    assert!(
                        figures.into_iter().flatten().all(f64::is_finite),
                        "{rate:?}"
                    );
                    assert_eq!(rate.name, sanitize::plain(&rate.name));
                    // It is told to a person in the end.
                    rate.resets_at.map(when::stamp);
                }
            }
        });
    }
}
