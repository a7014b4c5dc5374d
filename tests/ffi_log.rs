//! Log lines. One function gets those of the whole process: hence a program of their own, into whose
//! lines no other test logs, and tests that take turns.
#![cfg(all(feature = "ffi", feature = "ext"))]

#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "ffi_ext/support.rs"]
mod support;

use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::{CStr, c_char, c_void};
use std::mem::{MaybeUninit, transmute};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::*;

/// What a busy machine brings to pass within it, too.
const DEADLINE: Duration = Duration::from_secs(20);

static TURN: Mutex<()> = Mutex::new(());

type Line = (u32, String, String);

#[derive(Default)]
struct Lines {
    lines: Mutex<Vec<Line>>,
    drops: AtomicUsize,
}

impl Lines {
    /// The lines that have this word.
    fn with(&self, word: &str) -> Vec<Line> {
        lock(&self.lines).iter().filter(|(_, _, text)| text.contains(word)).cloned().collect()
    }
}

unsafe extern "C-unwind" fn on_line(
    level: gossip_log_level_t,
    target: *const c_char,
    text: *const c_char,
    lines: *mut c_void,
) {
    // SAFETY: the lines of the test, and texts that end in NUL.
    let (lines, target, text) =
        unsafe { (&*lines.cast::<Lines>(), CStr::from_ptr(target), CStr::from_ptr(text)) };
    let copy = |text: &CStr| text.to_str().expect("UTF-8").to_owned();
    lock(&lines.lines).push((level as u32, copy(target), copy(text)));
}

unsafe extern "C-unwind" fn drop_lines(lines: *mut c_void) {
    // SAFETY: it came from Arc::into_raw in `listen` and is given back once.
    unsafe { Arc::from_raw(lines.cast::<Lines>()) }.drops.fetch_add(1, Ordering::SeqCst);
}

fn listen(level: gossip_log_level_t) -> Arc<Lines> {
    let lines = Arc::new(Lines::default());
    let share = Arc::into_raw(Arc::clone(&lines)).cast_mut().cast();
    let level = MaybeUninit::new(level);
    // SAFETY: a function and what it expects.
    let code = unsafe { gossip_set_log_callback(level, Some(on_line), share, Some(drop_lines)) };
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SUCCESS, "{}", last_error());
    lines
}

fn silence() {
    let off = MaybeUninit::new(gossip_log_level_t::GOSSIP_LOG_OFF);
    // SAFETY: NULL is allowed.
    let code = unsafe { gossip_set_log_callback(off, None, ptr::null_mut(), None) };
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SUCCESS);
}

const INFO: u32 = gossip_log_level_t::GOSSIP_LOG_INFO as u32;
const DEBUG: u32 = gossip_log_level_t::GOSSIP_LOG_DEBUG as u32;

#[test]
fn what_happens_is_logged_by_its_level() {
    let _turn = lock(&TURN);
    let lines = listen(gossip_log_level_t::GOSSIP_LOG_DEBUG);
    let node = Node::with(&config(1), &view(201), Has { event: false, changes: false, ..ALL });
    node.meet(&view(202));
    node.hear(MessageKind::Pong, 202, &[online(202, 10)]);
    node.hear(MessageKind::Ping, 202, &[online(202, 1 << 63)]);
    let mut round = 0;
    while node.status(202) != Some(FAILED) {
        round += 1;
        // SAFETY: a live core.
        unsafe { gossip_core_tick_at(node.core, round * 100) };
    }
    silence();
    let target = "caca".repeat(8);
    let told: Vec<_> = lines
        .with(&format!("node {target} at 127.0.0.1:7202 is "))
        .into_iter()
        .map(|(level, of, text)| {
            assert_eq!(of, "gossip::core");
            (level, text.split(" is ").nth(1).expect("looked for").to_owned())
        })
        .collect();
    let expected = [
        (INFO, "joining, was unknown"),
        (INFO, "online, was joining"),
        (DEBUG, "suspect, was online"),
        (INFO, "failed, was suspect"),
    ];
    assert_eq!(told, expected.map(|(level, text)| (level, text.to_owned())));
    assert_eq!(lines.with("asked to contact 127.0.0.1:7202").len(), 1);
    assert!(lines.with("2^63").iter().all(|(level, ..)| *level == DEBUG));
    assert_eq!(lines.drops.load(Ordering::SeqCst), 1);
}

