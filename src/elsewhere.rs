//! Providers that no key of ours opens: what is there of the program, the sign-in or the vendor's credentials that goose
//! will use, seen without starting or asking anything.

use std::path::PathBuf;

use crate::catalog::{Chain, Program, Provider, SignIn};
use crate::check::Finding;
use crate::env::Env;
use crate::error::Result;
use crate::state::State;
use crate::verdict::Verdict;
use crate::{fsio, process};

/// The line that signs goose in, and can do more than that.
pub const SIGN_IN: &str = "goose configure";

/// What stands in for a key, and whether it is there.
pub struct Look {
    pub finding: Finding,
    pub stand: Stand,
    /// A few words for a list.
    pub words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// All that can be prepared for goose is prepared; the rest is between a person and goose.
    Ready,
    /// It is there, and nothing that is free of charge proves that it is good.
    Unproven,
    /// goose has yet to sign in.
    SignedOut,
    Missing,
}

/// `None` for a provider that only a key, or nothing at all, opens.
pub fn look(provider: &Provider, state: &State, env: &Env) -> Result<Option<Look>> {
    look_with(
        provider,
        &|name| state.config.file_setting(name),
        state,
        env,
    )
}

/// The same, with what goose's files are about to say.
pub fn look_with(
    provider: &Provider,
    written: &dyn Fn(&str) -> Option<String>,
    state: &State,
    env: &Env,
) -> Result<Option<Look>> {
    if let Some(program) = &provider.program {
        let named = program.setting.and_then(|name| {
            let outranking = env.filled(name).map(str::to_owned);
            outranking.or_else(|| written(name))
        });
        let command = named.as_deref().unwrap_or(program.command);
        return Ok(Some(program_of(provider, program, command, env)));
    }
    if let Some(chain) = &provider.chain {
        return Ok(Some(credentials_of(provider, chain, env)));
    }
    if let Some(sign_in) = &provider.sign_in {
        return signed_in(provider, sign_in, state, env).map(Some);
    }
    Ok(provider.note.map(|note| Look {
        finding: unproven("only a chat would show whether it answers", note),
        stand: Stand::Ready,
        words: "no key needed".into(),
    }))
}

fn unproven(detail: impl Into<String>, action: impl Into<String>) -> Finding {
    Finding::new(Verdict::Unproven, detail, action)
}

fn program_of(provider: &Provider, program: &Program, command: &str, env: &Env) -> Look {
    let folders = process::search_path(env);
    let is_there = process::find(command, folders.iter().map(PathBuf::as_path)).is_some();
    if !is_there {
        return Look {
            finding: unproven(
                format!(
                    "{} needs the command `{command}`, which is not on PATH",
                    provider.title
                ),
                format!("install it: {}", program.install),
            ),
            stand: Stand::Missing,
            words: format!("`{command}` is not installed"),
        };
    }
    let rest = match program.sign_in {
        Some(line) => format!("if it is not signed in yet, run `{line}`"),
        None => "run it once by itself to see that it is signed in".into(),
    };
    Look {
        finding: unproven(
            format!("`{command}` is installed; only a chat would show whether it is signed in"),
            rest,
        ),
        stand: Stand::Ready,
        words: format!("through `{command}`"),
    }
}

fn signed_in(provider: &Provider, sign_in: &SignIn, state: &State, env: &Env) -> Result<Look> {
    let title = sign_in.title;
    if is_signed_in(sign_in, state, env)? {
        return Ok(Look {
            finding: unproven(
                format!("goose has signed in to {title} before"),
                with_proof(
                    provider,
                    format!("if goose is not let in, sign in again with `{SIGN_IN}`"),
                ),
            ),
            stand: Stand::Ready,
            words: "goose is signed in".into(),
        });
    }
    let unseen = match sign_in.secret {
        Some(_) => state.secrets()?.unseen_keychain(),
        None => None,
    };
    if let Some(trouble) = unseen {
        return Ok(Look {
            finding: unproven(
                format!("it cannot be seen whether goose has signed in to {title}: {trouble}"),
                format!("let the keychain be read, or sign in with `{SIGN_IN}`"),
            ),
            stand: Stand::Ready,
            words: "sign-in of goose unknown".into(),
        });
    }
    Ok(Look {
        finding: unproven(
            format!("goose has not signed in to {title} yet, and only goose can"),
            with_proof(
                provider,
                format!(
                    "run `{SIGN_IN}` and press {}: {} is chosen there already",
                    sign_in.keys, provider.title
                ),
            ),
        ),
        stand: Stand::SignedOut,
        words: "goose is not signed in".into(),
    })
}

