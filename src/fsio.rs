//! The file system: read with everything that must survive, replace in one step. `lock` excludes goose and other
//! goose-setups, `links` knows what a path leads to, `look` answers what is asked about a path.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that touches files; every error here names the path"
)]

mod links;
mod lock;
mod look;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use links::{canonical, follow_links, link_hops, link_target};
pub use lock::{Lock, lock, lock_own};
pub use look::{Ownership, exists, is_executable, is_file, is_folder, ownership, stamp};

use links::refuse_traps;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// More than any file we edit; a larger one is somebody's mistake and is refused, not read into memory.
const SIZE_LIMIT: u64 = 16 * 1024 * 1024;
/// How the files are named that become others by being renamed; what a killed process left of them is known by it.
const TEMPORARY: (&str, &str) = (".goose-setup-", ".tmp");

/// Who may read a file after it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// 0600, also where the file was open to others before: it holds secrets.
    Private,
    /// As before; a new file gets 0666 less the umask, as goose makes its config file.
    Ordinary,
}

/// A file as it was when we looked: the text that a change starts from, and that must still be there when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The path as others name it.
    pub path: PathBuf,
    /// The file behind it, after all symbolic links.
    pub real: PathBuf,
    /// `None`: there is no such file.
    pub bytes: Option<Vec<u8>>,
    /// Permission bits, where there is a file and the system has them.
    pub mode: Option<u32>,
}

impl Snapshot {
    pub fn exists(&self) -> bool {
        self.bytes.is_some()
    }

    /// The entry in the folder: where it is a link, the link and not what stands behind it.
    pub fn itself(self) -> Self {
        Self {
            real: self.path.clone(),
            ..self
        }
    }
}

pub fn read(path: &Path) -> Result<Snapshot> {
    seen_at(path, follow_links(path)?).map(|(snapshot, _)| snapshot)
}

/// The same for a file that only we write: a link, or what another user put there, is not taken for ours.
pub fn read_own(path: &Path) -> Result<Snapshot> {
    refuse_traps(path)?;
    let (snapshot, metadata) = seen_at(path, path.to_path_buf())?;
    if metadata.as_ref().is_none_or(is_ours) {
        return Ok(snapshot);
    }
    Err(io_error("will not use", path)(io::Error::other(
        "it belongs to another user",
    )))
}

fn seen_at(path: &Path, real: PathBuf) -> Result<(Snapshot, Option<fs::Metadata>)> {
    // Asked before it is opened: opening a pipe would wait for somebody to write into it.
    let is_odd = fs::metadata(&real).is_ok_and(|metadata| !metadata.is_file());
    if is_odd {
        return Err(io_error("cannot read", path)(io::Error::other(
            "it is not a file",
        )));
    }
    let mut file = match open(&real) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => {
            let missing = Snapshot {
                path: path.into(),
                real,
                bytes: None,
                mode: None,
            };
            return Ok((missing, None));
        }
        Err(error) => return Err(io_error("cannot read", path)(error)),
    };
    let metadata = file.metadata().map_err(io_error("cannot read", path))?;
    // Room for all of it at once: growing would read in small pieces and leave copies of secrets behind.
    let size = usize::try_from(metadata.len().min(SIZE_LIMIT)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(size + 1);
    (&mut file)
        .take(SIZE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error("cannot read", path))?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(io_error("cannot read", path)(io::Error::other(format!(
            "it is larger than {} MiB",
            SIZE_LIMIT / 1024 / 1024
        ))));
    }
    let snapshot = Snapshot {
        path: path.into(),
        real,
        bytes: Some(bytes),
        mode: mode_of(&metadata),
    };
    Ok((snapshot, Some(metadata)))
}

/// A link that was put there since we looked is not followed, and a pipe is not waited for.
fn open(real: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    as_it_is(&mut options).open(real)
}

#[cfg(unix)]
fn as_it_is(options: &mut OpenOptions) -> &mut OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
}

