//! Names to addresses, by threads that may wait for the system for minutes.

use super::limits::{MAX_ADDRESSES, MAX_LOOK_UPS, MAX_PENDING};
use crate::net::shared::lock;
use crate::os::{stay_loaded, with_signals_blocked};
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

/// What the system calls of a look-up may need of the stack, in bytes.
const STACK_BYTES: usize = 512 * 1024;

/// The names that are being looked up, and the threads that do it. A thread exists for as long as
/// there are names to look up.
#[derive(Default)]
pub(super) struct LookUps {
    work: Mutex<Jobs>,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    /// What is waiting or being looked up.
    names: Vec<(String, u16)>,
    running: usize,
    threads: Vec<JoinHandle<()>>,
    is_closed: bool,
}

struct Job {
    name: String,
    port: u16,
    done: Done,
}

/// What takes the addresses, on the thread that looked them up.
type Done = Box<dyn FnOnce(io::Result<Vec<SocketAddr>>) + Send>;

impl LookUps {
    /// Looks a name up and calls `done` with its addresses, at most [`MAX_ADDRESSES`].
    ///
    /// # Errors
    /// Why no thread can be made, or that too many names wait; `done` is not called then.
    pub(super) fn start(
        self: &Arc<Self>,
        name: String,
        port: u16,
        done: impl FnOnce(io::Result<Vec<SocketAddr>>) + Send + 'static,
    ) -> io::Result<()> {
        let mut work = lock(&self.work);
        work.reap();
        if work.is_closed || work.waiting.len() >= MAX_PENDING {
            return Err(io::Error::other("too many names wait"));
        }
        let job = Job { name: name.clone(), port, done: Box::new(done) };
        if work.running < MAX_LOOK_UPS {
            let own = Arc::clone(self);
            let thread = Builder::new().name("gossip-dns".into()).stack_size(STACK_BYTES);
            match with_signals_blocked(|| thread.spawn(move || own.serve(job))) {
                Ok(thread) => work.threads.push(thread),
                Err(error) => return Err(error),
            }
            work.running += 1;
        } else {
            work.waiting.push_back(job);
        }
        work.names.push((name, port));
        Ok(())
    }

    /// Whether a name is being looked up already.
    pub(super) fn has(&self, name: &str, port: u16) -> bool {
        lock(&self.work).names.iter().any(|(other, at)| other == name && *at == port)
    }

    /// Forgets the names that wait, and waits for threads that are about to end. Those that the
    /// system still keeps end by themselves, and the library stays loaded for them.
    pub(super) fn close(&self) {
        let mut work = lock(&self.work);
        work.is_closed = true;
        let waiting = core::mem::take(&mut work.waiting);
        work.names.clear();
        let threads = core::mem::take(&mut work.threads);
        drop(work);
        drop(waiting);
        for thread in threads {
            if thread.is_finished() {
                let _ = thread.join();
            } else {
                stay_loaded();
            }
        }
    }

    fn serve(&self, first: Job) {
        let mut next = Some(first);
        while let Some(Job { name, port, done }) = next {
            let found = (name.as_str(), port).to_socket_addrs();
            lock(&self.work).names.retain(|(other, at)| *other != name || *at != port);
            done(found.map(|found| found.take(MAX_ADDRESSES).collect()));
            let mut work = lock(&self.work);
            next = work.waiting.pop_front();
            if next.is_none() {
                debug_assert!(work.running > 0, "this thread is one of those that run");
                work.running -= 1;
            }
        }
    }
}

impl Jobs {
    /// Waits for the threads that have ended, which takes no time.
    fn reap(&mut self) {
        let (over, running) =
            core::mem::take(&mut self.threads).into_iter().partition(JoinHandle::is_finished);
        self.threads = running;
        let over: Vec<_> = over;
        for thread in over {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn names_are_looked_up_and_the_threads_end() {
        let look_ups = Arc::new(LookUps::default());
        let (tell, told) = channel();
        for _ in 0..3 * MAX_LOOK_UPS {
            let tell = tell.clone();
            let done = move |found| tell.send(found).expect("somebody waits");
            look_ups.start("127.0.0.1".into(), 7, done).expect("a thread");
        }
        for _ in 0..3 * MAX_LOOK_UPS {
            let found = told.recv_timeout(Duration::from_secs(20)).expect("in time");
            assert_eq!(found.expect("an address"), ["127.0.0.1:7".parse().expect("an address")]);
        }
        while lock(&look_ups.work).running > 0 {
            std::thread::yield_now();
        }
        assert!(!look_ups.has("127.0.0.1", 7));
        look_ups.close();
        assert!(look_ups.start("127.0.0.1".into(), 7, |_| ()).is_err());
    }
}
