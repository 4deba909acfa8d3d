//! Proving a key without spending a token.

pub mod account;
mod control;
mod finding;
pub mod http;
mod judge;
pub mod models;
mod probe;

#[cfg(test)]
mod loopback;

pub use finding::{Finding, Target};
pub(crate) use judge::{before_asking, judge_empty, lacks_model, said};
pub(crate) use probe::examine;
pub use probe::{Listed, Proof, list, lists, prefetch, prove, prove_and_list};
