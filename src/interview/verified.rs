//! What is known once a key, or whatever stands in for one, was put to the proof.

use crate::catalog::Provider;
use crate::check::models::Model;
use crate::check::{Finding, Target};
use crate::interview::Interview;
use crate::interview::settings::Settings;
use crate::secret::Secret;
use crate::verdict::Verdict;

pub(super) struct Verified {
    pub key: Option<Secret>,
    pub finding: Option<Finding>,
    pub models: Option<Vec<Model>>,
    /// More for goose's config.
    pub plain: Vec<(String, Option<String>)>,
    /// goose shall sign in once it is set up.
    pub signs_in: bool,
    pub notes: Vec<String>,
}

impl Verified {
    pub(super) fn unasked(key: Option<Secret>) -> Self {
        Self {
            key,
            finding: None,
            models: None,
            plain: Vec::new(),
            signs_in: false,
            notes: Vec::new(),
        }
    }
}

/// What a finding means for storing the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Good,
    /// A real key perhaps, but goose may not work with it now: for a person to decide, never for a script.
    Doubtful,
    Refused,
}

impl Judged {
    /// `replaces`: a stored key would go for it, so little proof is not enough.
    pub fn of(verdict: Verdict, replaces: bool) -> Self {
        match verdict {
            Verdict::Valid | Verdict::ValidRestricted => Self::Good,
            Verdict::RateLimited if !replaces => Self::Good,
            verdict if verdict.is_refusal() => Self::Refused,
            _ => Self::Doubtful,
        }
    }
}

/// Whom to ask, and with what, by the answers so far.
pub(super) fn target<'k>(
    provider: &'static Provider,
    settings: &Settings,
    key: Option<&'k Secret>,
    interview: &Interview<'_>,
) -> Target<'k> {
    Target::of(provider, key, &|name| {
        settings.value(name, &interview.state.config)
    })
}
