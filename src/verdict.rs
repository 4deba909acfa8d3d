//! What can be said of a key after asking its provider.

use serde::{Deserialize, Serialize};

use crate::exit::Exit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Valid,
    /// Works, but lacks some scope that a full key has.
    ValidRestricted,
    /// Nothing that was asked could have told a right key from a wrong one.
    Unproven,
    Invalid,
    /// Known to the provider, and switched off there.
    Blocked,
    WrongProvider,
    Malformed,
    /// The account has nothing left to spend.
    NoCredit,
    /// The key's own cap is used up.
    LimitReached,
    RateLimited,
    /// Region, address or organisation policy.
    NotAllowed,
    Unreachable,
}

/// Why a provider could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Dns,
    Refused,
    Timeout,
    Tls,
    Proxy,
    /// A login page, a 404, HTML: something answers, but not this provider.
    NotThisApi,
    ServerError,
}

impl Verdict {
    /// The word used in output, the same as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::ValidRestricted => "valid-restricted",
            Self::Unproven => "unproven",
            Self::Invalid => "invalid",
            Self::Blocked => "blocked",
            Self::WrongProvider => "wrong-provider",
            Self::Malformed => "malformed",
            Self::NoCredit => "no-credit",
            Self::LimitReached => "limit-reached",
            Self::RateLimited => "rate-limited",
            Self::NotAllowed => "not-allowed",
            Self::Unreachable => "unreachable",
        }
    }

    pub fn exit(self) -> Exit {
        match self {
            Self::Valid | Self::ValidRestricted | Self::RateLimited => Exit::Done,
            Self::Invalid | Self::Blocked | Self::WrongProvider | Self::Malformed => {
                Exit::KeyRefused
            }
            Self::NoCredit | Self::LimitReached => Exit::Account,
            Self::Unproven | Self::NotAllowed | Self::Unreachable => Exit::Unverified,
        }
    }

    /// The provider itself said that this key is no good; it is never stored.
    pub fn is_refusal(self) -> bool {
        self.exit() == Exit::KeyRefused
    }
}

impl Cause {
    pub fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::NotThisApi => "not-this-api",
            Self::ServerError => "server-error",
        }
    }
}
