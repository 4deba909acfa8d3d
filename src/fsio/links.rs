//! Symbolic links: what stands behind a path.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use super::is_ours;
use super::{io_error, parent};
use crate::error::Result;

const LINK_LIMIT: usize = 40;

/// The path behind any number of symbolic links; the last one may point to nothing.
pub fn follow_links(path: &Path) -> Result<PathBuf> {
    let mut real = path.to_path_buf();
    for _ in 0..LINK_LIMIT {
        refuse_traps(&real)?;
        match fs::read_link(&real) {
            Ok(target) => real = parent(&real).join(target),
            Err(_) => return Ok(real),
        }
    }
    Err(io_error("cannot follow", path)(io::Error::other(
        "too many symbolic links",
    )))
}

pub(super) fn refuse_traps(path: &Path) -> Result<()> {
    match path.ancestors().find(|part| is_trap(part)) {
        Some(link) => Err(io_error("will not follow", link)(io::Error::other(
            "another user put this link into a folder that everybody can write to",
        ))),
        None => Ok(()),
    }
}

/// The rule by which Linux itself protects links, which does not reach those that are read and followed by hand.
#[cfg(unix)]
fn is_trap(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const EVERYBODY_WRITES: u32 = 0o002;
    let Ok(link) = fs::symlink_metadata(path) else {
        return false;
    };
    link.is_symlink()
        && !is_ours(&link)
        && fs::metadata(parent(path))
            .is_ok_and(|folder| folder.mode() & EVERYBODY_WRITES != 0 && folder.uid() != link.uid())
}

#[cfg(not(unix))]
fn is_trap(_: &Path) -> bool {
    false
}

/// How many links stand between a path and its file.
pub fn link_hops(path: &Path) -> usize {
    let mut real = path.to_path_buf();
    for hops in 0..LINK_LIMIT {
        match fs::read_link(&real) {
            Ok(target) => real = parent(&real).join(target),
            Err(_) => return hops,
        }
    }
    LINK_LIMIT
}

/// The file behind all links, those of its folders included.
pub fn canonical(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// Where a link points to, if it is one that may be read.
pub fn link_target(path: &Path) -> Option<PathBuf> {
    fs::read_link(path).ok()
}
