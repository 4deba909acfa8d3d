//! Edits of YAML files that people wrote: comments, order, quoting and line ends stay, and what goose will read is proven.
//!
//! `serde_yaml`, the parser inside goose, is the judge: it decides which files are valid, and after every edit its reading of
//! the new text must equal the value computed apart from the text. Where the text editor cannot do that, the file is written
//! anew without its comments, and `comments_lost` says so.
//!
//! A byte order mark is always taken out: goose ignores a file that has one. A file without a final newline stays one.

mod read;
mod source;

use std::path::Path;
use std::str::FromStr;

use serde_yaml::{Mapping, Value};
use yaml_edit::YamlFile;

use crate::error::{Error, Result};
use read::{decode, mapping, read};
pub use read::{is_bottomless, parse, seen_by_goose};
pub use source::source_of;

const BOM: char = '\u{feff}';

#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Puts `value` at `path`. What stands in the way of the path and is no map becomes one.
    Set {
        path: Vec<String>,
        value: Value,
    },
    Remove {
        path: Vec<String>,
    },
}

impl Edit {
    pub fn set<const N: usize>(path: [&str; N], value: impl Into<Value>) -> Self {
        Self::Set {
            path: path.map(str::to_owned).into(),
            value: value.into(),
        }
    }

    pub fn remove<const N: usize>(path: [&str; N]) -> Self {
        Self::Remove {
            path: path.map(str::to_owned).into(),
        }
    }

    /// The edit made on a value. Order stays, new keys come last.
    pub fn make(&self, root: &mut Mapping) {
        let Some((last, parents)) = self.path().split_last() else {
            return;
        };
        let mut map = root;
        for key in parents {
            let value = match self {
                Edit::Set { .. } => map
                    .entry(key.as_str().into())
                    .or_insert_with(|| Mapping::new().into()),
                Edit::Remove { .. } => match map.get_mut(key.as_str()) {
                    Some(value) => value,
                    None => return,
                },
            };
            if matches!(self, Edit::Set { .. }) && !value.is_mapping() {
                *value = Mapping::new().into();
            }
            map = match value.as_mapping_mut() {
                Some(map) => map,
                None => return,
            };
        }
        match self {
            Edit::Set { value, .. } => {
                map.insert(last.as_str().into(), value.clone());
            }
            Edit::Remove { .. } => {
                map.shift_remove(last.as_str());
            }
        }
    }

    fn path(&self) -> &[String] {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    pub text: Vec<u8>,
    bom_removed: bool,
    pub comments_lost: bool,
}

impl Edited {
    /// What a person should know about how the file at `path` was changed.
    pub fn notes(&self, path: &Path) -> Vec<String> {
        let path = path.display();
        let mark = self.bom_removed.then(|| {
            format!(
                "{path} began with a byte order mark, which makes goose ignore it; the mark is taken out"
            )
        });
        let comments = self.comments_lost.then(|| {
            format!("{path} cannot be changed in place; it is written anew, without its comments")
        });
        mark.into_iter().chain(comments).collect()
    }
}

/// The text after the edits, in order. Edits that change nothing give back the same bytes.
pub fn apply(path: &Path, text: &[u8], edits: &[Edit]) -> Result<Edited> {
    let decoded = decode(path, text)?;
    let mut now = mapping(path, decoded)?;
    let mut text_now = decoded.to_owned();
    let mut comments_lost = false;
    for edit in edits {
        let mut wanted = now.clone();
        edit.make(&mut wanted);
        if same(&wanted, &now) {
            continue;
        }
        text_now = match careful(&text_now, &now, &wanted, edit) {
            Some(text) => text,
            None => {
                comments_lost = true;
                emit(&wanted, style(&text_now))?
            }
        };
        now = wanted;
    }
    Ok(Edited {
        text: text_now.into_bytes(),
        bom_removed: text.starts_with(BOM.to_string().as_bytes()),
        comments_lost,
    })
}

/// Equal in every value and in the order of keys, which people see.
fn same(one: &Mapping, other: &Mapping) -> bool {
    fn same_value(one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Mapping(one), Value::Mapping(other)) => same(one, other),
            (Value::Sequence(one), Value::Sequence(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|(one, other)| same_value(one, other))
            }
            (Value::Tagged(one), Value::Tagged(other)) => {
                one.tag == other.tag && same_value(&one.value, &other.value)
            }
            _ => one == other,
        }
    }
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|((key, value), (other_key, other))| {
                same_value(key, other_key) && same_value(value, other)
            })
}

