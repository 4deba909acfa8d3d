//! What a change did to secrets, without the secrets: enough to tell later whether our values still stand.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::change::{Change, Extent, Former};
use super::entries::{Entries, Held};
use super::{Seen, StoreKind};
use crate::secret::Secret;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRecord {
    pub store: StoreKind,
    /// The change made the item, or the file.
    pub made_store: bool,
    /// The change took the item away, since what was left of it stands in the file.
    #[serde(default)]
    pub unmade_store: bool,
    pub names: Vec<NameRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRecord {
    pub name: String,
    /// SHA-256 of the value in hex; `None`: there was none.
    pub before: Option<String>,
    pub after: Option<String>,
}

impl SecretRecord {
    pub(super) fn of(former: &Former) -> Self {
        let made_store = match &former.extent {
            Extent::NamesOnly | Extent::Unmade => false,
            Extent::NewItem { .. } => true,
            Extent::Text { before, .. } => before.is_none(),
        };
        Self {
            store: former.store,
            made_store,
            unmade_store: matches!(former.extent, Extent::Unmade),
            names: former
                .names
                .iter()
                .map(|name| NameRecord {
                    name: name.clone(),
                    before: digest(&former.before, name),
                    after: digest(&former.after, name),
                })
                .collect(),
        }
    }

    /// What a removal will have done, told before it is made.
    pub fn of_removal(change: &Change, seen: &Seen) -> Self {
        let nothing = Entries::default();
        let current = seen.entries(change.store).unwrap_or(&nothing);
        Self {
            store: change.store,
            made_store: false,
            unmade_store: change.unmakes,
            names: change
                .remove
                .iter()
                .map(|name| NameRecord {
                    name: name.clone(),
                    before: digest(current, name),
                    after: None,
                })
                .collect(),
        }
    }

    /// The removal that was told beforehand, as far as it has not been made and nobody wrote since.
    pub fn left_to_do(&self, seen: &Seen) -> Change {
        let nothing = Entries::default();
        let current = seen.entries(self.store).unwrap_or(&nothing);
        let names = self.names.iter().filter(|record| {
            record.before.is_some() && digest(current, &record.name) == record.before
        });
        Change {
            store: self.store,
            set: Vec::new(),
            remove: names.map(|record| record.name.clone()).collect(),
            odd: Entries::default(),
            carry_over: false,
            kept: Vec::new(),
            unmakes: self.unmade_store,
        }
    }

    /// One record of what was done in two steps.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        let mut names = self.names;
        names.retain(|one| later.names.iter().all(|other| other.name != one.name));
        names.extend(later.names);
        Self {
            store: self.store,
            made_store: self.made_store,
            unmade_store: later.unmade_store,
            names,
        }
    }

    pub(super) fn stands_in(&self, current: &Entries) -> bool {
        self.names.iter().all(|name| name.stands_in(current))
    }

    /// `current` with the former values back where ours still stand.
    pub(super) fn taken_out_of(&self, current: &Entries, former: &Entries) -> Entries {
        let mut entries = current.clone();
        for record in &self.names {
            // What was kept for it may be lost; then ours is better than none.
            let is_known = record.before.is_none() || former.value(&record.name).is_some();
            if is_known && record.stands_in(current) {
                entries.put(&record.name, former.value(&record.name).cloned());
            }
        }
        entries
    }
}

/// The changes that bring the former values back.
#[derive(Debug, Default)]
pub struct WayBack {
    pub set: Vec<(String, Secret)>,
    /// What goose could not use before, and nobody else may read either.
    pub odd: Entries,
    pub remove: Vec<String>,
    /// Names under which somebody wrote since.
    pub left: Vec<String>,
    /// Names whose former value is not kept any more.
    pub lost: Vec<String>,
}

impl SecretRecord {
    pub fn way_back(&self, seen: &Seen, former: &Entries) -> WayBack {
        let nothing = Entries::default();
        let current = seen.entries(self.store).unwrap_or(&nothing);
        let mut back = WayBack::default();
        for record in &self.names {
            if digest(current, &record.name) == record.before {
                continue;
            }
            match former.held(&record.name) {
                _ if !record.stands_in(current) => back.left.push(record.name.clone()),
                Held::Key(secret) => back.set.push((record.name.clone(), secret)),
                Held::Unusable => {
                    let value = former.value(&record.name).cloned();
                    back.odd.put(&record.name, value);
                }
                Held::Missing if record.before.is_none() => back.remove.push(record.name.clone()),
                Held::Missing => back.lost.push(record.name.clone()),
            }
        }
        back
    }
}

impl NameRecord {
    /// Nobody has written under this name since.
    pub(super) fn stands_in(&self, entries: &Entries) -> bool {
        digest(entries, &self.name) == self.after
    }
}

fn digest(entries: &Entries, name: &str) -> Option<String> {
    entries.value(name).map(digest_of)
}

fn digest_of(value: &Value) -> String {
    let text = zeroize::Zeroizing::new(value.to_string());
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
