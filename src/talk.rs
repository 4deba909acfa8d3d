//! What is said while working. Talk goes to stderr, results to stdout.

use std::io::Write;
use std::time::Instant;

use console::{Term, measure_text_width, style};

use crate::env::Env;
use crate::sanitize;

/// Speaks to the person at the terminal, or into a log.
#[derive(Debug)]
pub struct Talk {
    term: Term,
    verbose: bool,
    started: Instant,
    /// With a slash at its end; people write `~/` for it.
    home: Option<String>,
}

impl Talk {
    pub fn new(env: &Env, verbose: bool) -> Self {
        Self {
            term: Term::stderr(),
            verbose,
            started: Instant::now(),
            home: env
                .home()
                .filter(|home| home.parent().is_some())
                .map(|home| format!("{}/", home.display())),
        }
    }

    /// A log gets the line as it is; a person gets it as wide as the terminal, with `~` for the home directory. Several
    /// lines at once have a form of their own, such as a diff, and are never wrapped.
    pub fn say(&self, line: impl AsRef<str>) {
        let line = &*sanitize::calm(line.as_ref());
        // Nobody is left to tell when stderr is gone.
        if !self.term.features().is_attended() || line.contains('\n') {
            let _ = self.term.write_line(line);
            return;
        }
        let line = match &self.home {
            Some(home) => line.replace(home.as_str(), "~/"),
            None => line.to_owned(),
        };
        let width = usize::from(self.term.size().1);
        let indent = 2 + line.len() - line.trim_start_matches(' ').len();
        for part in wrapped(&line, width, indent) {
            let _ = self.term.write_line(&part);
        }
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
            // Wider than the terminal, it could not be wiped away whole.
            let width = usize::from(self.term.size().1).saturating_sub(1);
            let line = format!("  {line}…");
            let line = console::truncate_str(&line, width, "…");
            let _ = write!(&self.term, "{}", style(line).dim().for_stderr());
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

/// `text` in lines of at most `width`, those after the first indented. A word that is wider stays whole, so that an
/// address can still be clicked.
pub fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    if measure_text_width(text) <= width {
        return vec![text.to_owned()];
    }
    let start = text.len() - text.trim_start_matches(' ').len();
    let indent = if indent * 2 > width { 0 } else { indent };
    let mut lines = Vec::new();
    let mut line = " ".repeat(start);
    let mut is_empty = true;
    for word in text[start..].split(' ') {
        if !is_empty && measure_text_width(&line) + 1 + measure_text_width(word) > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// How wide the terminal is that results go to, if they go to one.
pub fn terminal_of_results(env: &Env) -> Option<usize> {
    env.stdout_is_terminal()
        .then(|| usize::from(Term::stdout().size().1))
}

/// Says a text that is whole as it is, before there is anybody to talk to.
pub fn complain(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = Term::stderr().write_str(text);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_is_left_alone() {
        assert_eq!(wrapped("  a  b", 6, 4), ["  a  b"]);
    }

    #[test]
    fn a_long_line_goes_on_below_itself_and_never_inside_a_word() {
        let text = "  → make a new one: https://openrouter.ai/settings/keys or go";
        assert_eq!(
            wrapped(text, 20, 4),
            [
                "  → make a new one:",
                "    https://openrouter.ai/settings/keys",
                "    or go"
            ]
        );
    }
}