#[test]
fn only_what_is_wanted_comes_and_nothing_after_the_end() {
    let _turn = lock(&TURN);
    let lines = listen(gossip_log_level_t::GOSSIP_LOG_INFO);
    let node = Node::with(&config(1), &view(203), ALL);
    node.meet(&view(204));
    assert!(!lines.with("7204").is_empty());
    node.hear(MessageKind::Ping, 204, &[online(204, 1 << 63)]);
    assert!(lock(&lines.lines).iter().all(|(level, ..)| *level <= INFO));
    let quiet = listen(gossip_log_level_t::GOSSIP_LOG_ERROR);
    assert_eq!(lines.drops.load(Ordering::SeqCst), 1, "another took its place");
    node.meet(&view(205));
    assert!(lines.with("7205").is_empty() && quiet.with("7205").is_empty());
    silence();
    assert_eq!(quiet.drops.load(Ordering::SeqCst), 1);
}

#[test]
fn a_line_is_one_line_of_text_whatever_others_put_into_it() {
    let _turn = lock(&TURN);
    let lines = listen(gossip_log_level_t::GOSSIP_LOG_INFO);
    let node = Node::with(&config(1), &view(206), ALL);
    let mut evil = view(207);
    evil.ip = gossip::ffi::testing::c_text("1.1.1.1\n\x1b[31mroot\r");
    node.meet(&evil);
    silence();
    let told = lines.with("1.1.1.1??[31mroot?");
    assert_eq!(told.len(), 2, "the wish and the event");
}

#[test]
fn refused_messages_are_not_more_than_some_lines_a_second() {
    let _turn = lock(&TURN);
    let lines = listen(gossip_log_level_t::GOSSIP_LOG_DEBUG);
    let node = Node::with(&config(1), &view(208), ALL);
    let began = Instant::now();
    // The tests before may have used up what this second has room for.
    while lines.with("refused: ").is_empty() && began.elapsed() < DEADLINE {
        for _ in 0..5_000 {
            node.hear(MessageKind::Ping, 209, &[online(209, 1 << 63)]);
        }
    }
    let seconds = began.elapsed().as_secs() + 2;
    silence();
    let told = u64::try_from(lines.with("refused: ").len()).expect("small");
    assert!((1..=10 * seconds).contains(&told), "{told} lines in {seconds} s");
}

#[test]
fn inside_the_function_the_library_may_be_called_and_logs_nothing() {
    unsafe extern "C-unwind" fn meets(
        _: gossip_log_level_t,
        _: *const c_char,
        text: *const c_char,
        core: *mut c_void,
    ) {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        // SAFETY: a text that ends in NUL.
        if !unsafe { CStr::from_ptr(text) }.to_bytes().ends_with(b"7211") {
            return;
        }
        assert_eq!(RUNS.fetch_add(1, Ordering::SeqCst), 0, "a line about its own call");
        // SAFETY: the core of the test.
        unsafe {
            gossip_core_meet(core.cast(), &view(211));
            assert!(gossip_core_size(core.cast()) > 0);
        }
    }
    let _turn = lock(&TURN);
    let node = Node::with(&config(1), &view(210), ALL);
    let info = MaybeUninit::new(gossip_log_level_t::GOSSIP_LOG_INFO);
    // SAFETY: a function and what it expects.
    unsafe { gossip_set_log_callback(info, Some(meets), node.core.cast(), None) };
    node.meet(&view(211));
    silence();
    assert!(node.status(211).is_some());
}

#[test]
fn an_error_is_not_hidden_by_calls_of_the_function() {
    unsafe extern "C-unwind" fn looks(
        _: gossip_log_level_t,
        _: *const c_char,
        _: *const c_char,
        core: *mut c_void,
    ) {
        // SAFETY: the core of the test.
        unsafe { gossip_core_size(core.cast()) };
    }
    let _turn = lock(&TURN);
    let node = Node::with(&config(1), &view(219), ALL);
    let trace = MaybeUninit::new(gossip_log_level_t::GOSSIP_LOG_TRACE);
    // SAFETY: a function and what it expects.
    unsafe { gossip_set_log_callback(trace, Some(looks), node.core.cast(), None) };
    node.leave(220);
    assert_error(&["gossip_core_leave", "no member"]);
    silence();
}

