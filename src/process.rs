//! Other programs: asking them something within a time, or becoming one.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::fsio;

const POLL: Duration = Duration::from_millis(2);
/// What was printed before the end arrives after it.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// No key and no version line is longer.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// The first of `folders` that holds the program `name`.
pub fn find<'p>(name: &str, folders: impl IntoIterator<Item = &'p Path>) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    folders
        .into_iter()
        .map(|folder| folder.join(&file))
        .find(|path| fsio::is_executable(path))
}

/// What the program prints on stdout, if it ends well within `patience`. Its stderr stays on ours, or is dropped.
pub fn ask(mut command: Command, patience: Duration, stderr: Stdio) -> Result<Zeroizing<String>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .map_err(|error| Error::unexpected(format!("cannot start {name}: {error}")))?;
    let stdout = child.stdout.take();
    // Read aside, so that a program that prints and then hangs is still cut off in time.
    let (sender, printed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(Vec::new());
        if let Some(stdout) = stdout {
            let _ = stdout.take(OUTPUT_LIMIT).read_to_end(&mut text);
        }
        // Nobody listens any more when the time was up.
        let _ = sender.send(text);
    });
    let deadline = Instant::now() + patience;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(POLL),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Error::unexpected(format!(
                    "{name} did not end within {} s",
                    patience.as_secs_f32()
                )));
            }
        }
    };
    if !status.success() {
        return Err(Error::unexpected(format!("{name} failed ({status})")));
    }
    // A program may end and leave a child of its own behind that holds the pipe open.
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(LAST_WORDS);
    let text = printed
        .recv_timeout(left)
        .map_err(|_| Error::unexpected(format!("cannot read what {name} prints")))?;
    std::str::from_utf8(&text)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| Error::unexpected(format!("{name} printed something that is not text")))
}

/// Gives the terminal to a program until that one ends, well or not. Nothing of it comes on our stdout, which is for results.
pub fn attend(program: &Path, arguments: &[&str]) -> Result<()> {
    let ended = Command::new(program)
        .args(arguments)
        .stdout(Stdio::from(std::io::stderr()))
        .status();
    ended
        .map(drop)
        .map_err(|error| Error::unexpected(format!("cannot start {}: {error}", program.display())))
}

/// Starts a program and leaves it to itself: nothing of it comes here, and an interrupt here does not go there.
pub fn leave(mut command: Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    allow_core_dumps();
    let started = command.spawn();
    forbid_core_dumps();
    let mut child =
        started.map_err(|error| Error::unexpected(format!("cannot start {name}: {error}")))?;
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// A shell that runs `line`, as `--key-command` promises.
pub fn shell(line: &str) -> Command {
    if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/C", line]);
        command
    } else {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]);
        command
    }
}

/// The limit on pictures of memory that this process was started with.
#[cfg(unix)]
static CORE_LIMIT: OnceLock<rustix::process::Rlimit> = OnceLock::new();

/// A crash leaves no picture of this process's memory, in which keys may stand, where the system can be told so.
pub fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let own = CORE_LIMIT.get_or_init(|| getrlimit(Resource::Core));
        let none = Rlimit {
            current: Some(0),
            maximum: own.maximum,
        };
        let _ = setrlimit(Resource::Core, none);
    }
}

/// For a program that is the user's and not ours: the limit that the user set.
fn allow_core_dumps() {
    #[cfg(unix)]
    if let Some(own) = CORE_LIMIT.get() {
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, *own);
    }
}

/// Where this very program is.
pub fn own_path() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// The folders of PATH.
pub fn search_path(env: &Env) -> Vec<PathBuf> {
    env.os("PATH")
        .map(|path| std::env::split_paths(path).collect())
        .unwrap_or_default()
}

/// Set by the first Ctrl-C or request to end.
static END: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C and requests to end are noted for [`is_to_end`] and do not end this process by themselves.
pub fn note_interrupts() -> Result<()> {
    // Not the trying form: that one gives up where Ctrl-C is ignored, as it is for a job in a script's background.
    ctrlc::set_handler(|| END.store(true, Ordering::SeqCst))
        .map_err(|error| Error::unexpected(format!("cannot watch for Ctrl-C: {error}")))
}

