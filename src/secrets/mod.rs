//! goose's secrets: where goose reads them now, and changes to them that leave everything else in place.
//!
//! goose asks its one keychain item first and reads `secrets.yaml` only where that item does not exist or no keychain
//! answers. Once the item exists the file is ignored, so whichever store is written first takes over what the other held.

mod change;
pub mod dialog;
mod entries;
mod file;
mod former;
mod keychain;
mod places;
mod record;
mod restore;
mod seen;
mod trouble;
mod write;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub use change::{Change, Filing, Former};
pub use entries::{Entries, Held, Touch};
pub use file::SecretsFile;
pub use keychain::KeychainState;
pub use places::Places;
pub use record::{SecretRecord, WayBack};
pub use seen::{Found, Seen};
pub use trouble::Trouble;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    Keychain,
    File,
}

impl StoreKind {
    /// As it is typed after `--store`, and printed in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "file",
        }
    }
}

#[cfg(test)]
mod tests;
