//! `goose-setup key print`: a stored key, for a pipe.

use zeroize::Zeroizing;

use super::key_of;
use crate::cli::KeyPrintArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::goose::env_value;
use crate::interview::provider::named;
use crate::patience::Patience;
use crate::report::Report;
use crate::stored_key;

pub(super) fn run(args: &KeyPrintArgs, cx: &Context) -> Result<Report> {
    if cx.json {
        return Err(Error::usage(
            "`goose-setup key print` prints the key alone, not JSON",
            "leave --json out",
        ));
    }
    if cx.env.stdout_is_terminal() && !args.show {
        return Err(Error::usage(
            "a key is not printed to a terminal",
            "pipe it to where it is needed, or give --show",
        ));
    }
    let provider = named(&args.provider)?;
    let fact = key_of(provider)?;
    let patience = if args.env.is_some() || !cx.env.can_prompt() {
        Some(Patience::SHELL_START)
    } else {
        None
    };
    let state = match patience {
        Some(patience) => cx.look()?.with_patience(patience),
        None => cx.look()?,
    };
    let variable = args.env.as_deref().unwrap_or(fact.variable);
    let is_of_provider = variable == fact.variable
        || provider
            .settings
            .iter()
            .any(|setting| setting.secret && setting.name == variable);
    if !is_of_provider {
        return Err(Error::usage(
            format!("{variable} is no secret of {}", provider.title),
            format!("its key is {}", fact.variable),
        ));
    }
    let seen = state.secrets()?;
    let Some(secret) = seen.secret(variable) else {
        return Err(stored_key::no_key(provider, variable, &state));
    };
    let text = Zeroizing::new(match &args.env {
        Some(variable) => env_value::env_form(secret.expose(), env_value::is_read_raw(variable))?,
        None => secret.expose().to_owned(),
    });
    Ok(Report::text(format!("{}\n", *text)))
}
