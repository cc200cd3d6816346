// What programs in Rust do, with nothing but the standard library. Methods return 0, or what an error is.
use std::collections::HashMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

static MEMORY: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
static ENDS: Mutex<String> = Mutex::new(String::new());

fn message() -> String {
    let mut text = String::new();
    // What a buffered stdin has read too much is lost to the next message: it is read to its end.
    io::stdin().lock().read_to_string(&mut text).unwrap();
    text
}

fn reply(text: &str) -> i32 {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_or(1, |()| 0)
}

fn told(result: io::Result<String>) -> i32 {
    match result {
        Ok(text) => reply(&text),
        Err(error) => reply(&format!("{:?} {:?}", error.kind(), error.raw_os_error())),
    }
}

/// Which of the two versions this is.
#[no_mangle]
pub extern "C" fn version() -> i32 {
    reply(if cfg!(second) { "second" } else { "first" })
}

#[no_mangle]
pub extern "C" fn upper() -> i32 {
    let input = io::stdin().lock();
    let mut out = io::stdout().lock();
    for line in input.lines() {
        if writeln!(out, "{}", line.unwrap().to_uppercase()).is_err() {
            return 1;
        }
    }
    out.flush().map_or(1, |()| 0)
}

/// Arguments and environment.
#[no_mangle]
pub extern "C" fn about() -> i32 {
    let args: Vec<String> = env::args().collect();
    let var = |name: &str| env::var(name).unwrap_or_default();
    reply(&format!("{} {} {} {}", args.join(" "), var("GREETING"), var("WW_PID"), var("WW_PEER")))
}

/// Files and clocks as the standard library has them. Replies nothing if all is as it should be.
#[no_mangle]
pub extern "C" fn files() -> i32 {
    told(try_files().map(|()| String::new()))
}

fn check(is_right: bool, what: &str) -> io::Result<()> {
    if is_right { Ok(()) } else { Err(io::Error::other(what)) }.inspect_err(|_| eprintln!("wrong: {what}"))
}

fn try_files() -> io::Result<()> {
    fs::create_dir_all("/tmp/a/b")?;
    fs::write("/tmp/a/one", "one")?;
    fs::rename("/tmp/a/one", "/tmp/a/b/two")?;
    fs::hard_link("/tmp/a/b/two", "/tmp/a/three")?;
    OpenOptions::new().append(true).open("/tmp/a/three")?.write_all(b" more")?;
    check(fs::read_to_string("/tmp/a/b/two")? == "one more", "append through another name")?;
    let mut file = OpenOptions::new().read(true).write(true).open("/tmp/a/three")?;
    file.seek(SeekFrom::End(-4))?;
    let mut rest = String::new();
    file.read_to_string(&mut rest)?;
    check(rest == "more", "seek from the end")?;
    file.set_len(3)?;
    check(file.metadata()?.len() == 3, "set_len")?;
    check(file.metadata()?.modified()? <= SystemTime::now() + Duration::from_secs(1), "modified")?;
    let mut names: Vec<_> = fs::read_dir("/tmp/a")?.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    check(names == ["b", "three"], "read_dir")?;
    check(fs::remove_dir("/tmp/a").unwrap_err().raw_os_error() == Some(55), "remove_dir")?;
    check(fs::metadata("/tmp/none").unwrap_err().kind() == io::ErrorKind::NotFound, "not found")?;
    fs::remove_dir_all("/tmp/a")?;
    let began = Instant::now();
    std::thread::sleep(Duration::from_millis(5));
    check(began.elapsed() >= Duration::from_millis(5), "sleep")?;
    // Its seed is random.
    check(HashMap::from([(1, 2)])[&1] == 2, "HashMap")
}

/// Counts in /data.
#[no_mangle]
pub extern "C" fn count() -> i32 {
    told((|| {
        let calls: u32 = fs::read_to_string("/data/calls").map_or(0, |text| text.parse().unwrap()) + 1;
        fs::write("/data/calls", calls.to_string())?;
        Ok(calls.to_string())
    })())
}

/// Opens the first line of the message, writes the rest, and replies what it reads.
#[no_mangle]
pub extern "C" fn ask() -> i32 {
    let text = message();
    let (path, rest) = text.split_once('\n').unwrap_or((&text, ""));
    told((|| {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        file.write_all(rest.as_bytes())?;
        let mut answer = String::new();
        file.read_to_string(&mut answer)?;
        Ok(answer)
    })())
}

/// Opens files until one fails.
#[no_mangle]
pub extern "C" fn open_many() -> i32 {
    let mut open = Vec::new();
    loop {
        let opened = OpenOptions::new().write(true).create(true).open(format!("/tmp/{}", open.len()));
        match opened {
            Ok(file) => open.push(file),
            Err(error) => return reply(&format!("{} {:?}", open.len(), error.raw_os_error())),
        }
    }
}

/// Takes memory until there is none.
#[no_mangle]
pub extern "C" fn fill() -> i32 {
    loop {
        MEMORY.lock().unwrap().push(vec![1; 65_536]);
    }
}

#[no_mangle]
pub extern "C" fn spin() -> i32 {
    let mut turns: u64 = 0;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

#[inline(never)]
fn boom() -> i32 {
    panic!("it went wrong")
}

#[no_mangle]
pub extern "C" fn crash() -> i32 {
    boom()
}

#[no_mangle]
pub extern "C" fn leave() -> i32 {
    std::process::exit(3)
}

/// Gets what a watch tells.
#[no_mangle]
pub extern "C" fn ended() -> i32 {
    ENDS.lock().unwrap().push_str(&(message() + "\n"));
    0
}

#[no_mangle]
pub extern "C" fn ends() -> i32 {
    reply(&ENDS.lock().unwrap())
}

/// Replies what is in a file.
#[no_mangle]
pub extern "C" fn show() -> i32 {
    told(File::open(message()).and_then(|mut file| {
        let mut content = String::new();
        file.read_to_string(&mut content).map(|_| content)
    }))
}
