//! Symbolic links: what stands behind a path.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{io_error, parent};
use crate::error::Result;

const LINK_LIMIT: usize = 40;

/// The path behind any number of symbolic links; the last one may point to nothing.
pub fn follow_links(path: &Path) -> Result<PathBuf> {
    let mut real = path.to_path_buf();
    for _ in 0..LINK_LIMIT {
        match fs::read_link(&real) {
            Ok(target) => real = parent(&real).join(target),
            Err(_) => return Ok(real),
        }
    }
    Err(io_error("cannot follow", path)(io::Error::other(
        "too many symbolic links",
    )))
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
