//! Signing in where only goose can: the terminal goes to `goose configure`, and what counts is the token it leaves behind.

use crate::catalog::{Page, Provider, SignIn};
use crate::context::Context;
use crate::elsewhere::{self, SIGN_IN, Stand};
use crate::error::Result;
use crate::goose::binary::Goose;
use crate::goose::paths::Paths;
use crate::login::browser::Reach;
use crate::prompt::Prompt;
use crate::{process, view};

/// Runs goose's own sign-in to `provider`, which is goose's active one.
pub fn run(
    provider: &Provider,
    sign_in: &SignIn,
    goose: &Goose,
    prompt: &Prompt,
    cx: &Context,
) -> Result<()> {
    let talk = &cx.talk;
    for line in directions(provider, sign_in, cx) {
        talk.say(format!("  {line}"));
    }
    let ended = prompt.lend(|| process::attend(&goose.path, &["configure"]));
    talk.say("");
    if let Err(error) = ended {
        // All else is written by now, and stays.
        talk.bad(error.to_string());
    } else if is_open(provider, cx)? {
        talk.bad(format!("goose is not signed in to {} yet", sign_in.title));
    } else {
        talk.good(format!("goose is signed in to {}", sign_in.title));
    }
    Ok(())
}

/// Read anew.
fn is_open(provider: &Provider, cx: &Context) -> Result<bool> {
    let look = elsewhere::look(provider, &cx.look()?, &cx.env)?;
    Ok(look.is_some_and(|look| look.stand == Stand::SignedOut))
}

fn directions(provider: &Provider, sign_in: &SignIn, cx: &Context) -> Vec<String> {
    let mut lines = vec![
        format!(
            "`{SIGN_IN}` has {} chosen already: press {}, and sign in",
            provider.title, sign_in.keys
        ),
        "once it says that this is done, Ctrl-C leaves it: all else is set up".to_owned(),
    ];
    if sign_in.page == Page::Code || matches!(Reach::of(&cx.env), Reach::Here(_)) {
        return lines;
    }
    let logs = Paths::logs(&cx.env).filter(|_| sign_in.page == Page::Hidden);
    if let Some(logs) = logs {
        lines.push(format!(
            "no browser opens here, and goose shows no address: it is in the newest log below {}",
            view::path(&logs, &cx.env)
        ));
    }
    let port = sign_in
        .port
        .map_or("PORT".to_owned(), |port| port.to_string());
    lines.push(match sign_in.port {
        Some(_) => "its page comes back to this machine; on another one, run this first:".into(),
        None => "its page comes back to a port of this machine, which the address names; on another one, run this first:".into(),
    });
    lines.push(format!("ssh -L {port}:127.0.0.1:{port} HOST"));
    lines
}
