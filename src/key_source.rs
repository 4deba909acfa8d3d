//! A key that is not typed at a question: from standard input, a variable or a command.

use std::io::Read;
use std::process::Stdio;

use zeroize::Zeroizing;

use crate::cli::KeySource;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;
use crate::secret::{Malformed, Secret};
use crate::verdict::Verdict;

/// No key is longer; what else comes down a pipe is not a key.
const INPUT_LIMIT: u64 = 64 * 1024;

pub fn read(source: &KeySource, cx: &Context) -> Result<Option<Secret>> {
    let raw = if source.key_stdin {
        from_stdin(cx)?
    } else if let Some(name) = &source.key_env {
        from_variable(name, cx)?
    } else if let Some(line) = &source.key_command {
        from_command(line, cx)?
    } else {
        return Ok(None);
    };
    Secret::parse(&raw).map(Some).map_err(malformed)
}

/// A secret setting named by `--set-env`.
pub fn variable(name: &str, cx: &Context) -> Result<Secret> {
    let raw = from_variable(name, cx)?;
    let value = raw.trim();
    if value.is_empty() || value.contains(['\n', '\r', '\0']) {
        return Err(Error::usage(
            format!("the environment variable {name} is empty or has more than one line"),
            "set it to the value that goose shall store",
        ));
    }
    Ok(Secret::stored(value))
}

pub fn malformed(reason: Malformed) -> Error {
    Error::Check {
        verdict: Verdict::Malformed,
        cause: None,
        detail: reason.to_string(),
        action: "copy the whole key again from the page where it was made".into(),
    }
}

fn from_stdin(cx: &Context) -> Result<Zeroizing<String>> {
    if let Some(prompt) = cx.prompt() {
        return prompt.hidden("Paste the API key (hidden)");
    }
    let mut bytes = Zeroizing::new(Vec::new());
    std::io::stdin()
        .lock()
        .take(INPUT_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::unexpected(format!("cannot read standard input: {error}")))?;
    std::str::from_utf8(&bytes)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| malformed(Malformed::InnerBlank))
}

fn from_variable(name: &str, cx: &Context) -> Result<Zeroizing<String>> {
    cx.env
        .text(name)
        .map(|value| Zeroizing::new(value.to_owned()))
        .ok_or_else(|| {
            Error::usage(
                format!("the environment variable {name} is not set"),
                format!("export {name}, or name another variable"),
            )
        })
}

fn from_command(line: &str, cx: &Context) -> Result<Zeroizing<String>> {
    process::ask(process::shell(line), cx.timeout, Stdio::inherit()).map_err(|error| {
        Error::usage(
            format!("--key-command gave no key: {error}"),
            "run the command by itself to see why",
        )
    })
}