/// The first way of editing the text that reads as wanted.
fn careful(text: &str, now: &Mapping, wanted: &Mapping, edit: &Edit) -> Option<String> {
    let newline = style(text);
    let reads_as_wanted = |text: &String| read(text).is_ok_and(|reading| same(&reading, wanted));
    if now.is_empty() && !has_flow_root(text) {
        return filled(text, wanted, newline)
            .into_iter()
            .find(reads_as_wanted);
    }
    if text.ends_with('\n') {
        return edited(text, wanted, edit).filter(reads_as_wanted);
    }
    // The editor needs a final newline. It goes again afterwards, unless a value would change with it.
    let ended = edited(&format!("{text}{newline}"), wanted, edit);
    let bare = ended.as_ref().map(|text| {
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text).to_owned()
    });
    let untouched = || edited(text, wanted, edit);
    bare.filter(reads_as_wanted)
        .or_else(|| ended.filter(reads_as_wanted))
        .or_else(|| untouched().filter(reads_as_wanted))
}

/// Ways to put a first key into a file that holds nothing but comments, markers, or a null.
fn filled(text: &str, wanted: &Mapping, newline: &str) -> Vec<String> {
    let Ok(addition) = emit(wanted, newline) else {
        return Vec::new();
    };
    let mut start = text.to_owned();
    if !start.is_empty() && !start.ends_with('\n') {
        start.push_str(newline);
    }
    let without_null: String = start
        .split_inclusive('\n')
        .filter(|line| !matches!(line.trim(), "~" | "null" | "Null" | "NULL"))
        .collect();
    vec![start + &addition, without_null + &addition]
}

fn has_flow_root(text: &str) -> bool {
    text.lines()
        .map(|line| line.strip_prefix("---").unwrap_or(line).trim_start())
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with('{'))
}

fn edited(text: &str, wanted: &Mapping, edit: &Edit) -> Option<String> {
    let file = YamlFile::from_str(text).ok()?;
    let mut map = file.document()?.as_mapping()?;
    let mut values = wanted;
    let (last, parents) = edit.path().split_last()?;
    for key in parents {
        let value = values.get(key.as_str())?;
        match map.get_mapping(key.as_str()) {
            Some(child) => map = child,
            // Nothing, a null, an alias or no map at all: the whole value goes in as it must be in the end.
            None => {
                put(&map, key, value)?;
                return Some(file.to_string());
            }
        }
        values = value.as_mapping()?;
    }
    match edit {
        Edit::Set { .. } => put(&map, last, values.get(last.as_str())?)?,
        Edit::Remove { .. } => {
            map.remove(last.as_str())?;
        }
    }
    Some(file.to_string())
}

fn put(map: &yaml_edit::Mapping, key: &str, value: &Value) -> Option<()> {
    match value {
        Value::String(text) if !text.contains(['\n', '\r']) => map.set(key, text.as_str()),
        _ => {
            // A parsed node keeps the order of its keys; the editor's own map type sorts them.
            let holder = Mapping::from_iter([(Value::from("value"), value.clone())]);
            let file = YamlFile::from_str(&serde_yaml::to_string(&holder).ok()?).ok()?;
            map.set(key, file.document()?.get("value")?);
        }
    }
    Some(())
}

fn emit(value: &Mapping, newline: &str) -> Result<String> {
    if value.is_empty() {
        return Ok(format!("{{}}{newline}"));
    }
    let text = serde_yaml::to_string(value)
        .map_err(|error| Error::unexpected(format!("cannot write YAML: {error}")))?;
    Ok(if newline == "\n" {
        text
    } else {
        text.replace('\n', newline)
    })
}

fn style(text: &str) -> &'static str {
    match text.split_once('\n') {
        Some((line, _)) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests;
