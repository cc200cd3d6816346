// Keeps what it is told in a map on its heap, and in a file under /tmp that stays open.
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};

struct Notes {
    newest: Vec<String>,
    places: HashMap<String, usize>,
    file: File,
}

thread_local! {
    static NOTES: RefCell<Option<Notes>> = const { RefCell::new(None) };
}

fn open() -> Notes {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open("/tmp/notes").unwrap();
    Notes { newest: Vec::new(), places: HashMap::new(), file }
}

/// Keeps the message, and replies with the number of notes, all of them with the newest first, and the file.
#[no_mangle]
pub extern "C" fn note() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    NOTES.with_borrow_mut(|notes| {
        let notes = notes.get_or_insert_with(open);
        if !text.is_empty() {
            notes.places.insert(text.clone(), notes.newest.len());
            notes.newest.push(text.clone());
            notes.file.write_all(text.as_bytes()).unwrap();
        }
        let mut reply = notes.newest.len().to_string();
        for each in notes.newest.iter().rev() {
            assert_eq!(notes.newest[notes.places[each]], *each);
            reply += " ";
            reply += each;
        }
        let end = notes.file.stream_position().unwrap();
        let mut kept = String::new();
        notes.file.seek(SeekFrom::Start(0)).unwrap();
        notes.file.read_to_string(&mut kept).unwrap();
        notes.file.seek(SeekFrom::Start(end)).unwrap();
        print!("{reply} | {kept}");
    });
    std::io::stdout().flush().unwrap();
}

/// Changes what it keeps, and traps.
#[no_mangle]
pub extern "C" fn trap() {
    NOTES.with_borrow_mut(|notes| {
        let notes = notes.get_or_insert_with(open);
        notes.newest.push("lost".to_string());
        notes.file.write_all(b"lost").unwrap();
    });
    std::process::abort();
}
