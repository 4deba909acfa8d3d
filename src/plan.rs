//! What will be changed, decided in full before anything is. Pure: everything it needs was read before.
//!
//! A change of a file is its whole text before and after, so that showing it, refusing a conflict, taking it back and
//! finding that there is nothing to do are one mechanism.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use serde_yaml::Mapping;

use crate::catalog::{self, Provider};
use crate::env::Env;
use crate::error::Result;
use crate::fsio::{Privacy, Snapshot};
use crate::goose::activate::{self, Change};
use crate::goose::config::Config;
use crate::secret::Secret;
use crate::secrets::{self, Seen, StoreKind, WayBack, dialog};
use crate::shell::exports::{Export, Purpose, render_exports};
use crate::shell::{ShellFiles, rc};
use crate::yaml_edit::{self, Edit};

#[derive(Default)]
pub struct Plan {
    /// What is being done, in words, for `undo --list`.
    pub title: String,
    /// Who was active before, if somebody else is made active; `switch -` goes back there.
    pub former_provider: Option<String>,
    /// The change that this one takes back.
    pub undoes: Option<String>,
    pub secrets: Option<SecretChange>,
    /// In the order in which they are written; goose's config comes first.
    pub files: Vec<FileChange>,
    /// Made last. They are no part of the history: `undo` opens nothing to others.
    pub modes: Vec<ModeChange>,
    pub notes: Vec<String>,
}

pub struct SecretChange {
    pub change: secrets::Change,
    /// Those of the names to set that are in the store already.
    pub replaced: Vec<String>,
    /// Entries of the other store that are copied along, because goose will not look there any more.
    pub carried: Vec<String>,
    /// The store itself goes: it was made by what is taken back, and nothing else is in it.
    pub unmakes: bool,
    /// What the system will ask, and what to answer.
    pub dialog: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    pub before: Snapshot,
    /// `None` takes the file away.
    pub after: Option<Vec<u8>>,
    pub privacy: Privacy,
    /// goose's config: once it is written, goose uses what the plan says.
    pub is_commit_point: bool,
}

/// Permissions that are taken away from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeChange {
    pub path: PathBuf,
    pub before: u32,
    pub after: u32,
}

/// The answers that a setup needs, none left open.
pub struct Choice {
    pub provider: &'static Provider,
    pub model: String,
    pub secrets: Vec<(String, Secret)>,
    /// Settings of goose's config; `None` takes one away.
    pub settings: Vec<(String, Option<String>)>,
    pub store: Option<StoreChoice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreChoice {
    pub kind: StoreKind,
    /// Chosen by the person, so goose is told about it; otherwise it is the one goose uses anyway.
    pub on_request: bool,
}

impl Plan {
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        self.leaves_no_trace() && self.modes.is_empty()
    }

    /// There is nothing in it that `undo` could take back.
    pub fn leaves_no_trace(&self) -> bool {
        self.secrets.is_none() && self.files.is_empty()
    }

    /// Carried out, both would do the same to the same files and secrets.
    pub fn is_same_change_as(&self, other: &Self) -> bool {
        self.changes() == other.changes() && self.files == other.files
    }

    /// The changes as the JSON contract names them.
    pub fn changes(&self) -> Vec<Value> {
        let secrets = self.secrets.iter().flat_map(|secrets| {
            let set = secrets.change.names_set().map(|name| {
                let is_update = secrets.replaced.iter().any(|known| known == name);
                (name, if is_update { "update" } else { "create" })
            });
            let named = |action| move |name| (String::as_str(name), action);
            let carried = secrets.carried.iter().map(named("create"));
            let removed = secrets.change.remove.iter().map(named("remove"));
            set.chain(carried)
                .chain(removed)
                .map(|(name, action)| json!({"kind": "secret", "name": name, "action": action}))
        });
        let files = self
            .files
            .iter()
            .map(|file| json!({"kind": "file", "path": file.before.path, "action": file.action()}));
        let modes = self.modes.iter().map(|mode| {
            json!({"kind": "file", "path": mode.path, "action": "update", "mode": format!("{:o}", mode.after)})
        });
        secrets.chain(files).chain(modes).collect()
    }
}

impl FileChange {
    /// The change from what was read to `after`, or none where they are the same.
    pub fn to(before: &Snapshot, after: Vec<u8>, privacy: Privacy) -> Option<Self> {
        (before.bytes.as_deref() != Some(after.as_slice())).then(|| Self {
            before: before.clone(),
            after: Some(after),
            privacy,
            is_commit_point: false,
        })
    }

    /// The same change, as the one that decides.
    pub fn committing(self) -> Self {
        Self {
            is_commit_point: true,
            ..self
        }
    }

    pub fn removal(before: &Snapshot) -> Option<Self> {
        before.exists().then(|| Self {
            before: before.clone(),
            after: None,
            privacy: Privacy::Ordinary,
            is_commit_point: false,
        })
    }

