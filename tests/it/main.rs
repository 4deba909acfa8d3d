//! One binary for all integration tests; see CONTRIBUTING.md.
#![cfg(unix)]
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests are the world outside: they touch files and environment directly, and a panic is how they fail"
)]

mod canary;
mod check;
mod clouds;
mod cores;
mod custom;
mod custom_details;
mod custom_keys;
mod custom_verdicts;
mod doctor;
mod every_step;
mod fallback;
mod files;
mod found_keys;
mod gateway;
mod goose_catalogue;
mod goose_sign_in;
mod hostile;
mod hostile_files;
mod import;
mod keychain;
mod kill_sweep;
mod limits;
mod login;
mod providers_end_to_end;
mod readme;
mod roll_call;
mod running;
mod scripted;
mod second_run;
mod shadows;
mod shells;
mod storm;
mod torture;
mod undo;
mod usage;
mod verdicts;
mod waits;
mod ways_in;
mod wizard;
mod world;
mod world_self_test;
