//! Showing the same thing again and again, without a flicker while nothing changes.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use console::{Term, style};
use jiff::ZonedDateTime;

use crate::error::{Error, Result};
use crate::prompt;

/// Ends by an interrupt, or when `frame` fails.
pub fn keep(every: Duration, mut frame: impl FnMut() -> Result<String>) -> Result<Infallible> {
    prompt::watching();
    let term = Term::stdout();
    let mut shown = String::new();
    loop {
        let next = frame()?;
        draw(&term, &shown, &next, every)
            .map_err(|error| Error::unexpected(format!("cannot write to the terminal: {error}")))?;
        shown = next;
        std::thread::sleep(every);
    }
}

fn draw(term: &Term, shown: &str, next: &str, every: Duration) -> io::Result<()> {
    if next == shown {
        term.clear_line()?;
    } else {
        term.clear_screen()?;
        term.write_str(next)?;
    }
    let status = format!(
        "{} · every {} s · Ctrl-C ends",
        ZonedDateTime::now().strftime("%H:%M:%S"),
        every.as_secs_f64()
    );
    term.write_str(&style(status).dim().to_string())?;
    term.flush()
}
