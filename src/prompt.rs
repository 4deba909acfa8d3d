//! Questions on the terminal. Each leaves nothing of itself behind but the cursor where it found it, at any width.

pub mod list;
mod terminal;

use std::io;
use std::time::{Duration, Instant};

use console::{Key, Term, measure_text_width, style};
use dialoguer::Input;
use dialoguer::theme::ColorfulTheme;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::talk;
use list::{Choice, Item, List, Step, within};
use terminal::First;

pub use terminal::{changing, watching};

/// How long the main thread leaves the interrupt handler to end the process.
const HANDLER_TIME: Duration = Duration::from_secs(5);
/// What dialoguer puts around a question.
const MARKS: usize = 6;
/// What is typed over the edge of the terminal could not be wiped away whole.
const ROOM_TO_TYPE: usize = 48;
const LIST_KEYS: &str = "  ↑↓ move · type to filter · Enter choose · Esc cancel";

/// A terminal with somebody at it. Asked through this alone, so that without one no prompt can appear.
pub struct Prompt {
    term: Term,
    theme: ColorfulTheme,
    /// Begins anew with every answer.
    clock: Clock,
}

/// What ended the wait for a hidden line.
#[derive(Debug)]
pub enum Heard<T> {
    Line(Zeroizing<String>),
    /// What else was looked out for.
    Event(T),
    /// The time is over.
    Nothing,
}

/// What was pressed under a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanKey {
    Apply,
    Cancel,
    Other(char),
}

impl Prompt {
    pub fn open(env: &Env, clock: Clock) -> Option<Self> {
        env.can_prompt().then(|| {
            terminal::enter();
            Self {
                term: Term::stderr(),
                clock,
                theme: ColorfulTheme {
                    prompt_prefix: style("?".to_owned()).for_stderr().cyan(),
                    ..ColorfulTheme::default()
                },
            }
        })
    }

    /// A list to type into. Esc cancels.
    pub fn choose(&self, question: &str, items: &[Item], preset: usize) -> Result<usize> {
        match self.pick(question, items, preset, false)? {
            Choice::Item(index) => Ok(index),
            Choice::Typed(_) => Err(Error::Cancelled),
        }
    }

    /// The same, where what was typed may be an answer of its own.
    pub fn choose_or_type(&self, question: &str, items: &[Item], preset: usize) -> Result<Choice> {
        self.pick(question, items, preset, true)
    }

    fn pick(
        &self,
        question: &str,
        items: &[Item],
        preset: usize,
        takes_typed: bool,
    ) -> Result<Choice> {
        let _keys = terminal::key_by_key();
        terminal::forget_typing();
        let mut list = List::new(items, preset, takes_typed);
        loop {
            let (width, height) = self.size();
            let asked = format!("? {question} › {}", list.typed());
            // The question, the keys and an empty last line.
            let mut below = list.view(width, height.saturating_sub(3));
            below.push(dim(&within(
                &format!("{LIST_KEYS} · {}", list.count()),
                width,
            )));
            self.show(&asked, &below)?;
            let key = self.key()?;
            self.clear()?;
            match list.press(&key) {
                Step::On => {}
                Step::Chosen(choice) => return Ok(choice),
                Step::Cancelled => return Err(Error::Cancelled),
            }
        }
    }

    /// A line that is never shown. Empty when Enter alone was pressed. What was typed before the question counts, since
    /// that was not shown either.
    pub fn hidden(&self, question: &str) -> Result<Zeroizing<String>> {
        let question = self.short(question, 0, "key");
        self.show(&format!("? {question} › "), &[])?;
        let line = answered_io(terminal::hidden_line())?;
        self.clock.restart();
        self.clear()?;
        line.ok_or(Error::Cancelled)
    }

    /// The same, unless `event` gives something or the time is over first. Here a line typed before the question does not
    /// count: Enter alone may be an answer.
    pub fn hidden_or<T>(
        &self,
        question: &str,
        until: Instant,
        mut event: impl FnMut() -> Option<T>,
    ) -> Result<Heard<T>> {
        terminal::forget_typing();
        let question = self.short(question, 0, "answer");
        self.show(&format!("? {question} › "), &[])?;
        let first = answered_io(terminal::hidden_line_or(|| match event() {
            Some(event) => Some(Heard::Event(event)),
            None => (Instant::now() >= until).then_some(Heard::Nothing),
        }))?;
        self.clock.restart();
        self.clear()?;
        match first {
            First::Line(line) => line.map(Heard::Line).ok_or(Error::Cancelled),
            First::Other(heard) => Ok(heard),
        }
    }

    pub fn text(&self, question: &str, preset: &str) -> Result<String> {
        terminal::forget_typing();
        let mut input = Input::with_theme(&self.theme)
            .with_prompt(self.short(question, preset.len().max(ROOM_TO_TYPE), "answer"))
            .allow_empty(true)
            .report(false);
        if !preset.is_empty() {
            input = input.default(preset.to_owned());
        }
        let answer = input.interact_text_on(&self.term);
        self.clock.restart();
        answered(answer)
    }

