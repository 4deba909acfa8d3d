//! `--fail-under`: how little may be left before a script is told.

use std::str::FromStr;

use super::figures::Figures;

#[derive(Clone, Debug, PartialEq)]
pub enum Threshold {
    /// Less than this amount of money, and in which unit.
    Money(f64, String),
    /// Less than this part of a limit.
    Percent(f64),
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage = || "write it as 2usd or 10%".to_owned();
        let text = text.trim().to_uppercase();
        let number = |text: &str| -> Result<f64, String> {
            text.trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite() && *number >= 0.0)
                .ok_or_else(usage)
        };
        if let Some(percent) = text.strip_suffix('%') {
            return number(percent).map(Self::Percent);
        }
        if let Some(dollars) = text.strip_prefix('$') {
            return Ok(Self::Money(number(dollars)?, "USD".into()));
        }
        let letters = text
            .find(|c: char| c.is_ascii_alphabetic())
            .ok_or_else(usage)?;
        let (amount, unit) = text.split_at(letters);
        if !(3..=4).contains(&unit.len()) || !unit.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(usage());
        }
        Ok(Self::Money(number(amount)?, unit.to_owned()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    Above,
    Below,
    /// There is no figure to compare with.
    Unknown,
}

impl Threshold {
    pub fn met_by(&self, figures: &Figures) -> Met {
        let left: Vec<f64> = match self {
            Self::Money(_, unit) => figures
                .purses
                .iter()
                .filter(|purse| purse.credit.unit.as_deref() == Some(unit))
                .filter_map(|purse| purse.credit.remaining)
                .collect(),
            Self::Percent(_) => {
                let purses = figures
                    .purses
                    .iter()
                    .map(|purse| (purse.credit.remaining, purse.credit.limit));
                let rates = figures
                    .rates
                    .iter()
                    .filter(|rate| rate.applies)
                    .map(|rate| (rate.remaining, rate.limit));
                purses
                    .chain(rates)
                    .filter_map(|(left, limit)| Some((left?, limit.filter(|limit| *limit > 0.0)?)))
                    .map(|(left, limit)| left / limit * 100.0)
                    .collect()
            }
        };
        let (Self::Money(least, _) | Self::Percent(least)) = self;
        match left.into_iter().min_by(f64::total_cmp) {
            None => Met::Unknown,
            Some(left) if left < *least => Met::Below,
            Some(_) => Met::Above,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::check::account::Credit;
    use crate::limits::figures::Purse;

    fn figures(remaining: f64, limit: Option<f64>) -> Figures {
        Figures {
            purses: vec![Purse {
                owner: "this key",
                credit: Credit {
                    remaining: Some(remaining),
                    limit,
                    unit: Some("USD".into()),
                    resets: None,
                },
                resets_at: None,
                source: String::new(),
            }],
            ..Figures::default()
        }
    }

    #[test]
    fn money_and_percent_are_understood() {
        for (text, threshold) in [
            ("2usd", Threshold::Money(2.0, "USD".into())),
            ("2.50 USD", Threshold::Money(2.5, "USD".into())),
            ("$2", Threshold::Money(2.0, "USD".into())),
            ("10cny", Threshold::Money(10.0, "CNY".into())),
            ("10%", Threshold::Percent(10.0)),
        ] {
            assert_eq!(text.parse::<Threshold>(), Ok(threshold), "{text}");
        }
        for text in [
            "",
            "2",
            "usd",
            "%",
            "-1usd",
            "2 us dollars",
            "nan%",
            "1e999usd",
        ] {
            assert!(text.parse::<Threshold>().is_err(), "{text}");
        }
    }

    #[test]
    fn less_is_below_and_as_much_is_not() {
        let at = |text: &str, figures: &Figures| text.parse::<Threshold>().unwrap().met_by(figures);
        assert_eq!(at("2usd", &figures(1.99, None)), Met::Below);
        assert_eq!(at("2usd", &figures(2.0, None)), Met::Above);
        assert_eq!(at("2usd", &figures(-1.0, None)), Met::Below);
        assert_eq!(at("10%", &figures(0.9, Some(10.0))), Met::Below);
        assert_eq!(at("10%", &figures(1.0, Some(10.0))), Met::Above);
    }

    #[test]
    fn without_a_figure_nothing_is_said() {
        let at = |text: &str, figures: &Figures| text.parse::<Threshold>().unwrap().met_by(figures);
        assert_eq!(at("2usd", &Figures::default()), Met::Unknown);
        assert_eq!(at("2cny", &figures(0.0, None)), Met::Unknown);
        assert_eq!(at("10%", &figures(0.0, None)), Met::Unknown);
    }
}
