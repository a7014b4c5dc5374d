//! What happens in the demo, step by step, and within which bounds.

use super::cluster::{Cluster, Launch, News};
use super::lines::{Line, Status};
use super::screen::{Screen, length, table};
use super::view::{Life, NODES, View, name};
use std::time::{Duration, Instant};

/// The node that the others join through.
const SEED: usize = 0;
/// The node that is killed and comes back.
const VICTIM: usize = 3;
/// The node that leaves.
const LEAVER: usize = 1;

/// The longest that each step may take. Their sum with the pauses stays under 40 seconds.
const FORM_BOUND: Duration = Duration::from_secs(8);
const FAIL_BOUND: Duration = Duration::from_secs(8);
const BACK_BOUND: Duration = Duration::from_secs(8);
const LEAVE_BOUND: Duration = Duration::from_secs(4);
const EXIT_BOUND: Duration = Duration::from_secs(4);

/// The demo while it runs.
pub(super) struct Demo {
    cluster: Cluster,
    view: View,
    screen: Screen,
    header: String,
    /// What has happened, as shown.
    done: Vec<String>,
    /// What is being waited for, and since when.
    waiting: Option<(String, Instant)>,
    /// One line a step for the end.
    summary: Vec<(String, Duration)>,
    /// What a node said last that is none of its usual lines, such as an error text.
    said: String,
    started: Instant,
    painted: Instant,
}

impl Demo {
    /// Nothing has happened yet.
    pub(super) fn new(launch: Launch, screen: Screen) -> Self {
        let header = format!(
            "{NODES} processes on 127.0.0.1, {}, a round every {} ms",
            launch.transport.to_uppercase(),
            launch.interval_ms
        );
        let now = Instant::now();
        Self {
            cluster: Cluster::new(launch),
            view: View::new(),
            screen,
            header,
            done: Vec::new(),
            waiting: None,
            summary: Vec::new(),
            said: String::new(),
            started: now,
            painted: now,
        }
    }

    /// All steps in order.
    ///
    /// # Errors
    /// Which step did not happen in its bound, and what was seen instead.
    pub(super) fn play(&mut self) -> Result<(), String> {
        self.form()?;
        self.kill_one()?;
        self.bring_it_back()?;
        self.let_one_leave()?;
        self.finish()
    }

    fn form(&mut self) -> Result<(), String> {
        let what = format!("{NODES} nodes start, n2 to n{NODES} join through {}", name(SEED));
        self.begin(&what);
        let since = Instant::now();
        self.cluster.start(SEED, "127.0.0.1:0", None)?;
        self.wait(since, FORM_BOUND, &|view| view.nodes[SEED].at.is_some())?;
        let title = format!("   {}", self.title());
        self.screen.print_plain(&[title]);
        let seed = self.view.nodes[SEED].at.clone();
        for node in (0..NODES).filter(|&node| node != SEED) {
            self.cluster.start(node, "127.0.0.1:0", seed.as_deref())?;
        }
        let took = self.wait(since, FORM_BOUND, &View::all_see_all)?;
        self.view.settle();
        self.end("all see each other online", took, &[]);
        self.pause()
    }

    fn kill_one(&mut self) -> Result<(), String> {
        let victim = name(VICTIM);
        self.begin(&format!("{victim} is killed with SIGKILL"));
        let since = Instant::now();
        self.cluster.kill(VICTIM)?;
        self.view.ended(VICTIM, Life::Killed);
        let all = |view: &View| view.all_saw(since, VICTIM, Status::Failed);
        let took = self.wait(since, FAIL_BOUND, &all)?;
        let details = [
            self.delays("suspected after", since, VICTIM, Status::Suspect),
            self.delays("failed after", since, VICTIM, Status::Failed),
        ];
        self.end(&format!("every survivor calls {victim} failed"), took, &details);
        self.pause()
    }

    fn bring_it_back(&mut self) -> Result<(), String> {
        let victim = name(VICTIM);
        self.begin(&format!("{victim} starts again: same id, heartbeat 0"));
        let since = Instant::now();
        let bind = self.view.nodes[VICTIM].at.clone().unwrap_or_default();
        let seed = self.view.nodes[SEED].at.clone();
        self.view.restarted(VICTIM);
        self.cluster.start(VICTIM, &bind, seed.as_deref())?;
        let all = |view: &View| view.all_saw(since, VICTIM, Status::Online) && view.all_see_all();
        let took = self.wait(since, BACK_BOUND, &all)?;
        self.view.settle();
        let details = [self.delays("online after", since, VICTIM, Status::Online)];
        self.end(&format!("{victim} is back, all see each other"), took, &details);
        self.pause()
    }

    fn let_one_leave(&mut self) -> Result<(), String> {
        let leaver = name(LEAVER);
        self.begin(&format!("{leaver} leaves gracefully (others see a leave as FAILED)"));
        let since = Instant::now();
        self.view.ended(LEAVER, Life::Left);
        self.cluster.ask_to_leave(LEAVER);
        let all = |view: &View| view.all_saw(since, LEAVER, Status::Failed);
        let took = self.wait(since, LEAVE_BOUND, &all)?;
        let details = [self.delays("known after", since, LEAVER, Status::Failed)];
        self.end(&format!("all know that {leaver} left"), took, &details);
        self.expect_exit(LEAVER)?;
        self.pause()
    }

