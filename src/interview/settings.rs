//! The provider's address and whatever else goose has to be told about it.

use crate::catalog::{self, Provider, Setting};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::goose::config::{Config, Source, Sourced};
use crate::interview::Interview;
use crate::key_source;
use crate::prompt::Prompt;
use crate::secret::{Secret, is_name_of_secret};

/// Names that decide the provider themselves; they have flags of their own.
const RESERVED: &[&str] = &[
    "GOOSE_PROVIDER",
    "GOOSE_MODEL",
    "GOOSE_DISABLE_KEYRING",
    "ACTIVE_PROVIDER",
    "PROVIDERS",
    "EXTENSIONS",
];

pub(super) struct Settings {
    /// The address goose will call, where it is not the provider's own.
    pub host: Option<String>,
    /// The address is another than goose used so far, so a stored key was not meant for it.
    pub is_new_host: bool,
    /// For goose's config; `None` takes a setting away.
    pub plain: Vec<(String, Option<String>)>,
    pub secret: Vec<(String, Secret)>,
}

impl Settings {
    /// What goose's files will say under this name.
    pub(super) fn value(&self, name: &str, config: &Config) -> Option<Sourced> {
        match self.plain.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => Some(Sourced {
                value: value.clone()?,
                source: Source::Config,
            }),
            None => config.setting(&Env::default(), name),
        }
    }
}

pub(super) fn decide(
    interview: &mut Interview<'_>,
    provider: &'static Provider,
) -> Result<Settings> {
    let mut settings = Settings {
        host: None,
        is_new_host: false,
        plain: Vec::new(),
        secret: Vec::new(),
    };
    for (name, value) in &interview.args.set {
        let name = writable(name)?;
        if is_secret(name) {
            return Err(Error::usage(
                format!("{name} is a secret and does not belong on the command line"),
                format!("put it into an environment variable and give --set-env {name}=VAR"),
            ));
        }
        settings.plain.push((name.to_owned(), Some(value.clone())));
    }
    for (name, variable) in &interview.args.set_env {
        let name = writable(name)?;
        if provider
            .key
            .as_ref()
            .is_some_and(|key| key.variable == name)
        {
            return Err(Error::usage(
                format!("{name} is the API key itself"),
                format!("give --key-env {variable}, which also proves it"),
            ));
        }
        settings.secret.push((
            name.to_owned(),
            key_source::variable(variable, interview.cx)?,
        ));
    }
    note_strangers(interview, provider, &settings);
    decide_host(interview, provider, &mut settings)?;
    require(interview, provider, &mut settings)?;
    Ok(settings)
}

fn writable(name: &str) -> Result<&str> {
    if RESERVED.contains(&name.to_ascii_uppercase().as_str()) {
        return Err(Error::usage(
            format!("--set does not take {name}"),
            "use the PROVIDER argument, --model or --store for it",
        ));
    }
    // An address given past `--host` would be written as it stands, and a stored key sent where it was not meant to go.
    if let Some(owner) = catalog::all().iter().find(|row| is_address(name, row)) {
        return Err(Error::usage(
            format!("--set does not take {name}, the address of {}", owner.title),
            format!("give it as `goose-setup {} --host URL`", owner.id),
        ));
    }
    Ok(name)
}

fn is_address(name: &str, provider: &Provider) -> bool {
    let Some(host) = &provider.host else {
        return false;
    };
    let over = host.over.as_ref().map(|over| over.setting);
    [Some(host.setting), over]
        .into_iter()
        .flatten()
        .any(|setting| setting.eq_ignore_ascii_case(name))
}

fn is_secret(name: &str) -> bool {
    is_name_of_secret(name)
        || catalog::all().iter().any(|provider| {
            provider
                .key
                .as_ref()
                .is_some_and(|key| key.variable == name)
                || provider
                    .settings
                    .iter()
                    .any(|setting| setting.secret && setting.name == name)
        })
}

fn note_strangers(interview: &mut Interview<'_>, provider: &Provider, settings: &Settings) {
    let is_known = |name: &str| {
        name.starts_with("GOOSE_")
            || provider
                .host
                .as_ref()
                .is_some_and(|host| host.setting == name)
            || provider.settings.iter().any(|setting| setting.name == name)
    };
    let names = settings
        .plain
        .iter()
        .map(|(name, _)| name)
        .chain(settings.secret.iter().map(|(name, _)| name));
    for name in names.filter(|name| !is_known(name)) {
        interview.notes.push(format!(
            "{} has no setting {name} that is known here; check its spelling",
            provider.title
        ));
    }
}

