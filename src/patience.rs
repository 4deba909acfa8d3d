//! How long is waited for whoever may not answer: a keychain, another process with a lock. Whoever waits longer than a moment
//! says for what.

use std::fmt;
use std::time::Duration;

use crate::env::Env;
use crate::talk;

/// After this long a person begins to wonder.
pub const MOMENT: Duration = Duration::from_secs(1);

/// A bound on one wait: for one answer of a keychain, or for one lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Patience(Duration);

impl Patience {
    pub const NONE: Self = Self(Duration::ZERO);
    /// A shell that is starting does not wait longer than this for a key.
    pub const SHELL_START: Self = Self(Duration::from_secs(2));
    /// A keychain that does not answer a program within this time will not answer it at all.
    const ALONE: Self = Self(Duration::from_secs(3));
    /// A person may have to find the unlock dialog and type a password.
    const WITH_A_PERSON: Self = Self(Duration::from_secs(60));
    /// One change takes milliseconds, but the person before us may have to find a dialog first.
    pub const TURN: Self = Self(Duration::from_secs(60));

    pub const fn of(limit: Duration) -> Self {
        Self(limit)
    }

    /// For the keychain, where this program was started.
    pub fn here(env: &Env) -> Self {
        if env.can_prompt() {
            Self::WITH_A_PERSON
        } else {
            Self::ALONE
        }
    }

    /// For the keychain, where nobody is to be kept waiting.
    pub fn alone_within(limit: Duration) -> Self {
        Self::ALONE.min(Self(limit))
    }

    pub fn limit(self) -> Duration {
        self.0
    }

    /// Says what is waited for, once a moment has passed without it.
    pub fn tell(self, what: &str) {
        talk::complain(&format!("waiting for {what}, at most {self}\n"));
    }
}

impl fmt::Display for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_millis() == 0 {
            write!(f, "{} s", self.0.as_secs())
        } else {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_told_without_needless_digits() {
        assert_eq!(Patience::ALONE.to_string(), "3 s");
        assert_eq!(
            Patience::of(Duration::from_millis(1500)).to_string(),
            "1.5 s"
        );
        let short = Duration::from_millis(500);
        assert_eq!(Patience::alone_within(short), Patience::of(short));
    }
}
