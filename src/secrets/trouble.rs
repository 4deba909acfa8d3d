//! Why a keychain cannot be used, in words that a person can act on.

use std::path::{Path, PathBuf};

use crate::error::{Error, StoreTrouble};
use crate::patience::Patience;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: StoreTrouble,
    pub detail: String,
    /// What to do about it, as a command to the reader.
    way_out: String,
    /// goose reads `secrets.yaml` in this state; where it does not, none of its stored keys work.
    pub goose_reads_the_file: bool,
}

impl Trouble {
    pub(super) fn new(
        kind: StoreTrouble,
        detail: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            detail: detail.into(),
            way_out: way_out.into(),
            goose_reads_the_file: true,
        }
    }

    /// The item is there and goose stumbles over it.
    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self {
            goose_reads_the_file: false,
            ..Self::new(
                StoreTrouble::Broken,
                format!(
                    "goose's keychain item (service goose, user secrets) cannot be read: {}",
                    reason.into()
                ),
                "mend or delete that item in your keychain manager",
            )
        }
    }

    pub(super) fn twins() -> Self {
        Self::new(
            StoreTrouble::Broken,
            "the keychain has two items for goose (service goose, user secrets), so goose uses neither",
            "delete the one you do not need in your keychain manager",
        )
    }

    pub(super) fn locked() -> Self {
        Self::new(
            StoreTrouble::Locked,
            "the keychain is locked",
            "unlock it and run this again",
        )
    }

    pub(super) fn no_answer_after(patience: Patience) -> Self {
        Self::new(
            StoreTrouble::TimedOut,
            format!("the keychain gave no answer within {patience}"),
            "answer its dialog if one is open, or restart it, and run this again",
        )
    }

    pub(super) fn not_kept() -> Self {
        Self::new(
            StoreTrouble::Denied,
            "the keychain took the key but does not give it back",
            "check it in your keychain manager",
        )
    }

    pub(super) fn too_long(bytes: usize, limit: usize) -> Self {
        Self::new(
            StoreTrouble::Denied,
            format!(
                "with this key goose's keychain item would have {bytes} bytes, and Windows keeps at most {limit}"
            ),
            "remove a key that you no longer use",
        )
    }

    /// Where another store would do.
    pub fn error(&self, file: &Path) -> Error {
        self.failure(Some(file.to_path_buf()))
    }

    /// Where it matters what is in this one.
    pub fn hidden(&self) -> Error {
        self.failure(None)
    }

    fn failure(&self, instead: Option<PathBuf>) -> Error {
        Error::Store {
            trouble: self.kind,
            detail: self.detail.clone(),
            action: self.way_out.clone(),
            instead,
        }
    }
}
