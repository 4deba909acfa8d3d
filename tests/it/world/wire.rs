//! The wire between a program and its keychain, with a misfortune at the n-th thing that is said: whoever says it is killed
//! before it is heard, or whoever should hear it dies or falls silent.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) struct Wire {
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

/// Who is struck.
#[derive(Clone, Copy)]
enum Struck {
    Speaker,
    Listener(Pid, Signal),
}

struct Shared {
    bus: PathBuf,
    /// How many messages may pass before it happens.
    left: AtomicUsize,
    struck: Mutex<Struck>,
    was_cut: Mutex<bool>,
    address: String,
}

impl Wire {
    /// To the bus at this address.
    pub(crate) fn to(bus: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("wire-").tempdir().unwrap();
        let socket = folder.path().join("bus");
        let path = bus
            .split([':', ','])
            .find_map(|part| part.strip_prefix("path="));
        let shared = Arc::new(Shared {
            bus: path.unwrap().into(),
            left: AtomicUsize::new(usize::MAX),
            struck: Mutex::new(Struck::Speaker),
            was_cut: Mutex::default(),
            address: format!("unix:path={}", socket.display()),
        });
        let listener = UnixListener::bind(&socket).unwrap();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                std::thread::spawn(move || drop(carry(&client, &shared)));
            }
        });
        Self { folder, shared }
    }

    pub(crate) fn address(&self) -> &str {
        debug_assert!(self.folder.path().exists());
        &self.shared.address
    }

    /// Lets this many messages pass, and kills whoever sends the next one.
    pub(crate) fn cut_after(&self, messages: usize) {
        self.strike_after(messages, Struck::Speaker);
    }

    /// Lets this many messages pass, and then signals who should hear the next one, which is sent on all the same.
    pub(crate) fn signal_after(&self, messages: usize, listener: Pid, signal: Signal) {
        self.strike_after(messages, Struck::Listener(listener, signal));
    }

    fn strike_after(&self, messages: usize, struck: Struck) {
        *self.shared.struck.lock().unwrap() = struck;
        *self.shared.was_cut.lock().unwrap() = false;
        self.shared.left.store(messages, Ordering::SeqCst);
    }

    /// Whole again; says whether it was cut meanwhile.
    pub(crate) fn mend(&self) -> bool {
        self.shared.left.store(usize::MAX, Ordering::SeqCst);
        *self.shared.was_cut.lock().unwrap()
    }
}

fn carry(client: &UnixStream, shared: &Shared) -> std::io::Result<()> {
    let bus = UnixStream::connect(&shared.bus)?;
    let (mut answers, mut home) = (bus.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        drop(std::io::copy(&mut answers, &mut home));
        drop(home.shutdown(std::net::Shutdown::Both));
    });
    let (mut from, mut to) = (client, &bus);
    let mut bytes = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut bytes)?;
        if count == 0 {
            return bus.shutdown(std::net::Shutdown::Both);
        }
        let passes = shared
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if passes.is_err() {
            // It waits for the answer now, so it is certainly still there.
            *shared.was_cut.lock().unwrap() = true;
            let struck = *shared.struck.lock().unwrap();
            if let Struck::Listener(listener, signal) = struck {
                shared.left.store(usize::MAX, Ordering::SeqCst);
                kill_process(listener, signal).unwrap();
                to.write_all(&bytes[..count])?;
                continue;
            }
            for process in speakers(&shared.address) {
                kill_process(process, Signal::KILL).unwrap();
            }
            return bus.shutdown(std::net::Shutdown::Both);
        }
        to.write_all(&bytes[..count])?;
    }
}

/// The processes that were told to speak through the wire at this address.
fn speakers(address: &str) -> Vec<Pid> {
    let is_told = |folder: &Path| {
        std::fs::read(folder.join("environ")).is_ok_and(|environment| {
            environment.split(|byte| *byte == 0).any(|variable| {
                variable == format!("DBUS_SESSION_BUS_ADDRESS={address}").as_bytes()
            })
        })
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|folder| is_told(folder))
        .filter_map(|folder| folder.file_name()?.to_str()?.parse().ok())
        .filter_map(Pid::from_raw)
        .collect()
}
