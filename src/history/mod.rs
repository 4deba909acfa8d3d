//! What was changed and how to take it back: a journal while a change is under way, an entry for `undo` afterwards.
//!
//! Everything here is in our own state directory and readable by its owner alone. Values of secrets never are: they are
//! kept in the same kind of store as the secret (`secrets::former`), under the id of the entry.

mod entry;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::fsio::{self, Privacy};
use crate::patience::Patience;
use crate::plan::Plan;

pub use entry::{Entry, FileRecord, Text};

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
    pub fn turn(&self, patience: Patience) -> Result<Turn> {
        let path = self.folder.join("lock");
        let lock = fsio::lock_own(&path, patience)?;
        fsio::clear_leftovers_of(&path)?;
        Ok(Turn { _lock: lock })
    }

    /// The change that was under way when its process ended, if one was. Only certain while it is our turn.
    pub fn interrupted(&self) -> Result<Option<Entry>> {
        read(&self.journal())
    }

    /// What is to be written down of a change that is made now.
    pub fn entry_of(&self, plan: &Plan) -> Result<Entry> {
        let newest = self.paths()?.pop();
        let mut entry = Entry::of(plan, newest.as_deref().and_then(id_in));
        if entry.former_provider.is_none() {
            entry.former_provider = newest.and_then(|path| former_provider(&path));
        }
        Ok(entry)
    }

    /// Written before the first step of a change.
    pub fn begin(&self, entry: &Entry) -> Result<()> {
        let path = self.journal();
        fsio::replace(&fsio::read_own(&path)?, &to_json(entry)?, Privacy::Private)
    }

    /// The change is made: its journal becomes the entry that `undo` takes back. An undo leaves no entry.
    pub fn keep(&self, entry: &Entry) -> Result<()> {
        match &entry.undoes {
            None => fsio::rename(&self.journal(), &self.path_of(&entry.id)),
            Some(_) => Ok(()),
        }
    }

    /// Nothing of the change was made, or all of it was taken back.
    pub fn abandon(&self) -> Result<()> {
        fsio::discard(&self.journal())
    }

    /// What can be taken back, the newest first. An entry that cannot be read is as good as none.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let oldest = self.oldest();
        let paths = self.paths()?.into_iter().rev();
        Ok(paths
            .filter(|path| *path >= oldest)
            .filter_map(|path| read(&path).ok().flatten())
            .collect())
    }

    /// Every entry, also those whose time is over.
    pub fn all(&self) -> Result<Vec<Entry>> {
        let paths = self.paths()?.into_iter();
        Ok(paths
            .filter_map(|path| read(&path).ok().flatten())
            .collect())
    }

    /// The entries that have had their time. What is left of the last one says only whom `switch -` goes back to.
    pub fn surplus(&self) -> Result<Vec<Entry>> {
        let paths = self.paths()?;
        let too_many = paths.len().saturating_sub(KEPT);
        let oldest = self.oldest();
        let mut surplus = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            if index < too_many || *path < oldest {
                match read(path) {
                    Ok(entry) => surplus.extend(entry.filter(|entry| !entry.is_faded())),
                    Err(_) => fsio::discard(path)?,
                }
            }
        }
        Ok(surplus)
    }

    pub fn entry(&self, id: &str) -> Option<Entry> {
        read(&self.path_of(id)).ok().flatten()
    }

    /// The provider that was active before the last change of it.
    pub fn previous_provider(&self) -> Result<Option<String>> {
        Ok(self.paths()?.pop().and_then(|path| former_provider(&path)))
    }

    /// Drops an entry that has had its time; of the last one whom `switch -` goes back to is left.
    pub fn fade(&self, entry: &Entry) -> Result<()> {
        let path = self.path_of(&entry.id);
        if self.paths()?.last() != Some(&path) {
            return self.forget(entry);
        }
        let text = to_json(&entry.faded())?;
        fsio::replace(&fsio::read_own(&path)?, &text, Privacy::Private)
    }

    /// Drops one entry; what is kept for it elsewhere is for the caller to forget.
    pub fn forget(&self, entry: &Entry) -> Result<()> {
        fsio::discard(&self.path_of(&entry.id))
    }

    /// In the order in which the changes were made.
    fn paths(&self) -> Result<Vec<PathBuf>> {
        fsio::list(&self.folder.join("history"))
    }

    /// Where an entry would be that has just had its time.
    fn oldest(&self) -> PathBuf {
        self.path_of(&entry::id_of(entry::now().saturating_sub(KEPT_FOR)))
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal.json")
    }

    fn path_of(&self, id: &str) -> PathBuf {
        self.folder.join("history").join(format!("{id}.json"))
    }
}

fn to_json(entry: &Entry) -> Result<Vec<u8>> {
    serde_json::to_vec(entry)
        .map_err(|error| Error::unexpected(format!("cannot write down the change: {error}")))
}

fn id_in(path: &Path) -> Option<&str> {
    path.file_stem().and_then(|stem| stem.to_str())
}

fn former_provider(path: &Path) -> Option<String> {
    read(path).ok().flatten()?.former_provider
}

fn read(path: &Path) -> Result<Option<Entry>> {
    let Some(bytes) = fsio::read_own(path)?.bytes else {
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
