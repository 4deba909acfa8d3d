//! Providers that no key of ours opens: what is there of the program, the sign-in or the vendor's credentials that goose
//! will use, seen without starting or asking anything.

use std::path::PathBuf;

use crate::catalog::{Chain, Program, Provider, SignIn};
use crate::check::Finding;
use crate::check::verdict::Verdict;
use crate::env::Env;
use crate::goose::paths::Paths;
use crate::{fsio, process};

/// What stands in for a key, and whether it is there.
pub struct Look {
    pub finding: Finding,
    /// All that can be prepared for goose is prepared; the rest is between a person and goose.
    pub is_ready: bool,
    /// A few words for a list.
    pub words: String,
}

/// `None` for a provider that only a key, or nothing at all, opens.
pub fn look(provider: &Provider, paths: &Paths, env: &Env) -> Option<Look> {
    if let Some(program) = &provider.program {
        return Some(program_of(provider, program, env));
    }
    if let Some(chain) = &provider.chain {
        return Some(credentials_of(provider, chain, env));
    }
    if let Some(sign_in) = &provider.sign_in {
        return Some(signed_in(provider, sign_in, paths));
    }
    provider.note.map(|note| Look {
        finding: unproven("only a chat would show whether it answers", note),
        is_ready: true,
        words: "no key needed".into(),
    })
}

fn unproven(detail: impl Into<String>, action: impl Into<String>) -> Finding {
    Finding::new(Verdict::Unproven, detail, action)
}

fn program_of(provider: &Provider, program: &Program, env: &Env) -> Look {
    let named = program.setting.and_then(|name| env.filled(name));
    let command = named.unwrap_or(program.command);
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
            is_ready: false,
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
        is_ready: true,
        words: format!("through `{command}`"),
    }
}

fn signed_in(provider: &Provider, sign_in: &SignIn, paths: &Paths) -> Look {
    let file = sign_in
        .file
        .map(|file| fsio::is_file(&paths.config_dir.join(file)));
    let folder = sign_in.folder.map(|folder| {
        fsio::list(&paths.config_dir.join(folder)).is_ok_and(|files| !files.is_empty())
    });
    let is_signed_in = file.or(folder).unwrap_or_default();
    let (detail, words) = if is_signed_in {
        (
            format!("goose has signed in to {} before", provider.title),
            "goose is signed in".to_owned(),
        )
    } else {
        (
            format!(
                "goose has not signed in to {} yet, and only goose can",
                sign_in.title
            ),
            "goose is not signed in".to_owned(),
        )
    };
    let action = if is_signed_in {
        format!(
            "if goose is not let in, sign in again with `{}`",
            sign_in.command
        )
    } else {
        format!("run `{}` and choose {}", sign_in.command, provider.title)
    };
    Look {
        finding: unproven(detail, action),
        is_ready: true,
        words,
    }
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
                format!("run `{}`, or go on with --no-check", chain.sign_in),
            ),
            is_ready: false,
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
            format!(
                "`{}` shows whether they are good at all; then go on with --no-check",
                chain.proof
            ),
        ),
        is_ready: false,
        words: format!("credentials: {found}"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::catalog;

    fn seen(id: &str, env: &Env) -> Look {
        let provider = catalog::find(id).unwrap();
        look(provider, &Paths::of(env).unwrap(), env).unwrap()
    }

    #[test]
    fn a_command_that_is_missing_comes_with_the_line_that_installs_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let look = seen("codex-acp", &Env::of([("HOME", home), ("PATH", home)]));
        assert!(!look.is_ready);
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
        assert!(before.is_ready);
        assert!(before.finding.action.contains("`goose configure`"));
        assert_eq!(before.words, "goose is not signed in");
    }

    #[test]
    fn whoever_takes_a_key_and_nothing_else_is_not_looked_for() {
        let env = Env::of([("HOME", "/nowhere")]);
        let paths = Paths::of(&env).unwrap();
        for id in ["openrouter", "ollama", "groq"] {
            assert!(look(catalog::find(id).unwrap(), &paths, &env).is_none());
        }
    }
}
