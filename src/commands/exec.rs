//! `goose-setup exec`: a command that has a provider's variables, and nobody else has them.

use zeroize::Zeroizing;

use crate::cli::ExecArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::goose::env_value;
use crate::interview::provider::named_or_active;
use crate::stored_key;
use crate::{process, recovery};

pub fn run(args: &ExecArgs, cx: &Context) -> Result<u8> {
    if cx.json {
        return Err(Error::usage(
            "`goose-setup exec` has no JSON of its own",
            "leave --json out",
        ));
    }
    let state = cx.look()?;
    let provider = named_or_active(args.provider.as_deref(), cx, &state)?;
    let model = state
        .config
        .model_of(provider.id)
        .or_else(|| provider.default_model.map(str::to_owned));
    let mut variables = vec![(
        "GOOSE_PROVIDER".to_owned(),
        Zeroizing::new(provider.id.to_owned()),
    )];
    variables.extend(model.map(|model| ("GOOSE_MODEL".to_owned(), Zeroizing::new(model))));
    let mut add = |name: &str, value: &str| -> Result<()> {
        let form = env_value::env_form(value, env_value::is_read_raw(name))?;
        variables.push((name.to_owned(), Zeroizing::new(form)));
        Ok(())
    };
    if let Some(fact) = &provider.key {
        match stored_key::set_up(provider, cx, &state)? {
            Some(key) => add(fact.variable, key.expose())?,
            None if fact.optional => {}
            None => return Err(stored_key::no_key(provider, fact.variable, &state)),
        }
    }
    for setting in &provider.settings {
        if setting.secret {
            if let Some(secret) = state.secrets()?.secret(setting.name) {
                add(setting.name, secret.expose())?;
            }
        } else if let Some(value) = state.config.file_setting(setting.name) {
            add(setting.name, &value)?;
        }
    }
    let is_set = |name: &str| state.config.file_setting(name).is_some();
    if let Some(host) = provider.host_setting(is_set)
        && let Some(value) = state.config.file_setting(host)
    {
        add(host, &value)?;
    }
    // Afterwards this is another program.
    recovery::expire(cx);
    process::become_program(&args.command, &variables)
}
