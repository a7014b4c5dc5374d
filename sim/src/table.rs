//! Tables of figures: as text for a person, as CSV and JSON for a program, and as a plot.

use plotters::prelude::{
    ChartBuilder, Circle, EmptyElement, IntoDrawingArea, IntoLogRange, LineSeries, Palette,
    Palette99, PathElement, PointSeries, SVGBackend, WHITE,
};
use std::fmt::Write as _;
use std::path::Path;

/// One value of a table.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// Nothing was measured.
    None,
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl Cell {
    fn shown(&self) -> String {
        match self {
            Self::Number(number) => shown(*number),
            Self::Text(text) => text.clone(),
            Self::None => "-".to_owned(),
        }
    }

    fn exact(&self) -> String {
        match self {
            Self::Number(number) => format!("{number}"),
            Self::Text(text) => text.clone(),
            Self::None => String::new(),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Number(number) if number.is_finite() => format!("{number}"),
            Self::Text(text) => quoted(text),
            Self::Number(_) | Self::None => "null".to_owned(),
        }
    }
}

/// A number with three figures, or all of a large one.
fn shown(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || size >= 100.0 {
        format!("{number:.0}")
    } else if size >= 10.0 {
        format!("{number:.1}")
    } else if size >= 0.01 {
        format!("{number:.2}")
    } else {
        format!("{number:.2e}")
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// Rows of figures with a head.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it is called, also in file names.
    pub name: String,
    /// What the columns are.
    pub columns: Vec<String>,
    /// The figures.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty one.
    pub fn new(name: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { name: name.to_owned(), columns, rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If it has not one cell a column.
    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        assert_eq!(N, self.columns.len(), "a cell for each column of {}", self.name);
        self.rows.push(cells.into());
    }

    /// As a table of Markdown.
    pub fn text(&self) -> String {
        let mut text = format!("| {} |\n", self.columns.join(" | "));
        text += &"|---".repeat(self.columns.len());
        text += "|\n";
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(Cell::shown).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text
    }

    /// As comma-separated values.
    pub fn csv(&self) -> String {
        let line = |cells: Vec<String>| {
            let cells = cells.into_iter().map(|cell| {
                if cell.contains([',', '"']) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell
                }
            });
            cells.collect::<Vec<_>>().join(",") + "\n"
        };
        let rows = self.rows.iter().map(|row| line(row.iter().map(Cell::exact).collect()));
        line(self.columns.clone()) + &rows.collect::<String>()
    }

    /// As a list of objects of JSON.
    pub fn json(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().zip(row);
            let cells = cells.map(|(column, cell)| format!("{}: {}", quoted(column), cell.json()));
            format!("  {{{}}}", cells.collect::<Vec<_>>().join(", "))
        });
        format!("[\n{}\n]\n", rows.collect::<Vec<_>>().join(",\n"))
    }

    /// Prints it, and writes it into a folder as CSV and JSON.
    ///
    /// # Errors
    /// What the system said.
    pub fn publish(&self, folder: &Path) -> Result<(), String> {
        println!("{}:\n\n{}", self.name, self.text());
        self.write(folder)
    }

    /// Writes it into a folder as CSV and JSON.
    ///
    /// # Errors
    /// What the system said.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        write(&folder.join(format!("{}.csv", self.name)), &self.csv())?;
        write(&folder.join(format!("{}.json", self.name)), &self.json())
    }

    fn place(&self, column: &str) -> Result<usize, String> {
        let place = self.columns.iter().position(|other| other == column);
        place.ok_or_else(|| format!("{} has no column `{column}`", self.name))
    }

    /// Plots some columns over one, both axes logarithmic, one line for each column and each text in
    /// the column `by`, if that is given.
    ///
    /// # Errors
    /// What the system or the plotter said.
    pub fn plot(
        &self,
        folder: &Path,
        over: &str,
        columns: &[&str],
        by: Option<&str>,
    ) -> Result<(), String> {
        let x = self.place(over)?;
        let by = by.map(|by| self.place(by)).transpose()?;
        let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
        for column in columns {
            let y = self.place(column)?;
            for row in &self.rows {
                let (Cell::Number(at), Cell::Number(value)) = (&row[x], &row[y]) else { continue };
                let name = match by {
                    Some(by) if columns.len() == 1 => row[by].shown(),
                    Some(by) => format!("{}, {column}", row[by].shown()),
                    None => (*column).to_owned(),
                };
                if *at > 0.0 && *value > 0.0 {
                    match lines.iter_mut().find(|(other, _)| *other == name) {
                        Some((_, points)) => points.push((*at, *value)),
                        None => lines.push((name, vec![(*at, *value)])),
                    }
                }
            }
        }
        let axis = if columns.len() == 1 { columns[0] } else { "" };
        let path = folder.join(format!("{}.svg", self.name));
        draw(&path, &self.name, (over, axis), &lines)
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn draw(
    path: &Path,
    title: &str,
    (x, y): (&str, &str),
    lines: &[(String, Vec<(f64, f64)>)],
) -> Result<(), String> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    if points().count() == 0 {
        return Ok(());
    }
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let least = points().map(of).fold(f64::INFINITY, f64::min);
        let most = points().map(of).fold(0.0, f64::max);
        (least / 1.2)..(most * 1.3)
    };
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let area = SVGBackend::new(path, (760, 460)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(
            bounds(|point| point.0).log_scale(),
            bounds(|point| point.1).log_scale(),
        )
        .map_err(|error| failed(&error))?;
    chart.configure_mesh().x_desc(x).y_desc(y).draw().map_err(|error| failed(&error))?;
    for (i, (name, points)) in lines.iter().enumerate() {
        let color = Palette99::pick(i);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), &color))
            .map_err(|error| failed(&error))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], Palette99::pick(i)));
        let dots =
            PointSeries::of_element(points.iter().copied(), 3, &color, &|at, size, style| {
                EmptyElement::at(at) + Circle::new((0, 0), size, style)
            });
        chart.draw_series(dots).map_err(|error| failed(&error))?;
    }
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(plotters::prelude::BLACK)
        .draw()
        .map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("test", &["n", "what, exactly", "ms"]);
        table.row([8_usize.into(), "a \"b\"".into(), 1234.5.into()]);
        table.row([16_usize.into(), "c".into(), None::<f64>.into()]);
        table
    }

    #[test]
    fn is_written_in_three_forms() {
        let table = table();
        assert_eq!(
            table.text(),
            "| n | what, exactly | ms |\n|---|---|---|\n| 8.00 | a \"b\" | 1234 |\n| 16.0 | c | - |\n"
        );
        assert_eq!(table.csv(), "n,\"what, exactly\",ms\n8,\"a \"\"b\"\"\",1234.5\n16,c,\n");
        let rows = [
            "{\"n\": 8, \"what, exactly\": \"a \\\"b\\\"\", \"ms\": 1234.5}",
            "{\"n\": 16, \"what, exactly\": \"c\", \"ms\": null}",
        ];
        assert_eq!(table.json(), format!("[\n  {},\n  {}\n]\n", rows[0], rows[1]));
    }

    #[test]
    fn a_plot_has_its_lines() {
        let folder = std::env::temp_dir().join(format!("gossip-sim-plot-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        table().plot(&folder, "n", &["ms"], None).expect("a plot");
        let svg = std::fs::read_to_string(folder.join("test.svg")).expect("it is there");
        assert!(svg.contains("<svg") && svg.contains("ms"));
        assert!(table().plot(&folder, "x", &["ms"], None).is_err());
        std::fs::remove_dir_all(&folder).expect("it can be removed");
    }
}