#[cfg(not(unix))]
fn as_it_is(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Puts `after` where `before` was read, in one step, unless somebody wrote in between.
///
/// Links stay; so does the mode of an existing file, unless `privacy` asks for less.
pub fn replace(before: &Snapshot, after: &[u8], privacy: Privacy) -> Result<()> {
    unchanged_since(before)?;
    let path = &before.path;
    let folder = parent(&before.real);
    create_folder(folder, privacy)?;
    let mode = match (before.mode, privacy) {
        (_, Privacy::Private) => Some(0o600),
        (mode, Privacy::Ordinary) => mode,
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask is taken off 0666 by the system; an existing file's own bits are set below, umask or not.
        builder.permissions(fs::Permissions::from_mode(mode.map_or(0o666, |_| 0o600)));
    }
    let mut temporary = builder
        .tempfile_in(folder)
        .map_err(io_error("cannot write next to", path))?;
    temporary
        .write_all(after)
        .map_err(io_error("cannot write", path))?;
    #[cfg(unix)]
    if let Some(mode) = mode {
        use std::os::unix::fs::PermissionsExt;
        temporary
            .as_file()
            .set_permissions(fs::Permissions::from_mode(mode))
            .map_err(io_error("cannot set the mode of", path))?;
    }
    temporary
        .as_file()
        .sync_all()
        .map_err(io_error("cannot write", path))?;
    // Once more, as late as can be: the gap that is left is one rename wide.
    unchanged_since(before)?;
    temporary
        .persist(&before.real)
        .map_err(|error| io_error("cannot write", path)(error.error))?;
    sync_folder(folder);
    Ok(())
}

/// An empty file of ours for another program to write into, mode 0600. What was there under its name goes, be it a link.
pub fn fresh_log(path: &Path) -> Result<File> {
    create_folder(parent(path), Privacy::Private)?;
    discard(path)?;
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map_err(io_error("cannot write", path))
}

/// Takes permissions of a file or folder away, unless they are others than `before` by now.
pub fn set_mode(path: &Path, before: u32, after: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let failed = |error| io_error("cannot set the mode of", path)(error);
        let file = open(&follow_links(path)?).map_err(failed)?;
        let now = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        if now == after {
            return Ok(());
        }
        if now != before {
            return Err(Error::Changed { path: path.into() });
        }
        file.set_permissions(fs::Permissions::from_mode(after))
            .map_err(failed)
    }
    #[cfg(not(unix))]
    {
        let _ = (path, before, after);
        Ok(())
    }
}

/// Gives a file of ours another name, in one step.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    create_folder(parent(to), Privacy::Private)?;
    fs::rename(from, to).map_err(io_error("cannot rename", from))
}

/// Takes a file away, unless somebody wrote to it since it was read. Links stay, as they do where a file is made behind them.
pub fn remove(before: &Snapshot) -> Result<()> {
    unchanged_since(before)?;
    match fs::remove_file(&before.real) {
        Ok(()) => {
            sync_folder(parent(&before.real));
            Ok(())
        }
        Err(error) if is_missing(&error) => Ok(()),
        Err(error) => Err(io_error("cannot remove", &before.path)(error)),
    }
}

/// Takes a file of ours away, if it is there. That it may be back after a power cut does no harm.
pub fn discard(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_missing(&error) => Err(io_error("cannot remove", path)(error)),
        _ => Ok(()),
    }
}

/// Takes away what killed processes left in the middle of `replace`, here or behind a link. Whoever is writing at this
/// moment would lose, so it has to be our turn.
pub fn clear_leftovers_of(path: &Path) -> Result<()> {
    let real = follow_links(path)?;
    for file in list(parent(&real))? {
        let is_ours = file
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1));
        if is_ours {
            discard(&file)?;
        }
    }
    Ok(())
}

/// Takes away a folder of our own with all that is in it.
pub fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if !is_missing(&error) => Err(io_error("cannot remove", folder)(error)),
        _ => Ok(()),
    }
}

/// The files in a folder, sorted by name; none where there is no such folder.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(io_error("cannot read", folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error("cannot read", folder))?;
        paths.push(entry.path());
    }
    paths.sort();
    Ok(paths)
}

/// This user's, or root's, against whom nothing helps.
#[cfg(unix)]
fn is_ours(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_: &fs::Metadata) -> bool {
    true
}

fn unchanged_since(before: &Snapshot) -> Result<()> {
    // What is compared may be a file of secrets.
    let now = Zeroizing::new(read(&before.path)?.bytes);
    if *now == before.bytes {
        Ok(())
    } else {
        Err(Error::Changed {
            path: before.path.clone(),
        })
    }
}

fn create_folder(folder: &Path, privacy: Privacy) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if privacy == Privacy::Private {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = privacy;
    builder
        .create(folder)
        .map_err(io_error("cannot make the folder", folder))
}

