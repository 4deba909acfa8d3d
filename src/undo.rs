//! What takes a change back: pure, from what was written down of it and what stands there now.
//!
//! Where nobody wrote since, the former text comes back whole. Elsewhere our own values are taken back where they still
//! stand, and what somebody else wrote stays, with a note.

use std::path::Path;

use serde_yaml::{Mapping, Value};

use crate::error::Result;
use crate::fsio::Snapshot;
use crate::goose::config::ACTIVE;
use crate::history::{Entry, FileRecord, Text};
use crate::mask;
use crate::plan::{self, FileChange, Plan};
use crate::secrets::{Entries, Seen};
use crate::shell::rc;
use crate::yaml_edit::{self, Edit};

/// `files` are the entry's files as they are now, in its order; `secrets` the stores and the values it replaced.
pub fn plan(entry: &Entry, files: &[Snapshot], secrets: Option<(&Seen, &Entries)>) -> Result<Plan> {
    let mut plan = Plan {
        undoes: Some(entry.id.clone()),
        ..Plan::titled(format!("undo: {}", entry.title))
    };
    if let (Some(record), Some((seen, former))) = (&entry.secrets, secrets) {
        let back = record.way_back(seen, former);
        plan.secrets = plan::secret_way_back(seen, record.store, &back);
        if let Some(secrets) = &mut plan.secrets {
            secrets.change.unmakes = record.made_store;
            secrets.unmakes = seen.unmakes(&secrets.change);
        }
        plan.notes.extend(
            back.left
                .iter()
                .map(|name| format!("{name} was changed since and stays as it is")),
        );
        plan.notes.extend(
            back.lost.iter().map(|name| {
                format!("{name} stays as it is: what it was before is not kept any more")
            }),
        );
    }
    for (index, (record, now)) in entry.files.iter().zip(files).enumerate() {
        let is_config = entry.commit_point == Some(index);
        let change = file_change(record, now, is_config, &mut plan.notes)?;
        plan.files.extend(change.map(|change| {
            if is_config {
                change.committing()
            } else {
                change
            }
        }));
    }
    Ok(plan)
}

/// The change to goose's config stands in it now, whoever wrote it last.
///
/// The active provider tells, where the change makes another one active: goose itself may have made the rest meanwhile, in
/// the course of its own move to the newer layout. In doubt the change counts as made, and can be taken back later.
pub fn is_made(record: &FileRecord, now: &Snapshot) -> bool {
    let before = record.before.as_ref().map(Text::bytes);
    let after = record.after.as_ref().map(Text::bytes);
    let active = |text: Option<&[u8]>| {
        let map = yaml_edit::parse(&record.path, text.unwrap_or_default()).ok()?;
        map.get(ACTIVE).cloned()
    };
    let made = active(after);
    if made != active(before) {
        return active(now.bytes.as_deref()) == made;
    }
    let text = now.bytes.as_deref().unwrap_or_default();
    yaml_way_back(&record.path, before, after, text, &mut Vec::new())
        .map_or(true, |edits| !edits.is_empty())
}

fn file_change(
    record: &FileRecord,
    now: &Snapshot,
    is_config: bool,
    notes: &mut Vec<String>,
) -> Result<Option<FileChange>> {
    let before = record.before.as_ref().map(Text::bytes);
    let after = record.after.as_ref().map(Text::bytes);
    if now.bytes.as_deref() == after {
        return Ok(match before {
            Some(before) => FileChange::to(now, before.to_vec(), record.privacy()),
            None => FileChange::removal(now),
        });
    }
    if now.bytes.as_deref() == before {
        return Ok(None);
    }
    if let (true, Some(now_text)) = (is_config, &now.bytes) {
        let edits = yaml_way_back(&record.path, before, after, now_text, notes)?;
        let edited = yaml_edit::apply(&record.path, now_text, &edits)?;
        return Ok(FileChange::to(now, edited.text, record.privacy()));
    }
    // A start-up file that others go on writing to: our line is all that was ours.
    if let (Some(after), Some(now_text)) = (after, &now.bytes)
        && before.unwrap_or_default() == rc::remove(after)
    {
        return Ok(FileChange::to(now, rc::remove(now_text), record.privacy()));
    }
    notes.push(format!(
        "{} was changed since and stays as it is",
        record.path.display()
    ));
    Ok(None)
}

fn yaml_way_back(
    path: &Path,
    before: Option<&[u8]>,
    after: Option<&[u8]>,
    now: &[u8],
    notes: &mut Vec<String>,
) -> Result<Vec<Edit>> {
    let parse = |text: Option<&[u8]>| yaml_edit::parse(path, text.unwrap_or_default());
    let mut way = WayBack {
        path: Vec::new(),
        edits: Vec::new(),
        notes,
    };
    way.walk(
        &parse(before)?,
        &parse(after)?,
        Some(&yaml_edit::parse(path, now)?),
    );
    Ok(way.edits)
}

struct WayBack<'n> {
    path: Vec<String>,
    edits: Vec<Edit>,
    notes: &'n mut Vec<String>,
}