    pub fn action(&self) -> &'static str {
        match (&self.before.bytes, &self.after) {
            (None, _) => "create",
            (Some(_), Some(_)) => "update",
            (Some(_), None) => "remove",
        }
    }
}

/// Puts the chosen provider in place and makes it the active one.
pub fn setup(choice: &Choice, config: &Config, seen: Option<&Seen>) -> Result<Plan> {
    let mut plan = Plan::titled(format!("set up {}", choice.provider.title));
    if let (Some(store), Some(seen)) = (choice.store, seen) {
        plan.secrets = secret_change(seen, store.kind, &choice.secrets, &[]);
    }
    if let Some(trouble) = seen.and_then(Seen::unseen_keychain)
        && choice
            .store
            .is_some_and(|store| store.kind == StoreKind::File && store.on_request)
    {
        plan.notes.push(format!(
            "{trouble}, so what it holds is not copied; goose does not look there again until `--store keychain`"
        ));
    }
    if let (Some(secrets), Some(seen)) = (&plan.secrets, seen) {
        plan.notes.extend(left_behind(secrets.change.store, seen));
    }
    let keyring_off = choice
        .store
        .filter(|store| store.on_request)
        .map(|store| store.kind == StoreKind::File);
    plan.change_config(
        config,
        &Change {
            activate: true,
            provider: choice.provider.id.to_owned(),
            model: Some(choice.model.clone()),
            settings: choice.settings.clone(),
            keyring_off,
        },
    )?;
    Ok(plan)
}

/// The store that goose will not read stays as it is: it may be another profile's, and only its owner can tell.
fn left_behind(store: StoreKind, seen: &Seen) -> Option<String> {
    match store {
        StoreKind::File if seen.has_item() => Some(
            "the keychain item stays, as other profiles of goose may read it: `goose-setup key remove PROVIDER --store keychain` takes a key out of it".into(),
        ),
        StoreKind::Keychain if seen.file.entries().is_some_and(|entries| !entries.is_empty()) => {
            Some(
                "secrets.yaml stays, in plain text, and goose does not read it any more: `goose-setup key remove PROVIDER --store file` takes a key out of it".into(),
            )
        }
        _ => None,
    }
}

/// The user's own providers count: goose, too, takes their flat marks for its own.
fn is_provider(id: &str) -> bool {
    catalog::by_id(id).is_some()
}

impl Plan {
    pub fn change_config(&mut self, config: &Config, change: &Change) -> Result<()> {
        let rewritten = activate::rewrite(config, change, &is_provider)?;
        self.notes.extend(rewritten.notes);
        let file = FileChange::to(&config.user, rewritten.text, Privacy::Ordinary);
        self.files.extend(file.map(FileChange::committing));
        let former = config.active(&Env::default()).provider;
        self.former_provider = former
            .map(|former| former.value)
            .filter(|former| change.activate && !former.is_empty() && *former != change.provider);
        Ok(())
    }

    /// Makes several providers known to goose, none of them the active one.
    pub fn make_known(&mut self, config: &Config, changes: &[Change]) -> Result<()> {
        let mut now = config.clone();
        for change in changes {
            let rewritten = activate::rewrite(&now, change, &is_provider)?;
            for note in rewritten.notes {
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
            }
            now = now.after(&rewritten.text)?;
        }
        let text = now.user.bytes.unwrap_or_default();
        let file = FileChange::to(&config.user, text, Privacy::Ordinary);
        self.files.extend(file.map(FileChange::committing));
        Ok(())
    }

    /// Takes a provider out of goose's config.
    pub fn forget(&mut self, config: &Config, id: &str) -> Result<()> {
        let text = activate::forget(config, id)?;
        let change = FileChange::to(&config.user, text, Privacy::Ordinary);
        let change = change.filter(|_| config.user.exists());
        self.files.extend(change.map(FileChange::committing));
        Ok(())
    }

    /// Takes a secret out of the store that goose has it in.
    pub fn take_out(&mut self, seen: &Seen, name: &str) -> Result<()> {
        self.secrets = secret_removal(seen, seen.home_of(name)?, name);
        self.notes.extend(seen.stays_unseen(name));
        Ok(())
    }

    /// Further edits of goose's config, made on what the plan leaves of it.
    pub fn edit_config(
        &mut self,
        config: &Config,
        edits: impl FnOnce(&Mapping) -> Result<Vec<Edit>>,
    ) -> Result<()> {
        let path = &config.user.path;
        let place = self
            .files
            .iter()
            .position(|file| file.before.path == *path)
            .unwrap_or(self.files.len());
        let text = match self.files.get(place) {
            Some(file) => file.after.as_deref(),
            None => config.user.bytes.as_deref(),
        }
        .unwrap_or_default();
        let edits = edits(&yaml_edit::parse(path, text)?)?;
        let edited = yaml_edit::apply(path, text, &edits)?;
        self.notes.extend(edited.notes(path));
        let change = FileChange::to(&config.user, edited.text, Privacy::Ordinary);
        let end = self.files.len().min(place + 1);
        self.files
            .splice(place..end, change.map(FileChange::committing));
        Ok(())
    }

