//! `goose-setup status`: what goose will use, and why.

use serde_json::{Value, json};

use crate::catalog;
use crate::context::Context;
use crate::elsewhere;
use crate::env::Env;
use crate::error::{Exit, Result};
use crate::fallback::{parameters, sentence};
use crate::goose::binary::INSTALL_PAGE;
use crate::goose::config::{Source, Sourced};
use crate::report::Report;
use crate::secret::Secret;
use crate::secrets::{SecretsFile, StoreKind};
use crate::shadows::{self, Expected, Shadow};
use crate::state::State;
use crate::view;

struct Row {
    id: String,
    model: Option<String>,
    is_active: bool,
    key: Option<KeyRow>,
    /// What is seen of whatever stands in for a key.
    elsewhere: Option<String>,
}

impl Row {
    fn is_key_optional(&self) -> bool {
        catalog::by_id(&self.id)
            .and_then(|provider| provider.key.as_ref())
            .is_some_and(|key| key.optional)
    }
}

struct KeyRow {
    name: &'static str,
    secret: Option<Secret>,
    /// Why it is unknown whether there is one.
    trouble: Option<String>,
}

pub fn run(cx: &Context) -> Result<Report> {
    let state = cx.look()?;
    let goose = state.goose(&cx.env).cloned();
    if let Some(goose) = &goose {
        state.versions.keep(goose);
    }
    let active = state.config.active(&cx.env);
    let rows = rows(cx, &state)?;
    let shadows = shadows_of(cx, &state, &rows)?;
    let fallback = parameters::in_force(&state.config, &cx.env);
    let store = state.secrets()?.read_from();
    let source = active
        .provider
        .as_ref()
        .map_or(Source::None, |it| it.source.clone());
    let fields = json!({
        "goose": {
            "path": goose.as_ref().map(|goose| &goose.path),
            "version": goose.as_ref().and_then(|goose| goose.version).map(|it| it.to_string()),
        },
        "config": {"path": state.paths.config, "layout": state.config.layout().word()},
        "active": {
            "provider": value(active.provider.as_ref()),
            "model": value(active.model.as_ref()),
            "source": source.word(),
        },
        "providers": rows.iter().map(|row| row_json(row, store)).collect::<Vec<_>>(),
        "fallback": fallback,
        "shadows": shadows,
    });
    let mut text = String::new();
    let mut line = |name: &str, rest: String| text.push_str(&format!("{name:<10} {rest}\n"));
    line(
        "goose",
        match &goose {
            Some(goose) => format!(
                "{} ({})",
                goose
                    .version
                    .map_or("version unknown".into(), |it| it.to_string()),
                view::path(&goose.path, &cx.env)
            ),
            None => format!("not found; install it: {INSTALL_PAGE}"),
        },
    );
    line(
        "config",
        format!(
            "{} ({})",
            view::path(&state.paths.config, &cx.env),
            match state.config.layout().word() {
                "none" => "no provider in it",
                word => word,
            }
        ),
    );
    line("provider", with_source(active.provider.as_ref(), cx));
    line("model", with_source(active.model.as_ref(), cx));
    if !fallback.is_empty() {
        let from = match parameters::in_environment(&cx.env) {
            Some(_) => format!(" (from ${})", parameters::SETTING),
            None => String::new(),
        };
        line(
            "fallback",
            format!("{} on OpenRouter{from}", sentence(&fallback)),
        );
    }
    line(
        "keys",
        match store {
            Some(StoreKind::Keychain) => {
                view::store(StoreKind::Keychain, &state.paths.secrets, &cx.env)
            }
            Some(StoreKind::File) => file_in_words(&state.secrets()?.file, cx),
            None => "nowhere: goose cannot read its keychain item".into(),
        },
    );
    for row in &rows {
        text.push_str(&row_text(row));
    }
    for shadow in &shadows {
        text.push_str(&format!("warning: {}\n", shadow.sentence()));
    }
    for path in &state.config.skipped {
        text.push_str(&format!(
            "warning: goose passes over {}, which does not parse\n",
            path.display()
        ));
    }
    if rows.is_empty() {
        text.push_str("nothing is set up yet: run `goose-setup`\n");
    }
    Ok(Report::new(Exit::Done, fields, text))
}

