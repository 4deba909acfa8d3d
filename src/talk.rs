//! What is said while working. Talk goes to stderr, results to stdout.

use std::io::Write;
use std::time::Instant;

use console::{Term, style};

/// Speaks to the person at the terminal, or into a log.
#[derive(Debug)]
pub struct Talk {
    term: Term,
    verbose: bool,
    started: Instant,
}

impl Talk {
    pub fn new(verbose: bool) -> Self {
        Self {
            term: Term::stderr(),
            verbose,
            started: Instant::now(),
        }
    }

    pub fn say(&self, line: impl AsRef<str>) {
        // Nobody is left to tell when stderr is gone.
        let _ = self.term.write_line(line.as_ref());
    }

    pub fn good(&self, line: impl AsRef<str>) {
        self.say(format!(
            "{} {}",
            style("✓").green().for_stderr(),
            line.as_ref()
        ));
    }

    pub fn bad(&self, line: impl AsRef<str>) {
        self.say(format!(
            "{} {}",
            style("✗").red().for_stderr(),
            line.as_ref()
        ));
    }

    pub fn warn(&self, line: impl AsRef<str>) {
        self.say(format!(
            "{} {}",
            style("!").yellow().for_stderr(),
            line.as_ref()
        ));
    }

    pub fn hint(&self, line: impl AsRef<str>) {
        self.say(format!(
            "  {} {}",
            style("→").cyan().for_stderr(),
            line.as_ref()
        ));
    }

    /// Said only with `-v`.
    pub fn detail(&self, line: impl AsRef<str>) {
        if self.verbose {
            self.say(
                style(format!(
                    "  [{:.3} s] {}",
                    self.started.elapsed().as_secs_f32(),
                    line.as_ref()
                ))
                .dim()
                .for_stderr()
                .to_string(),
            );
        }
    }

    /// A line that is wiped away again by `done`, while something is waited for.
    pub fn busy(&self, line: &str) -> Busy<'_> {
        let shown = self.term.features().is_attended();
        if shown {
            let _ = write!(
                &self.term,
                "{}",
                style(format!("  {line}…")).dim().for_stderr()
            );
        }
        Busy { talk: self, shown }
    }
}

#[derive(Debug)]
pub struct Busy<'t> {
    talk: &'t Talk,
    shown: bool,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if self.shown {
            let _ = self.talk.term.clear_line();
        }
    }
}

/// Prints a result. A reader that went away early, such as `head`, is no failure.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
