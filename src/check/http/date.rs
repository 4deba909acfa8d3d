//! The date that a server puts on its answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may send.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (_, rest) = text.trim().split_once(", ")?;
    let mut words = rest.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let is_plausible = words.next() == Some("GMT")
        && words.next().is_none()
        && clock.next().is_none()
        && (1970..10_000).contains(&year)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    is_plausible.then(|| {
        let hours = days(year, month, day) * 24 + hour;
        UNIX_EPOCH + Duration::from_secs((hours * 60 + minute) * 60 + second)
    })
}

/// Days since 1970; `month` counts from 0.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // A year that starts in March has its leap day at the end.
    let (year, month) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// How far the clock of this machine is ahead of `theirs`, in seconds.
pub(super) fn ahead_of(theirs: SystemTime, now: SystemTime) -> i64 {
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match now.duration_since(theirs) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_is_read_to_the_second() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Tue, 31 Dec 2030 12:00:00 GMT", 1_924_948_800),
        ] {
            let expected = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_says_nothing() {
        for text in [
            "",
            "now",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_may_be_ahead_or_behind() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(ahead_of(at(10), at(400)), 390);
        assert_eq!(ahead_of(at(400), at(10)), -390);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_header_is_too_odd_to_be_read(text in "\\PC{0,40}|[A-Z][a-z]{2}, [0-9]{1,20} (Jan|Dec) [0-9]{1,20} [0-9:]{0,30} GMT") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn fuzz_any_date_is_a_moment_or_none() {
        crate::fuzz::fuzz("date", |text| {
            if let Some(moment) = parse(&String::from_utf8_lossy(text)) {
                ahead_of(moment, SystemTime::now());
                ahead_of(SystemTime::now(), moment);
            }
        });
    }
}
