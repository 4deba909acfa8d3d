//! Making a provider the active one, in the layout that goose's next write keeps.
//!
//! A flat file is converted as goose itself would do it, less its losses: the former provider keeps its model, keys that
//! only look like goose's stay, and what a read said before is still said afterwards.

use serde_yaml::{Mapping, Value};

use crate::env::Env;
use crate::error::Result;
use crate::goose::config::{
    ACTIVE, Config, Entry, FLAT_CONFIGURED, FLAT_MODEL, FLAT_PROVIDER, NO_KEYRING, PROVIDERS,
    Source, flat_configured, turns_off,
};
use crate::yaml_edit::{self, Edit};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Make it the active provider, not only a configured one.
    pub activate: bool,
    pub provider: String,
    /// `None` keeps the model that the files hold for it.
    pub model: Option<String>,
    /// Other settings; `None` removes one.
    pub settings: Vec<(String, Option<String>)>,
    /// `Some(true)` turns goose's keychain off, `Some(false)` takes that line out.
    pub keyring_off: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    pub text: Vec<u8>,
    pub notes: Vec<String>,
}

/// The user's config file after the change; the same bytes when it says so already.
///
/// `known` tells the ids of goose's providers: only their `<id>_configured` keys are goose's own and are converted.
pub fn rewrite(
    config: &Config,
    change: &Change,
    known: &dyn Fn(&str) -> bool,
) -> Result<Rewritten> {
    let path = config.user.path.display();
    let mut notes = Vec::new();
    let mut draft = Draft {
        config,
        now: config.content().clone(),
        edits: Vec::new(),
    };
    if draft.has_useless_providers() {
        notes.push(format!(
            "`{PROVIDERS}` in {path} was no map, so goose could not use it; it is replaced"
        ));
    }
    if draft.convert(known) {
        notes.push(format!(
            "the flat keys in {path} are converted to `{ACTIVE}` and `{PROVIDERS}`"
        ));
    }
    if change.activate {
        draft.push(Edit::set([ACTIVE], change.provider.as_str()));
    }
    let model = change.model.clone().or_else(|| lone_model(config, change));
    draft.set_up(&change.provider, model.as_deref());
    for (name, value) in &change.settings {
        draft.push(match value {
            Some(value) => Edit::set([name], value.as_str()),
            None => Edit::remove([name]),
        });
    }
    match change.keyring_off {
        Some(true) => draft.turn_keyring_off(),
        Some(false) => draft.turn_keyring_on(),
        None => {}
    }

    let before = config.user.bytes.as_deref().unwrap_or_default();
    let edited = yaml_edit::apply(&config.user.path, before, &draft.edits)?;
    notes.extend(edited.notes(&config.user.path));
    Ok(Rewritten {
        text: edited.text,
        notes,
    })
}

/// The user's config file without this provider. If it was the active one, none is afterwards.
pub fn forget(config: &Config, id: &str) -> Result<Vec<u8>> {
    let now = config.content();
    let mut edits = Vec::new();
    if now.get(PROVIDERS).is_some_and(|all| all.get(id).is_some()) {
        edits.push(Edit::remove([PROVIDERS, id]));
    }
    if filled(now, ACTIVE) == Some(id) {
        edits.push(Edit::remove([ACTIVE]));
    }
    if filled(now, FLAT_PROVIDER) == Some(id) {
        edits.extend([Edit::remove([FLAT_PROVIDER]), Edit::remove([FLAT_MODEL])]);
    }
    let mark = format!("{id}{FLAT_CONFIGURED}");
    if now.contains_key(mark.as_str()) {
        edits.push(Edit::remove([mark.as_str()]));
    }
    let before = config.user.bytes.as_deref().unwrap_or_default();
    Ok(yaml_edit::apply(&config.user.path, before, &edits)?.text)
}

/// A flat model that belongs to no provider is what goose would use for the first one that becomes active.
fn lone_model(config: &Config, change: &Change) -> Option<String> {
    let files_only = config
        .with_user(config.content().clone())
        .active(&Env::default());
    let free = change.activate && files_only.provider.is_none();
    (free && config.model_of(&change.provider).is_none())
        .then_some(files_only.model?.value)
        .filter(|model| !model.is_empty())
}

/// The edits so far, and the file as they leave it.
struct Draft<'a> {
    config: &'a Config,
    now: Mapping,
    edits: Vec<Edit>,
}

