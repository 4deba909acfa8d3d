//! Edits of YAML files that people wrote: comments, order, quoting and line ends stay, and what goose will read is proven.
//!
//! `serde_yaml`, the parser inside goose, is the judge: it decides which files are valid, and after every edit its reading of
//! the new text must equal the value computed apart from the text. Where the text editor cannot do that, the file is written
//! anew without its comments, and `comments_lost` says so.
//!
//! A byte order mark is always taken out: goose ignores a file that has one. A file without a final newline stays one.

use std::path::Path;
use std::str::FromStr;

use serde_yaml::{Mapping, Value};
use yaml_edit::YamlFile;

use crate::error::{Error, Result};

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
    pub bom_removed: bool,
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

fn decode<'a>(path: &Path, text: &'a [u8]) -> Result<&'a str> {
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

fn mapping(path: &Path, text: &str) -> Result<Mapping> {
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

fn read(text: &str) -> Result<Mapping, serde_yaml::Error> {
    if is_bottomless(text.as_bytes()) {
        return Err(serde::de::Error::custom("recursion limit exceeded"));
    }
    serde_yaml::from_str::<Option<Mapping>>(text).map(Option::unwrap_or_default)
}

/// The parser's words without the place, which the error shows in front, and without any value, which may be a key.
fn reason(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use proptest::prelude::*;

    use super::*;

    fn path() -> &'static Path {
        Path::new("config.yaml")
    }

    fn edit(text: &str, edits: &[Edit]) -> Edited {
        apply(path(), text.as_bytes(), edits).unwrap()
    }

    #[track_caller]
    fn check(before: &str, edits: &[Edit], after: &str) {
        let edited = edit(before, edits);
        assert_eq!(String::from_utf8(edited.text).unwrap(), after);
        assert!(!edited.comments_lost);
    }

    #[track_caller]
    fn broken(text: &[u8]) -> (Option<usize>, Option<usize>, String) {
        match apply(path(), text, &[Edit::set(["a"], "b")]).unwrap_err() {
            Error::BrokenFile {
                line,
                column,
                reason,
                ..
            } => (line, column, reason),
            other => unreachable!("{other}"),
        }
    }

    #[test]
    fn comments_order_and_quoting_stay_around_an_edit() {
        check(
            "# mine\na: 'one' # first\n\nb:   \"two\"\n# end\n",
            &[Edit::set(["b"], "three")],
            "# mine\na: 'one' # first\n\nb:   three\n# end\n",
        );
    }

    #[test]
    fn a_trailing_comment_outlives_the_value_before_it() {
        check(
            "model: old # why\nx: 1\n",
            &[Edit::set(["model"], "new")],
            "model: new # why\nx: 1\n",
        );
    }

    #[test]
    fn new_keys_come_last() {
        check(
            "b: 1\na: 2\n",
            &[Edit::set(["c"], "x"), Edit::set(["0"], "y")],
            "b: 1\na: 2\nc: x\n'0': y\n",
        );
    }

    #[test]
    fn nested_keys_are_added_in_block_and_flow() {
        check(
            "p:\n    a: {enabled: true, model: m} # keep\nz: 1\n",
            &[
                Edit::set(["p", "a", "model"], "n"),
                Edit::set(["p", "a", "configured"], true),
                Edit::set(["p", "b"], "c"),
            ],
            "p:\n    a: {enabled: true, model: n, configured: true} # keep\n    b: c\nz: 1\n",
        );
    }

    #[test]
    fn a_map_goes_in_with_the_order_of_its_keys() {
        let entry: Mapping = [
            ("enabled".into(), true.into()),
            ("model".into(), "m".into()),
            ("configured".into(), true.into()),
        ]
        .into_iter()
        .collect();
        check(
            "a: 1 # one\n",
            &[Edit::set(["providers", "x"], entry)],
            "a: 1 # one\nproviders:\n  x:\n    enabled: true\n    model: m\n    configured: true\n",
        );
    }

    #[test]
    fn a_null_parent_becomes_a_map() {
        for before in ["p:\nz: 1\n", "p: ~\nz: 1\n", "p: null\nz: 1\n"] {
            let edited = edit(before, &[Edit::set(["p", "q", "r"], "s")]);
            let text = String::from_utf8(edited.text).unwrap();
            assert_eq!(text, "p:\n  q:\n    r: s\nz: 1\n", "from {before:?}");
            assert!(!edited.comments_lost);
        }
    }

    #[test]
    fn removing_takes_one_line_and_nothing_else() {
        check(
            "# head\na: 1 # one\nb: 2\n# about c\nc: 3\n",
            &[Edit::remove(["b"]), Edit::remove(["no", "such"])],
            "# head\na: 1 # one\n# about c\nc: 3\n",
        );
    }

    #[test]
    fn an_edit_that_changes_nothing_gives_back_the_same_bytes() {
        for text in [
            "",
            "# only\n",
            "~\n",
            "a:   'b'   # c\r\n",
            "a: b",
            "{a: b}",
            "---\na: b\n...\n",
        ] {
            let edited = edit(text, &[Edit::remove(["gone"])]);
            assert_eq!(edited.text, text.as_bytes());
        }
        check("a: 'b'", &[Edit::set(["a"], "b")], "a: 'b'");
    }

    #[test]
    fn files_that_hold_nothing_yet_keep_what_they_hold() {
        let set = &[Edit::set(["a"], "b")];
        check("", set, "a: b\n");
        check("\n", set, "\na: b\n");
        check("# hello\n# you\n", set, "# hello\n# you\na: b\n");
        check("# hello", set, "# hello\na: b\n");
        check("# hello\r\n", set, "# hello\r\na: b\r\n");
        check("~\n", set, "a: b\n");
        check("# x\nnull\n", set, "# x\na: b\n");
        check("---\n", set, "---\na: b\n");
        check("{}\n", set, "{a: b}\n");
    }

    #[test]
    fn line_ends_stay_as_they_are() {
        check(
            "a: 1\r\nb: 2 # two\r\n",
            &[Edit::set(["a"], "x"), Edit::set(["c", "d"], "y")],
            "a: x\r\nb: 2 # two\r\nc:\r\n  d: y\r\n",
        );
    }

    #[test]
    fn a_file_without_a_final_newline_stays_one() {
        check(
            "a: 1 # one\nb: 2",
            &[Edit::set(["a"], "x")],
            "a: x # one\nb: 2",
        );
        check(
            "a: 1\nb: 2 # two",
            &[Edit::set(["c"], "x")],
            "a: 1\nb: 2 # two\nc: x",
        );
        check(
            "# n\na: 1\nb: |\n  text",
            &[Edit::set(["a"], "x")],
            "# n\na: x\nb: |\n  text",
        );
    }

    #[test]
    fn a_byte_order_mark_goes_even_when_nothing_else_changes() {
        for edits in [&[][..], &[Edit::set(["a"], "b")]] {
            let edited = edit("\u{feff}a: b # c\n", edits);
            assert_eq!(edited.text, b"a: b # c\n");
            assert!(edited.bom_removed);
        }
        assert!(!edit("a: b\n", &[]).bom_removed);
    }

    #[test]
    fn a_file_goose_cannot_read_is_refused_with_its_place() {
        for (text, line, column, words) in [
            ("a: 1\n\tb: 2\n", 2, 1, "tab character"),
            ("a: 1\nb: [1\nc: 2\n", 3, 2, "did not find expected"),
            ("a: 1\nb: 2\n\na: 3\n", 4, 1, "duplicate entry"),
            ("p:\n  a: 1\n  'a' : 2\n", 3, 3, "duplicate entry"),
            ("p:\n- a: 1\n  b: 2\n  a: 3\n", 4, 3, "duplicate entry"),
            ("p: {a: 1, a: 2}\n", 1, 4, "duplicate entry"),
            ("- a\n", 1, 1, "not a map"),
            ("sk-or-v1-abc\n", 1, 1, "not a map"),
            ("a: *b\n", 1, 4, "unknown anchor"),
        ] {
            for mark in ["", "\u{feff}"] {
                let (got_line, got_column, reason) = broken(format!("{mark}{text}").as_bytes());
                assert_eq!(
                    (got_line, got_column),
                    (Some(line), Some(column)),
                    "{text:?}: {reason}"
                );
                assert!(reason.contains(words), "{reason}");
                assert!(!reason.contains(" at line 1 column 1"), "{reason}");
                assert!(!reason.contains("sk-or"), "{reason}");
            }
        }
        assert!(
            broken(b"a: 1\n---\nb: 2\n")
                .2
                .contains("more than one document")
        );
        let (line, column, reason) = broken(b"\xef\xbb\xbfa: 1\nb: \xc3\xa4\xff\n");
        assert_eq!((line, column), (Some(2), Some(5)));
        assert!(reason.contains("UTF-8"));
    }

    #[test]
    fn a_string_is_read_back_as_the_same_string() {
        for value in [
            "yes",
            "no",
            "on",
            "1.0",
            "12345",
            "0x1F",
            "null",
            "~",
            "#x",
            "a #b",
            "a: b",
            "",
            " ",
            " x ",
            "'",
            "\"",
            "it's \"so\"",
            "- a",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "a\nb\n",
            "\n",
            "a\r\nb",
            "\ttab",
            "ünï😀",
            "\\n",
            "true",
            "1e5",
            ".inf",
            "2001-01-01",
            "=",
            "<<",
            "---",
            "anthropic/claude-sonnet-4.5:free",
            "\u{7f}",
            "\u{85}",
            "\u{feff}",
        ] {
            for before in [
                "a: 1\n",
                "a: 'q' # c\nb: 2\n",
                "# c\n",
                "{a: 1, b: 2}\n",
                "a: |\n  x\n  y\n",
            ] {
                let edited = edit(
                    before,
                    &[Edit::set(["a"], value), Edit::set(["n", "v"], value)],
                );
                let map = parse(path(), &edited.text).unwrap();
                assert_eq!(map["a"], Value::from(value), "{before:?}");
                assert_eq!(map["n"]["v"], Value::from(value), "{before:?}");
                if before.contains('#') {
                    assert!(!edited.comments_lost, "{before:?} {value:?}");
                }
            }
        }
    }

    #[test]
    fn anchors_keep_their_meaning_even_at_the_cost_of_comments() {
        check(
            "base: &b {x: 1} # base\nuse: *b\nz: 1\n",
            &[Edit::set(["z"], "2")],
            "base: &b {x: 1} # base\nuse: *b\nz: '2'\n",
        );
        let edited = edit("m: &m one\nother: *m\n", &[Edit::set(["m"], "two")]);
        assert!(edited.comments_lost);
        assert_eq!(edited.text, b"m: two\nother: one\n");
        let edited = edit("m: &m one\nother: *m\n", &[Edit::remove(["m"])]);
        assert_eq!(edited.text, b"other: &m one\n");
        check(
            "base: &b {x: 1}\nuse: *b # alias\n",
            &[Edit::set(["use", "y"], "z")],
            "base: &b {x: 1}\nuse: # alias\n  x: 1\n  y: z\n",
        );
    }

    #[test]
    fn what_is_no_map_gives_way_to_a_path_through_it() {
        check(
            "p: 7\nq: 1\n",
            &[Edit::set(["p", "a"], "b")],
            "p:\n  a: b\nq: 1\n",
        );
        check("p: [1]\n", &[Edit::remove(["p", "a"])], "p: [1]\n");
    }

    #[test]
    fn the_last_key_can_go() {
        let edited = edit("# c\na: 1\n", &[Edit::remove(["a"])]);
        assert!(parse(path(), &edited.text).unwrap().is_empty());
        assert!(String::from_utf8(edited.text).unwrap().contains("# c"));
    }

    #[test]
    fn ten_thousand_lines_are_edited_in_reasonable_time() {
        let text: String = (0..10_000)
            .map(|i| format!("key{i}: value # {i}\n"))
            .collect();
        let started = std::time::Instant::now();
        let edited = edit(
            &text,
            &[Edit::set(["key5000"], "x"), Edit::set(["new", "a"], "b")],
        );
        assert!(!edited.comments_lost);
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
        let text = text.replace("key5000: value", "key5000: x") + "new:\n  a: b\n";
        assert_eq!(String::from_utf8(edited.text).unwrap(), text);
    }

    #[test]
    fn hostile_files_are_refused_quickly() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let aliases = vec![format!("*a{}", i - 1); 9].join(", ");
            bomb += &format!("a{i}: &a{i} [{aliases}]\n");
        }
        let deep = format!("a: {}{}\n", "[".repeat(5000), "]".repeat(5000));
        let deep_block: String = (0..500).map(|i| format!("{}k:\n", " ".repeat(i))).collect();
        let started = std::time::Instant::now();
        for text in [bomb, deep, deep_block] {
            broken(text.as_bytes());
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(5));
    }

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,4}",
            Just("yes".to_owned()),
            Just("1.0".to_owned()),
            Just("it's #1: \"x\"".to_owned()),
            Just(String::new()),
        ]
    }

    /// One line of a document, whole in itself: its key is unlike every other line's.
    fn line(index: usize) -> impl Strategy<Value = String> {
        let key = format!("k{index}");
        (0..8, word(), any::<bool>()).prop_map(move |(kind, word, comment)| {
            let quoted = word.replace('\'', "''");
            let tail = if comment { " # note" } else { "" };
            match kind {
                0 => format!("{key}: '{quoted}'{tail}\n"),
                1 => format!("{key}: {{a: '{quoted}', b: 2}}{tail}\n"),
                2 => format!("{key}:{tail}\n  a: '{quoted}' # inner\n  b: {{c: d}}\n"),
                3 => format!("# about {key}\n\n{key}: 12{tail}\n"),
                4 => format!("{key}: ~{tail}\n"),
                5 => format!("{key}:{tail}\n  - one\n  - '{quoted}'\n"),
                6 => format!("{key}: |\n  some\n  text\n"),
                _ => format!("\"{key}\": \"x\"{tail}\n"),
            }
        })
    }

    fn document() -> impl Strategy<Value = (Vec<String>, bool, bool)> {
        (
            (line(0), line(1), line(2), line(3), line(4), 0..=5_usize)
                .prop_map(|(a, b, c, d, e, n)| [a, b, c, d, e].into_iter().take(n).collect()),
            proptest::bool::weighted(0.2),
            proptest::bool::weighted(0.2),
        )
    }

    fn edit_of() -> impl Strategy<Value = Edit> {
        let key = (0..7_usize).prop_map(|i| format!("k{i}"));
        let inner = prop_oneof![Just("a"), Just("b"), Just("new")].prop_map(str::to_owned);
        let path = prop_oneof![
            key.clone().prop_map(|key| vec![key]),
            (key, inner).prop_map(|(key, inner)| vec![key, inner]),
        ];
        (path, word(), any::<bool>()).prop_map(|(path, word, set)| {
            if set {
                Edit::Set {
                    path,
                    value: word.into(),
                }
            } else {
                Edit::Remove { path }
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_edit_means_what_it_says_and_touches_nothing_else(
            (blocks, crlf, cut) in document(),
            edits in proptest::collection::vec(edit_of(), 1..4),
        ) {
            let mut text = blocks.concat();
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if cut {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            let mut wanted = parse(path(), text.as_bytes()).unwrap();
            for edit in &edits {
                edit.make(&mut wanted);
            }
            let edited = apply(path(), text.as_bytes(), &edits).unwrap();
            let reading = parse(path(), &edited.text).unwrap();
            prop_assert!(same(&reading, &wanted), "{text:?} became {:?}", String::from_utf8_lossy(&edited.text));

            let again = apply(path(), &edited.text, &edits).unwrap();
            let last_word = edits.iter().enumerate().all(|(i, edit)| {
                edits[i + 1..].iter().all(|later| later.path()[0] != edit.path()[0])
            });
            if last_word {
                prop_assert_eq!(&again.text, &edited.text);
            }

            if !edited.comments_lost {
                let after = String::from_utf8(edited.text).unwrap();
                for (index, block) in blocks.iter().enumerate() {
                    let block = if crlf { block.replace('\n', "\r\n") } else { block.clone() };
                    let block = block.trim_end_matches(['\r', '\n']);
                    let key = format!("k{index}");
                    if edits.iter().all(|edit| edit.path()[0] != key) {
                        prop_assert!(after.contains(block), "{block:?} is not in {after:?}");
                    }
                }
            }
        }
    }
}
