//! What single calls cost in instructions, which do not wobble: the program runs itself under callgrind,
//! which counts in one function alone.

use super::floor::{Ids, Least};
use super::lists::{List, walk, wanted};
use super::{CLAIMS, Rounds, at_rest, foca_handled, handle, pings, settled, wake, wire};
use crate::paper::Effort;
use crate::table::{Cell, Table};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Calls of each kind that are counted, and before them those that are not, so that buffers have grown.
const CALLS: usize = 1_000;
/// The longest list that is applied.
const LONGEST: usize = 10_000;
/// What each line begins with that says what was counted.
const MARK: &str = "counted";
/// The functions below by the names that callgrind has for them.
const COUNTED: &str = "*micro::count::counted*";
const WRITTEN: &str = "*micro::count::written*";

/// The only function in which callgrind counts. It calls what it is given, so that there is one of it.
#[inline(never)]
fn counted(call: &mut dyn FnMut()) {
    call();
    black_box(());
}

/// When it is entered callgrind writes down what it has counted since it was entered last, into a file of
/// its own; what that was is said on standard output: how often it counted, and of each time the
/// share that the call is.
#[inline(never)]
fn written(call: &str, who: Who, members: usize, times: usize, parts: usize) {
    println!("{MARK}\t{call}\t{}\t{members}\t{times}\t{parts}", who as usize);
}

/// Whose call it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    /// Nobody's: what counting takes.
    Nobody,
    Ours,
    /// The bytes copied, and a look-up for each id.
    Floor,
    Foca,
}

impl Who {
    fn of(number: &str) -> Option<Self> {
        let all = [Self::Nobody, Self::Ours, Self::Floor, Self::Foca];
        all.into_iter().find(|who| (*who as usize).to_string() == number)
    }
}

/// Counts a call that is given its number.
fn count(name: &str, who: Who, members: usize, mut call: impl FnMut(usize)) {
    (0..CALLS).for_each(&mut call);
    for i in 0..CALLS {
        counted(&mut || call(i));
    }
    written(name, who, members, CALLS, 1);
}

/// Makes all the calls; without callgrind it does nothing else.
pub fn calls(effort: &Effort) {
    count("nothing", Who::Nobody, 0, |_| ());
    let sizes = effort.sizes_or(&[10, 100, 1_000, 10_000, 100_000]);
    sizes.iter().for_each(|members| among_members(*members));
    sizes.iter().filter(|members| **members <= LONGEST).for_each(|members| lists(*members));
    wire::each(|form, what, header, entries| {
        let mut bytes = Vec::with_capacity(4_096);
        count(&format!("{} of {what} written", form.name), Who::Ours, 0, |_| {
            bytes.clear();
            (form.write)(black_box(header), entries, &mut bytes);
            black_box(bytes.len());
        });
        count(&format!("{} of {what} read", form.name), Who::Ours, 0, |_| {
            black_box((form.read)(black_box(&bytes)));
        });
    });
}

fn among_members(members: usize) {
    let number = members as u32;
    let ping = format!("a ping of {CLAIMS} stale claims read, its pong written");
    let (mut core, mut ms) = settled(number);
    let packets = pings(number, CALLS as u32);
    let mut out = Vec::with_capacity(2_048);
    count(&ping, Who::Ours, members, |i| handle(&mut core, &packets, i, &mut out));
    let ids = Ids::of(number);
    let mut floor = Least::of(&ids, &packets);
    count(&ping, Who::Floor, members, |i| floor.handle(i));
    foca_handled(number, |call| {
        count(&ping, Who::Foca, members, call);
        0.0
    });
    let mut rounds = Rounds::of(&mut core, &mut ms);
    for name in ["a round decided", "the 3 pings of a round written"] {
        for i in 0..2 * CALLS {
            rounds.wait();
            match (i >= CALLS, name == "a round decided") {
                (true, true) => counted(&mut || rounds.decide()),
                (true, false) => {
                    rounds.decide();
                    counted(&mut || rounds.write());
                }
                (false, _) => rounds.decide(),
            }
            rounds.write();
            rounds.answer();
        }
        written(name, Who::Ours, members, CALLS, 1);
    }
    let now = at_rest(&mut core, ms);
    count("a wake-up with nothing due", Who::Ours, members, |_| wake(&mut core, now));
    let wanted = wanted(number);
    count("find", Who::Ours, members, |i| {
        black_box(core.find(&wanted[i % wanted.len()])).expect("it is listed");
    });
    count("find", Who::Floor, members, |i| {
        black_box(ids.find(&wanted[i % wanted.len()])).expect("it is listed");
    });
    counted(&mut || walk(&core));
    written("a walk over all, for each", Who::Ours, members, 1, members);
}

fn lists(members: usize) {
    let list = List::of(members as u32);
    let told = list.nodes.len();
    let mut core = list.newcomer();
    counted(&mut || list.tell_structs(&mut core));
    written("a list applied as structs, for each", Who::Ours, members, 1, told);
    let mut core = list.newcomer();
    counted(&mut || list.tell_packets(&mut core, 0));
    written("as packets of strangers, for each", Who::Ours, members, 1, told);
    counted(&mut || list.tell_packets(&mut core, 1));
    written("vouched for, for each", Who::Ours, members, 1, told);
}

