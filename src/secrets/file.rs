//! `secrets.yaml`: read as goose reads it, edited without losing what a person wrote into it.

use std::fmt;
use std::path::Path;

use serde_yaml::Value;
use zeroize::{Zeroize, Zeroizing};

use super::entries::Entries;
use crate::error::{Error, Result};
use crate::fsio::{self, Privacy, Snapshot};
use crate::yaml_edit::{self, Edit};

const BOM: &[u8] = "\u{feff}".as_bytes();

pub struct SecretsFile {
    snapshot: Snapshot,
    content: Content,
}

enum Content {
    Missing,
    Entries(Entries),
    /// goose cannot read it either; nothing may be written over it.
    Broken {
        line: Option<usize>,
        column: Option<usize>,
        reason: String,
    },
}

impl SecretsFile {
    pub fn read(path: &Path) -> Result<Self> {
        let snapshot = fsio::read(path)?;
        let content = match &snapshot.bytes {
            None => Content::Missing,
            Some(bytes) => parse(path, bytes)?,
        };
        Ok(Self { snapshot, content })
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What goose can read in it; `None` where there is no file or a broken one.
    pub fn entries(&self) -> Option<&Entries> {
        match &self.content {
            Content::Entries(entries) => Some(entries),
            Content::Missing | Content::Broken { .. } => None,
        }
    }

    /// The entries to start a change from: none in a missing file, an error for a broken one.
    pub fn sound(&self) -> Result<Entries> {
        match &self.content {
            Content::Missing => Ok(Entries::default()),
            Content::Entries(entries) => Ok(entries.clone()),
            Content::Broken {
                line,
                column,
                reason,
            } => Err(Error::BrokenFile {
                path: self.snapshot.path.clone(),
                line: *line,
                column: *column,
                reason: reason.clone(),
            }),
        }
    }

    /// What stands there under a name, before it is understood as a number or anything else.
    pub(super) fn source_of(&self, name: &str) -> Option<Zeroizing<String>> {
        yaml_edit::source_of(self.snapshot.bytes.as_deref()?, name).map(Zeroizing::new)
    }

    /// The text with `wanted` as its content.
    pub(super) fn text_of(&self, wanted: &Entries) -> Result<Zeroizing<Vec<u8>>> {
        let path = &self.snapshot.path;
        let mut edits = Edits(Vec::new());
        for (name, _) in self.sound()?.touched_by(wanted) {
            edits.0.push(match wanted.value(&name) {
                Some(value) => Edit::Set {
                    path: vec![name],
                    value: serde_yaml::to_value(value).map_err(|_| {
                        Error::unexpected(format!("cannot write a value into {}", path.display()))
                    })?,
                },
                None => Edit::Remove { path: vec![name] },
            });
        }
        let before = self.snapshot.bytes.as_deref().unwrap_or_default();
        Ok(Zeroizing::new(
            yaml_edit::apply(path, before, &edits.0)?.text,
        ))
    }

    /// With `wanted` as its content nothing would be left in it, not even a comment.
    pub(super) fn is_nothing_but(&self, wanted: &Entries) -> Result<bool> {
        let is_bare = |text: &[u8]| matches!(text.trim_ascii(), b"" | b"{}");
        Ok(wanted.is_empty() && is_bare(&self.text_of(wanted)?))
    }

    /// Writes a text that `text_of` made, and reads it back.
    pub(super) fn write(&self, text: &[u8], wanted: &Entries) -> Result<()> {
        let path = &self.snapshot.path;
        fsio::replace(&self.snapshot, text, Privacy::Private)?;
        if Self::read(path)?.entries() != Some(wanted) {
            return Err(Error::Changed { path: path.clone() });
        }
        Ok(())
    }

    /// Puts a former text back as it was, byte for byte.
    pub(super) fn put_back(&self, former: Option<&[u8]>) -> Result<()> {
        match former {
            Some(text) => fsio::replace(&self.snapshot, text, Privacy::Private),
            None => fsio::remove(&self.snapshot),
        }
    }
}

impl Drop for SecretsFile {
    fn drop(&mut self) {
        self.snapshot.bytes.zeroize();
    }
}

/// Names only.
impl fmt::Debug for SecretsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsFile")
            .field("path", &self.snapshot.path)
            .field("entries", &self.entries())
            .finish_non_exhaustive()
    }
}

/// Edits that carry secrets and are wiped after use.
struct Edits(Vec<Edit>);

impl Drop for Edits {
    fn drop(&mut self) {
        for edit in &mut self.0 {
            if let Edit::Set {
                value: Value::String(text),
                ..
            } = edit
            {
                text.zeroize();
            }
        }
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Content> {
    let broken = |line, column, reason: &str| Content::Broken {
        line,
        column,
        reason: reason.into(),
    };
    if yaml_edit::is_bottomless(bytes) {
        return Ok(broken(None, None, "recursion limit exceeded"));
    }
    match serde_yaml::from_slice(bytes) {
        Ok(Value::Mapping(_) | Value::Null) => {}
        // The parser's own words would quote the text, which may be a bare key.
        Ok(_) => return Ok(broken(None, None, "it is not a map of names and values")),
        Err(_) if bytes.starts_with(BOM) => {
            let reason = "it starts with a byte order mark, which goose cannot read";
            return Ok(broken(Some(1), Some(1), reason));
        }
        Err(_) => {}
    }
    let map = match yaml_edit::parse(path, bytes) {
        Ok(map) => map,
        Err(Error::BrokenFile {
            line,
            column,
            reason,
            ..
        }) => return Ok(broken(line, column, &reason)),
        Err(error) => return Err(error),
    };
    let entries = serde_json::to_value(map).ok().and_then(Entries::from_value);
    Ok(entries.map_or_else(
        || broken(None, None, "one of its names is not text"),
        Content::Entries,
    ))
}