    pub fn confirm(&self, question: &str, preset: bool) -> Result<bool> {
        let _keys = terminal::key_by_key();
        terminal::forget_typing();
        let keys = if preset { " [Y/n] " } else { " [y/N] " };
        let (width, _) = self.size();
        let room = width.saturating_sub(keys.len());
        let mut lines = talk::wrapped(&format!("? {question}"), room, 2);
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            answered_io(self.term.write_line(&marked(&line)))?;
        }
        loop {
            self.show(&format!("{last}{keys}"), &[])?;
            let key = self.key()?;
            self.clear()?;
            let (answer, word) = match key {
                Key::Enter => (preset, if preset { "yes" } else { "no" }),
                Key::Char('y' | 'Y') => (true, "yes"),
                Key::Char('n' | 'N') => (false, "no"),
                Key::Escape => return Err(Error::Cancelled),
                _ => continue,
            };
            answered_io(self.term.write_line(&marked(&format!("{last} · {word}"))))?;
            return Ok(answer);
        }
    }

    /// One key under a plan: Enter, Esc, or one of `others` with what it does.
    pub fn plan_key(&self, others: &[(char, &str)]) -> Result<PlanKey> {
        let _keys = terminal::key_by_key();
        terminal::forget_typing();
        let (width, height) = self.size();
        // The two that everybody needs come first, so that a low terminal shows them.
        let mut keys = vec![
            ("Enter".to_owned(), "yes"),
            ("Esc".to_owned(), "no, leave everything as it is"),
        ];
        keys.extend(others.iter().map(|(key, does)| (key.to_string(), *does)));
        let mut below: Vec<String> = keys
            .iter()
            .flat_map(|(key, does)| talk::wrapped(&format!("  {key:<7}{does}"), width, 9))
            .collect();
        below.truncate(height.saturating_sub(2));
        self.show("? Make these changes? ", &below)?;
        let key = loop {
            match self.key()? {
                Key::Enter => break PlanKey::Apply,
                Key::Escape | Key::Char('q' | 'n') => break PlanKey::Cancel,
                Key::Char(c) if others.iter().any(|(other, _)| *other == c) => {
                    break PlanKey::Other(c);
                }
                _ => {}
            }
        };
        self.clear()?;
        Ok(key)
    }

    /// Leaves the terminal to another program until that one ends; an interrupt is for it alone.
    pub fn lend<T>(&self, to: impl FnOnce() -> T) -> T {
        terminal::lend(to)
    }

    /// Takes back what was shown last, as far as it is still on the screen.
    pub fn take_back(&self, shown: &str) -> Result<()> {
        let (width, height) = self.size();
        let rows: usize = shown
            .lines()
            .map(|line| measure_text_width(line).div_ceil(width).max(1))
            .sum();
        answered_io(self.term.move_cursor_up(rows.min(height)))?;
        self.clear()
    }

    /// A question with lines below it, and the cursor where the answer goes. The cursor's own line is the anchor, so that
    /// a terminal that is resized meanwhile takes the whole along.
    fn show(&self, question: &str, below: &[String]) -> Result<()> {
        let (width, _) = self.size();
        // Where there is no room for all, the end is what was typed last.
        let room = width.saturating_sub(1);
        let asked = match question.chars().count().checked_sub(room) {
            None | Some(0) => question.to_owned(),
            Some(over) => format!("? …{}", question.chars().skip(over + 3).collect::<String>()),
        };
        let mut text = marked(&asked);
        for line in below {
            text.push('\n');
            text.push_str(line);
        }
        answered_io(self.term.write_str(&text))?;
        if !below.is_empty() {
            answered_io(self.term.move_cursor_up(below.len()))?;
        }
        answered_io(self.term.write_str("\r"))?;
        answered_io(self.term.move_cursor_right(measure_text_width(&asked)))
    }

    fn clear(&self) -> Result<()> {
        answered_io(self.term.clear_line())?;
        answered_io(self.term.clear_to_end_of_screen())
    }

    fn key(&self) -> Result<Key> {
        let key = answered_io(self.term.read_key());
        self.clock.restart();
        key
    }

    /// The question where it has room beside its answer; else it is said above, and `short` stands for it.
    fn short(&self, question: &str, answer: usize, short: &str) -> String {
        let (width, _) = self.size();
        if measure_text_width(question) + answer + MARKS <= width {
            return question.to_owned();
        }
        for line in talk::wrapped(&format!("  {question}"), width, 2) {
            // A terminal that is gone says so at the question itself.
            let _ = self.term.write_line(&line);
        }
        short.to_owned()
    }

    /// Columns and rows; never none, which is what some terminals say of themselves.
    fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.term.size();
        (usize::from(columns).max(8), usize::from(rows).max(4))
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        terminal::leave();
    }
}

/// The mark of a question in the one colour that asks.
fn marked(line: &str) -> String {
    match line.strip_prefix("? ") {
        Some(question) => format!(
            "{} {}",
            style("?").cyan().for_stderr(),
            style(question).bold().for_stderr()
        ),
        None => line.to_owned(),
    }
}

fn dim(text: &str) -> String {
    style(text).dim().for_stderr().to_string()
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