    /// Our env file with these keys.
    pub fn write_env_file(
        &mut self,
        files: &ShellFiles,
        keys: &[Export],
        program: &str,
    ) -> Result<()> {
        let text = render_exports(files.shell, keys, Purpose::Keys, program)?;
        self.files.extend(FileChange::to(
            &files.env_file,
            text.into_bytes(),
            Privacy::Private,
        ));
        Ok(())
    }

    /// The one line that loads our env file into new shells.
    pub fn add_rc_line(&mut self, files: &ShellFiles, home: Option<&Path>) -> Result<()> {
        let line = rc::rc_line(files.shell, &files.env_file.path, home)?;
        let after = match &files.rc.bytes {
            Some(text) => rc::add(text, &line)?,
            None => rc::alone(&line),
        };
        self.files
            .extend(FileChange::to(&files.rc, after, Privacy::Ordinary));
        Ok(())
    }

    /// Takes the line away, and our env file unless another shell's line still loads it.
    pub fn remove_exports(&mut self, files: &ShellFiles) {
        if let Some(rc) = &files.rc.bytes {
            self.files.extend(if rc::is_alone(rc) {
                FileChange::removal(&files.rc)
            } else {
                FileChange::to(&files.rc, rc::remove(rc), Privacy::Ordinary)
            });
        }
        if !files.is_shared {
            self.files.extend(FileChange::removal(&files.env_file));
        }
    }
}

/// What has to happen in `store` so that it does not hold this name; none where it does not already.
pub fn secret_removal(seen: &Seen, store: StoreKind, name: &str) -> Option<SecretChange> {
    lone_secret_change(seen, store, &[], &[name.to_owned()])
}

/// The same as `secret_change` for these names alone: nothing else is copied from the keychain into a file.
pub fn lone_secret_change(
    seen: &Seen,
    store: StoreKind,
    set: &[(String, Secret)],
    remove: &[String],
) -> Option<SecretChange> {
    let whole = secret_change(seen, store, set, remove)?;
    if store == StoreKind::Keychain {
        return Some(whole);
    }
    let change = whole.change.alone();
    (!change.is_empty()).then_some(SecretChange {
        change,
        carried: Vec::new(),
        ..whole
    })
}

/// What brings the former values back into the store that they were in.
pub fn secret_way_back(seen: &Seen, store: StoreKind, back: &WayBack) -> Option<SecretChange> {
    let lone = lone_secret_change(seen, store, &back.set, &back.remove);
    if back.odd.is_empty() {
        return lone;
    }
    let whole = lone.unwrap_or_else(|| SecretChange {
        change: seen
            .change(store, Vec::new(), Vec::new(), Vec::new())
            .alone(),
        replaced: Vec::new(),
        carried: match store {
            StoreKind::Keychain => seen.carried(store),
            StoreKind::File => Vec::new(),
        },
        unmakes: false,
        dialog: dialog::of(std::env::consts::OS, store, !seen.has_item()),
    });
    let odd = back.odd.names().filter(|name| seen.holds(store, name));
    Some(SecretChange {
        replaced: odd.map(str::to_owned).chain(whole.replaced).collect(),
        change: whole.change.putting_back(&back.odd),
        ..whole
    })
}

/// What has to happen in `store` so that it holds `set` and not `remove`; none where it does already. What goose finds in
/// the other store, and would not find any more, comes along.
pub fn secret_change(
    seen: &Seen,
    store: StoreKind,
    set: &[(String, Secret)],
    remove: &[String],
) -> Option<SecretChange> {
    let stands = |name: &str, new: &Secret| {
        seen.secret_in(store, name)
            .is_some_and(|old| old.is_same_as(new))
    };
    let (kept, set): (Vec<_>, Vec<_>) = set
        .iter()
        .cloned()
        .partition(|(name, new)| stands(name, new));
    let kept: Vec<String> = kept.into_iter().map(|(name, _)| name).collect();
    let remove: Vec<_> = remove
        .iter()
        .filter(|name| seen.holds(store, name))
        .cloned()
        .collect();
    let carried: Vec<String> = seen
        .carried(store)
        .into_iter()
        .filter(|name| set.iter().all(|(other, _)| other != name))
        .filter(|name| !kept.contains(name) && !remove.contains(name))
        .collect();
    // A first keychain item is only made for a secret that is new in it.
    let is_due =
        !(set.is_empty() && remove.is_empty()) || (store == StoreKind::File && !carried.is_empty());
    is_due.then(|| SecretChange {
        replaced: set
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| seen.holds(store, name))
            .collect(),
        change: seen.change(store, set, remove, kept),
        carried,
        unmakes: false,
        dialog: dialog::of(std::env::consts::OS, store, !seen.has_item()),
    })
}
