//! Requests and tokens a minute that LiteLLM keeps a model below, and where each figure comes from.

use serde::Serialize;

use crate::cli::Limit;
use crate::error::{Error, Result};
use crate::gateway::route::Route;
use crate::limits::advice::thousands;
use crate::limits::book::{self, Row, Window};
use crate::limits::budget::tier_told_by;
use crate::limits::figures::{Rate, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cap {
    pub count: u64,
    /// A flag, a header, an endpoint, or a tier of the handbook with its page.
    pub source: String,
}

/// Which of a route's two caps is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Requests,
    Tokens,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Requests, Self::Tokens];

    pub fn flag(self) -> &'static str {
        match self {
            Self::Requests => "--rpm",
            Self::Tokens => "--tpm",
        }
    }

    fn of(self, route: &mut Route) -> &mut Option<Cap> {
        match self {
            Self::Requests => &mut route.rpm,
            Self::Tokens => &mut route.tpm,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
        }
    }

    fn documented(self, row: &Row) -> Option<u64> {
        match self {
            Self::Requests => row.requests_per_minute,
            Self::Tokens => row.tokens_per_minute,
        }
    }

    fn told(self, rates: &[Rate]) -> Option<Cap> {
        let unit = match self {
            Self::Requests => Unit::Requests,
            Self::Tokens => Unit::Tokens,
        };
        let rate = rates.iter().find(|rate| {
            rate.applies && rate.unit == unit && rate.window == Some(Window::Minute)
        })?;
        let count = rate.limit.filter(|limit| *limit >= 1.0)?;
        Some(Cap {
            count: count as u64,
            source: rate.source.clone(),
        })
    }
}

/// What was said by flag: for every route, or for the one that is named.
pub fn by_flag(routes: &mut [Route], limits: &[Limit], kind: Kind) -> Result<()> {
    let cap = |count| Cap {
        count,
        source: kind.flag().into(),
    };
    for limit in limits.iter().filter(|limit| limit.model.is_none()) {
        for route in &mut *routes {
            *kind.of(route) = Some(cap(limit.count));
        }
    }
    for limit in limits {
        let Some(model) = &limit.model else { continue };
        let name = Route::parse(model, |_| None)?.name;
        let route = routes
            .iter_mut()
            .find(|route| route.name == name)
            .ok_or_else(|| {
                Error::usage(
                    format!(
                        "{} names {model}, which is none of the gateway's models",
                        kind.flag()
                    ),
                    "name a model as it was given",
                )
            })?;
        *kind.of(route) = Some(cap(limit.count));
    }
    Ok(())
}

/// What the provider told, else what is documented of the tier that it told; a flag stays. Returns what is to be said of it.
///
/// A tier that is only guessed limits nobody: whoever pays for a higher one would be held back by the lowest.
pub fn learn(route: &mut Route, rates: &[Rate], is_own_host: bool) -> Vec<String> {
    let rows = match book::of(route.provider.id) {
        Some(entry) if is_own_host => entry.rows_for(Some(&route.model)),
        _ => Vec::new(),
    };
    let tier = tier_told_by(rates, &rows).filter(|row| !row.uncertain);
    let mut said = Vec::new();
    for kind in Kind::ALL {
        let learned = kind.told(rates).or_else(|| {
            let row = tier?;
            Some(Cap {
                count: kind.documented(row)?,
                source: format!(
                    "documented for the tier {}, {} (read {})",
                    row.tier, row.page, row.read
                ),
            })
        });
        let place = kind.of(route);
        if place.is_some() {
            continue;
        }
        *place = learned;
        if let Some(cap) = place.clone() {
            said.push(format!(
                "{} is kept below {} {} a minute ({})",
                route.name,
                thousands(cap.count as f64),
                kind.words(),
                cap.source
            ));
        }
    }
    if route.rpm.is_none() && route.tpm.is_none() {
        said.extend(rows.first().and_then(|row| suggestion(route, row)));
    }
    said
}

