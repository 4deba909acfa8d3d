//! The provider to go to when the active one is used up.

use serde::Serialize;

use crate::catalog;
use crate::check::http::Http;
use crate::check::{self, Target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::state::State;
use crate::stored_key;
use crate::verdict::Verdict;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WayOut {
    #[serde(skip)]
    pub from: String,
    pub provider: String,
    pub command: String,
}

impl WayOut {
    pub fn sentence(&self) -> String {
        format!(
            "{} is used up for now and {} is not: {}",
            self.from, self.provider, self.command
        )
    }
}

/// What was found out of a provider: can goose work there now?
pub struct Known<'a> {
    pub id: &'a str,
    pub verdict: Verdict,
    pub is_exhausted: bool,
}

/// A configured provider that works, where the active one is among `known` and used up. Those not known yet are asked.
pub fn find(
    known: &[Known<'_>],
    http: &Http,
    cx: &Context,
    state: &State,
) -> Result<Option<WayOut>> {
    let active = state.config.active(&cx.env).provider.map(|it| it.value);
    let Some(active) = known
        .iter()
        .find(|known| Some(known.id) == active.as_deref() && known.is_exhausted)
    else {
        return Ok(None);
    };
    let others = state.config.configured();
    let mut candidates: Vec<(&'static catalog::Provider, Option<Secret>)> = Vec::new();
    for other in others.iter().filter(|other| other.id != active.id) {
        let Some(provider) = catalog::by_id(&other.id) else {
            continue;
        };
        let key = stored_key::in_force(provider, cx, state)?;
        let needs_one = provider.key.as_ref().is_some_and(|fact| !fact.optional);
        if key.is_some() || !needs_one {
            candidates.push((provider, key));
        }
    }
    let targets: Vec<Target<'_>> = candidates
        .iter()
        .map(|(provider, key)| stored_key::target(provider, key.as_ref(), cx, state))
        .collect();
    let works: Vec<bool> = std::thread::scope(|scope| {
        let asked: Vec<_> = targets
            .iter()
            .map(|target| {
                let known = known.iter().find(|known| known.id == target.provider.id);
                match known {
                    Some(known) => Ok(is_good(known.verdict) && !known.is_exhausted),
                    None => Err(scope.spawn(|| is_good(check::prove(http, target).verdict))),
                }
            })
            .collect();
        asked
            .into_iter()
            .map(|asked| match asked {
                Ok(works) => Ok(works),
                Err(asked) => asked
                    .join()
                    .map_err(|_| Error::unexpected("a check ended without an answer")),
            })
            .collect::<Result<_>>()
    })?;
    Ok(targets
        .iter()
        .zip(works)
        .find(|(_, works)| *works)
        .map(|(target, _)| WayOut {
            from: active.id.to_owned(),
            provider: target.provider.id.to_owned(),
            command: format!("goose-setup switch {}", target.provider.id),
        }))
}

fn is_good(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Valid | Verdict::ValidRestricted)
}
