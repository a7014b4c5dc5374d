//! The figures as one table, with the ratios of the peers to ours.

use crate::library::Library;
use crate::measure::Figures;
use std::fmt::Write;
use std::time::Duration;

/// The columns after the name; all but the last two are also told as ratios.
const COLUMNS: [&str; 10] = [
    "start s",
    "packets",
    "bytes",
    "CPU us",
    "crash: first s",
    "all s",
    "all 95 % s",
    "all worst s",
    "crashes",
    "false",
];
/// What they mean.
pub const LEGEND: &str = "\
start: until all know all, all started at once through one seed. packets, bytes, CPU: of a node in a
second of the steady state; packets of IP with all headers, TCP's too. crash: medians of the times
until the first of the others, and until all, count a node as gone. false: live nodes given up by live
ones, since all knew all.";
const RATIOS: usize = 8;

/// One line: numbers, or `None` where nothing was measured.
struct Row {
    nodes: usize,
    name: String,
    is_ratio: bool,
    values: [Option<f64>; COLUMNS.len()],
}

/// All lines.
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// The lines of each size: the libraries, then the ratios.
    pub fn new(all: &[Figures]) -> Self {
        let mut sizes: Vec<usize> = all.iter().map(|figures| figures.nodes).collect();
        sizes.dedup();
        let mut rows = Vec::new();
        for nodes in sizes {
            let of_size: Vec<&Figures> = all.iter().filter(|one| one.nodes == nodes).collect();
            for figures in &of_size {
                let name = figures.library.name().into();
                rows.push(Row { nodes, name, is_ratio: false, values: values(figures) });
            }
            let find = |library| of_size.iter().find(|one| one.library == library);
            for peer in Library::PEERS {
                for ours in Library::OURS {
                    if let (Some(peer), Some(ours)) = (find(peer), find(ours)) {
                        rows.push(ratio(peer, ours));
                    }
                }
            }
        }
        Self { rows }
    }

    /// As Markdown, aligned to be read as it is.
    pub fn markdown(&self) -> String {
        let mut lines = vec![head().map(String::from).to_vec()];
        lines.extend(self.rows.iter().map(Row::cells));
        let widths: Vec<usize> = (0..lines[0].len())
            .map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0))
            .collect();
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect();
        lines.insert(1, rule);
        let mut text = String::new();
        for line in &lines {
            for (cell, width) in line.iter().zip(&widths) {
                let _ = write!(text, "| {cell:width$} ");
            }
            text.push_str("|\n");
        }
        text
    }

    /// As CSV.
    pub fn csv(&self) -> String {
        let mut text = head().map(|name| format!("\"{name}\"")).join(",") + "\n";
        for row in &self.rows {
            let _ = write!(text, "{},\"{}\"", row.nodes, row.name);
            for value in row.values {
                let _ = match value {
                    Some(value) => write!(text, ",{value}"),
                    None => write!(text, ","),
                };
            }
            text.push('\n');
        }
        text
    }
}

/// All figures as JSON, each crash with them.
pub fn json(all: &[Figures]) -> String {
    let seconds = |time: Duration| time.as_secs_f64();
    let or_null = |value: Option<f64>| value.map_or("null".into(), |value| value.to_string());
    let object = |one: &Figures| {
        let list = |of: fn(&crate::cluster::Known) -> Duration| -> String {
            let times: Vec<String> =
                one.crashes.iter().map(|known| seconds(of(known)).to_string()).collect();
            times.join(", ")
        };
        format!(
            "  {{\"library\": \"{}\", \"nodes\": {}, \"start_s\": {}, \"packets\": {}, \"bytes\": {}, \
             \"processor_us\": {}, \"first_s\": [{}], \"all_s\": [{}], \"false_views\": {}, \
             \"trouble\": {}}}",
            one.library.name(),
            one.nodes,
            or_null(one.start.map(seconds)),
            or_null(one.steady.map(|steady| steady.packets)),
            or_null(one.steady.map(|steady| steady.bytes)),
            or_null(one.steady.map(|steady| steady.processor_us)),
            list(|known| known.first),
            list(|known| known.all),
            one.false_views,
            one.trouble.as_ref().map_or("null".into(), |why| quoted(why)),
        )
    };
    let objects: Vec<String> = all.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

/// A text of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.nodes.to_string(), self.name.clone()];
        for (column, value) in self.values.iter().enumerate() {
            let is_count = column >= RATIOS;
            cells.push(match value {
                Some(value) if is_count => format!("{value:.0}"),
                Some(value) => short(*value) + if self.is_ratio { "x" } else { "" },
                None if self.is_ratio && is_count => String::new(),
                None => "-".into(),
            });
        }
        cells
    }
}