    /// Lets the process end by itself, and well.
    fn expect_exit(&mut self, node: usize) -> Result<(), String> {
        let deadline = Instant::now() + EXIT_BOUND;
        while Instant::now() < deadline {
            match self.cluster.exit_status(node) {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("{} left but ended with {status}", name(node))),
                None => self.listen(Duration::from_millis(20))?,
            }
        }
        Err(format!("{} did not end within {} after it left", name(node), length(EXIT_BOUND)))
    }

    fn finish(&mut self) -> Result<(), String> {
        self.paint(true);
        let alarms = self.view.false_alarms();
        let mut lines = vec![String::new(), self.screen.paint().strong("Summary")];
        for (what, took) in &self.summary {
            lines.push(format!("  {what:<44}{:>8}", length(*took)));
        }
        lines.push(format!("  {:<44}{:>8}", "running nodes called failed", alarms.len()));
        let verdict = format!("The demo went well, in {}.", length(self.started.elapsed()));
        if alarms.is_empty() {
            lines.push(self.screen.paint().good(&verdict));
        }
        let failed = alarms.first().map(|first| format!("false alarm: {first}"));
        self.screen.print(&lines);
        failed.map_or(Ok(()), Err)
    }

    /// Shows a new step.
    fn begin(&mut self, what: &str) {
        self.waiting = Some((what.to_owned(), Instant::now()));
        self.screen.print_plain(&[String::new(), format!("-> {what}")]);
        self.paint(true);
    }

    /// Shows that the step has happened.
    fn end(&mut self, outcome: &str, took: Duration, details: &[String]) {
        let paint = self.screen.paint();
        let what = self.waiting.take().map_or_else(String::new, |(what, _)| what);
        self.done.push(paint.strong(&what));
        let result = format!("   {} {outcome:<42}{:>8}", paint.good("ok"), length(took));
        let mut lines = vec![result];
        lines.extend_from_slice(details);
        self.done.extend(lines.iter().cloned());
        self.screen.print_plain(&lines);
        self.screen.print_plain(&table(&self.view, paint));
        self.summary.push((outcome.to_owned(), took));
        self.paint(true);
    }

    /// How long each node took to see another in that status, in one line.
    fn delays(&self, what: &str, since: Instant, subject: usize, status: Status) -> String {
        let mut line = format!("      {what:<16}");
        for observer in self.view.observers_of(subject) {
            let delay = self.view.delay(since, observer, subject, status);
            let text = delay.map_or_else(|| "-".to_owned(), length);
            line += &format!("{} {text:<9}", name(observer));
        }
        line.trim_end().to_owned()
    }

    /// Listens to the nodes until it is so; tells how long after `since` that was.
    fn wait(
        &mut self,
        since: Instant,
        bound: Duration,
        until: &dyn Fn(&View) -> bool,
    ) -> Result<Duration, String> {
        while !until(&self.view) {
            if since.elapsed() > bound {
                let what = self.waiting.as_ref().map_or("", |(what, _)| what);
                return Err(format!("not done after {}: {what}", length(bound)));
            }
            self.listen(Duration::from_millis(50))?;
        }
        Ok(since.elapsed())
    }

    /// Time to look at the table.
    fn pause(&mut self) -> Result<(), String> {
        let pause_ms = if self.screen.is_live() { 1500 } else { 300 };
        let end = Instant::now() + Duration::from_millis(pause_ms);
        while Instant::now() < end {
            self.listen(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Takes in what comes within `patience`, and shows it.
    fn listen(&mut self, patience: Duration) -> Result<(), String> {
        if let Some(news) = self.cluster.news(patience) {
            match news.line {
                Some(Line::Other(text)) => self.said = format!("{}: {text}", name(news.node)),
                Some(line) => self.view.apply(news.at, news.node, &line),
                None if self.view.nodes[news.node].life == Life::Running => {
                    return Err(self.unexpected_end(news.node));
                }
                None => {}
            }
        }
        self.paint(false);
        Ok(())
    }

    /// A node is gone that should run. Its error text comes by another pipe, so maybe later.
    fn unexpected_end(&mut self, node: usize) -> String {
        let deadline = Instant::now() + Duration::from_millis(200);
        while Instant::now() < deadline {
            match self.cluster.news(Duration::from_millis(50)) {
                Some(News { node: from, line: Some(Line::Other(text)), .. }) if from == node => {
                    self.said = format!("{}: {text}", name(node));
                }
                _ => {}
            }
        }
        format!("{} ended by itself. {}", name(node), self.said)
    }

    /// Draws the table and the steps; at most about 20 times a second unless `now`.
    fn paint(&mut self, now: bool) {
        if !now && self.painted.elapsed() < Duration::from_millis(50) {
            return;
        }
        self.painted = Instant::now();
        let paint = self.screen.paint();
        let mut block = vec![self.title(), String::new()];
        block.extend(table(&self.view, paint));
        block.push(String::new());
        block.extend_from_slice(&self.done);
        if let Some((what, since)) = &self.waiting {
            let clock = paint.faint(&format!("{:>4.1} s", since.elapsed().as_secs_f64()));
            block.push(format!("{} {clock}", paint.strong(what)));
        }
        if !self.said.is_empty() {
            block.push(paint.faint(&self.said));
        }
        self.screen.draw(&block);
    }

    /// What runs here, in one line.
    fn title(&self) -> String {
        let library = format!("libgossip {}", self.view.version);
        format!("{}: {}", self.screen.paint().strong(library.trim_end()), self.header)
    }

    /// The table as it was when it went wrong.
    pub(super) fn show_failure(&mut self) {
        self.paint(true);
        let table = table(&self.view, self.screen.paint());
        self.screen.print_plain(&table);
        let mut lines = self.view.false_alarms().to_vec();
        lines.push(self.said.clone());
        self.screen.print(&lines);
    }
}
