//! A person at a terminal: types, and sees a screen.
//!
//! ```ignore
//! let mut person = Person::at(&home, (24, 80), &["openrouter"]);
//! person.sees("API key");
//! person.waits_for_hidden_input();
//! person.types(&key).presses(Key::Enter);
//! person.sees("Model").presses(Key::Enter);
//! assert_eq!(person.leaves(), 0);
//! ```

use super::home::Home;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::termios::LocalModes;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Person {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
    secrets: Vec<String>,
}

struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Enter,
    Esc,
    CtrlC,
    CtrlD,
    Up,
    Down,
    Backspace,
    Space,
    Tab,
}

impl Key {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Enter => b"\r",
            Self::Esc => b"\x1b",
            Self::CtrlC => b"\x03",
            Self::CtrlD => b"\x04",
            Self::Up => b"\x1b[A",
            Self::Down => b"\x1b[B",
            Self::Backspace => b"\x7f",
            Self::Space => b" ",
            Self::Tab => b"\t",
        }
    }
}

impl Person {
    /// Starts the program in `home` on a terminal of (rows, columns).
    pub(crate) fn at(home: &Home, size: (u16, u16), args: &[&str]) -> Self {
        Self::runs(home, size, env!("CARGO_BIN_EXE_goose-setup"), args, &[])
    }

    /// Any program, with more environment.
    pub(crate) fn runs(
        home: &Home,
        (rows, cols): (u16, u16),
        program: &str,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(home.path());
        let child = pty.slave.spawn_command(command).unwrap();
        let mut screen = pty.master.try_clone_reader().unwrap();
        let keyboard = pty.master.take_writer().unwrap();
        let cells = |size: u16| NonZeroU16::new(size).unwrap();
        let parser = vt100::Parser::new(cells(rows), cells(cols), 0);
        let seen = Arc::new(Mutex::new(Seen {
            screen: parser,
            bytes: Vec::new(),
            ended: false,
        }));
        let eyes = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of a pty is an error on Linux and an empty read elsewhere.
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                let mut seen = eyes.lock().unwrap();
                seen.bytes.extend_from_slice(&buffer[..count]);
                seen.screen.process(&buffer[..count]);
            }
            eyes.lock().unwrap().ended = true;
        });
        // The slave is dropped here: once the program's own copy is closed too, the reader comes to its end.
        Self {
            master: pty.master,
            child,
            keyboard,
            seen,
            secrets: home.secrets(),
        }
    }

    /// Waits until `text` stands on the screen.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        self.waits(&format!("{text:?} on the screen"), |person| {
            person.screen().contains(text)
        })
    }

    /// Waits until the terminal no longer shows what is typed, so that a key can be typed safely.
    #[track_caller]
    pub(crate) fn waits_for_hidden_input(&mut self) -> &mut Self {
        self.waits("echo off", |person| !person.echoes())
    }

    /// Waits until `condition` holds; `what` names it in the failure.
    #[track_caller]
    pub(crate) fn waits(&mut self, what: &str, condition: impl Fn(&Self) -> bool) -> &mut Self {
        let start = Instant::now();
        while !condition(self) {
            let ended = self.seen.lock().unwrap().ended;
            // Looked at once more: the last words may have come between the two looks.
            if ended && condition(self) {
                break;
            }
            assert!(
                !ended,
                "the program ended before: {what}\n{}",
                self.screen()
            );
            assert!(
                start.elapsed() < PATIENCE,
                "waited {PATIENCE:?} for: {what}\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    pub(crate) fn presses(&mut self, key: Key) -> &mut Self {
        self.keyboard.write_all(key.bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// The rows of the screen as they stand, blanks at their ends removed.
    pub(crate) fn screen(&self) -> String {
        self.seen.lock().unwrap().screen.screen().contents()
    }

    /// Everything the program has sent to the terminal.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    pub(crate) fn echoes(&self) -> bool {
        let flags = self
            .master
            .get_termios()
            .map(|termios| u64::from(termios.local_flags.bits()));
        flags.is_some_and(|flags| flags & u64::from(LocalModes::ECHO.bits()) != 0)
    }

    pub(crate) fn cursor_is_shown(&self) -> bool {
        !self.seen.lock().unwrap().screen.screen().hide_cursor()
    }

    /// Enter on the model, Enter on the plan.
    #[track_caller]
    pub(crate) fn says_yes_to_the_rest(&mut self) -> &mut Self {
        self.sees("? Model")
            .presses(Key::Enter)
            .sees("Make these changes?")
            .presses(Key::Enter)
    }

    /// The program ends with this code, and leaves the terminal as it found it.
    #[track_caller]
    pub(crate) fn gives_the_terminal_back(&mut self, code: i32) {
        assert_eq!(self.leaves(), code, "{}", self.screen());
        assert!(self.echoes(), "the echo is back");
        assert!(self.cursor_is_shown(), "the cursor is back");
    }

    /// Waits for the program to end; its exit code. The terminal must never have shown one of the home's secrets.
    #[track_caller]
    pub(crate) fn leaves(&mut self) -> i32 {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "still running after {PATIENCE:?}\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        self.waits("the last of the output", |person| {
            person.seen.lock().unwrap().ended
        });
        let text = String::from_utf8_lossy(&self.bytes()).into_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            assert!(
                !text.contains(secret),
                "a secret was on the screen\n{}",
                self.screen()
            );
        }
        i32::try_from(status.exit_code()).unwrap()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