fn decide_host(
    interview: &mut Interview<'_>,
    provider: &'static Provider,
    settings: &mut Settings,
) -> Result<()> {
    let Some(fact) = &provider.host else {
        return match &interview.args.host {
            Some(typed) => provider.host_value(typed).map(drop),
            None => Ok(()),
        };
    };
    let written = interview.state.config.file_setting(fact.setting);
    let over = fact.over.as_ref().map(|over| over.setting);
    let over = over.and_then(|name| Some((name, interview.state.config.file_setting(name)?)));
    let in_force = match &over {
        Some((_, address)) => Some(address.clone()),
        None => written.clone(),
    };
    let now = in_force
        .clone()
        .or_else(|| fact.default.map(str::to_owned))
        .unwrap_or_default();
    let typed = match (&interview.args.host, &interview.prompt) {
        (Some(host), _) => Some(host.clone()),
        (None, Some(prompt)) if fact.required && interview.is_guided() => {
            let host = ask_host(interview, prompt, provider, &now)?;
            interview
                .cx
                .talk
                .good(format!("{}: {host}", provider.title));
            Some(host)
        }
        (None, _) if fact.required && now.is_empty() => {
            return Err(Error::missing(
                format!("the address of {}", provider.title),
                "--host URL",
            ));
        }
        (None, _) => None,
    };
    let Some(typed) = typed else {
        settings.host = in_force;
        return Ok(());
    };
    if let Some((name, _)) = over {
        settings.plain.push((name.to_owned(), None));
    }
    let value = provider.host_value(&typed)?;
    if provider.key.is_some() && catalog::is_readable_by_others(&value) {
        interview.notes.push(format!(
            "{value} is not encrypted: everybody on the way can read the key"
        ));
    }
    settings.is_new_host = value != provider.host_value(&now).unwrap_or(now);
    let is_default = fact.default.is_some_and(|default| {
        provider
            .host_value(default)
            .is_ok_and(|default| default == value)
    });
    if !is_default || fact.required {
        settings
            .plain
            .push((fact.setting.to_owned(), Some(value.clone())));
        settings.host = Some(value);
    } else if written.is_some() {
        settings.plain.push((fact.setting.to_owned(), None));
    }
    Ok(())
}

fn ask_host(
    interview: &Interview<'_>,
    prompt: &Prompt,
    provider: &Provider,
    now: &str,
) -> Result<String> {
    loop {
        let such_as = match &provider.host {
            Some(host) if now.is_empty() => host.example,
            _ => None,
        };
        let such_as = such_as.map_or(String::new(), |example| format!(" ({example})"));
        let question = format!("Where does {} run?{such_as}", provider.title);
        let typed = prompt.text(&question, now)?;
        match provider.host_value(&typed) {
            Ok(host) => return Ok(host),
            Err(error) => {
                interview.cx.talk.bad(error.to_string());
                interview.cx.talk.hint(error.action());
            }
        }
    }
}

/// Settings without which goose does not start the provider; one with a default is asked for only where somebody is there.
fn require(
    interview: &Interview<'_>,
    provider: &'static Provider,
    settings: &mut Settings,
) -> Result<()> {
    for needed in provider.settings.iter().filter(|setting| setting.required) {
        let is_given = settings.plain.iter().any(|(name, _)| name == needed.name)
            || settings.secret.iter().any(|(name, _)| name == needed.name);
        let is_written = interview.state.config.file_setting(needed.name).is_some();
        if is_given || is_written {
            continue;
        }
        let preset = interview.cx.env.filled(needed.name).or(needed.default);
        let prompt = interview.prompt.as_ref().filter(|_| interview.is_guided());
        if let (Some(preset), None, false) = (preset, prompt, needed.secret) {
            settings
                .plain
                .push((needed.name.to_owned(), Some(preset.to_owned())));
            continue;
        }
        let Some(prompt) = prompt else {
            let flag = if needed.secret { "--set-env" } else { "--set" };
            return Err(Error::missing(
                format!("{} ({})", needed.title, needed.name),
                format!("{flag} {}=…", needed.name),
            ));
        };
        if needed.secret {
            let secret = ask_secret(interview, prompt, provider, needed)?;
            settings.secret.push((needed.name.to_owned(), secret));
        } else {
            let value = ask_value(interview, prompt, provider, needed, preset)?;
            settings.plain.push((needed.name.to_owned(), Some(value)));
        }
    }
    Ok(())
}

/// Which of the vendor's credentials goose shall use, now that it is known that they stand in for a key. The value that
/// goose takes by itself is not written.
pub(super) fn of_credentials(
    interview: &Interview<'_>,
    provider: &Provider,
    settings: &Settings,
) -> Result<Vec<(String, Option<String>)>> {
    let prompt = interview.prompt.as_ref().filter(|_| interview.is_guided());
    let mut answers = Vec::new();
    for setting in provider.settings.iter().filter(|it| it.with_credentials) {
        let is_given = settings.plain.iter().any(|(name, _)| name == setting.name);
        if is_given || interview.state.config.file_setting(setting.name).is_some() {
            continue;
        }
        let here = interview.cx.env.filled(setting.name);
        let value = match prompt {
            Some(prompt) => ask_value(
                interview,
                prompt,
                provider,
                setting,
                here.or(setting.default),
            )?,
            None => match here {
                Some(here) => here.to_owned(),
                None => continue,
            },
        };
        if here.is_some() || setting.default != Some(value.as_str()) {
            answers.push((setting.name.to_owned(), Some(value)));
        }
    }
    Ok(answers)
}

fn ask_value(
    interview: &Interview<'_>,
    prompt: &Prompt,
    provider: &Provider,
    setting: &Setting,
    preset: Option<&str>,
) -> Result<String> {
    let question = format!("{}: {}", provider.title, setting.title);
    loop {
        let typed = prompt.text(&question, preset.unwrap_or_default())?;
        let typed = typed.trim();
        if !typed.is_empty() {
            interview
                .cx
                .talk
                .good(format!("{}: {typed}", setting.title));
            return Ok(typed.to_owned());
        }
    }
}

fn ask_secret(
    interview: &Interview<'_>,
    prompt: &Prompt,
    provider: &Provider,
    setting: &Setting,
) -> Result<Secret> {
    let question = format!("{}: {} (hidden)", provider.title, setting.title);
    loop {
        match Secret::parse(&prompt.hidden(&question)?) {
            Ok(secret) => return Ok(secret),
            Err(reason) => interview.cx.talk.bad(reason.to_string()),
        }
    }
}
