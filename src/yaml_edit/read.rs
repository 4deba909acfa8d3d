//! YAML as goose reads it, and where it goes wrong in words.

use std::path::Path;

use serde_yaml::Mapping;

use super::BOM;
use crate::error::{Error, Result};

/// The map in a file as goose reads it; an empty file is an empty map. The path is for the error.
pub fn parse(path: &Path, text: &[u8]) -> Result<Mapping> {
    mapping(path, decode(path, text)?)
}

/// The map in a file exactly as goose sees it, or nothing where goose ignores the file. A byte order mark is not taken out.
pub fn seen_by_goose(text: &[u8]) -> Option<Mapping> {
    read(std::str::from_utf8(text).ok()?).ok()
}

/// Brackets that open and do not close, more than any real file has. The parser would refuse them too, after minutes.
pub fn is_bottomless(text: &[u8]) -> bool {
    const LIMIT: usize = 4000;
    let mut depth = 0_usize;
    text.iter().any(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > LIMIT
    })
}

pub(super) fn decode<'a>(path: &Path, text: &'a [u8]) -> Result<&'a str> {
    let decoded = std::str::from_utf8(text).map_err(|error| {
        let good = String::from_utf8_lossy(&text[..error.valid_up_to()]);
        let last = good.rsplit('\n').next().unwrap_or_default();
        Error::BrokenFile {
            path: path.into(),
            line: Some(good.matches('\n').count() + 1),
            column: Some(last.trim_start_matches(BOM).chars().count() + 1),
            reason: "it is not UTF-8 text".into(),
        }
    })?;
    Ok(decoded.strip_prefix(BOM).unwrap_or(decoded))
}

pub(super) fn mapping(path: &Path, text: &str) -> Result<Mapping> {
    read(text).map_err(|error| {
        let place = error.location().map(|place| (place.line(), place.column()));
        let (line, column) = place
            .map(|map| second_of_two(text, map, &error.to_string()).unwrap_or(map))
            .unzip();
        Error::BrokenFile {
            path: path.into(),
            line,
            column,
            reason: reason(&error),
        }
    })
}

/// Of a name that a map has twice the parser tells only where the map starts. In a block each name stands in that column.
fn second_of_two(
    text: &str,
    (line, column): (usize, usize),
    error: &str,
) -> Option<(usize, usize)> {
    let (_, named) = error.split_once("duplicate entry with key \"")?;
    let (name, _) = named.split_once('"')?;
    let is_it = |text: &str| {
        let indent = column - 1;
        text.get(..indent)
            .is_some_and(|blank| blank.trim_start_matches([' ', '-']).is_empty())
            && text[indent..]
                .split_once(':')
                .is_some_and(|(key, _)| key.trim_end().trim_matches(['"', '\'']) == name)
    };
    text.lines()
        .enumerate()
        .skip(line - 1)
        .filter(|(_, text)| is_it(text))
        .nth(1)
        .map(|(number, _)| (number + 1, column))
}

pub(super) fn read(text: &str) -> Result<Mapping, serde_yaml::Error> {
    if is_bottomless(text.as_bytes()) {
        return Err(serde::de::Error::custom("recursion limit exceeded"));
    }
    serde_yaml::from_str::<Option<Mapping>>(text).map(Option::unwrap_or_default)
}

/// The parser's words without the place, which the error shows in front, and without any value, which may be a key.
fn reason(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    // Between the largest number of 64 bits and that of 128: no value of the parser's holds it.
    if text.contains("as u128") || text.contains("as i128") {
        return "the number there is larger than goose can read; in quotes it is text".into();
    }
    if text.contains("invalid type") {
        return "it is not a map of names to values".into();
    }
    match error.location() {
        Some(place) => {
            let words = format!(" at line {} column {}", place.line(), place.column());
            text.replacen(&words, "", 1)
        }
        None => text,
    }
}
