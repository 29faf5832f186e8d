//! One `virsh` process with one connection: a command in, its answer and its errors out.
//!
//! Commands are typed on standard input, each with a marker behind it that nobody else can know, so
//! that an answer never runs into the next. What virsh writes to standard error it writes at once,
//! and its output only before the next prompt (libvirt 9.0.0 and 11.3.0): so the errors of a command
//! are there when its marker is.
//!
//! virsh reads what is typed byte by byte, with three system calls for each (readline), which is a
//! quarter of the time of a short answer. So the lines are short.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};
use thiserror::Error;

use super::errors::own_errors;
use super::places::{PATIENCE, Place};
use super::site::{Settings, Site};
use super::stream::{Answer, Stream};

/// A running `virsh`.
pub(super) struct Session<'s> {
    child: Child,
    input: Option<ChildStdin>,
    out: Stream<ChildStdout>,
    err: Stream<ChildStderr>,
    nonce: String,
    sent: u32,
    received: u32,
    /// Bytes of the longest line that was typed.
    longest: usize,
    /// Where pipes are read into, kept from one command to the next.
    chunk: Vec<u8>,
    limits: Limits<'s>,
}

/// When a session ends, ready or not.
#[derive(Clone, Copy)]
pub(super) struct Limits<'s> {
    pub(super) host_ends: Instant,
    pub(super) host: Duration,
    pub(super) call: Duration,
    pub(super) stop: &'s AtomicBool,
    pub(super) place: &'s Place<'s>,
}

/// What a command gave.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) output: Answer,
    pub(super) errors: String,
}

/// Why a session cannot go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Broken {
    /// The program does not run.
    #[error("cannot run {program}: {why}")]
    Program {
        /// As it was called.
        program: String,
        /// The system's error.
        why: String,
        /// For want of room: another time it may.
        is_transient: bool,
    },
    /// One answer took too long.
    #[error("no answer within {} s (--call-timeout)", .0.as_secs_f32())]
    Hung(Duration),
    /// All of it took too long.
    #[error("not done within {} s (--timeout)", .0.as_secs_f32())]
    OutOfTime(Duration),
    /// virsh ended by itself, with these last words.
    #[error("{0}")]
    Ended(String),
    /// domcaps is to end.
    #[error("interrupted")]
    Stopped,
}

/// How often a session looks whether it is to end.
const LOOK: Duration = Duration::from_millis(200);

/// How many bytes of an echo a byte of a line may make: in a narrow window readline writes the end
/// of the line anew for each.
const ECHO: usize = 256;

/// How much is kept of the errors of one command.
const MAX_ERRORS: usize = 64 << 10;