/// One line of what was counted.
struct Line {
    call: String,
    who: Who,
    members: usize,
    /// Instructions of one call.
    instructions: f64,
}

/// Runs the calls under callgrind and publishes what it counted.
///
/// # Errors
/// When there is no valgrind, or it did not count what it was to count.
pub fn run(effort: &Effort) -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("gossip-sim-callgrind-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lines = counts(effort, &folder);
    std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let lines = lines?;
    let columns = ["call", "members", "instructions", "floor", "foca", "times"];
    let mut table = Table::new("instructions", &columns);
    for line in lines.iter().filter(|line| line.who == Who::Ours) {
        let of = |who: Who| {
            let same = |other: &&Line| {
                other.who == who && (&other.call, other.members) == (&line.call, line.members)
            };
            lines.iter().find(same).map(|line| line.instructions)
        };
        let foca = of(Who::Foca);
        table.row([
            line.call.as_str().into(),
            (line.members > 0).then_some(line.members).into(),
            line.instructions.into(),
            of(Who::Floor).into(),
            foca.into(),
            foca.map(|foca| foca / line.instructions).map_or(Cell::None, Cell::Number),
        ]);
    }
    effort.publish(&table)
}

fn counts(effort: &Effort, folder: &Path) -> Result<Vec<Line>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let out = folder.join("out");
    let mut sizes = String::new();
    for members in &effort.sizes {
        let comma = if sizes.is_empty() { "" } else { "," };
        let _ = write!(sizes, "{comma}{members}");
    }
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--collect-atstart=no", "--quiet"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-before={WRITTEN}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(["calls", "--sizes", &sizes])
        // The program starts itself anew where this is not set.
        .env("GLIBC_TUNABLES", "");
    let done = valgrind.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "valgrind is missing, whose callgrind counts instructions; on Debian: apt-get install \
             valgrind"
                .to_owned()
        }
        _ => format!("valgrind: {error}"),
    })?;
    let said = String::from_utf8_lossy(&done.stdout);
    if !done.status.success() {
        let error = String::from_utf8_lossy(&done.stderr);
        return Err(format!("valgrind: {}\n{said}{error}", done.status));
    }
    lines(&said, |number| {
        let path = dump(&out, number);
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        total(&text).ok_or_else(|| format!("{} sums up to nothing", path.display()))
    })
}

/// What the program said that was counted, with the instructions that the file of each number sums up
/// to; what counting takes, which comes first, is left out of them.
fn lines(
    said: &str,
    mut total: impl FnMut(usize) -> Result<u64, String>,
) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    let mut counting = 0.0;
    let marked = said.lines().filter_map(|line| line.strip_prefix(MARK)?.strip_prefix('\t'));
    for (i, line) in marked.enumerate() {
        let strange = || format!("`{line}` is nothing that was counted");
        let words: Vec<&str> = line.split('\t').collect();
        let [call, who, members, times, parts] = words[..] else { return Err(strange()) };
        let who = Who::of(who).ok_or_else(strange)?;
        let members = members.parse().map_err(|_| strange())?;
        let times: u32 = times.parse().map_err(|_| strange())?;
        let parts: u32 = parts.parse().map_err(|_| strange())?;
        let total = total(i + 1)?;
        if total == 0 || times == 0 || parts == 0 {
            return Err(format!("nothing was counted in `{call}`: is the program stripped?"));
        }
        let once = total as f64 / f64::from(times);
        if who == Who::Nobody {
            counting = once;
        }
        let instructions = (once - counting) / f64::from(parts);
        lines.push(Line { call: call.to_owned(), who, members, instructions });
    }
    if lines.is_empty() {
        return Err(format!("nothing was counted; the program said: {said}"));
    }
    Ok(lines)
}

/// The file that callgrind wrote so many times after its start.
fn dump(out: &Path, number: usize) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// The instructions that the text of a file of callgrind's sums up to.
fn total(text: &str) -> Option<u64> {
    let words = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    words.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counting_takes_is_left_out_and_a_list_divided_among_its_members() {
        let said = "counted\tnothing\t0\t0\t1000\t1\nhello\ncounted\ta list\t1\t10\t1\t10\n";
        let lines = lines(said, |number| Ok([5_000, 205][number - 1])).expect("it was counted");
        assert_eq!((lines[1].call.as_str(), lines[1].members), ("a list", 10));
        assert!((lines[1].instructions - 20.0).abs() < 1e-9, "{}", lines[1].instructions);
    }

    #[test]
    fn what_was_not_counted_is_an_error() {
        assert!(lines("", |_| Ok(1)).is_err());
        assert!(lines("counted\ta call\t1\t10\t1000\t1", |_| Ok(0)).is_err());
        assert!(lines("counted\ta call\t9\t10\t1000\t1", |_| Ok(1)).is_err());
        assert!(lines("counted\ta call", |_| Ok(1)).is_err());
    }

    #[test]
    fn a_file_of_callgrind_sums_up_to_its_totals() {
        assert_eq!(total("events: Ir\nfn=(1)\n0 5\ntotals: 1200\n"), Some(1_200));
        assert_eq!(total("events: Ir\n"), None);
    }
}