impl Draft<'_> {
    fn push(&mut self, edit: Edit) {
        edit.make(&mut self.now);
        self.edits.push(edit);
    }

    fn has_useless_providers(&self) -> bool {
        self.now
            .get(PROVIDERS)
            .is_some_and(|value| !value.is_mapping() && !value.is_null())
    }

    /// Says in the structured layout what the flat keys say, and takes them out. Tells whether there were any.
    fn convert(&mut self, known: &dyn Fn(&str) -> bool) -> bool {
        let before = self.now.clone();
        let marked: Vec<&str> = flat_configured(&before).filter(|id| known(id)).collect();
        let flat = [FLAT_PROVIDER, FLAT_MODEL];
        if marked.is_empty() && flat.iter().all(|key| !before.contains_key(*key)) {
            return false;
        }
        let files_only = self
            .config
            .with_user(before.clone())
            .active(&Env::default());
        if let Some(provider) = files_only.provider.filter(|it| !it.value.is_empty()) {
            if provider.source == Source::Config {
                self.push(Edit::set([ACTIVE], provider.value.as_str()));
            }
            if let Some(model) = files_only
                .model
                .filter(|it| it.source == Source::Config && !it.value.is_empty())
            {
                self.remember(&provider.value, Some(&model.value));
            }
        }
        // Beside another active provider this one is idle, but nothing else remembers its model.
        if let Some(provider) = filled(&before, FLAT_PROVIDER) {
            self.remember(provider, filled(&before, FLAT_MODEL));
        }
        for id in &marked {
            if self.entry(id).is_none() {
                self.create(id, None);
            }
        }
        for id in marked {
            self.push(Edit::remove([&format!("{id}{FLAT_CONFIGURED}")]));
        }
        for key in flat {
            self.push(Edit::remove([key]));
        }
        true
    }

    /// Gives a provider the model it had through flat keys, unless its entry has one.
    fn remember(&mut self, id: &str, model: Option<&str>) {
        match (self.entry(id).map(Entry::of), model) {
            (Some(Some(Entry { model: Some(_) })), _) | (Some(_), None) => {}
            (Some(Some(_)), Some(model)) => self.push(Edit::set([PROVIDERS, id, "model"], model)),
            (Some(None), Some(_)) | (None, _) => self.set_up(id, model),
        }
    }

    /// Makes the entry say that the provider is ready, and leaves alone what else it says.
    fn set_up(&mut self, id: &str, model: Option<&str>) {
        let Some(fields) = self.entry(id).and_then(Value::as_mapping) else {
            return self.create(id, model);
        };
        let model = match (model, fields.get("model")) {
            (Some(model), _) => Some(model.to_owned()),
            (None, Some(model)) if model.is_string() => None,
            (None, _) => self.model_for_new_entry(id),
        };
        self.push(Edit::set([PROVIDERS, id, "enabled"], true));
        if let Some(model) = model {
            self.push(Edit::set([PROVIDERS, id, "model"], model));
        }
        self.push(Edit::set([PROVIDERS, id, "configured"], true));
    }

    fn create(&mut self, id: &str, model: Option<&str>) {
        let mut fields = Mapping::new();
        fields.insert("enabled".into(), true.into());
        if let Some(model) = model
            .map(str::to_owned)
            .or_else(|| self.model_for_new_entry(id))
        {
            fields.insert("model".into(), model.into());
        }
        fields.insert("configured".into(), true.into());
        self.push(Edit::set([PROVIDERS, id], fields));
    }

    /// goose writes an empty model where it knows none. Over a lower file that knows one, it would hide that.
    fn model_for_new_entry(&self, id: &str) -> Option<String> {
        let below = self.config.with_user(Mapping::new());
        below.model_of(id).is_none().then(String::new)
    }

    fn entry(&self, id: &str) -> Option<&Value> {
        self.now
            .get(PROVIDERS)?
            .get(id)
            .filter(|entry| !entry.is_null())
    }

    fn turn_keyring_off(&mut self) {
        if !self.now.get(NO_KEYRING).is_some_and(turns_off) {
            self.push(Edit::set([NO_KEYRING], true));
        }
    }

    fn turn_keyring_on(&mut self) {
        if !self.now.get(NO_KEYRING).is_some_and(turns_off) {
            return;
        }
        // Without the line a lower file that says the same would be heard.
        let below = self.config.with_user(Mapping::new());
        self.push(match below.keyring_off(&Env::default()) {
            Some(_) => Edit::set([NO_KEYRING], false),
            None => Edit::remove([NO_KEYRING]),
        });
    }
}

