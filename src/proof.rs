//! After writing: what goose will use now, read again from where goose reads.

use crate::env::Env;
use crate::error::{Error, Result};
use crate::secrets::StoreKind;
use crate::shadows::{self, Expected, Shadow};
use crate::state::State;

pub struct Proof {
    pub shadows: Vec<Shadow>,
}

impl Proof {
    /// goose, started from this very environment, uses what was set up.
    pub fn goose_agrees(&self) -> bool {
        self.shadows.is_empty()
    }
}

/// Reads everything anew. That the files themselves do not say what was written is a failure, not a shadow: somebody wrote at the same time.
pub fn prove(env: &Env, expected: &Expected<'_>) -> Result<Proof> {
    let state = State::look(env)?;
    let files = state.config.active(&Env::default());
    let provider = files.provider.map(|provider| provider.value);
    if provider.as_deref() != Some(expected.id) {
        return Err(changed(&state));
    }
    let model = files.model.map(|model| model.value);
    if expected.model.is_some() && model.as_deref() != expected.model {
        return Err(changed(&state));
    }
    // Where no secret was written the store is as it was, and a keychain takes longer than all the rest to ask.
    if let (Some(fact), Some(key), Some(store)) = (
        expected.provider.and_then(|it| it.key.as_ref()),
        expected.key,
        expected.store,
    ) {
        let off_in_environment_only = store == StoreKind::Keychain && state.places.keyring_off;
        let is_stored = off_in_environment_only
            || state
                .secrets()?
                .secret(fact.variable)
                .is_some_and(|stored| stored.is_same_as(key));
        if !is_stored {
            return Err(Error::unexpected(format!(
                "{} was written, but goose would not read it back",
                fact.variable
            )));
        }
    }
    Ok(Proof {
        shadows: shadows::find(env, &state, expected)?,
    })
}

/// What was written a moment ago stands there no more.
fn changed(state: &State) -> Error {
    Error::Changed {
        path: state.paths.config.clone(),
    }
}