#[test]
fn the_function_may_be_changed_while_others_log() {
    let _turn = lock(&TURN);
    let end = AtomicBool::new(false);
    let mut all = Vec::new();
    thread::scope(|scope| {
        for number in 212..215 {
            let end = &end;
            scope.spawn(move || {
                let node = Node::with(&config(1), &view(number), ALL);
                while !end.load(Ordering::SeqCst) {
                    node.meet(&view(216));
                    node.leave(216);
                }
            });
        }
        let began = Instant::now();
        for round in 0..200 {
            let level = match round % 3 {
                0 => gossip_log_level_t::GOSSIP_LOG_INFO,
                1 => gossip_log_level_t::GOSSIP_LOG_OFF,
                _ => gossip_log_level_t::GOSSIP_LOG_TRACE,
            };
            let lines = listen(level);
            // On a busy machine the threads may not run at all between two changes otherwise.
            while level as u32 >= INFO
                && lines.with("7216").is_empty()
                && began.elapsed() < DEADLINE
            {
                thread::yield_now();
            }
            all.push((level, lines));
        }
        silence();
        end.store(true, Ordering::SeqCst);
    });
    for (level, lines) in &all {
        assert_eq!((lines.drops.load(Ordering::SeqCst), Arc::strong_count(lines)), (1, 1));
        assert!((*level as u32) < INFO || !lines.with("7216").is_empty());
    }
}

#[test]
fn a_level_that_is_none_is_refused_and_what_was_given_is_freed() {
    let _turn = lock(&TURN);
    let before = listen(gossip_log_level_t::GOSSIP_LOG_INFO);
    let lines = Arc::new(Lines::default());
    for number in [6_u32, 77, u32::MAX] {
        let share = Arc::into_raw(Arc::clone(&lines)).cast_mut().cast();
        // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
        let level = unsafe { transmute::<u32, MaybeUninit<gossip_log_level_t>>(number) };
        // SAFETY: a function and what it expects.
        let code =
            unsafe { gossip_set_log_callback(level, Some(on_line), share, Some(drop_lines)) };
        assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
        assert_error(&["gossip_set_log_callback: level is", &number.to_string()]);
    }
    assert_eq!(lines.drops.load(Ordering::SeqCst), 3);
    assert_eq!(before.drops.load(Ordering::SeqCst), 0, "the one before stays");
    silence();
}

#[test]
#[cfg(unix)]
fn a_forked_child_logs_nothing_and_frees_nothing() {
    let _turn = lock(&TURN);
    let lines = listen(gossip_log_level_t::GOSSIP_LOG_TRACE);
    let seen = Arc::clone(&lines);
    in_child(move || {
        let before = lock(&seen.lines).len();
        let node = Node::with(&config(1), &view(217), ALL);
        node.meet(&view(218));
        let level = MaybeUninit::new(gossip_log_level_t::GOSSIP_LOG_INFO);
        // SAFETY: NULL is allowed.
        let code = unsafe { gossip_set_log_callback(level, None, ptr::null_mut(), None) };
        let error = last_error();
        code == gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED
            && error.contains("forked")
            && lock(&seen.lines).len() == before
            && seen.drops.load(Ordering::SeqCst) == 0
    });
    silence();
    assert_eq!(lines.drops.load(Ordering::SeqCst), 1);
}

#[test]
#[cfg(feature = "net")]
fn transports_and_what_they_refuse_are_logged() {
    use gossip::ffi::*;
    use std::net::UdpSocket;
    let _turn = lock(&TURN);
    let lines = listen(gossip_log_level_t::GOSSIP_LOG_DEBUG);
    let node = Node::with(&config(1), &view(221), ALL);
    // SAFETY: texts that end in NUL, and handles that live and are destroyed once.
    let port = unsafe {
        let kind = MaybeUninit::new(gossip_transport_type_t::GOSSIP_TRANSPORT_UDP);
        let first = gossip_transport_factory_create(kind, c"127.0.0.1".as_ptr(), 0);
        gossip_transport_set_core(first, node.core);
        assert_eq!(gossip_transport_start(first) as u32, 0);
        let port = gossip_transport_port(first);
        let second = gossip_transport_factory_create(kind, c"127.0.0.1".as_ptr(), port);
        assert_ne!(gossip_transport_start(second) as u32, 0, "the port is in use");
        gossip_transport_destroy(second);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let began = Instant::now();
        while lines.with("a message was refused").is_empty() && began.elapsed() < DEADLINE {
            socket.send_to(b"\0\0\0\x02{]", ("127.0.0.1", port)).expect("sent");
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(gossip_transport_stop(first) as u32, 0);
        gossip_transport_destroy(first);
        port
    };
    silence();
    let about = format!("a transport on port {port}");
    let told: Vec<_> =
        lines.with(&about).into_iter().map(|(level, _, text)| (level, text)).collect();
    assert_eq!(told[0], (INFO, format!("{about} listens")));
    assert_eq!(told[1].0, gossip_log_level_t::GOSSIP_LOG_WARN as u32);
    assert_eq!(told[2], (INFO, format!("{about} stopped")));
    assert!(!lines.with("a message was refused: ").is_empty());
}
