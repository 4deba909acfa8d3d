//! The handbook: documented limits per provider and tier, each with its page and date, compiled in and readable offline.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::{Auth, Method};

static BOOK: LazyLock<Book> =
    // The tests prove that the rows parse; an empty book is what a broken build would have.
    LazyLock::new(|| serde_json::from_str(ROWS).unwrap_or_default());
const ROWS: &str = include_str!("../../templates/limits.json");
/// Providers change their limits a few times a year.
pub const FRESH_DAYS: i32 = 180;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct Book {
    goose: Measured,
    /// What `limits --set` takes.
    settings: Vec<Setting>,
    providers: Vec<Entry>,
}

/// The size of goose's requests, as measured on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The version it was measured with.
    pub measured: &'static str,
    /// Tokens of the first request of a conversation; the later ones are longer.
    pub first_request: u64,
    /// Tokens of the request that names a new session.
    pub naming_request: u64,
    /// Tokens of an ordinary answer.
    pub answer: u64,
    /// What goose lets a model answer at most, where it sets such a cap.
    pub output_caps: Vec<OutputCap>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputCap {
    pub model: &'static str,
    pub tokens: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub name: &'static str,
    pub kind: SettingKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingKind {
    Switch,
    Count,
    Factor,
}

/// What is known of one provider's limits.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: &'static str,
    /// Free requests that tell more than the check does.
    #[serde(default)]
    pub readers: Vec<Reader>,
    /// The window of a rate header that does not name it.
    #[serde(default)]
    pub header_windows: BTreeMap<&'static str, Window>,
    /// What a request may answer counts against the token limits before it is sent.
    #[serde(default)]
    pub reserves_output: bool,
    /// The credit has to cover all that a request may answer.
    #[serde(default)]
    pub reserves_credit: bool,
    /// The pages of one key, with `{sha256}` for its digest.
    pub key_page: Option<&'static str>,
    pub usage_page: Option<&'static str>,
    pub retries: Option<Retries>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Appended to where goose calls.
    pub path: Option<&'static str>,
    /// Asked at the provider's own address alone.
    pub url: Option<&'static str>,
    #[serde(default)]
    pub method: Method,
    pub auth: Auth,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    OpenrouterKey,
    OpenrouterCredits,
    DeepseekBalance,
    MoonshotBalance,
    NanogptBalance,
    VeniceLimits,
    LitellmKey,
    XaiKey,
    HuggingfaceAccount,
}

/// How goose retries here, and the settings that change it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    pub prefix: &'static str,
    pub count: u32,
    pub first_ms: u32,
    pub factor: f64,
    pub most_ms: u32,
    /// goose ignores a plain number.
    pub text_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    Minute,
    Day,
}

/// The documented limits of one tier. What is not published is `None`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub tier: &'static str,
    /// Patterns of model ids; none means all.
    #[serde(default)]
    pub models: Vec<&'static str>,
    pub requests_per_minute: Option<u64>,
    pub requests_per_day: Option<u64>,
    pub tokens_per_minute: Option<u64>,
    pub tokens_per_day: Option<u64>,
    pub input_tokens_per_minute: Option<u64>,
    pub output_tokens_per_minute: Option<u64>,
    pub note: Option<&'static str>,
    /// What raises the limit.
    pub raise: Option<&'static str>,
    /// The provider's own page.
    pub page: &'static str,
    /// Where the figures were read, if not there.
    pub copy: Option<&'static str>,
    /// The day for which the source states them, else the day it was read.
    pub read: Date,
    /// From a second hand, an undated copy, or contradicted somewhere.
    #[serde(default)]
    pub uncertain: bool,
}

pub fn measured() -> &'static Measured {
    &BOOK.goose
}

pub fn settings() -> &'static [Setting] {
    &BOOK.settings
}

pub fn all() -> &'static [Entry] {
    &BOOK.providers
}

/// What is known of a provider; nothing is known of most.
pub fn of(id: &str) -> Option<&'static Entry> {
    all().iter().find(|entry| entry.id == id)
}

