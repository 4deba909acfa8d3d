//! The lock that goose takes, too.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::links::refuse_traps;
use super::{Privacy, as_it_is, create_folder, follow_links, io_error, parent};
use crate::error::{Error, Result};
use crate::patience::{MOMENT, Patience};

const POLL: Duration = Duration::from_millis(10);

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes an exclusive lock on `path`, making the file if need be and waiting at most `patience`.
///
/// It is the same `flock` call that goose makes, so the two exclude each other.
pub fn lock(path: &Path, patience: Patience) -> Result<Lock> {
    lock_at(path, &follow_links(path)?, patience)
}

/// The same for a lock that only we take: a link is not taken for ours.
pub fn lock_own(path: &Path, patience: Patience) -> Result<Lock> {
    refuse_traps(path)?;
    lock_at(path, path, patience)
}

fn lock_at(path: &Path, real: &Path, patience: Patience) -> Result<Lock> {
    let open = || {
        create_folder(parent(real), Privacy::Private)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        as_it_is(&mut options)
            .open(real)
            .map_err(io_error("cannot open the lock", path))
    };
    let mut file = open()?;
    let start = Instant::now();
    let mut is_told = false;
    loop {
        match file.try_lock() {
            // A lock on a file that was taken away meanwhile excludes nobody.
            Ok(()) if is_still_at(&file, real) => return Ok(Lock { _file: file }),
            Ok(()) => file = open()?,
            Err(TryLockError::WouldBlock) if start.elapsed() < patience.limit() => {
                if !is_told && start.elapsed() >= MOMENT {
                    is_told = true;
                    let holder = holder(&file).unwrap_or_else(|| "another program".into());
                    patience.tell(&format!("{}, which {holder} holds", path.display()));
                }
                std::thread::sleep(POLL);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Busy {
                    path: path.into(),
                    holder: holder(&file),
                    patience,
                });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("cannot lock", path)(error)),
        }
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Here a file that somebody holds open cannot be taken away.
#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> bool {
    true
}

/// Who holds the lock, where the system tells.
#[cfg(target_os = "linux")]
fn holder(file: &File) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata().ok()?;
    let (major, minor) = (
        rustix::fs::major(metadata.dev()),
        rustix::fs::minor(metadata.dev()),
    );
    let place = format!("{major:02x}:{minor:02x}:{}", metadata.ino());
    let process = process_in(&std::fs::read_to_string("/proc/locks").ok()?, &place)?;
    // Whoever took it may be gone, and the lock be held by a process that it started.
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(format!("{} (process {process})", name.trim_end()))
}

#[cfg(not(target_os = "linux"))]
fn holder(_: &File) -> Option<String> {
    None
}

/// The process that a table of locks names for this place; those that wait for it are marked by an arrow.
#[cfg(target_os = "linux")]
fn process_in(table: &str, place: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, kind, _, _, process, at, ..] if *kind != "->" && *at == place => {
                process.parse().ok()
            }
            _ => None,
        }
    })
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_and_then_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.yaml.lock");
        let held = lock(&path, Patience::NONE).unwrap();
        let error = lock(&path, Patience::of(Duration::from_millis(30))).unwrap_err();
        assert!(error.to_string().contains("secrets.yaml.lock"));
        assert_eq!(error.exit(), crate::error::Exit::Changed);
        drop(held);
        lock(&path, Patience::NONE).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_that_holds_a_lock_is_told_from_those_that_wait_for_it() {
        let table = "1: FLOCK  ADVISORY  WRITE 7988 fe:00:613 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 41 fe:00:614 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 42 fe:00:614 0 EOF\n";
        assert_eq!(process_in(table, "fe:00:614"), Some(41));
        assert_eq!(process_in(table, "fe:00:615"), None);
    }
}
