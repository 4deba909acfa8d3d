//! One change, written down so that it can be finished or taken back by another process.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::fsio::Privacy;
use crate::plan::{FileChange, Plan};
use crate::secrets::SecretRecord;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Sorts by time: microseconds since 1970.
    pub id: String,
    /// Since 1970.
    pub made: Duration,
    /// What was being done, in words.
    pub title: String,
    /// The provider that was active before the last change of it, be it this one or an earlier one.
    pub former_provider: Option<String>,
    /// The entry that this change takes back.
    pub undoes: Option<String>,
    pub secrets: Option<SecretRecord>,
    /// Secrets that go once the change counts as made; what has become of it is in `secrets`.
    #[serde(default)]
    pub later: Option<SecretRecord>,
    /// In the order in which they are written.
    pub files: Vec<FileRecord>,
    /// Which of the files is goose's config: once it is written, the change counts as made.
    pub commit_point: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    pub path: PathBuf,
    /// `None`: no such file.
    pub before: Option<Text>,
    pub after: Option<Text>,
    pub private: bool,
}

/// The whole content of a file. Almost always text, and then readable as such.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    Utf8(String),
    Bytes(Vec<u8>),
}

impl Entry {
    /// Made now, and after the change `newest` even where the clock was set back since.
    pub fn of(plan: &Plan, newest: Option<&str>) -> Self {
        let made = now();
        let earliest = newest
            .and_then(|id| id.parse().ok())
            .map_or(Duration::ZERO, |micros: u64| {
                Duration::from_micros(micros.saturating_add(1))
            });
        Self {
            id: id_of(made.max(earliest)),
            made,
            title: plan.title.clone(),
            former_provider: plan.former_provider.clone(),
            undoes: plan.undoes.clone(),
            secrets: None,
            later: None,
            files: plan.files.iter().map(FileRecord::of).collect(),
            commit_point: plan.files.iter().position(|file| file.is_commit_point),
        }
    }

    /// Without the texts and the record of secrets, which nobody needs any more.
    pub(super) fn faded(&self) -> Self {
        Self {
            secrets: None,
            later: None,
            files: Vec::new(),
            commit_point: None,
            ..self.clone()
        }
    }

    pub(super) fn is_faded(&self) -> bool {
        self.secrets.is_none() && self.files.is_empty()
    }

    pub fn age(&self) -> Duration {
        now().saturating_sub(self.made)
    }
}

/// Since 1970.
pub(super) fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Ids sort by time as text.
pub(super) fn id_of(made: Duration) -> String {
    format!("{:020}", made.as_micros())
}

impl FileRecord {
    fn of(change: &FileChange) -> Self {
        Self {
            path: change.before.path.clone(),
            before: change.before.bytes.as_deref().map(Text::of),
            after: change.after.as_deref().map(Text::of),
            private: change.privacy == Privacy::Private
                || change.before.mode.is_some_and(|mode| mode & 0o077 == 0),
        }
    }

    pub fn privacy(&self) -> Privacy {
        if self.private {
            Privacy::Private
        } else {
            Privacy::Ordinary
        }
    }
}

impl Text {
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Utf8(text.to_owned()),
            Err(_) => Self::Bytes(bytes.to_vec()),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Utf8(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn any_bytes_come_back_as_they_were() {
        for bytes in [&b"a: b\n"[..], b"", b"\xff\xfe\x00", "ä\r\n".as_bytes()] {
            let json = serde_json::to_string(&Text::of(bytes)).unwrap();
            let back: Text = serde_json::from_str(&json).unwrap();
            assert_eq!(back.bytes(), bytes);
        }
    }
}
