//! What is asked about a path; nothing is read or changed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::mode_of;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    pub user: u32,
    pub group: u32,
    pub mode: u32,
}

pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

pub fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

pub fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

pub fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(path) else {
        return false;
    };
    metadata.is_file() && mode_of(&metadata).is_none_or(|mode| mode & 0o111 != 0)
}

/// Who owns a file or folder, and what others may do with it; nothing where the system has no such thing.
pub fn ownership(path: &Path) -> Option<Ownership> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path).ok()?;
        Some(Ownership {
            user: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o7777,
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Size and time of last change, to tell whether a cached answer about a file still holds.
pub fn stamp(path: &Path) -> Option<(u64, Duration)> {
    let metadata = fs::metadata(path).ok()?;
    let changed = metadata
        .modified()
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    metadata.is_file().then_some((metadata.len(), changed))
}
