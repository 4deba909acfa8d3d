//! How limits look to a person: a table with bars on a terminal, plain lines in a pipe.

use console::style;
use jiff::ZonedDateTime;

use super::advice::thousands;
use super::bars::bar;
use super::book::Row;
use super::figures::{Figures, Purse, Rate};
use super::sheet::Sheet;
use super::when;
use crate::check::account::money;
use crate::error::Exit;
use crate::talk;

const MARGIN: usize = 2;
const LABEL: usize = 12;

/// `terminal`: how wide the one is that this goes to.
pub fn text(sheet: &Sheet, now: &ZonedDateTime, terminal: Option<usize>) -> String {
    let mut lines = Lines {
        text: String::new(),
        terminal,
    };
    let model = sheet.model.as_ref().map(|model| format!(" · {model}"));
    lines.head(&format!("{}{}", sheet.title, model.unwrap_or_default()));
    if let Some(live) = &sheet.live {
        lines.push("key", live.finding.verdict.word());
        if live.finding.verdict.exit() != Exit::Done {
            lines.push("", &live.finding.detail);
            lines.push("", &format!("→ {}", live.finding.action));
        }
        figures(&live.figures, &mut lines, now);
    }
    if let Some(note) = &sheet.note {
        lines.push("live", note);
    }
    for row in &sheet.rows {
        documented(row, &mut lines);
    }
    if sheet.rows.is_empty() {
        lines.push("documented", "nothing is known of its limits");
    }
    for (index, advice) in sheet.advice.iter().enumerate() {
        lines.push(if index == 0 { "advice" } else { "" }, &advice.text);
        if let Some(command) = &advice.command {
            lines.push("", &format!("→ {command}"));
        }
    }
    for (name, page) in sheet.links.all() {
        lines.push(name, page);
    }
    lines.text
}

struct Lines {
    text: String,
    terminal: Option<usize>,
}

impl Lines {
    fn head(&mut self, title: &str) {
        self.text.push_str(&format!("{}\n", style(title).bold()));
    }

    fn push(&mut self, label: &str, what: &str) {
        let label = style(format!("{label:<LABEL$}")).dim();
        let line = format!("  {label}{what}");
        // An address that is all there is stays beside its label.
        let width = self.terminal.filter(|_| what.contains(' '));
        for part in talk::wrapped(line.trim_end(), width.unwrap_or(usize::MAX), MARGIN + LABEL) {
            self.text.push_str(&part);
            self.text.push('\n');
        }
    }

    /// A figure with its source, and how much of the whole it is.
    fn push_figure(&mut self, label: &str, part: Option<f64>, what: &str, source: &str) {
        let source = style(format!("[{source}]")).dim();
        let bar = part.filter(|_| self.terminal.is_some()).map(bar);
        let before = bar.map(|bar| format!("{bar} ")).unwrap_or_default();
        self.push(label, &format!("{before}{what} {source}"));
    }
}

fn figures(figures: &Figures, lines: &mut Lines, now: &ZonedDateTime) {
    for purse in &figures.purses {
        let part = part(purse.credit.remaining, purse.credit.limit);
        lines.push_figure("credit", part, &credit(purse, now), &purse.source);
    }
    if let Some(first) = figures.spent.first() {
        let spent: Vec<_> = figures
            .spent
            .iter()
            .map(|spent| format!("{} {}", money(spent.amount, spent.unit), spent.during))
            .collect();
        lines.push_figure("spent", None, &spent.join(" · "), &first.source);
    }
    for known in &figures.rates {
        let part = part(known.remaining, known.limit);
        lines.push_figure("rate", part, &rate(known, now), &known.source);
    }
    if let Some(tier) = &figures.tier {
        let source = figures.tier_source.as_deref().unwrap_or_default();
        lines.push_figure("tier", None, tier, source);
    }
    for note in &figures.notes {
        lines.push("", note);
    }
}

fn part(remaining: Option<f64>, limit: Option<f64>) -> Option<f64> {
    Some(remaining? / limit.filter(|limit| *limit > 0.0)?)
}

fn credit(purse: &Purse, now: &ZonedDateTime) -> String {
    let credit = &purse.credit;
    let unit = credit.unit.as_deref().unwrap_or("USD");
    let amount = match (credit.remaining, credit.limit) {
        (Some(left), Some(limit)) => {
            format!("{} of {} left", money(left, unit), money(limit, unit))
        }
        (Some(left), None) => format!("{} left", money(left, unit)),
        (None, Some(limit)) => format!("a cap of {}", money(limit, unit)),
        (None, None) => "unknown".into(),
    };
    // A period that is a number, such as 30d, and not a word, such as weekly.
    let period = credit.resets.as_ref().map(|how| {
        let is_number = how.starts_with(|c: char| c.is_ascii_digit());
        format!("{}{how}", if is_number { "every " } else { "" })
    });
    let resets = match (period, purse.resets_at) {
        (Some(how), Some(at)) => format!(", resets {how} ({})", when::local(at, now)),
        (None, Some(at)) => format!(", resets {}", when::local(at, now)),
        (Some(how), None) => format!(", resets {how}"),
        (None, None) => String::new(),
    };
    format!("{amount} on {}{resets}", purse.owner).replace("on the account", "in the account")
}

fn rate(rate: &Rate, now: &ZonedDateTime) -> String {
    let amount = match (rate.remaining, rate.limit) {
        (Some(left), Some(limit)) => {
            format!(
                "{} of {} {} left",
                thousands(left),
                thousands(limit),
                rate.name
            )
        }
        (Some(left), None) => format!("{} {} left", thousands(left), rate.name),
        (None, Some(limit)) => format!("{} {}", thousands(limit), rate.name),
        (None, None) => rate.name.clone(),
    };
    match rate.resets_at {
        Some(at) => format!("{amount}, resets {}", when::local(at, now)),
        None => amount,
    }
}

fn documented(row: &Row, lines: &mut Lines) {
    let number = |n: Option<u64>, what: &str| Some(format!("{} {what}", thousands(n? as f64)));
    let mut facts: Vec<String> = [
        number(row.requests_per_minute, "requests a minute"),
        number(row.requests_per_day, "requests a day"),
        number(row.tokens_per_minute, "tokens a minute"),
        number(row.tokens_per_day, "tokens a day"),
        number(row.input_tokens_per_minute, "input tokens a minute"),
        number(row.output_tokens_per_minute, "output tokens a minute"),
    ]
    .into_iter()
    .flatten()
    .collect();
    facts.extend(row.note.map(str::to_owned));
    let of = match row.models.as_slice() {
        [] => String::new(),
        models => format!(" ({})", models.join(", ")),
    };
    lines.push(
        "documented",
        &format!("{}{of}: {}", row.tier, facts.join(", ")),
    );
    if let Some(raise) = row.raise {
        lines.push("", &format!("higher with: {raise}"));
    }
    let doubt = if row.uncertain { ", uncertain" } else { "" };
    lines.push("", &format!("{} (read {}{doubt})", row.page, row.read));
}
