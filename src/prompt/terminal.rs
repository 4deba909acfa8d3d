//! The promise that the terminal is given back as it was, also after an interrupt.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::{Term, style};
use zeroize::Zeroizing;

use crate::error::{Error, Exit};

/// The terminal settings to go back to when the process is interrupted.
#[cfg(unix)]
static SAVED: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);
/// How many prompts are open: the terminal is given back with the last of them.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Held while files and secrets are being changed; an interrupt waits for it once.
static CHANGING: Mutex<()> = Mutex::new(());
static ASKED_TWICE: AtomicBool = AtomicBool::new(false);
/// An interrupt is how what is going on now ends well.
static WATCHING: AtomicBool = AtomicBool::new(false);

/// Another program has the terminal, and an interrupt is for that one.
static LENT: AtomicBool = AtomicBool::new(false);
/// An interrupt that ends another program is told to this one too, about then.
const ECHO_OF_INTERRUPT: Duration = Duration::from_millis(50);

/// How often something else than the keyboard is looked at while a line is waited for.
const LOOK: Duration = Duration::from_millis(50);

pub(super) enum First<T> {
    Line(Option<Zeroizing<String>>),
    Other(T),
}

/// Until this is dropped, an interrupt lets the change in hand finish first.
pub fn changing() -> MutexGuard<'static, ()> {
    guard_interrupts();
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on an interrupt ends the process as done: nothing is asked and nothing changes.
pub fn watching() {
    WATCHING.store(true, Ordering::SeqCst);
    guard_interrupts();
}

/// Gives the terminal as it was found to another program, and takes it back however that leaves it.
pub(super) fn lend<T>(to: impl FnOnce() -> T) -> T {
    LENT.store(true, Ordering::SeqCst);
    put_back();
    let result = to();
    std::thread::sleep(ECHO_OF_INTERRUPT);
    put_back();
    silence();
    LENT.store(false, Ordering::SeqCst);
    result
}

fn guard_interrupts() {
    // Set once; a second call finds it set, which is what is wanted.
    let _ = ctrlc::try_set_handler(|| {
        if WATCHING.load(Ordering::SeqCst) {
            let _ = Term::stdout().write_line("");
            end(Exit::Done);
        }
        if LENT.load(Ordering::SeqCst) {
            return;
        }
        let waited = CHANGING.try_lock();
        if waited.is_err() && !ASKED_TWICE.swap(true, Ordering::SeqCst) {
            let _ = Term::stderr()
                .write_line("finishing the change in hand; press Ctrl-C again to stop at once");
            return;
        }
        let term = Term::stderr();
        if term.is_term() {
            // A question stands at the cursor and below it.
            let _ = term.clear_line();
            let _ = term.clear_to_end_of_screen();
        }
        restore();
        let cross = style("✗").red().for_stderr();
        let _ = term.write_line(&if waited.is_ok() {
            format!("{cross} {}", Error::Cancelled)
        } else {
            format!(
                "{cross} stopped in the middle of a change; run `goose-setup status` to see what goose will use"
            )
        });
        end(Exit::Cancelled);
    });
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "an interrupt cannot return through main: that thread is waiting for a key"
)]
fn end(exit: Exit) -> ! {
    std::process::exit(i32::from(exit as u8))
}

/// The terminal is ours until `leave` was called as often.
pub(super) fn enter() {
    guard_interrupts();
    OPEN.fetch_add(1, Ordering::SeqCst);
    silence();
}

pub(super) fn leave() {
    if OPEN.fetch_sub(1, Ordering::SeqCst) == 1 {
        restore();
    }
}

/// Keys typed between questions are not shown: the next question may be the one for a secret. Nor can Ctrl-Z hand the
/// terminal to a shell that would come back with the echo on.
#[cfg(unix)]
fn silence() {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    /// What the system calls `_POSIX_VDISABLE`.
    const NO_KEY: u8 = if cfg!(any(target_os = "linux", target_os = "android")) {
        0
    } else {
        0xff
    };
    let stdin = io::stdin();
    let Ok(found) = tcgetattr(&stdin) else {
        return;
    };
    let mut silent = found.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
    let _ = tcsetattr(&stdin, OptionalActions::Now, &silent);
    let mut saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner);
    saved.get_or_insert(found);
}

