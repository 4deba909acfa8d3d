//! What stands in for a key at the active provider: a program, a sign-in, a vendor's credentials.

use super::{Finding, Severity};
use crate::catalog;
use crate::context::Context;
use crate::elsewhere::{self, Stand};
use crate::error::Result;
use crate::state::State;
use crate::stored_key;

pub(super) fn examine(cx: &Context, state: &State) -> Result<Vec<Finding>> {
    let active = state.config.active(&cx.env).provider;
    let Some(provider) = active.and_then(|active| catalog::by_id(&active.value)) else {
        return Ok(Vec::new());
    };
    // A keychain is asked only where it may hold what goose signs in with.
    if provider.key.is_some() && stored_key::in_force(provider, cx, state)?.is_some() {
        return Ok(Vec::new());
    }
    let Some(look) = elsewhere::look(provider, state, &cx.env)? else {
        return Ok(Vec::new());
    };
    let (id, severity) = match look.stand {
        Stand::SignedOut => ("not-signed-in", Severity::Error),
        Stand::Missing if provider.program.is_some() => ("program-missing", Severity::Error),
        // A machine of the vendor's own may have credentials that are seen nowhere.
        Stand::Missing => ("credentials-missing", Severity::Warning),
        Stand::Ready | Stand::Unproven => return Ok(Vec::new()),
    };
    let finding = look.finding;
    Ok(vec![Finding::of(
        id,
        severity,
        finding.detail,
        finding.action,
    )])
}