fn filled<'a>(map: &'a Mapping, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use crate::goose::config::tests::{config, paths, write};

    use super::*;

    fn to(provider: &str, model: &str) -> Change {
        Change {
            activate: true,
            provider: provider.into(),
            model: Some(model.into()),
            ..Change::default()
        }
    }

    fn known(id: &str) -> bool {
        ["groq", "openai", "xai", "ollama"].contains(&id)
    }

    fn text(before: &str, change: &Change) -> String {
        let rewritten = rewrite(&config(before), change, &known).unwrap();
        let text = String::from_utf8(rewritten.text).unwrap();
        let again = rewrite(&config(&text), change, &known).unwrap();
        assert_eq!(
            String::from_utf8(again.text).unwrap(),
            text,
            "the second run changed something"
        );
        assert!(again.notes.is_empty(), "{:?}", again.notes);
        text
    }

    fn active(text: &str) -> (String, String) {
        let active = config(text).active(&Env::of([]));
        (active.provider.unwrap().value, active.model.unwrap().value)
    }

    #[test]
    fn a_new_file_is_minimal() {
        assert_eq!(
            text("", &to("openrouter", "anthropic/claude-sonnet-4.5")),
            "active_provider: openrouter\nproviders:\n  openrouter:\n    enabled: true\n    model: anthropic/claude-sonnet-4.5\n    configured: true\n"
        );
    }

    #[test]
    fn switching_touches_only_what_it_must() {
        let before = "# mine\nactive_provider: groq # fast\nproviders:\n  groq: {enabled: true, model: gm, configured: true}\n  xai:\n    enabled: false\n    note: keep # this\n    model: old\n  bad: 7\nfoo_configured: 1\n";
        assert_eq!(
            text(before, &to("xai", "new")),
            "# mine\nactive_provider: xai # fast\nproviders:\n  groq: {enabled: true, model: gm, configured: true}\n  xai:\n    enabled: true\n    note: keep # this\n    model: new\n    configured: true\n  bad: 7\nfoo_configured: 1\n"
        );
    }

    #[test]
    fn a_file_that_says_so_already_keeps_its_bytes() {
        let before = "active_provider:   'groq'\nproviders: {groq: {model: \"gm\", enabled: true, configured: true}} # x";
        assert_eq!(text(before, &to("groq", "gm")), before);
    }

    #[test]
    fn a_flat_file_is_converted_without_loss() {
        let before = "# head\nGOOSE_PROVIDER: groq # was\nGOOSE_MODEL: fm\nopenai_configured: true\nxai_configured: false\nmy_tool_configured: true\nGOOSE_MODE: auto\n";
        assert_eq!(
            text(before, &to("ollama", "qwen3")),
            "# head\nxai_configured: false\nmy_tool_configured: true\nGOOSE_MODE: auto\nactive_provider: ollama\nproviders:\n  groq:\n    enabled: true\n    model: fm\n    configured: true\n  openai:\n    enabled: true\n    model: ''\n    configured: true\n  ollama:\n    enabled: true\n    model: qwen3\n    configured: true\n"
        );
    }

    #[test]
    fn converting_alone_changes_no_answer() {
        for before in [
            "GOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nproviders: {groq: {model: gm}}\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nproviders: {groq: {enabled: 'yes', model: gm}}\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nproviders: {groq: 7}\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nproviders: {groq: {model: 5}}\nGOOSE_MODEL: fm\n",
            "active_provider: groq\nproviders: [groq]\nGOOSE_MODEL: fm\n",
            "active_provider: ~\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: '123'\n",
            "providers: {groq: {model: gm}}\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
            "providers: {groq: {model: gm}}\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
        ] {
            let add_only = Change {
                activate: false,
                ..to("ollama", "qwen3")
            };
            let after = text(before, &add_only);
            assert_eq!(active(&after), active(before), "{before}");
            assert!(!after.contains("GOOSE_"), "{after}");
            assert_eq!(config(&after).model_of("ollama").unwrap(), "qwen3");
        }
    }

    #[test]
    fn the_idle_flat_provider_keeps_its_model_too() {
        let after = text(
            "active_provider: groq\nproviders: {groq: {model: gm}}\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: om\n",
            &to("xai", "xm"),
        );
        assert_eq!(config(&after).model_of("openai").unwrap(), "om");
        assert_eq!(config(&after).model_of("groq").unwrap(), "gm");
    }

    #[test]
    fn without_a_model_the_known_one_stays() {
        let keep = Change {
            model: None,
            ..to("groq", "")
        };
        for before in [
            "providers: {groq: {model: gm}}\n",
            "GOOSE_PROVIDER: groq\nGOOSE_MODEL: gm\n",
            "GOOSE_MODEL: gm\n",
        ] {
            assert_eq!(
                active(&text(before, &keep)),
                ("groq".into(), "gm".into()),
                "{before}"
            );
        }
        let after = text("GOOSE_PROVIDER: xai\nGOOSE_MODEL: xm\n", &keep);
        assert_eq!(config(&after).model_of("groq"), None);
        assert_eq!(config(&after).model_of("xai").unwrap(), "xm");
    }

    #[test]
    fn a_model_that_looks_like_a_number_is_written_as_text() {
        for model in ["4", "1e5", "true", "null", "yes", "0x1"] {
            let after = text("a: b\n", &to("123", model));
            assert_eq!(active(&after), ("123".into(), model.into()));
        }
    }

    #[test]
    fn settings_are_set_as_text_and_removed() {
        let change = Change {
            settings: vec![
                ("OLLAMA_HOST".into(), Some("http://x:1".into())),
                ("OLLAMA_TIMEOUT".into(), Some("600".into())),
                ("OLD".into(), None),
                ("GONE".into(), None),
            ],
            ..to("ollama", "m")
        };
        let after = text("OLD: 1\nOLLAMA_HOST: y # here\n", &change);
        assert!(
            after.starts_with("OLLAMA_HOST: http://x:1 # here\n"),
            "{after}"
        );
        assert!(after.ends_with("OLLAMA_TIMEOUT: '600'\n"), "{after}");
    }

    #[test]
    fn the_keychain_line_comes_and_goes() {
        let with = |keyring_off| Change {
            keyring_off: Some(keyring_off),
            ..to("groq", "m")
        };
        let off = text("", &with(true));
        assert!(off.ends_with("GOOSE_DISABLE_KEYRING: true\n"));
        assert!(config(&off).keyring_off(&Env::of([])).is_some());
        assert_eq!(text(&off, &with(false)), text("", &to("groq", "m")));
        for said in ["'1'", "'true'", "true"] {
            let before = format!("GOOSE_DISABLE_KEYRING: {said}\n");
            assert!(text(&before, &with(true)).starts_with(&before));
        }
        for unsaid in ["false", "1"] {
            let before = format!("GOOSE_DISABLE_KEYRING: {unsaid} # x\n");
            assert!(text(&before, &with(false)).starts_with(&before));
            assert!(text(&before, &with(true)).starts_with("GOOSE_DISABLE_KEYRING: true # x\n"));
        }
    }

    fn over(lower: &str, user: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(folder.path());
        write(&paths.system_config, lower);
        write(&paths.config, user);
        Config::read(&paths).unwrap()
    }

    #[test]
    fn a_lower_file_is_neither_hidden_nor_let_through_by_accident() {
        let keep = Change {
            model: None,
            keyring_off: Some(false),
            ..to("groq", "")
        };
        let before = over(
            "GOOSE_DISABLE_KEYRING: true\nproviders: {groq: {model: low}}\n",
            "GOOSE_DISABLE_KEYRING: true\n",
        );
        let after = rewrite(&before, &keep, &known).unwrap().text;
        assert_eq!(
            String::from_utf8(after).unwrap(),
            "GOOSE_DISABLE_KEYRING: false\nactive_provider: groq\nproviders:\n  groq:\n    enabled: true\n    configured: true\n"
        );
    }

    #[test]
    fn what_a_byte_order_mark_hid_is_heard_again_and_noted() {
        let before = config("\u{feff}# c\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: gm\n");
        let rewritten = rewrite(&before, &to("xai", "xm"), &known).unwrap();
        assert!(
            rewritten
                .notes
                .iter()
                .any(|note| note.contains("byte order mark"))
        );
        let after = String::from_utf8(rewritten.text).unwrap();
        assert!(after.starts_with("# c\n"));
        assert_eq!(active(&after), ("xai".into(), "xm".into()));
        assert_eq!(config(&after).model_of("groq").unwrap(), "gm");
    }

    #[test]
    fn an_aliased_entry_is_changed_and_its_twin_is_not() {
        let after = text(
            "base: &b {enabled: true, model: m, configured: true}\nproviders:\n  groq: *b\n  xai: *b\n",
            &to("groq", "new"),
        );
        assert_eq!(config(&after).model_of("groq").unwrap(), "new");
        assert_eq!(config(&after).model_of("xai").unwrap(), "m");
    }
}
