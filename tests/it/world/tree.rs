//! What a directory holds, down to modes and time stamps, to be compared before and after.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<PathBuf, Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// A directory's time is left out: a temporary file that came and went is nobody's loss.
    Directory {
        mode: u32,
    },
    File {
        mode: u32,
        modified: (i64, i64),
        content: String,
    },
    Link {
        target: PathBuf,
    },
    Other,
}

impl Tree {
    pub(crate) fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        walk(root, root, &mut entries);
        Self(entries)
    }

    /// Fails, naming each difference, unless `later` is the same.
    #[track_caller]
    pub(crate) fn assert_same(&self, later: &Self) {
        let mut text = String::new();
        for (path, entry) in &self.0 {
            match later.0.get(path) {
                Some(other) if other == entry => {}
                Some(other) => {
                    writeln!(text, "  {}: {entry:?} became {other:?}", path.display()).unwrap()
                }
                None => writeln!(text, "  {}: gone", path.display()).unwrap(),
            }
        }
        for path in later.0.keys().filter(|path| !self.0.contains_key(*path)) {
            writeln!(text, "  {}: new", path.display()).unwrap();
        }
        assert!(text.is_empty(), "files changed:\n{text}");
    }
}

fn walk(root: &Path, folder: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        let facts = path.symlink_metadata().unwrap();
        let mode = facts.mode() & 0o7777;
        let entry = if facts.is_symlink() {
            Entry::Link {
                target: path.read_link().unwrap(),
            }
        } else if facts.is_dir() {
            walk(root, &path, entries);
            Entry::Directory { mode }
        } else if facts.is_file() {
            let content = Sha256::digest(std::fs::read(&path).unwrap()).iter().fold(
                String::new(),
                |mut hex, byte| {
                    write!(hex, "{byte:02x}").unwrap();
                    hex
                },
            );
            Entry::File {
                mode,
                modified: (facts.mtime(), facts.mtime_nsec()),
                content,
            }
        } else {
            Entry::Other
        };
        entries.insert(path.strip_prefix(root).unwrap().to_owned(), entry);
    }
}

/// The files under `root` whose bytes contain `needle`.
pub(crate) fn files_with(root: &Path, needle: &str) -> Vec<PathBuf> {
    let mut entries = BTreeMap::new();
    walk(root, root, &mut entries);
    entries
        .into_iter()
        .filter(|(_, entry)| matches!(entry, Entry::File { .. }))
        .map(|(path, _)| path)
        .filter(|path| {
            let bytes = std::fs::read(root.join(path)).unwrap();
            bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        })
        .collect()
}
