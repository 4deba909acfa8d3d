//! What every command works with: the environment, the general flags, and somebody to talk to.

use std::sync::OnceLock;
use std::time::Duration;

use crate::check::http::Http;
use crate::clock::Clock;
use crate::env::Env;
use crate::error::Result;
use crate::prompt::Prompt;
use crate::state::State;
use crate::talk::Talk;

pub struct Context {
    pub env: Env,
    pub json: bool,
    pub verbose: bool,
    pub timeout: Duration,
    pub talk: Talk,
    clock: Clock,
    http: OnceLock<Http>,
}

impl Context {
    pub fn new(env: Env, json: bool, verbose: bool, timeout: Duration) -> Self {
        Self {
            talk: Talk::new(&env, verbose),
            env,
            json,
            verbose,
            timeout,
            clock: Clock::of(timeout),
            http: OnceLock::new(),
        }
    }

    pub fn look(&self) -> Result<State> {
        State::look(&self.env)
    }

    /// The connections of this command, with the clock that all its network waits share.
    pub fn network(&self) -> Result<Http> {
        if let Some(http) = self.http.get() {
            return Ok(http.clone());
        }
        let http = Http::new(&self.env, self.clock.clone(), self.verbose)?;
        Ok(self.http.get_or_init(|| http).clone())
    }

    /// With `-v`: the requests that were made, without any key.
    pub fn tell_requests(&self, http: &Http) {
        for line in http.take_log() {
            self.talk.detail(line);
        }
    }

    pub fn prompt(&self) -> Option<Prompt> {
        Prompt::open(&self.env, self.clock.clone())
    }
}