impl Entry {
    /// The rows that speak of this model; those for every model where none does, or none is named.
    pub fn rows_for(&self, model: Option<&str>) -> Vec<&Row> {
        let special = self.rows.iter().filter(|row| {
            model.is_some_and(|model| row.models.iter().any(|pattern| fits(pattern, model)))
        });
        let special: Vec<_> = special.collect();
        if !special.is_empty() {
            return special;
        }
        let general: Vec<_> = self
            .rows
            .iter()
            .filter(|row| row.models.is_empty())
            .collect();
        if general.is_empty() || model.is_none() {
            return self.rows.iter().collect();
        }
        general
    }
}

impl Row {
    pub fn age_in_days(&self, today: Date) -> i32 {
        today.since(self.read).map_or(0, |span| span.get_days())
    }

    pub fn is_stale(&self, today: Date) -> bool {
        self.age_in_days(today) > FRESH_DAYS
    }
}

/// A star at either end stands for anything.
pub fn fits(pattern: &str, model: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), Some(_)) => model.contains(rest.trim_end_matches('*')),
        (Some(end), None) => model.ends_with(end),
        (None, Some(start)) => model.starts_with(start),
        (None, None) => model == pattern,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;
    use crate::catalog;

    #[test]
    fn every_row_parses_and_belongs_to_a_provider_of_goose() {
        let book: Book = serde_json::from_str(ROWS).unwrap();
        assert_eq!(book.providers.len(), all().len());
        assert!(all().len() >= 20);
        let mut seen = HashSet::new();
        for entry in all() {
            assert!(catalog::is_goose_id(entry.id), "{}", entry.id);
            assert!(seen.insert(entry.id), "{}", entry.id);
        }
    }

    #[test]
    fn every_row_names_its_page_and_a_day_and_says_something() {
        for row in all().iter().flat_map(|entry| &entry.rows) {
            for page in [Some(row.page), row.copy].into_iter().flatten() {
                assert!(page.starts_with("https://"), "{page}");
            }
            assert!(row.read > date(2026, 1, 1), "{}", row.page);
            let figures = [
                row.requests_per_minute,
                row.requests_per_day,
                row.tokens_per_minute,
                row.tokens_per_day,
                row.input_tokens_per_minute,
                row.output_tokens_per_minute,
            ];
            assert!(
                row.note.is_some() || figures.iter().any(Option::is_some),
                "{}",
                row.page
            );
            for said in [row.note, row.raise].into_iter().flatten() {
                assert!(!said.ends_with('.'), "{said}");
            }
        }
    }

    #[test]
    fn every_reader_keeps_the_key_at_its_provider() {
        for entry in all() {
            for reader in &entry.readers {
                assert!(
                    reader.path.is_some() != reader.url.is_some(),
                    "{}",
                    entry.id
                );
                if let Some(url) = reader.url {
                    assert!(url.starts_with("https://"), "{url}");
                }
            }
        }
    }

    #[test]
    fn the_rows_of_a_model_come_before_those_of_all() {
        let openrouter = of("openrouter").unwrap();
        let tiers = |model| -> Vec<_> {
            openrouter
                .rows_for(model)
                .iter()
                .map(|row| row.tier)
                .collect()
        };
        assert_eq!(tiers(Some("x/y:free")).len(), 2);
        assert_eq!(tiers(Some("x/y")), ["paid models"]);
        assert_eq!(tiers(None).len(), 3);
    }

    #[test]
    fn a_row_is_stale_after_half_a_year() {
        let row = Row {
            read: date(2026, 10, 17),
            ..Row::default()
        };
        assert!(!row.is_stale(date(2027, 4, 15)));
        assert!(row.is_stale(date(2027, 4, 16)));
    }

    #[test]
    fn stars_stand_for_anything_at_the_ends() {
        for (pattern, model, is_one) in [
            ("*:free", "a/b:free", true),
            ("*:free", "a/b", false),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("*claude-sonnet-4*", "anthropic/claude-sonnet-4.5", true),
        ] {
            assert_eq!(fits(pattern, model), is_one, "{pattern} {model}");
        }
    }
}
