//! What was changed and how to take it back: a journal while a change is under way, an entry for `undo` afterwards.
//!
//! Everything here is in our own state directory and readable by its owner alone. Values of secrets never are: they are
//! kept in the same kind of store as the secret (`secrets::former`), under the id of the entry.

mod entry;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::fsio::{self, Privacy};

pub use entry::{Entry, FileRecord, Text};

/// A change takes milliseconds; a keychain's dialog may hold it longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Older entries are dropped: nobody takes back the change before twenty others.
const KEPT: usize = 20;
/// And nobody should find a replaced key lying around for ever.
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

/// The right to change things: one goose-setup at a time. Given back when dropped.
#[derive(Debug)]
pub struct Turn {
    _lock: fsio::Lock,
}

impl History {
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Waits for the other goose-setup processes of this user, but not for ever.
    pub fn turn(&self) -> Result<Turn> {
        fsio::lock(&self.folder.join("lock"), PATIENCE).map(|lock| Turn { _lock: lock })
    }

    /// The change that was under way when its process ended, if one was. Only certain while it is our turn.
    pub fn interrupted(&self) -> Result<Option<Entry>> {
        read(&self.journal())
    }

    /// Written before the first step of a change.
    pub fn begin(&self, entry: &Entry) -> Result<()> {
        write(&self.journal(), entry)
    }

    /// The change is made: its journal becomes the entry that `undo` takes back. Gives back the entries that are gone now,
    /// so that what is kept for them elsewhere can go too.
    pub fn commit(&self, entry: &Entry) -> Result<Vec<Entry>> {
        let Some(undone) = &entry.undoes else {
            fsio::rename(&self.journal(), &self.entry(&entry.id))?;
            return self.prune();
        };
        let gone = self.drop_entry(&self.entry(undone))?;
        self.abandon()?;
        // An undo cannot be undone, so what it replaced is not kept either.
        Ok(gone.into_iter().chain([entry.clone()]).collect())
    }

    /// Nothing of the change was made, or all of it was taken back.
    pub fn abandon(&self) -> Result<()> {
        forget(&self.journal())
    }

    /// The newest first. An entry that cannot be read is as good as none.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let mut paths = fsio::list(&self.entries_folder())?;
        paths.reverse();
        Ok(paths
            .iter()
            .filter_map(|path| read(path).ok().flatten())
            .collect())
    }

    /// The provider that was active before the last change of it.
    pub fn previous_provider(&self) -> Result<Option<String>> {
        let newest = fsio::list(&self.entries_folder())?.pop();
        let entry = newest.and_then(|path| read(&path).ok().flatten());
        Ok(entry.and_then(|entry| entry.former_provider))
    }

    /// Drops one entry: there is nothing left of it to take back.
    pub fn forget(&self, entry: &Entry) -> Result<()> {
        self.drop_entry(&self.entry(&entry.id)).map(drop)
    }

    /// Drops every entry; what they kept elsewhere is for the caller to forget.
    pub fn forget_all(&self) -> Result<Vec<Entry>> {
        let paths = fsio::list(&self.entries_folder())?;
        self.drop_entries(&paths)
    }

    fn prune(&self) -> Result<Vec<Entry>> {
        let paths = fsio::list(&self.entries_folder())?;
        let surplus = paths.len().saturating_sub(KEPT);
        let oldest = entry::id_of(entry::now().saturating_sub(KEPT_FOR));
        let stale: Vec<PathBuf> = paths
            .iter()
            .enumerate()
            .filter(|(index, path)| *index < surplus || **path < self.entry(&oldest))
            .map(|(_, path)| path.clone())
            .collect();
        self.drop_entries(&stale)
    }

    fn drop_entries(&self, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        let mut gone = Vec::new();
        for path in paths {
            gone.extend(self.drop_entry(path)?);
        }
        Ok(gone)
    }

    fn drop_entry(&self, path: &Path) -> Result<Option<Entry>> {
        let entry = read(path).ok().flatten();
        forget(path)?;
        Ok(entry)
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal.json")
    }

    fn entries_folder(&self) -> PathBuf {
        self.folder.join("history")
    }

    fn entry(&self, id: &str) -> PathBuf {
        self.entries_folder().join(format!("{id}.json"))
    }
}

fn read(path: &Path) -> Result<Option<Entry>> {
    let Some(bytes) = fsio::read(path)?.bytes else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| Error::BrokenFile {
            path: path.to_path_buf(),
            line: Some(error.line()),
            column: Some(error.column()),
            reason: "it is no record of a change".into(),
        })
}

fn write(path: &Path, entry: &Entry) -> Result<()> {
    let text = serde_json::to_vec(entry)
        .map_err(|error| Error::unexpected(format!("cannot write down the change: {error}")))?;
    fsio::replace(&fsio::read(path)?, &text, Privacy::Private)
}

fn forget(path: &Path) -> Result<()> {
    fsio::remove(&fsio::read(path)?)
}
