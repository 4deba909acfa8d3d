//! How far the limits go in goose's own terms: requests a minute, and minutes until the day's share is used up.

use super::book::{self, Entry, Row, Window};
use super::figures::{Rate, Unit};

/// The limits that hold for the model in use. Live ones outrank documented ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    pub requests_per_minute: Option<f64>,
    /// What is left of the day's requests, or all of them where that is not known.
    pub requests_per_day: Option<f64>,
    pub tokens_per_minute: Option<f64>,
    pub tokens_per_day: Option<f64>,
    pub input_tokens_per_minute: Option<f64>,
    /// What a request may answer counts before it is sent.
    pub reserves_output: bool,
}

/// The size of one request of goose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    pub input: f64,
    /// What goose lets the model answer at most, where it says so.
    pub output_cap: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Requests a minute, not rounded.
    pub per_minute: f64,
    /// The limit that is reached first, and its name.
    pub limit: f64,
    pub of: &'static str,
    /// Minutes of work without a pause until nothing is left for today.
    pub minutes_to_cap: Option<f64>,
}

/// The row whose day's share is the one that a live figure tells.
pub fn tier_told_by(rates: &[Rate], rows: &[&'static Row]) -> Option<&'static Row> {
    let day = rates
        .iter()
        .find(|rate| {
            rate.applies && rate.unit == Unit::Requests && rate.window == Some(Window::Day)
        })
        .and_then(|rate| rate.limit)?;
    rows.iter()
        .copied()
        .find(|row| row.requests_per_day.map(|n| n as f64) == Some(day))
}

impl Budget {
    pub fn of(row: Option<&Row>, rates: &[Rate], entry: Option<&Entry>) -> Self {
        let documented = |figure: fn(&Row) -> Option<u64>| row.and_then(figure).map(|n| n as f64);
        let mut budget = Self {
            requests_per_minute: documented(|row| row.requests_per_minute),
            requests_per_day: documented(|row| row.requests_per_day),
            tokens_per_minute: documented(|row| row.tokens_per_minute),
            tokens_per_day: documented(|row| row.tokens_per_day),
            input_tokens_per_minute: documented(|row| row.input_tokens_per_minute),
            reserves_output: entry.is_some_and(|entry| entry.reserves_output),
        };
        for rate in rates.iter().filter(|rate| rate.applies) {
            let place = match (rate.unit, rate.window) {
                (Unit::Requests, Some(Window::Minute)) => &mut budget.requests_per_minute,
                (Unit::Requests, Some(Window::Day)) => &mut budget.requests_per_day,
                (Unit::Tokens, Some(Window::Minute)) => &mut budget.tokens_per_minute,
                (Unit::Tokens, Some(Window::Day)) => &mut budget.tokens_per_day,
                (Unit::InputTokens, Some(Window::Minute)) => &mut budget.input_tokens_per_minute,
                _ => continue,
            };
            let figure = match rate.window {
                Some(Window::Day) => rate.remaining.or(rate.limit),
                _ => rate.limit.or(rate.remaining),
            };
            *place = figure.or(*place);
        }
        budget
    }

    /// What one request counts against the token limits.
    pub fn tokens_of(&self, load: Load) -> f64 {
        let reserved = load.output_cap.filter(|_| self.reserves_output);
        load.input + reserved.unwrap_or_default()
    }

    /// `None` where no limit a minute is known.
    pub fn pace(&self, load: Load) -> Option<Pace> {
        let tokens = self.tokens_of(load);
        let ways = [
            (self.requests_per_minute, 1.0, "requests"),
            (self.tokens_per_minute, tokens, "tokens"),
            (self.input_tokens_per_minute, load.input, "input tokens"),
        ];
        let (per_minute, limit, of) = ways
            .into_iter()
            .filter_map(|(limit, cost, of)| limit.map(|limit| (limit / cost, limit, of)))
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        let days = [
            self.requests_per_day,
            self.tokens_per_day.map(|day| day / tokens),
        ];
        let requests = days.into_iter().flatten().min_by(f64::total_cmp);
        let minutes_to_cap = requests
            .filter(|_| per_minute >= 1.0)
            .map(|requests| requests / per_minute.floor());
        Some(Pace {
            per_minute,
            limit,
            of,
            minutes_to_cap,
        })
    }
}

impl Load {
    /// `max_tokens` is the value of `GOOSE_MAX_TOKENS`.
    pub fn of(model: Option<&str>, max_tokens: Option<f64>) -> Self {
        let measured = book::measured();
        let known = model.and_then(|model| {
            let caps = &measured.output_caps;
            caps.iter().find(|cap| book::fits(cap.model, model))
        });
        Self {
            input: measured.first_request as f64,
            output_cap: max_tokens.or(known.map(|cap| cap.tokens as f64)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn load(output_cap: Option<f64>) -> Load {
        Load {
            input: 4500.0,
            output_cap,
        }
    }

    /// Limits, output cap → requests a minute, what limits them, minutes until the daily cap; each worked out by hand.
    #[test]
    fn limits_become_requests_and_minutes() {
        let none = Budget::default();
        for (budget, cap, (per_minute, of, minutes)) in [
            // 30,000 / 4,500 = 6.67
            (
                Budget {
                    tokens_per_minute: Some(30_000.0),
                    ..none
                },
                None,
                (6.667, "tokens", None),
            ),
            // 20 a minute, 50 a day: 50 / 20 = 2.5
            (
                Budget {
                    requests_per_minute: Some(20.0),
                    requests_per_day: Some(50.0),
                    ..none
                },
                Some(64_000.0),
                (20.0, "requests", Some(2.5)),
            ),
            // 1,000 / 20 = 50
            (
                Budget {
                    requests_per_minute: Some(20.0),
                    requests_per_day: Some(1000.0),
                    ..none
                },
                None,
                (20.0, "requests", Some(50.0)),
            ),
            // 8,000 / 4,500 = 1.78, so one a minute; 200,000 / 4,500 = 44.4 requests, which is less than 1,000
            (
                Budget {
                    requests_per_minute: Some(30.0),
                    requests_per_day: Some(1000.0),
                    tokens_per_minute: Some(8000.0),
                    tokens_per_day: Some(200_000.0),
                    ..none
                },
                None,
                (1.778, "tokens", Some(44.444)),
            ),
            // 30,000 / (4,500 + 65,536) = 0.43: none at all, so no minutes either
            (
                Budget {
                    requests_per_minute: Some(5.0),
                    tokens_per_minute: Some(30_000.0),
                    tokens_per_day: Some(1_000_000.0),
                    reserves_output: true,
                    ..none
                },
                Some(65_536.0),
                (0.428, "tokens", None),
            ),
            // 30,000 / (4,500 + 8,192) = 2.36, so two a minute; 1,000,000 / 12,692 / 2 = 39.4
            (
                Budget {
                    requests_per_minute: Some(5.0),
                    tokens_per_minute: Some(30_000.0),
                    tokens_per_day: Some(1_000_000.0),
                    reserves_output: true,
                    ..none
                },
                Some(8192.0),
                (2.364, "tokens", Some(39.395)),
            ),
            // 30,000 / 4,500 = 6.67 is less than 50
            (
                Budget {
                    requests_per_minute: Some(50.0),
                    input_tokens_per_minute: Some(30_000.0),
                    ..none
                },
                Some(64_000.0),
                (6.667, "input tokens", None),
            ),
        ] {
            let pace = budget.pace(load(cap)).unwrap();
            assert!(
                (pace.per_minute - per_minute).abs() < 0.001,
                "{budget:?}: {pace:?}"
            );
            assert_eq!(pace.of, of, "{budget:?}");
            match (pace.minutes_to_cap, minutes) {
                (Some(is), Some(should)) => assert!((is - should).abs() < 0.001, "{pace:?}"),
                (is, should) => assert_eq!(is, should, "{budget:?}"),
            }
        }
    }

    #[test]
    fn without_a_limit_there_is_no_pace() {
        let day_only = Budget {
            requests_per_day: Some(50.0),
            ..Budget::default()
        };
        assert_eq!(day_only.pace(load(None)), None);
        assert_eq!(Budget::default().pace(load(None)), None);
    }

    #[test]
    fn a_live_figure_outranks_the_handbook() {
        let row = Row {
            requests_per_minute: Some(20),
            requests_per_day: Some(50),
            ..Row::default()
        };
        let left = Rate {
            name: String::new(),
            limit: Some(1000.0),
            remaining: Some(38.0),
            resets_at: None,
            source: String::new(),
            unit: Unit::Requests,
            window: Some(Window::Day),
            applies: true,
        };
        let other = Rate {
            applies: false,
            remaining: Some(0.0),
            ..left.clone()
        };
        let budget = Budget::of(Some(&row), &[left, other], None);
        assert_eq!(budget.requests_per_minute, Some(20.0));
        assert_eq!(budget.requests_per_day, Some(38.0));
    }

    #[test]
    fn the_output_cap_is_what_goose_was_seen_to_send() {
        assert_eq!(
            Load::of(Some("anthropic/claude-sonnet-4"), None).output_cap,
            Some(64_000.0)
        );
        assert_eq!(Load::of(Some("gpt-4o"), None).output_cap, Some(16_384.0));
        assert_eq!(Load::of(Some("grok-4.5"), None).output_cap, None);
        assert_eq!(
            Load::of(Some("grok-4.5"), Some(8192.0)).output_cap,
            Some(8192.0)
        );
    }
}