/// Until this is dropped, keys arrive one by one also between two reads. `console` takes the terminal out of line mode only
/// while it waits, and what is pressed just outside of that would be edited away as part of a line.
#[cfg(unix)]
pub(super) struct KeyByKey(Option<rustix::termios::Termios>);

#[cfg(unix)]
pub(super) fn key_by_key() -> KeyByKey {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    let Ok(found) = tcgetattr(&stdin) else {
        return KeyByKey(None);
    };
    let mut keys = found.clone();
    keys.local_modes.remove(LocalModes::ICANON);
    keys.special_codes[SpecialCodeIndex::VMIN] = 1;
    keys.special_codes[SpecialCodeIndex::VTIME] = 0;
    let _ = tcsetattr(&stdin, OptionalActions::Now, &keys);
    KeyByKey(Some(found))
}

#[cfg(unix)]
impl Drop for KeyByKey {
    fn drop(&mut self) {
        if let Some(found) = &self.0 {
            let _ = rustix::termios::tcsetattr(
                io::stdin(),
                rustix::termios::OptionalActions::Now,
                found,
            );
        }
    }
}

/// What was typed before a question could be read is no answer to it.
#[cfg(unix)]
pub(super) fn forget_typing() {
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// One line that is not shown, `None` where the input ends. A paste may begin with an empty line, which is passed over.
#[cfg(unix)]
pub(super) fn hidden_line() -> io::Result<Option<Zeroizing<String>>> {
    let stdin = io::stdin();
    // Room for the longest line that a terminal hands over, so that no copy of a key is left behind by growing.
    let mut line = Zeroizing::new([0_u8; 4096]);
    loop {
        let length = match rustix::io::read(&stdin, line.as_mut_slice()) {
            Ok(length) => length,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let text = Zeroizing::new(String::from_utf8_lossy(&line[..length]).into_owned());
        if length == 0 {
            return Ok(None);
        }
        let is_more_there = || rustix::io::ioctl_fionread(&stdin).is_ok_and(|bytes| bytes > 0);
        if text.trim().is_empty() && is_more_there() {
            continue;
        }
        return Ok(Some(text));
    }
}

/// The same, unless `other` gives something first.
#[cfg(unix)]
pub(super) fn hidden_line_or<T>(mut other: impl FnMut() -> Option<T>) -> io::Result<First<T>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let patience = Timespec {
        tv_sec: 0,
        tv_nsec: LOOK.subsec_nanos().into(),
    };
    loop {
        if let Some(other) = other() {
            return Ok(First::Other(other));
        }
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&patience)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return hidden_line().map(First::Line),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The same, unless `other` gives something first. A read that was begun cannot be taken back here, so the person is asked
/// to end it.
#[cfg(not(unix))]
pub(super) fn hidden_line_or<T>(mut other: impl FnMut() -> Option<T>) -> io::Result<First<T>> {
    std::thread::scope(|scope| {
        let line = scope.spawn(hidden_line);
        while !line.is_finished() {
            if let Some(other) = other() {
                let _ = Term::stderr().write_line("press Enter to go on");
                return Ok(First::Other(other));
            }
            std::thread::sleep(LOOK);
        }
        line.join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            .map(First::Line)
    })
}

#[cfg(not(unix))]
pub(super) fn hidden_line() -> io::Result<Option<Zeroizing<String>>> {
    Term::stderr()
        .read_secure_line()
        .map(|line| Some(Zeroizing::new(line)))
}

#[cfg(unix)]
fn restore() {
    put_back();
    *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

#[cfg(unix)]
fn put_back() {
    use rustix::termios::{OptionalActions, tcsetattr};
    let saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(saved) = saved.as_ref() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, saved);
        let _ = Term::stderr().show_cursor();
    }
}

#[cfg(not(unix))]
fn silence() {}

#[cfg(not(unix))]
pub(super) struct KeyByKey;

#[cfg(not(unix))]
pub(super) fn key_by_key() -> KeyByKey {
    KeyByKey
}

#[cfg(not(unix))]
pub(super) fn forget_typing() {}

#[cfg(not(unix))]
fn restore() {
    put_back();
}

#[cfg(not(unix))]
fn put_back() {
    let _ = Term::stderr().show_cursor();
}
