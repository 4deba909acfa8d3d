//! A home directory that sudo left to root: what root writes there, its owner cannot change any more.

use crate::env::Env;
use crate::error::{Error, Result};
use crate::fsio;
use crate::process;

/// Who started sudo, where HOME still is that person's.
pub fn lender(env: &Env) -> Option<&str> {
    let user = env.filled("SUDO_USER")?;
    let owner = fsio::ownership(env.home()?)?.user;
    (Some(owner) != process::user()).then_some(user)
}

pub fn refuse(env: &Env) -> Result<()> {
    let Some(user) = lender(env) else {
        return Ok(());
    };
    Err(Error::usage(
        sentence(user, env),
        "run this without sudo, or with `sudo -H` to set up goose for root",
    ))
}

pub fn sentence(user: &str, env: &Env) -> String {
    format!(
        "sudo runs this as another user in {}, and what is written there {user} could not change any more",
        env.home().unwrap_or("HOME".as_ref()).display()
    )
}