fn rows(cx: &Context, state: &State) -> Result<Vec<Row>> {
    let seen = state.secrets()?;
    let active = state.config.active(&Env::default()).provider;
    state
        .config
        .configured()
        .into_iter()
        .map(|known| {
            let provider = catalog::by_id(&known.id);
            let key = provider.and_then(|provider| provider.key.as_ref());
            let look = match provider {
                Some(provider) => elsewhere::look(provider, state, &cx.env)?,
                None => None,
            };
            Ok(Row {
                elsewhere: look.map(|look| look.words),
                is_active: active
                    .as_ref()
                    .is_some_and(|active| active.value == known.id),
                key: key.map(|key| {
                    let secret = seen.secret(key.variable);
                    KeyRow {
                        name: key.variable,
                        trouble: secret.is_none().then(|| seen.keychain_trouble()).flatten(),
                        secret,
                    }
                }),
                id: known.id,
                model: known.model,
            })
        })
        .collect()
}

fn shadows_of(cx: &Context, state: &State, rows: &[Row]) -> Result<Vec<Shadow>> {
    let files = state.config.active(&Env::default());
    let Some(provider) = files.provider else {
        return Ok(Vec::new());
    };
    let row = rows.iter().find(|row| row.id == provider.value);
    let key = row.and_then(|row| row.key.as_ref());
    // A key that is not where the environment sends goose may be in the keychain, where the files alone would send it.
    let is_missing = key.is_some_and(|key| key.secret.is_none());
    let is_keychain_meant = state.config.keyring_off(&Env::default()).is_none();
    shadows::find(
        &cx.env,
        state,
        &Expected {
            id: &provider.value,
            provider: catalog::by_id(&provider.value),
            model: files.model.as_ref().map(|model| model.value.as_str()),
            key: key.and_then(|key| key.secret.as_ref()),
            store: (is_missing && is_keychain_meant).then_some(StoreKind::Keychain),
        },
    )
}

fn value(sourced: Option<&Sourced>) -> Option<&str> {
    sourced.map(|sourced| sourced.value.as_str())
}

fn with_source(sourced: Option<&Sourced>, cx: &Context) -> String {
    let Some(sourced) = sourced else {
        return "none".into();
    };
    let from = match &sourced.source {
        Source::Env(variable) => format!(" (from ${variable})"),
        Source::System(path) => format!(" (from {})", view::path(path, &cx.env)),
        Source::Config | Source::None => String::new(),
    };
    let value = if sourced.value.is_empty() {
        "(empty)"
    } else {
        &sourced.value
    };
    format!("{value}{from}")
}

/// The file of secrets as it is, which a plan's promise of 0600 is not.
fn file_in_words(file: &SecretsFile, cx: &Context) -> String {
    let snapshot = file.snapshot();
    let path = view::path(&snapshot.path, &cx.env);
    match (&snapshot.bytes, snapshot.mode, file.sound()) {
        (None, ..) => format!("{path} (not there yet)"),
        (_, _, Err(error)) => format!("nowhere: {error}"),
        (_, Some(mode), _) if mode & 0o077 != 0 => {
            format!("{path} in plain text, readable by others (mode {mode:o}): chmod 600 {path}")
        }
        _ => format!("{path} in plain text"),
    }
}

fn row_json(row: &Row, store: Option<StoreKind>) -> Value {
    let mut fields = json!({
        "id": row.id,
        "model": row.model,
        "active": row.is_active,
        "key": row.key.as_ref().map(|key| json!({
            "name": key.name,
            "present": if key.trouble.is_some() { Value::Null } else { key.secret.is_some().into() },
            "store": key.secret.as_ref().map(|_| store),
            "fingerprint": key.secret.as_ref().map(Secret::fingerprint),
        })),
    });
    if let Some(words) = &row.elsewhere {
        fields["elsewhere"] = words.as_str().into();
    }
    fields
}

fn row_text(row: &Row) -> String {
    let mark = if row.is_active { "*" } else { " " };
    let key = match &row.key {
        None => row.elsewhere.clone().unwrap_or("no key needed".into()),
        Some(KeyRow {
            secret: Some(secret),
            ..
        }) => format!("key {}", secret.fingerprint()),
        Some(KeyRow {
            trouble: Some(trouble),
            ..
        }) => format!("key unknown: {trouble}"),
        Some(KeyRow { name, .. }) => match (&row.elsewhere, row.is_key_optional()) {
            (Some(words), _) => words.clone(),
            (None, true) => "no key needed".into(),
            (None, false) => format!("{name} is not stored"),
        },
    };
    format!(
        "  {mark} {:<18} {:<36} {key}\n",
        row.id,
        row.model.as_deref().unwrap_or("no model")
    )
}
