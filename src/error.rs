//! Every way goose-setup can fail, and what each means for the exit code and the next step.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::patience::Patience;
use crate::verdict::{Cause, Verdict};

pub use crate::exit::Exit;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store of secrets could not be used; each has its own way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreTrouble {
    /// No service that keeps secrets answers on this machine.
    Absent,
    /// There is one, but it is locked and nobody can be asked to unlock it.
    Locked,
    /// Somebody or something said no.
    Denied,
    /// It did not answer in time.
    TimedOut,
    /// The item is there, but it is not what goose can read.
    Broken,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense as typed.
    #[error("{what}")]
    Usage { what: String, action: String },

    /// A question is open and nobody can be asked.
    #[error("{what} is not given and there is no terminal to ask on")]
    MissingAnswer { what: String, flag: String },

    /// The provider, or the key's own form, stands in the way.
    #[error("{detail}")]
    Check {
        verdict: Verdict,
        cause: Option<Cause>,
        detail: String,
        action: String,
    },

    #[error("{detail}")]
    Store {
        trouble: StoreTrouble,
        detail: String,
        /// What to do about it, as a command to the reader.
        action: String,
        /// The file that holds keys where the keychain cannot.
        instead: Option<PathBuf>,
    },

    /// Another process has held a lock for all the time that we were willing to wait.
    #[error("{}", held(path, holder.as_deref(), *patience))]
    Busy {
        path: PathBuf,
        /// The process, where the system tells.
        holder: Option<String>,
        patience: Patience,
    },

    /// Others wrote over all that a change had made, so it cannot be taken back.
    #[error("nothing of the last change ({title}) can be taken back: {since}")]
    Overwritten { title: String, since: String },

    /// What a killed process left behind stands in the way of any other change.
    #[error(
        "a change that was interrupted ({title}) can be neither finished nor taken back: {cause}"
    )]
    Interrupted { title: String, cause: Box<Error> },

    /// A store did not say in time whether it took what it was given.
    #[error("{cause}; whether it took the change will be seen when it answers again")]
    Unsettled { cause: Box<Error> },

    /// A file that goose or a shell owns does not parse; it is never written.
    #[error("{} does not parse: {reason}", place(path, *line, *column))]
    BrokenFile {
        path: PathBuf,
        line: Option<usize>,
        column: Option<usize>,
        reason: String,
    },

    /// Somebody else wrote between our reading and our writing.
    #[error("{} changed while goose-setup was working", path.display())]
    Changed { path: PathBuf },

    /// A step failed and the ones before it were taken back.
    #[error("{cause}; everything is back as it was")]
    RolledBack { cause: Box<Error> },

    /// A step failed and taking the earlier ones back failed too.
    #[error("{cause}; taking it back failed too: {undo}")]
    HalfDone { cause: Box<Error>, undo: Box<Error> },

    #[error("{doing} {}: {source}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },

    /// Signing in with the browser gave no key.
    #[error("{detail}")]
    SignIn { detail: String, action: String },

    #[error("cancelled, nothing was changed")]
    Cancelled,

    #[error("{what}")]
    Unexpected { what: String },
}

impl Error {
    pub fn usage(what: impl Into<String>, action: impl Into<String>) -> Self {
        Self::Usage {
            what: what.into(),
            action: action.into(),
        }
    }

    pub fn missing(what: impl Into<String>, flag: impl Into<String>) -> Self {
        Self::MissingAnswer {
            what: what.into(),
            flag: flag.into(),
        }
    }

