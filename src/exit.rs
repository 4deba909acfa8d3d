//! How the program ends, for scripts.

/// The exit codes of the command line, as documented in the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Unexpected = 1,
    Usage = 2,
    KeyRefused = 3,
    Unverified = 4,
    Store = 5,
    BrokenFile = 6,
    Changed = 7,
    Account = 8,
    Shadowed = 9,
    /// `doctor` found something, or a threshold was crossed.
    Found = 10,
    Cancelled = 130,
}

impl Exit {
    /// The worst of what became of several keys; a code that says nothing bad of a key does not count.
    pub fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        const WORST_FIRST: [Exit; 4] = [
            Exit::KeyRefused,
            Exit::Account,
            Exit::Store,
            Exit::Unverified,
        ];
        exits
            .into_iter()
            .filter_map(|exit| WORST_FIRST.iter().position(|other| *other == exit))
            .min()
            .and_then(|place| WORST_FIRST.get(place).copied())
            .unwrap_or(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_keys_the_worst_decides_the_exit_code() {
        for (exits, worst) in [
            (&[][..], Exit::Done),
            (&[Exit::Done, Exit::Found], Exit::Done),
            (&[Exit::Done, Exit::Unverified], Exit::Unverified),
            (&[Exit::Unverified, Exit::Store], Exit::Store),
            (&[Exit::Store, Exit::Account], Exit::Account),
            (&[Exit::Account, Exit::KeyRefused], Exit::KeyRefused),
        ] {
            assert_eq!(Exit::worst(exits.iter().copied()), worst, "{exits:?}");
        }
    }
}
