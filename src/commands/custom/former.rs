//! An endpoint as it is set up now.

use serde_json::{Map, Value};

use crate::custom::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::fsio::{self, Snapshot};
use crate::goose::custom::{Custom, Definition};
use crate::secret::Secret;
use crate::state::State;

pub(super) struct Former {
    pub(super) definition: Definition,
    pub(super) file: Snapshot,
    pub(super) fields: Map<String, Value>,
}

impl Former {
    pub(super) fn read(id: &str, custom: &Custom) -> Result<Self> {
        let (definition, path) = super::named(id, custom)?;
        let file = fsio::read(path)?;
        let bytes = file.bytes.as_deref().unwrap_or_default();
        Ok(Self {
            definition: definition.clone(),
            fields: serde_json::from_slice(bytes)
                .map_err(|_| Error::Changed { path: path.clone() })?,
            file,
        })
    }

    /// The address says nothing that the file does not say already.
    pub(super) fn is_meant_by(&self, endpoint: &Endpoint) -> bool {
        is_meant(&self.definition, endpoint)
    }

    /// The key that is stored for it, unless the address is another one now: the key was not meant for that.
    pub(super) fn key_for(&self, endpoint: &Endpoint, state: &State) -> Result<Option<Secret>> {
        if !self.is_at(endpoint) {
            return Ok(None);
        }
        self.held_key(state)
    }

    /// The key that is stored for it, whatever address that was meant for.
    pub(super) fn held_key(&self, state: &State) -> Result<Option<Secret>> {
        if !self.definition.requires_auth {
            return Ok(None);
        }
        Ok(state.secrets()?.secret(&self.definition.api_key_env))
    }

    pub(super) fn is_at(&self, endpoint: &Endpoint) -> bool {
        Endpoint::parse(&self.definition.base_url)
            .is_ok_and(|before| before.origin == endpoint.origin)
    }
}

/// The address, as it was pasted, may well be the one of this definition.
pub(super) fn is_meant(definition: &Definition, endpoint: &Endpoint) -> bool {
    let engine = definition.engine;
    let is_possible = |base: &String| endpoint.base_url(engine, base) == definition.base_url;
    Endpoint::parse(&definition.base_url).is_ok_and(|known| known == *endpoint)
        || endpoint.hint.is_none_or(|hint| hint == engine)
            && endpoint.bases(engine).iter().any(is_possible)
}
