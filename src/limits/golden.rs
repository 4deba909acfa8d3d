//! Each reader against recorded answers of its provider: what a person and what a script is told, word for word.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde::Deserialize;
use serde_json::{Value, json};

use super::advice::Setup;
use super::ask::Live;
use super::book;
use super::readers::{self, Asked};
use super::sheet::{Known, Sheet};
use super::view;
use crate::check::Finding;
use crate::verdict::Verdict;

const ANSWERS: &str = include_str!("golden/answers.json");
const TOLD: &str = include_str!("golden/told.txt");
/// What the readers decide; the rest of a sheet does not depend on an answer.
const FIELDS: [&str; 8] = [
    "exhausted",
    "credit",
    "credits",
    "spent",
    "rates",
    "tier",
    "tier_source",
    "notes",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    what: String,
    provider: String,
    /// Which of the provider's readers, by its place in the table.
    #[serde(default)]
    reader: usize,
    model: String,
    source: String,
    answer: Value,
}

fn now() -> ZonedDateTime {
    let now: Timestamp = "2026-11-24T15:31:00Z".parse().unwrap();
    now.to_zoned_datetime(TimeZone::UTC)
}

fn sheet(recorded: &Recorded) -> Sheet {
    let entry = book::of(&recorded.provider).unwrap();
    let asked = Asked {
        now: now().timestamp(),
        model: Some(&recorded.model),
        source: &recorded.source,
    };
    let shape = entry.readers[recorded.reader].shape;
    let known = Known {
        id: &recorded.provider,
        model: Some(recorded.model.clone()),
        live: Some(Live {
            finding: Finding::new(Verdict::Valid, "the key is good", ""),
            figures: readers::read(shape, &recorded.answer, asked),
        }),
        key: None,
        setup: Setup::default(),
        max_tokens: None,
        note: None,
    };
    Sheet::of(known, &now())
}

/// The lines between the key and what is documented.
fn told(sheet: &Sheet) -> String {
    let text = console::strip_ansi_codes(&view::text(sheet, &now(), None)).into_owned();
    text.lines()
        .skip_while(|line| !line.starts_with("  key "))
        .skip(1)
        .take_while(|line| !line.starts_with("  documented"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn every_reader_tells_a_person_and_a_script_what_is_written_here() {
    let recorded: Vec<Recorded> = serde_json::from_str(ANSWERS).unwrap();
    for entry in book::all() {
        let of_entry = recorded.iter().filter(|it| it.provider == entry.id);
        let seen: Vec<usize> = of_entry.map(|it| it.reader).collect();
        for place in 0..entry.readers.len() {
            assert!(seen.contains(&place), "no answer for {} {place}", entry.id);
        }
    }
    let mut all = String::new();
    for recorded in &recorded {
        let sheet = sheet(recorded);
        let full = sheet.to_json();
        let fields: Value = FIELDS
            .iter()
            .map(|name| ((*name).to_owned(), full[name].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        all.push_str(&format!("== {}\n{}", recorded.what, told(&sheet)));
        for (name, value) in fields.as_object().unwrap() {
            let is_empty = value.is_null() || *value == json!([]);
            if !is_empty {
                all.push_str(&format!("{name}: {value}\n"));
            }
        }
    }
    assert!(all == TOLD, "this is told now:\n{all}");
}