    pub fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected { what: what.into() }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::MissingAnswer { .. } => Exit::Usage,
            // A verdict that would do over an empty store may still stand in the way of replacing a good key.
            Self::Check { verdict, .. } => match verdict.exit() {
                Exit::Done => Exit::Unverified,
                exit => exit,
            },
            Self::SignIn { .. } => Exit::Unverified,
            Self::Store { .. } => Exit::Store,
            Self::BrokenFile { .. } => Exit::BrokenFile,
            Self::Changed { .. } | Self::Busy { .. } | Self::Overwritten { .. } => Exit::Changed,
            Self::Interrupted { cause, .. } | Self::Unsettled { cause } => cause.exit(),
            // A step that failed for a reason with a code of its own keeps that code.
            Self::RolledBack { cause } => match cause.exit() {
                Exit::Unexpected => Exit::Changed,
                exit => exit,
            },
            Self::HalfDone { .. } => Exit::Changed,
            Self::Io { .. } | Self::Unexpected { .. } => Exit::Unexpected,
            Self::Cancelled => Exit::Cancelled,
        }
    }

    /// What the provider said, where this failure comes from asking it.
    pub fn verdict(&self) -> Option<(Verdict, Option<Cause>)> {
        match self {
            Self::Check { verdict, cause, .. } => Some((*verdict, *cause)),
            Self::RolledBack { cause } | Self::HalfDone { cause, .. } => cause.verdict(),
            _ => None,
        }
    }

    /// The word for this kind of failure in JSON output.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::MissingAnswer { .. } => "missing-answer",
            Self::Check { .. } => "check",
            Self::Store { trouble, .. } => match trouble {
                StoreTrouble::Absent => "store-absent",
                StoreTrouble::Locked => "store-locked",
                StoreTrouble::Denied => "store-denied",
                StoreTrouble::TimedOut => "store-timed-out",
                StoreTrouble::Broken => "store-broken",
            },
            Self::BrokenFile { .. } => "broken-file",
            Self::Changed { .. } => "changed",
            Self::Busy { .. } => "busy",
            Self::Overwritten { .. } => "overwritten",
            Self::Interrupted { .. } => "interrupted",
            Self::Unsettled { .. } => "unsettled",
            Self::RolledBack { .. } => "rolled-back",
            Self::HalfDone { .. } => "half-done",
            Self::Io { .. } => "io",
            Self::SignIn { .. } => "sign-in",
            Self::Cancelled => "cancelled",
            Self::Unexpected { .. } => "unexpected",
        }
    }

    /// Nobody answered, which tells nothing about what was done.
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Store {
                trouble: StoreTrouble::TimedOut,
                ..
            }
        )
    }

    /// The next thing to do about the thing itself, not around it.
    fn way_out(&self) -> String {
        match self {
            Self::Store { action, .. } => action.clone(),
            other => other.action(),
        }
    }

    /// The one next thing to do.
    pub fn action(&self) -> String {
        match self {
            Self::Usage { action, .. }
            | Self::Check { action, .. }
            | Self::SignIn { action, .. } => action.clone(),
            Self::Store {
                action, instead, ..
            } => match instead {
                Some(file) => format!(
                    "{action}, or choose `--store file` to keep the key in {} in plain text",
                    file.display()
                ),
                None => action.clone(),
            },
            Self::Busy { .. } => {
                "wait for it to finish, or end it if it hangs, then run this again".into()
            }
            Self::Overwritten { .. } => "run `goose-setup undo` on a terminal to forget this change and what it replaced, or `goose-setup undo --forget` for all of them".into(),
            Self::Interrupted { cause, .. } => format!(
                "{}; to give up what it was about, run `goose-setup undo --forget`",
                cause.way_out()
            ),
            Self::HalfDone { undo: cause, .. } | Self::Unsettled { cause } => format!(
                "{}; the next goose-setup that changes something finishes this change or takes it back first",
                cause.way_out()
            ),
            Self::MissingAnswer { flag, .. } => format!("give {flag}"),
            Self::BrokenFile { path, .. } => {
                format!(
                    "mend or move {}, then run this again; it was not touched",
                    path.display()
                )
            }
            Self::Changed { .. } => "run this again".into(),
            Self::RolledBack { cause } => cause.action(),
            Self::Io { path, source, .. } => match source.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    format!("check the permissions of {}", path.display())
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    "make room on the disk, then run this again".into()
                }
                _ => format!("look at {} and move it out of the way", path.display()),
            },
            Self::Cancelled => "run this again when you are ready".into(),
            Self::Unexpected { .. } => "run it again with -v and report what it prints".into(),
        }
    }
}

fn held(path: &Path, holder: Option<&str>, patience: Patience) -> String {
    format!(
        "{} has held {} for {patience}",
        holder.unwrap_or("another program"),
        path.display()
    )
}

fn place(path: &Path, line: Option<usize>, column: Option<usize>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}", path.display()),
        (Some(line), None) => format!("{}:{line}", path.display()),
        _ => path.display().to_string(),
    }
}
