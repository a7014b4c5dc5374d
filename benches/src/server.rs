//! The two servers, each a process of its own that is told by lines what to do.

use crate::group::{Case, Form, SERVER};
use crate::machine;
use gossip::ffi::testing::{c_id, c_text, raw_status};
use gossip::ffi::*;
use std::ffi::{CString, c_void};
use std::io::{BufRead, BufReader, Write};
use std::mem::MaybeUninit;
use std::net::UdpSocket;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bare,
    Library,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Bare, Self::Library];

    const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Library => "library",
        }
    }
}

/// What a server did between two lines.
#[derive(Clone, Copy)]
pub struct Work {
    pub messages: u64,
    processor: Duration,
    clock: Duration,
    pub resident: usize,
    pub grown: usize,
}

impl Work {
    pub fn by_processor(&self) -> f64 {
        self.messages as f64 / self.processor.as_secs_f64()
    }

    pub fn by_clock(&self) -> f64 {
        self.messages as f64 / self.clock.as_secs_f64()
    }
}

/// A server process, from the side of who started it. It ends when dropped, since no line can come
/// any more.
pub struct Server {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    pub port: u16,
}

impl Server {
    pub fn start(kind: Kind, case: Case, form: Form) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        // To look at the library's server with a tool: `GOSSIP_BENCH_UNDER="valgrind --tool=callgrind"`.
        let under = std::env::var("GOSSIP_BENCH_UNDER").ok().filter(|_| kind == Kind::Library);
        let mut words = under.iter().flat_map(|under| under.split_whitespace());
        let mut command = match words.next() {
            Some(tool) => {
                let mut command = Command::new(tool);
                command.args(words).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut child = command
            .args(["serve", kind.name(), case.name(), form.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("a server: {error}"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a server without pipes".to_owned());
        };
        let mut server = Self { child, to: Some(to), from: BufReader::new(from), port: 0 };
        server.port = server.ask("port")?[0] as u16;
        Ok(server)
    }

    /// How many members it holds online.
    pub fn online(&mut self) -> Result<usize, String> {
        Ok(self.ask("online")?[0] as usize)
    }

    pub fn begin(&mut self) -> Result<(), String> {
        self.ask("begin").map(drop)
    }

    pub fn end(&mut self) -> Result<Work, String> {
        let said = self.ask("end")?;
        Ok(Work {
            messages: said[0],
            processor: Duration::from_nanos(said[1]),
            clock: Duration::from_nanos(said[2]),
            resident: said[3] as usize,
            grown: said[4] as usize,
        })
    }

    fn ask(&mut self, line: &str) -> Result<[u64; 5], String> {
        let error = |error: std::io::Error| format!("the server: {error}");
        if let Some(to) = &mut self.to {
            writeln!(to, "{line}").map_err(error)?;
        }
        let mut said = String::new();
        self.from.read_line(&mut said).map_err(error)?;
        let mut numbers = [0; 5];
        for (place, word) in numbers.iter_mut().zip(said.split_whitespace()) {
            *place = word.parse().map_err(|_| format!("the server said {said}"))?;
        }
        if said.is_empty() { Err("the server ended".to_owned()) } else { Ok(numbers) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.to = None;
        let _ = self.child.wait();
    }
}

/// Is a server, as long as lines come.
pub fn serve(kind: &str, case: &str, form: &str) -> Result<(), String> {
    let (Some(case), Some(form)) = (Case::named(case), Form::named(form)) else {
        return Err("no such server".to_owned());
    };
    machine::pin(machine::Role::Server);
    if kind == Kind::Bare.name() {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let port = socket.local_addr().map_err(|error| error.to_string())?.port();
        std::thread::spawn(move || bare(&socket, case, form));
        answer_lines(port, || TAKEN.load(Ordering::Relaxed), || 0)
    } else {
        let library = Library::start(form)?;
        answer_lines(library.port, || library.taken(), || library.online())
    }
}

fn answer_lines(
    port: u16,
    taken: impl Fn() -> u64,
    online: impl Fn() -> usize,
) -> Result<(), String> {
    let mut before = (0, Duration::ZERO, Instant::now(), 0);
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| error.to_string())?;
        match line.as_str() {
            "port" => println!("{port}"),
            "online" => println!("{}", online()),
            "begin" => {
                before = (taken(), machine::used(), Instant::now(), machine::resident());
                println!("0");
            }
            _ => {
                let messages = taken() - before.0;
                let processor = (machine::used() - before.1).as_nanos();
                let clock = before.2.elapsed().as_nanos();
                let resident = machine::resident();
                let grown = resident.saturating_sub(before.3);
                println!("{messages} {processor} {clock} {resident} {grown}");
            }
        }
    }
    Ok(())
}

/// What the bare loop received.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// What the library's answer to a ping takes, as this program's output showed it.
const fn answer_bytes(form: Form) -> usize {
    match form {
        Form::Binary => 40,
        Form::Json => 750,
    }
}

fn bare(socket: &UdpSocket, case: Case, form: Form) {
    let mut buffer = vec![0; 65536];
    let answer = vec![7; answer_bytes(form)];
    loop {
        if let Ok((_, from)) = socket.recv_from(&mut buffer) {
            TAKEN.fetch_add(1, Ordering::Relaxed);
            if case == Case::Ping {
                let _ = socket.send_to(&answer, from);
            }
        }
    }
}

/// A core and a transport, as a C program has them.
struct Library {
    core: *mut gossip_core_t,
    port: u16,
}

unsafe extern "C-unwind" fn on_send(
    message: *const gossip_message_t,
    target: *const gossip_node_view_t,
    transport: *mut c_void,
) {
    // SAFETY: the user data is the place of a transport that lives as long as the process.
    unsafe {
        let transport = *transport.cast::<*mut gossip_transport_t>();
        gossip_transport_send_message(transport, message, target);
    }
}

unsafe extern "C-unwind" fn on_event(
    _: *const gossip_node_view_t,
    _: gossip_node_status_t,
    _: *mut c_void,
) {
}

impl Library {
    fn start(form: Form) -> Result<Self, String> {
        let name = CString::new(form.name()).map_err(|error| error.to_string())?;
        let udp = MaybeUninit::new(gossip_transport_type_t::GOSSIP_TRANSPORT_UDP);
        // SAFETY: texts that end in NUL, valid structs, and objects that are never destroyed.
        unsafe {
            let transport = gossip_transport_factory_create(udp, c"127.0.0.1".as_ptr(), 0);
            let serializer = gossip_serializer_create(name.as_ptr());
            gossip_transport_set_serializer(transport, serializer);
            if gossip_transport_start(transport) != gossip_error_code::GOSSIP_ERR_SUCCESS {
                return Err("the transport does not start".to_owned());
            }
            let port = gossip_transport_port(transport);
            let own = gossip_node_view_t {
                id: c_id(SERVER),
                ip: c_text("127.0.0.1"),
                port: port.into(),
                config_epoch: 0,
                heartbeat: 1,
                version: 0,
                status: MaybeUninit::new(gossip_node_status_t::GOSSIP_NODE_ONLINE),
                role: c_text("replica"),
                region: c_text("eu-west-1"),
                sent_messages: 0,
                received_messages: 0,
            };
            let place = Box::into_raw(Box::new(transport)).cast();
            let core = gossip_core_create(&own, Some(on_send), Some(on_event), place);
            gossip_transport_set_core(transport, core);
            Ok(Self { core, port })
        }
    }

    fn taken(&self) -> u64 {
        // SAFETY: a live core; what it returns is read once and freed once.
        unsafe {
            let own = gossip_core_self(self.core);
            let taken = (*own).received_messages;
            gossip_core_free_self(own);
            taken
        }
    }

    fn online(&self) -> usize {
        let mut count = 0;
        // SAFETY: a live core; the array has as many views as it says and is freed once.
        unsafe {
            let nodes = gossip_core_get_nodes(self.core, &mut count);
            let all = if nodes.is_null() { &[] } else { std::slice::from_raw_parts(nodes, count) };
            let online = gossip_node_status_t::GOSSIP_NODE_ONLINE as u32;
            let found = all.iter().filter(|node| raw_status(node.status) == online).count();
            gossip_core_free_nodes(nodes);
            found
        }
    }
}
