//! What was measured, and how it is told.

use crate::group::{Case, Form};
use crate::server::{Kind, Work};

/// The work of all trials.
#[derive(Default)]
pub struct Figures {
    bare: Vec<Work>,
    library: Vec<Work>,
}

impl Figures {
    pub fn add(&mut self, kind: Kind, work: Work) {
        match kind {
            Kind::Bare => self.bare.push(work),
            Kind::Library => self.library.push(work),
        }
    }

    /// The library's rate to the bare loop's, for the same processor time.
    pub fn ratio(&self) -> f64 {
        median(&self.library, Work::by_processor) / median(&self.bare, Work::by_processor)
    }

    pub fn print(&self, case: Case, form: Form) {
        let rate = |work: &[Work], of: fn(&Work) -> f64| median(work, of) / 1000.0;
        let wall = median(&self.library, Work::by_clock) / median(&self.bare, Work::by_clock);
        println!("{} with three entries, {}:", case.name(), form.name());
        for (name, work) in [("bare loop", &self.bare), ("library", &self.library)] {
            println!(
                "  {name:9}  {:6.0} thousand for a second of processor, {:6.0} for a second; {} KB \
                 resident, grown by {} KB",
                rate(work, Work::by_processor),
                rate(work, Work::by_clock),
                work.iter().map(|work| work.resident / 1024).max().unwrap_or(0),
                work.iter().map(|work| work.grown / 1024).max().unwrap_or(0),
            );
        }
        let bound = match form {
            Form::Binary => format!(" (bound {})", case.bound()),
            Form::Json => String::new(),
        };
        println!("  ratio      {:.2} by processor{bound}, {wall:.2} by the clock", self.ratio());
    }
}

fn median(work: &[Work], of: impl Fn(&Work) -> f64) -> f64 {
    let mut all: Vec<f64> = work.iter().map(of).collect();
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