pub fn is_to_end() -> bool {
    END.load(Ordering::SeqCst)
}

/// A program that runs until it is stopped. Dropped, it is stopped.
pub struct Service {
    child: Child,
    name: String,
}

/// Where a service's words go.
pub enum Words {
    /// To our own stderr.
    Shown,
    Kept(File),
}

impl Service {
    /// Starts it with exactly this environment, out of reach of the terminal's Ctrl-C, which is ours to pass on.
    pub fn start(
        program: &Path,
        arguments: &[String],
        environment: &[(String, Zeroizing<String>)],
        words: Words,
    ) -> Result<Self> {
        let name = program.display().to_string();
        let failed = |error| Error::unexpected(format!("cannot start {name}: {error}"));
        let (stdout, stderr) = match words {
            Words::Shown => (Stdio::from(std::io::stderr()), Stdio::inherit()),
            Words::Kept(file) => (Stdio::from(file.try_clone().map_err(failed)?), file.into()),
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(
                environment
                    .iter()
                    .map(|(name, value)| (name, value.as_str())),
            )
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        let child = command.spawn().map_err(failed)?;
        Ok(Self { child, name })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("{} ended by itself ({status})", self.name))
    }

    /// Asks it to end, and makes it end once `patience` is over.
    pub fn stop(&mut self, patience: Duration) {
        if self.ended().is_some() {
            return;
        }
        self.ask_to_end();
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if self.ended().is_some() {
                return;
            }
            std::thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// It and what it started: a runner such as `uvx` may stand between us and the program that is meant.
    #[cfg(unix)]
    fn ask_to_end(&self) {
        end_group(self.child.id(), false);
    }

    #[cfg(not(unix))]
    fn ask_to_end(&mut self) {
        let _ = self.child.kill();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

/// What a process was started with, in one line; `None` where there is no such process, or a dead one.
pub fn command_line(pid: u32) -> Option<String> {
    const PROCESSES: &str = "/proc";
    if fsio::is_folder(Path::new("/proc/self")) {
        let file = Path::new(PROCESSES).join(pid.to_string()).join("cmdline");
        let bytes = fsio::read(&file).ok()?.bytes?;
        let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
        return Some(text.trim_end().to_owned()).filter(|text| !text.is_empty());
    }
    let mut command = Command::new("/bin/ps");
    command.args(["-ww", "-o", "command=", "-p", &pid.to_string()]);
    let text = ask(command, Duration::from_secs(2), Stdio::null()).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Asks a group of processes to end, which its first one began; with `at_once` it is not asked.
#[cfg(unix)]
pub fn end_group(first: u32, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    if let Some(pid) = i32::try_from(first).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}

/// There are no such groups here.
#[cfg(not(unix))]
pub fn end_group(_: u32, _: bool) {}

/// Becomes `command`, with `variables` added to its environment. Returns its exit code where a process cannot become another.
pub fn become_program<S: AsRef<OsStr>>(
    command: &[S],
    variables: &[(String, Zeroizing<String>)],
) -> Result<u8> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::missing("the command", "it after `--`"));
    };
    let name = program.as_ref().to_string_lossy().into_owned();
    let mut child = Command::new(program);
    child
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value.as_str())));
    let failed = |error: std::io::Error| {
        Error::usage(
            format!("cannot start {name}: {error}"),
            "check the command after `--`",
        )
    };
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        allow_core_dumps();
        let error = child.exec();
        forbid_core_dumps();
        Err(failed(error))
    }
    #[cfg(not(unix))]
    {
        let status = child.status().map_err(failed)?;
        Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1))
    }
}

/// The user this process acts for, where the system numbers its users.
pub fn user() -> Option<u32> {
    #[cfg(unix)]
    {
        Some(rustix::process::geteuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        None
    }
}
