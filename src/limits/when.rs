//! When a limit starts anew: read from what providers send, and told in the time of whoever reads it.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

/// Above this a number is milliseconds since 1970, not seconds.
const MILLISECONDS: f64 = 1e11;
/// Above this a number is a moment, not a wait.
const MOMENT: f64 = 1e9;

/// The end of the current day, week (from Monday) or month, in UTC, as OpenRouter counts them.
pub fn next(period: &str, now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    let date = match period {
        "daily" => today.tomorrow(),
        "weekly" => today.nth_weekday(1, Weekday::Monday),
        "monthly" => today.first_of_month().checked_add(1.month()),
        _ => return None,
    };
    let midnight = date.ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

/// A moment or a wait, in any of the forms in which rate headers tell it: `2m59.56s`, `30`, `1764000000`, an ISO date.
pub fn reset(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return match number {
            n if !n.is_finite() || n < 0.0 => None,
            n if n >= MILLISECONDS => Timestamp::from_millisecond(n as i64).ok(),
            n if n >= MOMENT => Timestamp::from_second(n as i64).ok(),
            n => after(now, n),
        };
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    if let Ok(moment) = jiff::fmt::rfc2822::parse(text) {
        return Some(moment.timestamp());
    }
    after(now, seconds(text)?)
}

fn after(now: Timestamp, seconds: f64) -> Option<Timestamp> {
    let wait = SignedDuration::try_from_secs_f64(seconds).ok()?;
    now.checked_add(wait).ok()
}

/// Go's way of writing a duration: `1h2m3.5s`, `120ms`.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let units = [
            ("ms", 0.001),
            ("s", 1.0),
            ("m", 60.0),
            ("h", 3600.0),
            ("d", 86400.0),
        ];
        let (unit, factor) = units.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        total += number * factor;
        rest = &tail[unit.len()..];
    }
    (!text.is_empty()).then_some(total)
}

/// To the second, in UTC.
pub fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As a person would say it: `14:05`, `tomorrow 02:00`, `Mon 30 Nov 01:00`.
pub fn local(moment: Timestamp, now: &ZonedDateTime) -> String {
    let there = moment.to_zoned_datetime(now.time_zone().clone());
    let time = there.strftime("%H:%M");
    if there.date() == now.date() {
        return time.to_string();
    }
    match now.date().tomorrow() {
        Ok(tomorrow) if there.date() == tomorrow => format!("tomorrow {time}"),
        _ => there.strftime("%a %-d %b %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn periods_end_at_midnight_in_utc() {
        // A Tuesday.
        let now = at("2026-11-24T15:31:00Z");
        for (period, end) in [
            ("daily", "2026-11-25T00:00:00Z"),
            ("weekly", "2026-11-30T00:00:00Z"),
            ("monthly", "2026-12-01T00:00:00Z"),
        ] {
            assert_eq!(next(period, now), Some(at(end)), "{period}");
        }
        assert_eq!(
            next("weekly", at("2026-11-30T00:00:00Z")),
            Some(at("2026-12-07T00:00:00Z"))
        );
        assert_eq!(
            next("monthly", at("2026-12-31T23:59:59Z")),
            Some(at("2027-01-01T00:00:00Z"))
        );
        assert_eq!(next("yearly", now), None);
    }

    #[test]
    fn a_reset_is_understood_in_every_form_providers_use() {
        let now = at("2026-11-24T12:00:00Z");
        for (text, moment) in [
            ("30", "2026-11-24T12:00:30Z"),
            ("0.5", "2026-11-24T12:00:00.5Z"),
            ("6m0s", "2026-11-24T12:06:00Z"),
            ("2m59.5s", "2026-11-24T12:02:59.5Z"),
            ("120ms", "2026-11-24T12:00:00.12Z"),
            ("1h", "2026-11-24T13:00:00Z"),
            ("1795521660", "2026-11-24T12:01:00Z"),
            ("1795521660000", "2026-11-24T12:01:00Z"),
            ("2026-11-24T12:01:00Z", "2026-11-24T12:01:00Z"),
            ("Tue, 24 Nov 2026 12:01:00 GMT", "2026-11-24T12:01:00Z"),
        ] {
            assert_eq!(reset(text, now), Some(at(moment)), "{text}");
        }
        for text in ["", "soon", "-5", "nan", "5x", "m", "1e400"] {
            assert_eq!(reset(text, now), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_told_in_local_time() {
        let now =
            at("2026-11-24T15:31:00Z").to_zoned_datetime(TimeZone::get("Europe/Berlin").unwrap());
        for (moment, said) in [
            ("2026-11-24T16:00:00Z", "17:00"),
            ("2026-11-25T00:00:00Z", "tomorrow 01:00"),
            ("2026-11-30T00:00:00Z", "Mon 30 Nov 01:00"),
        ] {
            assert_eq!(local(at(moment), &now), said);
        }
    }
}