/// The flags for a tier that is documented, where nobody knows whether it is the user's.
fn suggestion(route: &Route, row: &Row) -> Option<String> {
    let (mut figures, mut flags) = (Vec::new(), String::new());
    for kind in Kind::ALL {
        let Some(count) = kind.documented(row) else {
            continue;
        };
        figures.push(format!("{} {}", thousands(count as f64), kind.words()));
        flags.push_str(&format!(" {} {}={count}", kind.flag(), route.name));
    }
    let doubt = if row.uncertain { ", uncertain" } else { "" };
    (!figures.is_empty()).then(|| {
        format!(
            "{} has no limit here, since the tier of your account is not known; if it is {}, {} a minute are documented ({}{doubt}):{flags}",
            route.name,
            row.tier,
            figures.join(" and "),
            row.page
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn route(text: &str) -> Route {
        Route::parse(text, |_| None).unwrap()
    }

    fn rate(unit: Unit, window: Window, limit: f64) -> Rate {
        Rate {
            name: "r".into(),
            limit: Some(limit),
            remaining: None,
            resets_at: None,
            source: "x-ratelimit-* headers".into(),
            unit,
            window: Some(window),
            applies: true,
        }
    }

    fn counts(route: &Route) -> (Option<u64>, Option<u64>) {
        let count = |cap: &Option<Cap>| cap.as_ref().map(|cap| cap.count);
        (count(&route.rpm), count(&route.tpm))
    }

    #[test]
    fn a_live_limit_and_the_tier_it_tells_become_caps() {
        let mut groq = route("groq/llama-3.3-70b-versatile");
        let rates = [
            rate(Unit::Requests, Window::Day, 1000.0),
            rate(Unit::Tokens, Window::Minute, 6000.0),
        ];
        let said = learn(&mut groq, &rates, true);
        assert_eq!(counts(&groq), (Some(30), Some(6000)));
        let sources: Vec<_> = [&groq.rpm, &groq.tpm]
            .map(|cap| cap.clone().unwrap().source)
            .into();
        assert_eq!(
            sources,
            [
                "documented for the tier Free, https://console.groq.com/docs/rate-limits (read 2026-06-04)",
                "x-ratelimit-* headers"
            ]
        );
        assert_eq!(said.len(), 2);
        assert!(said[1].contains("below 6,000 tokens a minute"), "{said:?}");
    }

    #[test]
    fn a_tier_that_nobody_told_limits_nobody_and_its_flags_are_named() {
        for rates in [
            Vec::new(),
            vec![rate(Unit::Requests, Window::Day, 14_400.0)],
        ] {
            let mut groq = route("groq/llama-3.3-70b-versatile");
            let said = learn(&mut groq, &rates, true);
            assert_eq!(counts(&groq), (None, None));
            assert!(
                said[0].ends_with(
                    ": --rpm groq/llama-3.3-70b-versatile=30 --tpm groq/llama-3.3-70b-versatile=12000"
                ),
                "{said:?}"
            );
        }
        // Behind somebody's proxy the provider's own tiers say nothing.
        let mut groq = route("groq/llama-3.3-70b-versatile");
        let told = rate(Unit::Requests, Window::Day, 1000.0);
        assert!(learn(&mut groq, &[told], false).is_empty());
        assert_eq!(counts(&groq), (None, None));
    }

    #[test]
    fn what_is_uncertain_is_offered_and_never_written() {
        let mut groq = route("groq/qwen/qwen3-32b");
        let said = learn(
            &mut groq,
            &[rate(Unit::Requests, Window::Day, 1000.0)],
            true,
        );
        assert_eq!(counts(&groq), (None, None));
        assert!(said[0].contains(", uncertain)"), "{said:?}");
    }

    #[test]
    fn a_flag_wins_over_whatever_is_known() {
        let mut groq = [route("groq/llama-3.3-70b-versatile")];
        let limit = Limit {
            model: None,
            count: 5,
        };
        by_flag(&mut groq, &[limit], Kind::Requests).unwrap();
        let rates = [rate(Unit::Requests, Window::Day, 1000.0)];
        learn(&mut groq[0], &rates, true);
        assert_eq!(counts(&groq[0]), (Some(5), Some(12_000)));
        assert_eq!(groq[0].rpm.as_ref().unwrap().source, "--rpm");
    }
}