impl<'s> Session<'s> {
    /// Starts virsh, in a process group of its own; whether it has a connection shows the first
    /// command.
    pub(super) fn start(
        settings: &Settings,
        site: &Site,
        limits: Limits<'s>,
    ) -> Result<Self, Broken> {
        let mut child = Command::new(&settings.virsh)
            .args(["--quiet", "--connect", &site.connection()])
            .env("LC_ALL", "C")
            // What is typed here is nobody's history.
            .env("VIRSH_HISTSIZE", "0")
            // Nor is it edited: a user's key bindings have no business here.
            .env("INPUTRC", "/dev/null")
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| Broken::Program {
                program: settings.virsh.display().to_string(),
                why: error.to_string(),
                is_transient: !matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied
                ),
            })?;
        let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(out), Some(err)) = (out, err) else {
            return Err(Broken::Ended(String::new()));
        };
        Ok(Self {
            child,
            input,
            out: Stream::new(out),
            err: Stream::new(err),
            // The system's randomness: a host cannot print what it cannot guess.
            nonce: format!("{:x}.", RandomState::new().hash_one(0) >> 16),
            sent: 0,
            received: 0,
            longest: 0,
            chunk: Vec::new(),
            limits,
        })
    }

    /// Runs a command and waits for its end. Of its output no more than `limit` bytes are kept.
    pub(super) fn ask(&mut self, command: &str, limit: usize) -> Result<Reply, Broken> {
        self.send(command)?;
        let output = self.receive(limit)?;
        Ok(Reply { output, errors: self.errors()? })
    }

    /// Types a command: virsh runs it when it has done those before it.
    pub(super) fn send(&mut self, command: &str) -> Result<(), Broken> {
        self.sent += 1;
        // The echo of the line holds the quotes, and so no marker.
        let line = format!("{command};echo {}''{}\n", self.nonce, self.sent);
        self.longest = self.longest.max(line.len());
        match self.input.as_mut().map(|input| input.write_all(line.as_bytes())) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.ended()),
        }
    }

    /// The output of the oldest command whose output was not yet received.
    pub(super) fn receive(&mut self, limit: usize) -> Result<Answer, Broken> {
        self.received += 1;
        self.out.expect(limit.saturating_add(ECHO * self.longest));
        let marker = format!("{}{}", self.nonce, self.received);
        Ok(self.read(marker.as_bytes())?.behind_echo())
    }

    /// Reads until the end of the command.
    fn read(&mut self, marker: &[u8]) -> Result<Answer, Broken> {
        let started = Instant::now();
        let mut chunk = std::mem::take(&mut self.chunk);
        loop {
            if let Some(answer) = self.out.take_until(marker) {
                self.chunk = chunk;
                return Ok(answer);
            }
            if self.out.is_closed || self.err.is_closed {
                return Err(self.ended());
            }
            self.wait(started)?;
            self.fill(&mut chunk, LOOK)?;
        }
    }

    /// Reads what there is, if anything comes within `wait`; says whether something was an error.
    fn fill(&mut self, chunk: &mut Vec<u8>, wait: Duration) -> Result<bool, Broken> {
        let broken = |error: std::io::Error| Broken::Ended(error.to_string());
        let [out, err] = ready(self.out.pipe(), self.err.pipe(), wait).map_err(broken)?;
        if out {
            self.out.fill(chunk).map_err(broken)?;
        }
        if err {
            self.err.fill(chunk).map_err(broken)?;
            self.err.cut(MAX_ERRORS);
        }
        Ok(err && !self.err.is_closed)
    }

    /// The errors that have come since they were last asked for. Where no further command was sent,
    /// they are those of the last one received.
    pub(super) fn errors(&mut self) -> Result<String, Broken> {
        let started = Instant::now();
        let mut chunk = std::mem::take(&mut self.chunk);
        while self.fill(&mut chunk, Duration::ZERO)? {
            self.wait(started)?;
        }
        self.chunk = chunk;
        Ok(own_errors(&self.err.take()))
    }

    /// Whether the session may wait longer.
    fn wait(&self, started: Instant) -> Result<(), Broken> {
        let Limits { host_ends, host, call, stop, place } = self.limits;
        let now = Instant::now();
        if stop.load(Ordering::Relaxed) {
            return Err(Broken::Stopped);
        }
        if now >= host_ends {
            return Err(Broken::OutOfTime(host));
        }
        if now - started >= call {
            return Err(Broken::Hung(call));
        }
        if now - started >= PATIENCE {
            place.give_up();
        }
        Ok(())
    }

    /// The process is gone: its last words say why, or else how it ended.
    fn ended(&mut self) -> Broken {
        let mut chunk = Vec::new();
        let started = Instant::now();
        while !self.err.is_closed
            && started.elapsed() < PATIENCE
            && matches!(self.fill(&mut chunk, LOOK), Ok(true))
        {}
        let words = own_errors(&self.err.take());
        if !words.is_empty() {
            return Broken::Ended(words);
        }
        let status = self.wait_for_end(LOOK);
        let signal = status.as_ref().and_then(WaitIdStatus::terminating_signal);
        let code = status.as_ref().and_then(WaitIdStatus::exit_status);
        Broken::Ended(match (signal, code) {
            (Some(signal), _) => format!("virsh ended (signal {signal})"),
            (None, Some(code)) => format!("virsh ended (exit code {code})"),
            (None, None) => "virsh ended".to_owned(),
        })
    }

    /// Lets virsh end by itself, and ends it where it does not.
    pub(super) fn finish(mut self) {
        drop(self.input.take());
        self.wait_for_end(PATIENCE);
    }

    /// Waits for the end of the process, and no longer than `most`; how it ended, if it has.
    fn wait_for_end(&self, most: Duration) -> Option<WaitIdStatus> {
        let started = Instant::now();
        loop {
            let status = self.status();
            if status.is_some() || started.elapsed() >= most {
                return status;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How the process ended, if it has; it stays a zombie, so that its number is still its own.
    fn status(&self) -> Option<WaitIdStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let id = WaitId::Pid(Pid::from_child(&self.child));
        rustix::process::waitid(id, options).ok().flatten()
    }
}

impl Drop for Session<'_> {
    /// Ends virsh and all that it started, such as ssh.
    fn drop(&mut self) {
        let group = Pid::from_child(&self.child);
        // Where the group is gone there is nothing left to end.
        let _nobody_left = rustix::process::kill_process_group(group, Signal::KILL);
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Answer {
    /// The answer without the line above it: a prompt and what readline echoes of the command,
    /// which on a terminal that can do nothing (`TERM=dumb`) is one line, however long.
    fn behind_echo(mut self) -> Self {
        match memchr::memchr(b'\n', &self.bytes) {
            Some(at) => drop(self.bytes.drain(..=at)),
            // Only an answer too long to be kept has lost its beginning.
            None => self.bytes.clear(),
        }
        self
    }
}

/// Waits until one of the pipes can be read, and no longer than `wait`.
fn ready(out: &ChildStdout, err: &ChildStderr, wait: Duration) -> std::io::Result<[bool; 2]> {
    let mut pipes = [PollFd::new(out, PollFlags::IN), PollFd::new(err, PollFlags::IN)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
    match rustix::event::poll(&mut pipes, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(pipes.map(|pipe| !pipe.revents().is_empty())),
        Err(error) => Err(error.into()),
    }
}
