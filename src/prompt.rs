//! Questions on the terminal, and the promise that the terminal is given back as it was.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::{Key, Term, style};
use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, FuzzySelect, Input, Password};
use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::{Error, Exit, Result};

/// The terminal settings to go back to when the process is interrupted.
#[cfg(unix)]
static SAVED: Mutex<Option<rustix::termios::Termios>> = Mutex::new(None);
/// Held while files and secrets are being changed; an interrupt waits for it once.
static CHANGING: Mutex<()> = Mutex::new(());
static ASKED_TWICE: AtomicBool = AtomicBool::new(false);

/// How long the main thread leaves the interrupt handler to end the process.
const HANDLER_TIME: Duration = Duration::from_secs(5);
/// Marker, cursor and a margin that a list draws around each line.
const LIST_MARGIN: usize = 6;

/// A terminal with somebody at it. Asked through this alone, so that without one no prompt can appear.
pub struct Prompt {
    term: Term,
    theme: ColorfulTheme,
}

/// What was pressed on the plan screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanKey {
    Apply,
    Cancel,
    Other(char),
}

impl Prompt {
    pub fn open(env: &Env) -> Option<Self> {
        env.can_prompt().then(|| {
            guard_interrupts();
            silence_typing();
            Self {
                term: Term::stderr(),
                theme: ColorfulTheme::default(),
            }
        })
    }

    /// A list to type into. `None` of an answer, by Esc, cancels.
    pub fn choose(&self, question: &str, items: &[String], preset: usize) -> Result<usize> {
        let width = usize::from(self.term.size().1)
            .saturating_sub(LIST_MARGIN)
            .max(20);
        let items: Vec<_> = items
            .iter()
            .map(|item| console::truncate_str(item, width, "…"))
            .collect();
        let answer = FuzzySelect::with_theme(&self.theme)
            .with_prompt(question)
            .items(&items)
            .default(preset)
            .max_length(12)
            .report(false)
            .interact_on_opt(&self.term);
        answered(answer)?.ok_or(Error::Cancelled)
    }

    /// A line that is never shown. Empty when Enter alone was pressed.
    pub fn hidden(&self, question: &str) -> Result<Zeroizing<String>> {
        let answer = Password::with_theme(&self.theme)
            .with_prompt(question)
            .allow_empty_password(true)
            .report(false)
            .interact_on(&self.term);
        answered(answer).map(Zeroizing::new)
    }

    pub fn text(&self, question: &str, preset: &str) -> Result<String> {
        let answer = Input::with_theme(&self.theme)
            .with_prompt(question)
            .default(preset.to_owned())
            .interact_text_on(&self.term);
        answered(answer)
    }

    pub fn confirm(&self, question: &str, preset: bool) -> Result<bool> {
        let answer = Confirm::with_theme(&self.theme)
            .with_prompt(question)
            .default(preset)
            .interact_on_opt(&self.term);
        answered(answer)?.ok_or(Error::Cancelled)
    }

    /// One key under a plan.
    pub fn plan_key(&self, legend: &str) -> Result<PlanKey> {
        let _ = self
            .term
            .write_str(&style(legend).bold().for_stderr().to_string());
        let key = loop {
            match answered_io(self.term.read_key())? {
                Key::Enter => break PlanKey::Apply,
                Key::Escape | Key::Char('q' | 'n') => break PlanKey::Cancel,
                Key::Char(c) => break PlanKey::Other(c),
                _ => {}
            }
        };
        let _ = self.term.clear_line();
        Ok(key)
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Until this is dropped, an interrupt lets the change in hand finish first.
pub fn changing() -> MutexGuard<'static, ()> {
    guard_interrupts();
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answered<T>(answer: dialoguer::Result<T>) -> Result<T> {
    answered_io(answer.map_err(|dialoguer::Error::IO(error)| error))
}

fn answered_io<T>(answer: io::Result<T>) -> Result<T> {
    answer.map_err(|error| {
        if error.kind() == io::ErrorKind::Interrupted {
            // Ctrl-C: the handler is about to end the process, with the terminal restored.
            std::thread::sleep(HANDLER_TIME);
            return Error::Cancelled;
        }
        Error::unexpected(format!("cannot ask on this terminal: {error}"))
    })
}

fn guard_interrupts() {
    // Set once; a second call finds it set, which is what is wanted.
    let _ = ctrlc::try_set_handler(|| {
        let waited = CHANGING.try_lock();
        if waited.is_err() && !ASKED_TWICE.swap(true, Ordering::SeqCst) {
            let _ = Term::stderr()
                .write_line("finishing the change in hand; press Ctrl-C again to stop at once");
            return;
        }
        restore_terminal();
        let term = Term::stderr();
        let _ = term.write_line("");
        let _ = term.write_line(if waited.is_ok() {
            "cancelled, nothing was changed"
        } else {
            "stopped in the middle of a change; run `goose-setup status` to see what goose will use"
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

/// Keys typed between questions are not shown: the next question may be the one for a secret.
#[cfg(unix)]
fn silence_typing() {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    let Ok(found) = tcgetattr(&stdin) else {
        return;
    };
    let mut silent = found.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    let _ = tcsetattr(&stdin, OptionalActions::Now, &silent);
    let mut saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner);
    saved.get_or_insert(found);
}

#[cfg(unix)]
fn restore_terminal() {
    use rustix::termios::{OptionalActions, tcsetattr};
    let saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(saved) = saved {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &saved);
        let _ = Term::stderr().show_cursor();
    }
}

#[cfg(not(unix))]
fn silence_typing() {}

#[cfg(not(unix))]
fn restore_terminal() {
    let _ = Term::stderr().show_cursor();
}
