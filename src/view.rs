//! How a plan and its outcome look to a person.

use std::path::Path;

use console::{Style, style};
use similar::{ChangeTag, TextDiff};

use crate::env::Env;
use crate::goose::paths::{OwnPaths, Paths};
use crate::mask;
use crate::plan::{FileChange, Plan};
use crate::secrets::StoreKind;
use crate::shell::{Shell, rc};

/// A new file longer than this is shown by its beginning and its end.
const NEW_FILE_LINES: usize = 12;
const BEGINNING: usize = 3;

/// A path the way people write it, with `~` for the home directory.
pub fn path(path: &Path, env: &Env) -> String {
    match env.home().and_then(|home| path.strip_prefix(home).ok()) {
        Some(below) => format!("~/{}", below.display()),
        None => path.display().to_string(),
    }
}

pub fn store(kind: StoreKind, secrets_file: &Path, env: &Env) -> String {
    let name = store_name(kind, secrets_file, env);
    match kind {
        StoreKind::Keychain => format!("{name} (service goose, account secrets)"),
        StoreKind::File => format!("{name} in plain text, mode 0600"),
    }
}

pub fn store_name(kind: StoreKind, secrets_file: &Path, env: &Env) -> String {
    match kind {
        StoreKind::Keychain => "the keychain".into(),
        StoreKind::File => path(secrets_file, env),
    }
}

/// Every secret and file that will change, as a short diff.
pub fn plan(plan: &Plan, secrets_file: &Path, env: &Env) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    if let Some(secrets) = &plan.secrets {
        line(format!(
            "  {} {}",
            style("secret").bold(),
            store(secrets.change.store, secrets_file, env)
        ));
        for (name, secret) in &secrets.change.set {
            let verb = if secrets.replaced.contains(name) {
                "replaced"
            } else {
                "added"
            };
            line(added(&format!(
                "{name}  {verb}, fingerprint {}",
                secret.fingerprint()
            )));
        }
        for name in secrets.change.names_put_back() {
            line(added(&format!("{name}  put back as it was, not as text")));
        }
        for name in &secrets.carried {
            line(added(&format!(
                "{name}  copied along, since goose will read this store"
            )));
        }
        for name in &secrets.change.remove {
            line(removed(&format!("{name}  removed")));
        }
        if let Some(dialog) = secrets.dialog {
            line(format!("    {} {dialog}", style("note").yellow()));
        }
        if secrets.unmakes {
            line(removed(match secrets.change.store {
                StoreKind::Keychain => "the item itself, which was not there before",
                StoreKind::File => "the file itself, which was not there before",
            }));
        }
    }
    for file in &plan.files {
        line(format!(
            "  {} {}{}",
            style("file").bold(),
            path(&file.before.path, env),
            match file.action() {
                "create" => " (new)",
                "remove" => " (removed)",
                _ => "",
            }
        ));
        for changed in file_lines(file, context(&file.before.path, env)) {
            line(changed);
        }
    }
    for mode in &plan.modes {
        line(format!(
            "  {} {}",
            style("mode").bold(),
            path(&mode.path, env)
        ));
        line(removed(&format!("{:o}", mode.before)));
        line(added(&format!("{:o}", mode.after)));
    }
    for note in &plan.notes {
        line(format!("  {} {note}", style("note").yellow()));
    }
    text
}

/// How many unchanged lines are shown around a change: none of a file in which people keep whatever they like.
fn context(path: &Path, env: &Env) -> usize {
    let is_config = Paths::of(env).is_ok_and(|paths| paths.config == path);
    let is_env_file = OwnPaths::of(env).is_ok_and(|own| {
        Shell::ALL
            .iter()
            .any(|shell| own.config_dir.join(rc::env_file_name(*shell)) == path)
    });
    usize::from(is_config || is_env_file)
}

fn file_lines(file: &FileChange, context: usize) -> Vec<String> {
    let Some(after) = &file.after else {
        return Vec::new();
    };
    let before = String::from_utf8_lossy(file.before.bytes.as_deref().unwrap_or_default());
    let after = String::from_utf8_lossy(after);
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let shown_before = mask::lines(diff.old_slices());
    let shown_after = mask::lines(diff.new_slices());
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(context).iter().enumerate() {
        if index > 0 {
            lines.push(format!("      {}", style("…").dim()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = match (change.new_index(), change.old_index()) {
                (Some(place), _) => shown_after.get(place),
                (None, place) => place.and_then(|place| shown_before.get(place)),
            };
            let text = text.map(String::as_str).unwrap_or_default();
            lines.push(match change.tag() {
                ChangeTag::Insert => added(text),
                ChangeTag::Delete => removed(text),
                ChangeTag::Equal => format!("      {}", style(text).dim()),
            });
        }
    }
    if file.before.bytes.is_none() && lines.len() > NEW_FILE_LINES {
        let more = lines.len() - NEW_FILE_LINES;
        let left_out = style(format!("… {more} more lines")).dim();
        lines.splice(BEGINNING..BEGINNING + more, [format!("      {left_out}")]);
    }
    lines
}

fn added(text: &str) -> String {
    format!("    {}", Style::new().green().apply_to(format!("+ {text}")))
}

fn removed(text: &str) -> String {
    format!("    {}", Style::new().red().apply_to(format!("- {text}")))
}
