// The same as supervisor.c, in Rust. It is not built with the app:
// rustc --crate-type cdylib --target wasm32-wasip1 -C opt-level=s -C panic=abort -C strip=debuginfo supervisor.rs
use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime};
use std::{env, process};

struct Worker {
    pid: String,
    restarts: u32,
}

struct Supervisor {
    workers: Vec<Worker>,
    /// When workers were started again, the last ones.
    restarts: Vec<SystemTime>,
    /// The workers that it has ended, and of whose end it was not told yet.
    ending: usize,
    /// The module of the workers.
    module: Vec<u8>,
}

thread_local! {
    static SUPERVISOR: RefCell<Supervisor> =
        const { RefCell::new(Supervisor { workers: Vec::new(), restarts: Vec::new(), ending: 0, module: Vec::new() }) };
}

#[no_mangle]
pub extern "C" fn start() -> i32 {
    run(Supervisor::start)
}

#[no_mangle]
pub extern "C" fn children() -> i32 {
    run(|supervisor, _| Ok(supervisor.workers.iter().map(|Worker { pid, restarts }| format!("{pid} {restarts}\n")).collect()))
}

#[no_mangle]
pub extern "C" fn ended() -> i32 {
    run(|supervisor, message| supervisor.supervise(&String::from_utf8_lossy(&message)).map(|()| String::new()))
}

/// Handles a message: what the function gives is the reply.
fn run(method: impl FnOnce(&mut Supervisor, Vec<u8>) -> io::Result<String>) -> i32 {
    let mut message = Vec::new();
    let done = io::stdin()
        .read_to_end(&mut message)
        .and_then(|_| SUPERVISOR.with_borrow_mut(|supervisor| method(supervisor, message)))
        .and_then(|reply| io::stdout().write_all(reply.as_bytes()).and_then(|()| io::stdout().flush()));
    match done {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("supervisor: {why}");
            1
        }
    }
}

impl Supervisor {
    fn start(&mut self, module: Vec<u8>) -> io::Result<String> {
        // What is in memory may be lost, and the workers may live on.
        if ask("list", "{}", &[])?.contains("\"pid\"") {
            return Err(io::Error::other("its workers run already"));
        }
        *self = Supervisor { workers: Vec::new(), restarts: Vec::new(), ending: 0, module };
        for number in 1..=setting("WORKERS", 3) {
            match self.spawn(number) {
                Ok(pid) => self.workers.push(Worker { pid, restarts: 0 }),
                Err(why) => {
                    self.end_workers("");
                    self.ending = 0;
                    return Err(why);
                }
            }
        }
        Ok(self.workers.iter().map(|worker| format!("{}\n", worker.pid)).collect())
    }

    /// Makes a worker. It is dead after its first bad end: this supervisor decides what follows.
    fn spawn(&self, number: u64) -> io::Result<String> {
        let restart = r#"{"type":"permanent","intensity":0,"counts":"anyone"}"#;
        let head = format!(r#"{{"name":"worker-{number}","watch":"ended","restart":{restart}}}"#);
        let reply = ask("spawn", &head, &self.module)?;
        pid_in(&reply).map(String::from).ok_or_else(|| io::Error::other("no PID"))
    }

    fn supervise(&mut self, message: &str) -> io::Result<()> {
        let pid = pid_in(message).ok_or_else(|| io::Error::other("no message about an end"))?;
        let Some(index) = self.workers.iter().position(|worker| worker.pid == pid) else {
            // The last one that it has ended itself.
            if self.ending == 1 {
                process::exit(1);
            }
            self.ending = self.ending.saturating_sub(1);
            return Ok(());
        };
        // If it is not the final end, it comes back by itself.
        if !message.contains("\"final\":true") {
            return Ok(());
        }
        eprintln!("supervisor: worker {} has ended: {message}", index + 1);
        if !self.note_restart() {
            eprintln!("supervisor: too many restarts, so it ends");
            self.end_workers(pid);
            if self.ending == 0 {
                process::exit(1);
            }
            return Ok(());
        }
        self.workers[index].restarts += 1;
        // A worker that somebody has killed is gone. Another one takes its place.
        if message.contains("\"type\":\"killed\"") {
            self.workers[index].pid = self.spawn(index as u64 + 1)?;
            return Ok(());
        }
        tell("restart", pid)
    }

    /// Whether a worker may be started once more.
    fn note_restart(&mut self) -> bool {
        let now = SystemTime::now();
        let period = Duration::from_secs(setting("PERIOD_SECONDS", 5));
        self.restarts.retain(|at| now.duration_since(*at).is_ok_and(|ago| ago <= period));
        self.restarts.push(now);
        self.restarts.len() as u64 <= setting("MAX_RESTARTS", 3)
    }

    /// Ends all workers. It will be told of each, but for the one of which it was told just now.
    fn end_workers(&mut self, ended: &str) {
        for worker in self.workers.drain(..) {
            if tell("kill", &worker.pid).is_ok() && worker.pid != ended {
                self.ending += 1;
            }
        }
    }
}

/// Sends a message to the system process of this peer: a line of JSON, and a body. The reply is a line of JSON.
fn ask(method: &str, head: &str, body: &[u8]) -> io::Result<String> {
    let path = format!("/ww/0.1.0/self/sys/{method}");
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.write_all(format!("{head}\n").as_bytes())?;
    file.write_all(body)?;
    let mut reply = String::new();
    file.read_to_string(&mut reply)?;
    Ok(reply)
}

fn tell(method: &str, pid: &str) -> io::Result<()> {
    ask(method, &format!(r#"{{"pid":"{pid}"}}"#), &[]).map(|_| ())
}

/// PIDs have no characters that JSON would change.
fn pid_in(json: &str) -> Option<&str> {
    json.split_once("\"pid\":\"")?.1.split('"').next()
}

fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