fn head() -> [&'static str; COLUMNS.len() + 2] {
    let names: [&str; 2] = ["nodes", "library"];
    std::array::from_fn(|place| match names.get(place) {
        Some(name) => name,
        None => COLUMNS[place - names.len()],
    })
}

fn values(figures: &Figures) -> [Option<f64>; COLUMNS.len()] {
    let seconds = |time: Duration| time.as_secs_f64();
    let steady = figures.steady;
    let mut first: Vec<f64> = figures.crashes.iter().map(|known| seconds(known.first)).collect();
    let mut all: Vec<f64> = figures.crashes.iter().map(|known| seconds(known.all)).collect();
    first.sort_unstable_by(f64::total_cmp);
    all.sort_unstable_by(f64::total_cmp);
    [
        figures.start.map(seconds),
        steady.map(|steady| steady.packets),
        steady.map(|steady| steady.bytes),
        steady.map(|steady| steady.processor_us),
        median(&first),
        median(&all),
        rank(&all, 0.95),
        all.last().copied(),
        Some(figures.crashes.len() as f64),
        figures.start.map(|_| figures.false_views as f64),
    ]
}

fn ratio(peer: &Figures, ours: &Figures) -> Row {
    let (of, to) = (values(peer), values(ours));
    let values = std::array::from_fn(|column| match (of[column], to[column]) {
        (Some(of), Some(to)) if column < RATIOS && to > 0.0 => Some(of / to),
        _ => None,
    });
    let name = format!("{} / {}", peer.library.name(), ours.library.name());
    Row { nodes: peer.nodes, name, is_ratio: true, values }
}

/// The middle one, or the mean of the two; the values are sorted.
fn median(values: &[f64]) -> Option<f64> {
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// The least value that this share of all does not exceed; the values are sorted.
fn rank(values: &[f64], share: f64) -> Option<f64> {
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.max(1) - 1).copied()
}

/// Three digits, but no more than two of them behind the point.
fn short(value: f64) -> String {
    match value {
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Known;
    use crate::measure::Steady;

    fn figures(library: Library, scale: u64) -> Figures {
        let known = |seconds: u64| Known {
            first: Duration::from_secs(seconds * scale),
            all: Duration::from_secs(2 * seconds * scale),
        };
        let scale = scale as f64;
        Figures {
            library,
            nodes: 10,
            start: Some(Duration::from_secs_f64(scale)),
            steady: Some(Steady {
                packets: 2.0 * scale,
                bytes: 150.0 * scale,
                processor_us: scale,
            }),
            crashes: (1..=4).map(known).collect(),
            false_views: 0,
            trouble: None,
        }
    }

    #[test]
    fn ratios_stand_below_the_libraries() {
        let table = Table::new(&[figures(Library::Lan, 2), figures(Library::Memberlist, 5)]);
        let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["lan", "memberlist", "memberlist / lan"]);
        let ratios: Vec<f64> = table.rows[2].values.iter().flatten().copied().collect();
        assert_eq!(ratios, [2.5; RATIOS]);
        let text = table.markdown();
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains("| 2.50x "), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_left_out() {
        let mut lame = figures(Library::Quiet, 1);
        (lame.start, lame.steady, lame.crashes) = (None, None, Vec::new());
        lame.trouble = Some("not within 180 s: \"all\"".into());
        let all = [figures(Library::Lan, 1), lame, figures(Library::Chitchat, 1)];
        let table = Table::new(&all);
        assert!(table.rows[4].values.iter().all(Option::is_none), "chitchat / quiet");
        assert!(table.csv().contains("10,\"quiet\",,,,,,,,,0,\n"));
        assert!(json(&all).contains("\"trouble\": \"not within 180 s: \\\"all\\\"\""));
    }

    #[test]
    fn texts_of_json_are_escaped() {
        assert_eq!(quoted("a \"b\" \\ \u{e9}\n"), "\"a \\\"b\\\" \\\\ \u{e9}\\u000a\"");
    }

    #[test]
    fn medians_and_ranks() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        let many: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(rank(&many, 0.95), Some(95.0));
        assert_eq!(rank(&[3.0], 0.95), Some(3.0));
        assert_eq!(rank(&[], 0.95), None);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.123, 9.99, 12.34, 99.97, 2335.4].map(short),
            ["0.12", "9.99", "12.3", "100", "2335"]
        );
    }
}
