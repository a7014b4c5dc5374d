//! What the demo shows: a table drawn again and again on a terminal, plain lines elsewhere.

use super::lines::Status;
use super::view::{Life, NODES, View, name};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

/// Columns of one cell of the table.
const CELL: usize = 9;

/// Where and how to show.
#[derive(Debug)]
pub(super) struct Screen {
    live: bool,
    paint: Paint,
    /// Lines of the block that the next drawing replaces.
    drawn: usize,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    /// Escape sequences may be written.
    pub(super) colours: bool,
}

impl Paint {
    /// The text padded to `width`, in a colour of the terminal's own palette.
    fn cell(self, text: &str, width: usize, colour: &str) -> String {
        if self.colours && !colour.is_empty() {
            format!("\x1b[{colour}m{text:<width$}\x1b[0m")
        } else {
            format!("{text:<width$}")
        }
    }

    /// A text in green.
    pub(super) fn good(self, text: &str) -> String {
        self.cell(text, 0, "32")
    }

    /// A text in bold.
    pub(super) fn strong(self, text: &str) -> String {
        self.cell(text, 0, "1")
    }

    /// A text in grey.
    pub(super) fn faint(self, text: &str) -> String {
        self.cell(text, 0, "90")
    }
}

impl Screen {
    /// Draws a live table if standard output is a terminal that can, unless `plain` is asked for.
    pub(super) fn new(plain: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let live = io::stdout().is_terminal() && !dumb && !plain;
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { live, paint: Paint { colours: live && !no_color }, drawn: 0 }
    }

    /// Whether the table is drawn in place.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// How to paint what is shown here.
    pub(super) fn paint(&self) -> Paint {
        self.paint
    }

    /// Replaces the block drawn last. Does nothing where lines cannot be replaced.
    pub(super) fn draw(&mut self, block: &[String]) {
        if !self.live {
            return;
        }
        let mut text = String::new();
        if self.drawn > 0 {
            // Up to the block's first line, then clear to the end of the screen.
            let _ = write!(text, "\x1b[{}A\x1b[J", self.drawn);
        }
        for line in block {
            let _ = writeln!(text, "{line}");
        }
        self.drawn = block.len();
        put(&text);
    }

    /// Prints lines that stay, below what was drawn.
    pub(super) fn print(&mut self, lines: &[String]) {
        self.drawn = 0;
        put(&lines.iter().fold(String::new(), |text, line| text + line + "\n"));
    }

    /// Prints lines that stay, if nothing is drawn in place.
    pub(super) fn print_plain(&mut self, lines: &[String]) {
        if !self.live {
            self.print(lines);
        }
    }
}

/// A reader that went away is no reason to panic: the demo goes on and its exit code tells.
fn put(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A length of time as a person reads it: milliseconds below a second, else seconds.
pub(super) fn length(duration: Duration) -> String {
    if duration < Duration::from_millis(10) {
        format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
    } else if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.2} s", duration.as_secs_f64())
    }
}

/// The table of who sees whom: a row for each node, a column for each that it sees.
pub(super) fn table(view: &View, paint: Paint) -> Vec<String> {
    let mut head = format!("  {:<23}", "node        sees ->");
    for subject in 0..NODES {
        let _ = write!(head, "{:<CELL$}", name(subject));
    }
    let mut lines = vec![paint.strong(head.trim_end())];
    for observer in 0..NODES {
        let mut line =
            format!("  {:<3} {}", name(observer), paint.cell(&place(view, observer), 19, "90"));
        for subject in 0..NODES {
            line += &cell(view, observer, subject, paint);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Where a node is, or what became of it.
fn place(view: &View, node: usize) -> String {
    let node = &view.nodes[node];
    match node.life {
        Life::Killed => "killed".to_owned(),
        Life::Left => "left".to_owned(),
        Life::Running => node.at.clone().unwrap_or_else(|| "starting".to_owned()),
    }
}

fn cell(view: &View, observer: usize, subject: usize, paint: Paint) -> String {
    let node = &view.nodes[observer];
    if node.life != Life::Running {
        return paint.cell("", CELL, "");
    }
    match node.sees[subject] {
        _ if observer == subject => paint.cell("(self)", CELL, "90"),
        None => paint.cell("-", CELL, "90"),
        Some(status) => paint.cell(status.word(), CELL, colour(status)),
    }
}

fn colour(status: Status) -> &'static str {
    match status {
        Status::Joining => "36",
        Status::Online => "32",
        Status::Suspect => "33",
        Status::Failed => "1;31",
    }
}

#[cfg(test)]
mod tests {
    use super::{Paint, length, table};
    use crate::demo::lines::Line;
    use crate::demo::view::{Life, View};
    use std::time::{Duration, Instant};

    fn fed(lines: &[(usize, &str)]) -> View {
        let mut view = View::new();
        for (node, line) in lines {
            view.apply(Instant::now(), *node, &Line::parse(line));
        }
        view
    }

    const FEED: [(usize, &str); 5] = [
        (0, "listening at=127.0.0.1:40001 version=1.5.0"),
        (
            0,
            "state ms=1 id=01 at=127.0.0.1:40001 heartbeat=1 members=2 02@h:1=online 03@h:2=suspect",
        ),
        (0, "event ms=2 id=03 at=h:2 role= region= from=suspect to=failed"),
        (1, "listening at=127.0.0.1:65535 version=1.5.0"),
        (1, "event ms=2 id=01 at=h:2 role= region= from=unknown to=joining"),
    ];

    #[test]
    fn lengths_have_a_unit_that_fits() {
        for (micros, text) in [
            (40, "0.0 ms"),
            (400, "0.4 ms"),
            (9_940, "9.9 ms"),
            (10_000, "10 ms"),
            (999_900, "999 ms"),
            (1_000_000, "1.00 s"),
            (12_346_000, "12.35 s"),
        ] {
            assert_eq!(length(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn the_table_shows_who_sees_whom() {
        let mut view = fed(&FEED);
        view.ended(2, Life::Killed);
        view.ended(3, Life::Left);
        let expected = "  node        sees ->    n1       n2       n3       n4       n5
  n1  127.0.0.1:40001    (self)   online   FAILED   -        -
  n2  127.0.0.1:65535    joining  (self)   -        -        -
  n3  killed
  n4  left
  n5  starting           -        -        -        -        (self)";
        assert_eq!(table(&view, Paint { colours: false }).join("\n"), expected);
    }

    #[test]
    fn colours_change_no_column_and_are_left_out_when_not_wanted() {
        let view = fed(&FEED);
        let plain = table(&view, Paint { colours: false });
        assert!(plain.iter().all(|line| !line.contains('\x1b')));
        for (plain, coloured) in plain.iter().zip(table(&view, Paint { colours: true })) {
            let mut shown = String::new();
            for (i, part) in coloured.split('\x1b').enumerate() {
                let text = if i == 0 { part } else { part.split_once('m').map_or("", |p| p.1) };
                shown += text;
            }
            assert_eq!(shown.trim_end(), plain);
            assert!(coloured.contains('\x1b'));
        }
    }
}