/// A rename is only sure to survive a power cut once its folder is written; systems that cannot do that say so, and lose nothing.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no mode")]
fn mode_of(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> Option<u32> {
    None
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io {
        doing,
        path,
        source,
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::patience::Patience;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_private_file_is_never_readable_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/secrets.yaml");
        replace(&read(&path).unwrap(), b"a: b\n", Privacy::Private).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_private_file_that_others_could_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.yaml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&read(&path).unwrap(), b"new", Privacy::Private).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn an_existing_ordinary_file_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        fs::write(&path, "old").unwrap();
        for kept in [0o600, 0o640, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
            replace(&read(&path).unwrap(), b"new", Privacy::Ordinary).unwrap();
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn a_link_stays_a_link_however_many_hops_it_takes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("dotfiles")).unwrap();
        fs::write(at("dotfiles/real.yaml"), "old").unwrap();
        symlink("dotfiles/real.yaml", at("second")).unwrap();
        symlink(at("second"), at("config.yaml")).unwrap();
        replace(
            &read(&at("config.yaml")).unwrap(),
            b"new",
            Privacy::Ordinary,
        )
        .unwrap();
        assert_eq!(fs::read_to_string(at("dotfiles/real.yaml")).unwrap(), "new");
        assert!(at("config.yaml").is_symlink() && at("second").is_symlink());
    }

    #[test]
    fn what_is_removed_is_the_file_and_not_the_link_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        symlink("real.yaml", at("config.yaml")).unwrap();
        replace(
            &read(&at("config.yaml")).unwrap(),
            b"new",
            Privacy::Ordinary,
        )
        .unwrap();
        remove(&read(&at("config.yaml")).unwrap()).unwrap();
        assert!(at("config.yaml").is_symlink() && !at("real.yaml").exists());
        fs::write(at("real.yaml"), "mine").unwrap();
        remove(&read(&at("config.yaml")).unwrap().itself()).unwrap();
        assert!(!at("config.yaml").is_symlink() && at("real.yaml").exists());
    }

    #[test]
    fn a_write_in_between_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        let before = read(&path).unwrap();
        fs::write(&path, "somebody else's").unwrap();
        assert!(matches!(
            replace(&before, b"ours", Privacy::Ordinary),
            Err(Error::Changed { .. })
        ));
        assert!(matches!(remove(&before), Err(Error::Changed { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// A folder like /tmp, with a link in it that another user made.
    fn trap(name: &str) -> Option<(tempfile::TempDir, PathBuf, PathBuf)> {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        let shared = folder.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
        let link = shared.join(name);
        symlink(&victim, &link).unwrap();
        // Only root can give a link away.
        std::os::unix::fs::lchown(&link, Some(12345), None).ok()?;
        Some((folder, link, victim))
    }

    #[test]
    fn a_link_that_a_stranger_laid_in_a_shared_folder_is_not_followed() {
        let Some((_folder, link, victim)) = trap("config.yaml") else {
            return;
        };
        for error in [
            read(&link).unwrap_err(),
            lock(&link, Patience::NONE).unwrap_err(),
            set_mode(&link, 0o644, 0o600).unwrap_err(),
            read(&link.join("below")).unwrap_err(),
        ] {
            assert!(error.to_string().contains("another user"), "{error}");
        }
        fresh_log(&link).unwrap().write_all(b"log").unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "mine");
    }

    #[test]
    fn a_link_that_comes_between_looking_and_writing_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "mine").unwrap();
        symlink(at("victim"), at("link")).unwrap();
        assert!(open(&at("link")).is_err());
        let before = Snapshot {
            path: at("link"),
            real: at("link"),
            bytes: Some(b"mine".to_vec()),
            mode: None,
        };
        replace(&before, b"new", Privacy::Private).unwrap();
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "mine");
    }

    #[test]
    fn a_file_of_ours_that_a_stranger_made_or_that_is_a_link_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.json");
        fs::write(&path, "{}").unwrap();
        read_own(&path).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        read_own(&link).unwrap_err();
        lock_own(&link, Patience::NONE).unwrap_err();
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
            let error = read_own(&path).unwrap_err();
            assert!(error.to_string().contains("another user"), "{error}");
        }
    }

    #[test]
    fn permissions_are_taken_only_from_what_was_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.yaml");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = set_mode(&path, 0o666, 0o600).unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{error}");
        set_mode(&path, 0o644, 0o600).unwrap();
        set_mode(&path, 0o644, 0o600).unwrap();
        assert_eq!(mode(&path), 0o600);
    }
}
