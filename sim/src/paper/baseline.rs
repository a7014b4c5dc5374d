//! Whether the model of memberlist leaves the share of SWIM's false positives that Lifeguard's paper gives
//! (Tables IV and VII), and for which value of the one number that the paper does not tell.

use super::Effort;
use super::lifeguard::{on_grid, share};
use super::rivals::Rival;
use super::stress::Tally;
use crate::table::Table;

/// Microseconds for each message that waited.
const READINGS: [u64; 7] = [8, 16, 20, 22, 25, 32, 64];

/// The paper's shares in per cent: at alpha 5 and at alpha 4, beta 6.
const PAPERS: [f64; 2] = [1.53, 3.18];

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "us a message",
        "SWIM: wrong",
        "at healthy",
        "alpha 5: wrong",
        "% of SWIM",
        "times the paper's",
        "% of SWIM at healthy",
        "alpha 4: wrong",
        "% of SWIM",
        "times the paper's",
        "% of SWIM at healthy",
    ];
    let mut table = Table::new("baseline", &columns);
    for reading in READINGS {
        let [swim, five, four] = [Rival::SWIM, Rival::LIFEGUARD, Rival::MEMBERLIST].map(|rival| {
            let mut sum = Tally::default();
            let cells = on_grid(effort, &rival, |options| options.reading = reading);
            cells.iter().for_each(|(_, cell)| sum.add(cell));
            sum
        });
        let shares = [&five, &four].map(|tally| share(tally.wrong, swim.wrong));
        let healthy = [&five, &four].map(|t| share(t.wrong_at_healthy, swim.wrong_at_healthy));
        let times = [0, 1].map(|i| shares[i].map(|share| share / PAPERS[i]));
        table.row([
            reading.into(),
            swim.wrong.into(),
            swim.wrong_at_healthy.into(),
            five.wrong.into(),
            shares[0].into(),
            times[0].into(),
            healthy[0].into(),
            four.wrong.into(),
            shares[1].into(),
            times[1].into(),
            healthy[1].into(),
        ]);
        eprintln!("{reading} us a message: {shares:?} % of SWIM's");
    }
    effort.publish(&table)
}