fn with_proof(provider: &Provider, action: String) -> String {
    match provider.proof {
        Some(line) => format!("{action}; `{line}` shows whether the account is let in at all"),
        None => action,
    }
}

/// Whether goose finds something to show at the provider's door; whether that is still good, only the provider knows.
fn is_signed_in(sign_in: &SignIn, state: &State, env: &Env) -> Result<bool> {
    let folder = &state.paths.config_dir;
    if let Some(file) = sign_in.file {
        return Ok(fsio::is_file(&folder.join(file)));
    }
    if let Some(name) = sign_in.secret {
        return Ok(env.filled(name).is_some() || state.secrets()?.secret(name).is_some());
    }
    Ok(sign_in
        .folder
        .is_some_and(|it| fsio::list(&folder.join(it)).is_ok_and(|files| !files.is_empty())))
}

fn credentials_of(provider: &Provider, chain: &Chain, env: &Env) -> Look {
    let variables = chain
        .variables
        .iter()
        .filter(|name| env.filled(name).is_some())
        .map(|name| format!("${name}"));
    let files = chain
        .files
        .iter()
        .filter(|file| {
            env.home()
                .is_some_and(|home| fsio::is_file(&home.join(file)))
        })
        .map(|file| format!("~/{file}"));
    let found: Vec<String> = variables.chain(files).collect();
    if found.is_empty() {
        return Look {
            finding: unproven(
                format!(
                    "no credentials of {} are found on this machine",
                    chain.title
                ),
                format!("run `{}`", chain.sign_in),
            ),
            stand: Stand::Missing,
            words: format!("no credentials of {} found", chain.title),
        };
    }
    let found = found.join(", ");
    Look {
        finding: unproven(
            format!(
                "credentials of {} are found ({found}), but nothing that is free of charge proves that they open {}",
                chain.title, provider.title
            ),
            format!("`{}` shows whether they are good at all", chain.proof),
        ),
        stand: Stand::Unproven,
        words: format!("credentials: {found}"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::catalog;

    fn seen(id: &str, env: &Env) -> Look {
        let state = State::look(env).unwrap();
        look(catalog::find(id).unwrap(), &state, env)
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_command_that_is_missing_comes_with_the_line_that_installs_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let look = seen("codex-acp", &Env::of([("HOME", home), ("PATH", home)]));
        assert_eq!(look.stand, Stand::Missing);
        assert!(look.finding.action.contains("npm install -g"));
        assert!(look.words.contains("not installed"));
    }

    #[test]
    fn a_vendors_credentials_are_named_and_prove_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let bare = seen("bedrock", &Env::of([("HOME", home)]));
        assert!(bare.finding.action.contains("aws configure"));
        let env = Env::of([("HOME", home), ("AWS_PROFILE", "work")]);
        let look = seen("bedrock", &env);
        assert_eq!(look.finding.verdict, Verdict::Unproven);
        assert!(look.finding.detail.contains("$AWS_PROFILE"));
        assert!(look.finding.action.contains("aws sts get-caller-identity"));
    }

    #[test]
    fn a_sign_in_is_known_by_the_token_that_goose_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let env = Env::of([("HOME", home)]);
        let before = seen("kimi_code", &env);
        assert_eq!(before.stand, Stand::SignedOut);
        assert!(before.finding.action.contains("`goose configure`"));
        assert_eq!(before.words, "goose is not signed in");
    }

    #[test]
    fn whoever_takes_a_key_and_nothing_else_is_not_looked_for() {
        let env = Env::of([("HOME", "/nowhere")]);
        let state = State::look(&env).unwrap();
        for id in ["openrouter", "ollama", "groq"] {
            let provider = catalog::find(id).unwrap();
            assert!(look(provider, &state, &env).unwrap().is_none());
        }
    }
}
