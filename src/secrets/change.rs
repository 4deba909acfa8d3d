//! A change of secrets, and what it replaced.

use std::fmt;

use zeroize::Zeroizing;

use super::StoreKind;
use super::entries::{Entries, Touch};
use super::record::SecretRecord;
use crate::error::Result;
use crate::patience::Patience;
use crate::secret::Secret;

/// A change of secrets on its way: what the record of it is filed under, and who is told before it is made.
pub struct Filing<'a> {
    pub id: &'a str,
    pub announce: &'a dyn Fn(SecretRecord) -> Result<()>,
}

/// What is to be different in one store; made by [`Seen::change`], which knows what has to be taken along.
#[derive(Clone, Debug)]
pub struct Change {
    pub store: StoreKind,
    pub set: Vec<(String, Secret)>,
    pub remove: Vec<String>,
    /// Values that are no text and are put back as they were.
    pub(super) odd: Entries,
    /// Take along what goose reads now and would not find any more: `secrets.yaml` when the first item is made, the item
    /// when the file is to be used instead of it.
    pub(super) carry_over: bool,
    /// Names that stand there as wanted already: what is taken along does not come over them.
    pub(super) kept: Vec<String>,
    /// Take the whole store away where nothing is left in it: the change that is taken back made it.
    pub unmakes: bool,
}

/// What a change replaced, for taking it back.
pub struct Former {
    pub(super) store: StoreKind,
    pub(super) names: Vec<String>,
    pub(super) before: Entries,
    pub(super) after: Entries,
    pub(super) extent: Extent,
    /// As long as the change was allowed to take.
    pub(super) patience: Patience,
}

/// What else came into being or changed along with the names.
pub(super) enum Extent {
    NamesOnly,
    /// The item is new and holds these besides; without our names it is no more than the file, and goes.
    NewItem {
        carried: Entries,
    },
    /// The item is gone; what else it held stands in the file, which goose reads instead.
    Unmade,
    /// The whole text before and after; `None`: no file.
    Text {
        before: Option<Zeroizing<Vec<u8>>>,
        after: Option<Zeroizing<Vec<u8>>>,
    },
}

impl Change {
    pub(super) fn of(store: StoreKind, set: Vec<(String, Secret)>, remove: Vec<String>) -> Self {
        Self {
            store,
            set,
            remove,
            odd: Entries::default(),
            carry_over: false,
            kept: Vec::new(),
            unmakes: false,
        }
    }

    /// The same, and these put back as they were.
    #[must_use]
    pub fn putting_back(self, odd: &Entries) -> Self {
        Self {
            odd: odd.clone(),
            ..self
        }
    }

    /// Every name that gets a value.
    pub fn names_set(&self) -> impl Iterator<Item = &str> {
        let texts = self.set.iter().map(|(name, _)| name.as_str());
        texts.chain(self.names_put_back())
    }

    pub fn names_put_back(&self) -> impl Iterator<Item = &str> {
        self.odd.names()
    }

    /// The same without what would have been copied into the file. A first item hides the file from goose, so it takes that
    /// along whatever it is made for.
    pub fn alone(self) -> Self {
        Self {
            carry_over: self.carry_over && self.store == StoreKind::Keychain,
            ..self
        }
    }

    /// What goose has to find before it is told to use it, and what may only go once goose does not need it any more.
    pub fn in_two(&self) -> (Self, Option<Self>) {
        let later = (!self.remove.is_empty()).then(|| Self {
            set: Vec::new(),
            carry_over: false,
            ..self.clone()
        });
        let first = Self {
            remove: Vec::new(),
            unmakes: false,
            ..self.clone()
        };
        (first, later)
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty() && self.odd.is_empty()
    }

    pub(super) fn applied_to(&self, base: &Entries) -> Entries {
        let mut entries = base.clone();
        for name in &self.remove {
            entries.put(name, None);
        }
        for (name, secret) in &self.set {
            entries.set(name, secret);
        }
        entries.take_over(&self.odd, &[]);
        entries
    }
}

impl Former {
    /// What the change did to each name; empty where the store already was as wanted.
    pub fn touched(&self) -> Vec<(String, Touch)> {
        self.before.touched_by(&self.after)
    }

    pub(super) fn nothing(store: StoreKind) -> Self {
        Self::of(
            store,
            &Entries::default(),
            &Entries::default(),
            Extent::NamesOnly,
        )
    }

    pub(super) fn of(store: StoreKind, before: &Entries, after: &Entries, extent: Extent) -> Self {
        let names: Vec<String> = before
            .touched_by(after)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        Self {
            store,
            before: before.only(&names),
            after: after.only(&names),
            names,
            extent,
            patience: Patience::NONE,
        }
    }

    pub(super) fn taken_out_of(&self, current: &Entries) -> Entries {
        let mut entries = current.clone();
        for name in &self.names {
            if current.value(name) == self.after.value(name) {
                entries.put(name, self.before.value(name).cloned());
            }
        }
        entries
    }
}

/// Names only.
impl fmt::Debug for Former {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Former")
            .field("store", &self.store)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
