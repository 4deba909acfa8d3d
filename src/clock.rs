//! The time that all network waits of a command have together. It runs only while something is waited for, since what a
//! person, a keychain or a program takes is no fault of the network's; and a person who answers may try again, so it begins anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub struct Clock {
    allowed: Duration,
    waits: Arc<Mutex<Waits>>,
}

#[derive(Debug, Default)]
struct Waits {
    /// How many there are at this moment; side by side they take no longer than the longest.
    under_way: usize,
    since: Option<Instant>,
    spent: Duration,
}

impl Waits {
    fn spent(&self) -> Duration {
        let running = self.since.map(|since| since.elapsed());
        self.spent + running.unwrap_or_default()
    }
}

/// Runs the clock for as long as it lives.
pub struct Wait<'a>(&'a Clock);

impl Clock {
    pub fn of(allowed: Duration) -> Self {
        Self {
            allowed,
            waits: Arc::default(),
        }
    }

    /// `None`: the time is up.
    pub fn left(&self) -> Option<Duration> {
        let left = self.allowed.checked_sub(self.waits().spent());
        left.filter(|left| !left.is_zero())
    }

    pub fn wait(&self) -> Wait<'_> {
        let mut waits = self.waits();
        if waits.under_way == 0 {
            waits.since = Some(Instant::now());
        }
        waits.under_way += 1;
        Wait(self)
    }

    /// A person has answered.
    pub fn restart(&self) {
        let mut waits = self.waits();
        waits.spent = Duration::ZERO;
        waits.since = waits.since.map(|_| Instant::now());
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.waits();
        waits.under_way -= 1;
        if waits.under_way == 0 {
            waits.spent = waits.spent();
            waits.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::thread::sleep;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn only_waits_take_time_and_all_of_them_do() {
        let clock = Clock::of(LONG);
        sleep(MOMENT);
        assert_eq!(clock.left(), Some(LONG));
        for waits in 1..=2 {
            let wait = clock.wait();
            sleep(MOMENT);
            drop(wait);
            assert!(clock.left().unwrap() <= LONG - MOMENT * waits);
        }
        let left = clock.clone().left();
        sleep(MOMENT);
        assert_eq!(clock.left(), left);
    }

    #[test]
    fn waits_side_by_side_are_one() {
        let clock = Clock::of(MOMENT * 3);
        let waits: Vec<_> = (0..100).map(|_| clock.wait()).collect();
        sleep(MOMENT);
        drop(waits);
        // A hundred of them would have used up two seconds.
        let spent = clock.waits().spent();
        assert!((MOMENT..MOMENT * 50).contains(&spent), "{spent:?}");
    }

    #[test]
    fn when_the_time_is_up_only_an_answer_gives_more() {
        let clock = Clock::of(MOMENT);
        let wait = clock.wait();
        sleep(MOMENT * 2);
        assert_eq!(clock.left(), None);
        drop(wait);
        sleep(MOMENT);
        assert_eq!(clock.left(), None);
        clock.restart();
        assert_eq!(clock.left(), Some(MOMENT));
    }
}
