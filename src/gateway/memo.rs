//! What goose-setup has to remember of a gateway: where it listens, and who was active before it.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fsio::{self, Snapshot};
use crate::gateway::config::Written;
use crate::goose::paths::OwnPaths;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    pub port: u16,
    pub previous: Option<String>,
}

/// The files of a gateway.
pub struct Files {
    pub config: Snapshot,
    pub memo: Snapshot,
}

/// A gateway that is set up.
pub struct Gateway {
    pub memo: Memo,
    pub written: Written,
}

impl Files {
    pub fn read(own: &OwnPaths) -> Result<Self> {
        Ok(Self {
            config: fsio::read(&own.config_dir.join("gateway.yaml"))?,
            memo: fsio::read(&own.config_dir.join("gateway.json"))?,
        })
    }

    pub fn memo(&self) -> Option<Memo> {
        serde_json::from_slice(self.memo.bytes.as_deref()?).ok()
    }

    pub fn gateway(&self) -> Result<Option<Gateway>> {
        let (Some(memo), Some(text)) = (self.memo(), &self.config.bytes) else {
            return Ok(None);
        };
        let written = Written::parse(&self.config.path, text)?;
        Ok(Some(Gateway { memo, written }))
    }

    pub fn required(&self) -> Result<Gateway> {
        self.gateway()?.ok_or_else(|| {
            Error::usage(
                "no gateway is set up",
                "run `goose-setup gateway setup PROVIDER/MODEL PROVIDER/MODEL`",
            )
        })
    }
}

impl Memo {
    pub fn text(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self).map_err(|error| {
            Error::unexpected(format!("cannot write the gateway's port: {error}"))
        })?;
        text.push(b'\n');
        Ok(text)
    }
}
