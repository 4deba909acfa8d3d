//! The lock that goose takes, too.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Privacy, create_folder, follow_links, io_error, parent};
use crate::error::{Error, Result};

const POLL: Duration = Duration::from_millis(10);

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes an exclusive lock on `path`, making the file if need be and waiting at most `patience`.
///
/// It is the same `flock` call that goose makes, so the two exclude each other.
pub fn lock(path: &Path, patience: Duration) -> Result<Lock> {
    let real = follow_links(path)?;
    let open = || {
        create_folder(parent(&real), Privacy::Private)?;
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&real)
            .map_err(io_error("cannot open the lock", path))
    };
    let mut file = open()?;
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            // A lock on a file that was taken away meanwhile excludes nobody.
            Ok(()) if is_still_at(&file, &real) => return Ok(Lock { _file: file }),
            Ok(()) => file = open()?,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(POLL);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Store {
                    trouble: crate::error::StoreTrouble::TimedOut,
                    detail: format!(
                        "another program has held {} for {} s",
                        path.display(),
                        patience.as_secs()
                    ),
                    action:
                        "wait for the other goose or goose-setup to finish, then run this again"
                            .into(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("cannot lock", path)(error)),
        }
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Here a file that somebody holds open cannot be taken away.
#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_and_then_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.yaml.lock");
        let held = lock(&path, Duration::ZERO).unwrap();
        let error = lock(&path, Duration::from_millis(30)).unwrap_err();
        assert!(error.to_string().contains("secrets.yaml.lock"));
        drop(held);
        lock(&path, Duration::ZERO).unwrap();
    }
}