impl WayBack<'_> {
    fn walk(&mut self, before: &Mapping, after: &Mapping, now: Option<&Mapping>) {
        let gone = before.keys().filter(|key| !after.contains_key(key));
        let keys: Vec<&Value> = after.keys().chain(gone).collect();
        for key in keys {
            let Some(name) = key.as_str() else { continue };
            let (was, made) = (before.get(key), after.get(key));
            if was == made {
                continue;
            }
            let is = now.and_then(|now| now.get(key));
            self.path.push(name.to_owned());
            match (was, made) {
                (Some(Value::Mapping(was)), Some(Value::Mapping(made))) => {
                    self.walk(was, made, is.and_then(Value::as_mapping));
                }
                _ if is == made => self.edits.push(match was {
                    Some(was) => Edit::Set {
                        path: self.path.clone(),
                        value: was.clone(),
                    },
                    None => Edit::Remove {
                        path: self.path.clone(),
                    },
                }),
                _ if is == was => {}
                _ => self.notes.push(format!(
                    "`{}` was changed since and stays as it is: before {}, by this change {}, now {}",
                    self.path.join("."),
                    shown(name, was),
                    shown(name, made),
                    shown(name, is),
                )),
            }
            self.path.pop();
        }
    }
}

/// A value as a note may show it: without secrets, and on one line.
fn shown(name: &str, value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = serde_yaml::to_string(value).unwrap_or_default();
    match text.trim_end().lines().collect::<Vec<_>>()[..] {
        [line] => {
            let start = format!("{name}: ");
            let whole = mask::lines(&[&format!("{start}{line}")]).concat();
            whole.trim_start_matches(&start).to_owned()
        }
        _ => "another value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    const BEFORE: &str = "# mine\nactive_provider: groq\nproviders:\n  groq: {enabled: true, model: m, configured: true}\n";
    const AFTER: &str = "# mine\nactive_provider: openrouter\nproviders:\n  groq: {enabled: true, model: m, configured: true}\n  openrouter:\n    enabled: true\n    model: x\n    configured: true\n";

    fn undone(now: &str) -> (String, Vec<String>) {
        let path = PathBuf::from("config.yaml");
        let entry = Entry {
            id: "1".into(),
            made: Duration::ZERO,
            title: "switch".into(),
            former_provider: None,
            undoes: None,
            secrets: None,
            later: None,
            files: vec![FileRecord {
                path: path.clone(),
                before: Some(Text::Utf8(BEFORE.into())),
                after: Some(Text::Utf8(AFTER.into())),
                private: false,
            }],
            commit_point: Some(0),
        };
        let snapshot = Snapshot {
            real: path.clone(),
            path,
            bytes: Some(now.into()),
            mode: None,
        };
        let plan = plan(&entry, &[snapshot], None).unwrap();
        let text = plan.files.first().map_or(now.to_owned(), |file| {
            String::from_utf8(file.after.clone().unwrap()).unwrap()
        });
        (text, plan.notes)
    }

    #[test]
    fn where_nobody_wrote_since_the_former_text_is_back_whole() {
        assert_eq!(undone(AFTER), (BEFORE.to_owned(), vec![]));
    }

    #[test]
    fn where_goose_wrote_since_our_values_go_and_its_own_stay() {
        let now = "active_provider: openrouter\nproviders:\n  groq:\n    enabled: true\n    model: m\n    configured: true\n  openrouter:\n    enabled: true\n    model: x\n    configured: true\nextensions:\n  developer:\n    enabled: true\n";
        let (text, notes) = undone(now);
        let value: Mapping = serde_yaml::from_str(&text).unwrap();
        assert_eq!(value["active_provider"], Value::from("groq"));
        assert!(value["providers"].get("openrouter").is_none());
        assert!(value.contains_key("extensions"));
        assert_eq!(notes, Vec::<String>::new());
    }

    #[test]
    fn what_somebody_changed_since_stays_and_is_named() {
        let now = AFTER.replace("active_provider: openrouter", "active_provider: mistral");
        let (text, notes) = undone(&now);
        assert!(text.contains("active_provider: mistral"));
        assert!(!text.contains("model: x"));
        assert_eq!(
            notes,
            [
                "`active_provider` was changed since and stays as it is: before groq, by this change openrouter, now mistral"
            ]
        );
    }

    #[test]
    fn what_is_told_of_a_value_is_one_line_without_a_secret() {
        let value = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
        assert_eq!(shown("MODEL", None), "nothing");
        assert_eq!(shown("MODEL", Some(&value("a/b"))), "a/b");
        assert_eq!(shown("X_API_KEY", Some(&value("canary"))), "[hidden]");
        assert_eq!(
            shown("MODEL", Some(&value("{a: 1, b: 2}"))),
            "another value"
        );
    }

    #[test]
    fn whether_an_interrupted_change_was_made_is_seen_in_what_goose_wrote_since() {
        let record = |before: &str, after: &str| FileRecord {
            path: "config.yaml".into(),
            before: Some(Text::Utf8(before.into())),
            after: Some(Text::Utf8(after.into())),
            private: false,
        };
        let now = |text: &str| Snapshot {
            path: "config.yaml".into(),
            real: "config.yaml".into(),
            bytes: Some(text.into()),
            mode: None,
        };
        let extended = |text: &str| now(&format!("{text}extensions: {{}}\n"));
        let change = record(BEFORE, AFTER);
        assert!(is_made(&change, &extended(AFTER)));
        assert!(!is_made(&change, &extended(BEFORE)));
        // goose moves a flat file to the newer layout when it writes; so did the change.
        let flat = "GOOSE_PROVIDER: groq\nGOOSE_MODEL: m\n";
        assert!(!is_made(&record(flat, AFTER), &extended(BEFORE)));
        let model = record(AFTER, &AFTER.replace("model: x", "model: y"));
        assert!(is_made(
            &model,
            &extended(&AFTER.replace("model: x", "model: y"))
        ));
        assert!(!is_made(&model, &extended(AFTER)));
    }

    #[test]
    fn a_change_that_was_taken_back_by_hand_needs_nothing() {
        assert_eq!(undone(BEFORE), (BEFORE.to_owned(), vec![]));
    }
}
