//! What goose-setup has to remember of a gateway: where it listens, and what it stands in for.

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::error::{Error, Result};
use crate::fsio::{self, Snapshot};
use crate::gateway::config::Written;
use crate::gateway::former::Former;
use crate::gateway::{self, HOST};
use crate::goose::config::Config;
use crate::goose::paths::OwnPaths;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    pub port: u16,
    /// Who was active before it; LiteLLM itself, where goose had another one.
    pub previous: Option<String>,
    #[serde(default, skip_serializing_if = "Former::is_nothing")]
    pub former: Former,
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

    pub fn memo(&self) -> Result<Option<Memo>> {
        let Some(text) = self.memo.bytes.as_deref() else {
            return Ok(None);
        };
        serde_json::from_slice(text)
            .map(Some)
            .map_err(|error| Error::BrokenFile {
                path: self.memo.path.clone(),
                line: Some(error.line()),
                column: Some(error.column()),
                reason: match error.classify() {
                    Category::Data => "it does not say where the gateway listens".into(),
                    _ => "it is no whole JSON".into(),
                },
            })
    }

    pub fn gateway(&self) -> Result<Option<Gateway>> {
        let (Some(memo), Some(text)) = (self.memo()?, &self.config.bytes) else {
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
    /// goose's LiteLLM is this gateway. Somebody may have pointed it at another proxy since; that one is not ours.
    pub fn is_in(&self, config: &Config) -> bool {
        config.user_setting(HOST) == Some(gateway::url(self.port))
    }

    pub fn text(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self).map_err(|error| {
            Error::unexpected(format!("cannot write the gateway's port: {error}"))
        })?;
        text.push(b'\n');
        Ok(text)
    }
}
