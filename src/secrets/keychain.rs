//! goose's one item in the keychain of the operating system, through the keyring crate in the version that goose uses.
//!
//! Every call runs in a thread of its own, because a keychain may wait for a person, or for ever. A keyring error is never
//! shown whole: it may carry the stored bytes.

use std::sync::mpsc;
use std::thread;

use keyring::{Entry, Error as KeyringError};
use zeroize::{Zeroize, Zeroizing};

use super::entries::Entries;
use super::trouble::Trouble;
use crate::error::StoreTrouble;
use crate::patience::{MOMENT, Patience};

/// Which of the two items that are our business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// goose's own, with everything it keeps.
    Goose,
    /// Ours, with what changes replaced.
    Former,
}

impl Item {
    fn entry(self) -> Result<Entry, Trouble> {
        match self {
            Self::Goose => Entry::new("goose", "secrets"),
            Self::Former => Entry::new("goose-setup", "former"),
        }
        .map_err(trouble)
    }
}

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE`; the text is kept as UTF-16.
const WINDOWS_LIMIT: usize = 5 * 512;
const LIMIT: usize = if cfg!(windows) {
    WINDOWS_LIMIT
} else {
    usize::MAX
};

#[derive(Clone, Debug)]
pub enum KeychainState {
    Item(Entries),
    /// It answers, and goose never stored anything in it.
    Empty {
        /// It has to be unlocked before it takes a first item.
        locked: bool,
    },
    Trouble(Trouble),
}

pub(super) fn read(item: Item, patience: Patience) -> KeychainState {
    let state = within(patience, move || {
        let text = match item.entry()?.get_password() {
            Ok(text) => Zeroizing::new(text),
            Err(KeyringError::NoEntry) => {
                return Ok(KeychainState::Empty {
                    locked: platform::locked()?,
                });
            }
            Err(error) => return Err(trouble(error)),
        };
        Entries::from_json(&text)
            .map(KeychainState::Item)
            .map_err(Trouble::unreadable)
    });
    state.unwrap_or_else(KeychainState::Trouble)
}

/// It can be asked without anybody being asked for a password.
pub(super) fn is_open(patience: Patience) -> bool {
    matches!(within(patience, platform::locked), Ok(false))
}

/// Asks for the keychain to be unlocked. An answer that comes too late does no harm, unlike a late write.
pub(super) fn unlock(patience: Patience) -> Result<(), Trouble> {
    within(patience, platform::unlock)
}

pub(super) fn write(item: Item, entries: &Entries, patience: Patience) -> Result<(), Trouble> {
    let json = entries.to_json();
    within(patience, move || {
        item.entry()?.set_password(&json).map_err(trouble)
    })
}

pub(super) fn delete(item: Item, patience: Patience) -> Result<(), Trouble> {
    within(patience, move || match item.entry()?.delete_credential() {
        Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
        Err(error) => Err(trouble(error)),
    })
}

/// The keychain has room for an item with these entries.
pub(super) fn fits(entries: &Entries) -> Result<(), Trouble> {
    is_within(&entries.to_json(), LIMIT)
}

fn is_within(json: &str, limit: usize) -> Result<(), Trouble> {
    let bytes = json.encode_utf16().count() * 2;
    if bytes > limit {
        return Err(Trouble::too_long(bytes, limit));
    }
    Ok(())
}

fn within<T: Send + 'static>(
    patience: Patience,
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let (tell, answer) = mpsc::sync_channel(1);
    let started = thread::Builder::new()
        .name("keychain".into())
        .spawn(move || {
            // Nobody listens any more once the time is up.
            let _ = tell.send(work());
        });
    if started.is_err() {
        return Err(nonsense());
    }
    let mut answered = answer.recv_timeout(MOMENT.min(patience.limit()));
    let left = patience.limit().saturating_sub(MOMENT);
    if matches!(answered, Err(mpsc::RecvTimeoutError::Timeout)) && !left.is_zero() {
        patience.tell("the keychain, which may have opened a dialog");
        answered = answer.recv_timeout(left);
    }
    match answered {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Trouble::no_answer_after(patience)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(nonsense()),
    }
}

fn trouble(error: KeyringError) -> Trouble {
    match error {
        KeyringError::NoStorageAccess(source) => platform::no_access(source.as_ref()),
        KeyringError::PlatformFailure(source) => platform::failure(source.as_ref()),
        KeyringError::Ambiguous(_) => Trouble::twins(),
        KeyringError::BadEncoding(mut bytes) => {
            bytes.zeroize();
            Trouble::unreadable("it is not text")
        }
        _ => nonsense(),
    }
}

fn nonsense() -> Trouble {
    Trouble::new(
        StoreTrouble::Denied,
        "the keychain failed in a way that it does not explain",
        "restart it and run this again",
    )
}

/// The Secret Service of free desktops.
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
mod platform {
    use std::error::Error as StdError;

    use dbus_secret_service::{EncryptionType, Error, SecretService};

    use super::{StoreTrouble, Trouble, nonsense};

    /// Whether the keyring that new items go to is locked. Asks nobody.
    pub(super) fn locked() -> Result<bool, Trouble> {
        let service = connect()?;
        let collection = service.get_default_collection().map_err(told)?;
        collection.is_locked().map_err(told)
    }

    pub(super) fn unlock() -> Result<(), Trouble> {
        let service = connect()?;
        let collection = service.get_default_collection().map_err(told)?;
        collection.unlock().map_err(told)?;
        if collection.is_locked().map_err(told)? {
            return Err(Trouble::locked());
        }
        Ok(())
    }

    fn connect() -> Result<SecretService, Trouble> {
        // No secret travels on this connection.
        SecretService::connect(EncryptionType::Plain).map_err(told)
    }

    /// The error below says more than the two kinds that keyring makes of it.
    pub(super) fn no_access(source: &(dyn StdError + 'static)) -> Trouble {
        failure(source)
    }

    pub(super) fn failure(source: &(dyn StdError + 'static)) -> Trouble {
        source.downcast_ref().map_or_else(nonsense, read_error)
    }

    fn told(error: Error) -> Trouble {
        read_error(&error)
    }

    fn read_error(error: &Error) -> Trouble {
        match error {
            Error::Locked => Trouble::locked(),
            Error::Prompt => not_unlocked(),
            Error::NoResult => no_keyring(),
            Error::Unavailable => no_service(),
            Error::Dbus(error) => by_name(error.name().unwrap_or_default()),
            _ => nonsense(),
        }
    }

    /// D-Bus tells its errors apart by name; the texts are the provider's own and are not shown.
    pub(super) fn by_name(name: &str) -> Trouble {
        let short = name
            .strip_prefix("org.freedesktop.DBus.Error.")
            .unwrap_or(name);
        match short {
            "org.freedesktop.Secret.Error.IsLocked" => Trouble::locked(),
            "org.freedesktop.Secret.Error.NoSuchObject" | "UnknownObject" => no_keyring(),
            "ServiceUnknown" | "NameHasNoOwner" => no_service(),
            "NoReply" | "Timeout" | "TimedOut" => Trouble::new(
                StoreTrouble::TimedOut,
                "the keychain service is there but does not answer",
                "restart it (log out and in again)",
            ),
            "AccessDenied" | "AuthFailed" | "InteractiveAuthorizationRequired" => Trouble::new(
                StoreTrouble::Denied,
                "the keychain refuses to talk to this program",
                "allow it in the sandbox or D-Bus policy that applies here",
            ),
            spawn if spawn.starts_with("Spawn.") && spawn != "Spawn.ExecFailed" => no_service(),
            "NoServer" | "NotSupported" | "FileNotFound" | "BadAddress" | "Disconnected"
            | "NoNetwork" | "Failed" | "Spawn.ExecFailed" | "" => Trouble::new(
                StoreTrouble::Absent,
                "no keychain answers here: there is no D-Bus session",
                "run this in your desktop session",
            ),
            _ => nonsense(),
        }
    }

    /// Closed by the person and impossible to show look the same from here.
    fn not_unlocked() -> Trouble {
        Trouble::new(
            StoreTrouble::Locked,
            "the keychain is locked, and its dialog was closed or could not be shown",
            "unlock it and run this again",
        )
    }

    fn no_service() -> Trouble {
        Trouble::new(
            StoreTrouble::Absent,
            "no keychain answers here: the D-Bus session has no Secret Service",
            "start one (GNOME Keyring, KWallet or KeePassXC)",
        )
    }

    fn no_keyring() -> Trouble {
        Trouble::new(
            StoreTrouble::Absent,
            "the keychain service has no default keyring",
            "make one in your keychain manager",
        )
    }
}

#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd")))]
mod platform {
    use std::error::Error as StdError;

    use super::{StoreTrouble, Trouble};

    /// These systems ask by themselves when an item is made.
    pub(super) fn locked() -> Result<bool, Trouble> {
        Ok(false)
    }

    pub(super) fn unlock() -> Result<(), Trouble> {
        Ok(())
    }

    /// No keychain on this machine, or none for this kind of session.
    pub(super) fn no_access(source: &(dyn StdError + 'static)) -> Trouble {
        Trouble::new(
            StoreTrouble::Absent,
            format!("no keychain answers here: {source}"),
            "run this in your desktop session",
        )
    }

    /// The system's own sentence about a status code says more than we could, and carries no stored bytes.
    pub(super) fn failure(source: &(dyn StdError + 'static)) -> Trouble {
        Trouble::new(
            StoreTrouble::Denied,
            format!("the keychain refused: {source}"),
            "unlock it, allow this program to use it, and run this again",
        )
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_keychain_that_does_not_answer_is_left_when_the_time_is_up() {
        let started = Instant::now();
        let trouble = within(Patience::of(Duration::from_millis(50)), || {
            thread::sleep(Duration::from_secs(5));
            Ok(())
        });
        assert_eq!(trouble.unwrap_err().kind, StoreTrouble::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn stored_bytes_never_get_into_a_message() {
        let trouble = trouble(KeyringError::BadEncoding(b"sk-canary".to_vec()));
        assert_eq!(trouble.kind, StoreTrouble::Broken);
        assert!(!trouble.goose_reads_the_file);
        assert!(!format!("{trouble:?}").contains("115"));
        assert!(!format!("{trouble:?}").contains("canary"));
    }

    #[test]
    fn two_items_mean_that_goose_reads_the_file() {
        let trouble = trouble(KeyringError::Ambiguous(Vec::new()));
        assert!(trouble.goose_reads_the_file);
    }

    #[test]
    fn an_item_too_long_for_windows_is_refused_before_it_is_written() {
        let json = format!("{{\"K\":\"{}\"}}", "x".repeat(1272));
        assert!(is_within(&json, WINDOWS_LIMIT).is_ok());
        let detail = is_within(&format!("{json} "), WINDOWS_LIMIT)
            .unwrap_err()
            .detail;
        assert!(detail.contains("2562") && detail.contains("2560"));
    }

    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd"))]
    #[test]
    fn absent_locked_denied_and_hung_are_told_apart() {
        for (name, kind) in [
            (
                "org.freedesktop.DBus.Error.ServiceUnknown",
                StoreTrouble::Absent,
            ),
            (
                "org.freedesktop.DBus.Error.Spawn.ChildExited",
                StoreTrouble::Absent,
            ),
            (
                "org.freedesktop.DBus.Error.NotSupported",
                StoreTrouble::Absent,
            ),
            (
                "org.freedesktop.DBus.Error.FileNotFound",
                StoreTrouble::Absent,
            ),
            ("org.freedesktop.DBus.Error.NoReply", StoreTrouble::TimedOut),
            (
                "org.freedesktop.DBus.Error.AccessDenied",
                StoreTrouble::Denied,
            ),
            (
                "org.freedesktop.Secret.Error.IsLocked",
                StoreTrouble::Locked,
            ),
        ] {
            assert_eq!(platform::by_name(name).kind, kind, "{name}");
        }
    }
}
