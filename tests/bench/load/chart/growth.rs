//! What a delivery and a connection cost, with more and more connections: a line for each peer.

use std::{iter::successors, ops::Range};

use anyhow::Result;
use indicatif::HumanCount;
use plotters::{
    coord::ranged1d::{AsRangedCoord, Ranged},
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::canvas::{self, Area, FAINT, WIDTH, colour, drawing, label, text};
use crate::{
    peer::Peer,
    results::Results,
    samples::{Metric, number},
    scenario::Kind,
};

/// Heights and widths, in pixels.
const HEAD: i32 = 64;
const TITLE: i32 = 40;
const PANEL: i32 = 300;
const FOOT: i32 = 50;
const LEFT: i32 = 75;
/// For the number behind the last point.
const RIGHT: i32 = 55;
/// Of such numbers; the first of those that are closer stands for all.
const APART: u32 = 12;

pub(crate) struct Growth {
    peers: Vec<&'static Peer>,
    sizes: Vec<f64>,
    cpu: Vec<Line>,
    memory: Vec<Line>,
}

struct Line {
    peer: &'static Peer,
    /// From left to right: connections, and what was measured with them.
    points: Vec<(f64, f64)>,
}

impl Growth {
    /// If any was measured.
    pub(crate) fn of(results: &Results) -> Option<Self> {
        let sizes = results
            .outcomes
            .iter()
            .filter_map(|outcome| outcome.scenario.work.grown_to());
        let peers: Vec<&Peer> = results
            .peers()
            .filter(|peer| peer.takes_part_in(Kind::Growth))
            .collect();
        let lines = |metric| -> Vec<Line> {
            let lines = peers.iter().map(|peer| Line::of(results, peer, metric));
            lines.filter(|line| !line.points.is_empty()).collect()
        };
        let (cpu, memory) = (lines(Metric::CpuPerDelivery), lines(Metric::BytesPerConnection));
        let sizes = sizes.map(|size| number(size as u64)).collect();
        (!cpu.is_empty() && !memory.is_empty()).then_some(Self {
            peers,
            sizes,
            cpu,
            memory,
        })
    }

    pub(crate) fn svg(&self) -> Result<String> {
        let top = HEAD + canvas::legend_height(self.peers.len())?;
        canvas::svg(top + TITLE + PANEL + FOOT, |area| {
            canvas::head(
                area,
                "More and more connections to one server",
                "Lower is better. Left: a broadcast at a time to all of them. Right: the memory that each one takes.",
            )?;
            canvas::legend(area, HEAD, &self.peers)?;
            let (left, right) = area.margin(top, 0, 0, 0).split_horizontally(WIDTH / 2);
            let across = even(&self.cpu);
            self.panel(&left, "CPU-µs per delivery", ends(&across), &across, &self.cpu)?;
            let across = tens(&self.memory);
            self.panel(
                &right,
                "bytes per connection",
                ends(&across).log_scale(),
                &across,
                &self.memory,
            )
        })
    }

    /// `across` are the horizontal lines of the scale.
    fn panel<Y>(&self, area: &Area<'_>, title: &str, scale: Y, across: &[f64], lines: &[Line]) -> Result<()>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: Ranged<ValueType = f64>,
    {
        let style = text(15, HPos::Left, VPos::Top);
        area.draw_text(title, &style, (LEFT, 14)).map_err(drawing)?;
        let (first, last) = (self.sizes[0] / 1.3, self.sizes[self.sizes.len() - 1] * 1.3);
        let mut chart = ChartBuilder::on(&area.margin(TITLE, FOOT, LEFT, RIGHT))
            .build_cartesian_2d((first..last).log_scale(), scale)
            .map_err(drawing)?;

        let bottom = across[0];
        let (beside, below) = (text(13, HPos::Right, VPos::Center), text(13, HPos::Center, VPos::Top));
        for &y in across {
            chart
                .draw_series([PathElement::new([(first, y), (last, y)], FAINT)])
                .map_err(drawing)?;
            label(&mut chart, (first, y), (-8, 0), shown(y), &beside)?;
        }
        for &x in &self.sizes {
            label(&mut chart, (x, bottom), (0, 8), shown(x), &below)?;
        }
        let middle = (first * last).sqrt();
        label(&mut chart, (middle, bottom), (0, 28), "connections".to_owned(), &below)?;

        let behind = text(13, HPos::Left, VPos::Center);
        let mut labels = Vec::new();
        for Line { peer, points } in lines {
            let colour = colour(peer);
            let path = PathElement::new(points.clone(), colour.stroke_width(2));
            chart.draw_series([path]).map_err(drawing)?;
            let dots = points.iter().map(|&point| Circle::new(point, 4, colour.filled()));
            chart.draw_series(dots).map_err(drawing)?;
            let Some(&last) = points.last() else { continue };
            let (_, height) = chart.backend_coord(&last);
            if labels.iter().all(|label: &i32| label.abs_diff(height) >= APART) {
                labels.push(height);
                label(&mut chart, last, (9, 0), shown(last.1), &behind)?;
            }
        }
        Ok(())
    }
}

impl Line {
    fn of(results: &Results, peer: &'static Peer, metric: Metric) -> Self {
        let points = results.outcomes.iter().filter_map(|outcome| {
            let connections = outcome.scenario.work.grown_to()?;
            let value = outcome.median(peer.name, metric).filter(|&value| value > 0.0)?;
            Some((number(connections as u64), value))
        });
        Self {
            peer,
            points: points.collect(),
        }
    }
}

fn ends(across: &[f64]) -> Range<f64> {
    across[0]..across[across.len() - 1]
}

/// With digits in groups, or with one behind the point where that says something.
fn shown(value: f64) -> String {
    let whole = format!("{value:.0}").parse::<u64>().ok();
    match whole.filter(|&whole| value >= 100.0 || number(whole) - value == 0.0) {
        Some(whole) => HumanCount(whole).to_string(),
        None => format!("{value:.1}"),
    }
}

fn values(lines: &[Line]) -> impl Iterator<Item = f64> {
    lines.iter().flat_map(|line| &line.points).map(|&(_, value)| value)
}

/// From nothing to behind the largest value, at most nine lines.
fn even(lines: &[Line]) -> Vec<f64> {
    let largest = values(lines).fold(0.0, f64::max);
    let mut steps = successors(Some(0.5), |&step| Some(step * 2.0));
    let step = steps.find(|step| largest / step < 8.0).unwrap_or(largest);
    successors(Some(0.0), |&line| (line <= largest).then_some(line + step)).collect()
}

/// Powers of ten, from below the smallest value to behind the largest.
fn tens(lines: &[Line]) -> Vec<f64> {
    let (smallest, largest) = (
        values(lines).fold(f64::INFINITY, f64::min),
        values(lines).fold(1.0, f64::max),
    );
    let first = successors(Some(1.0), |&line| (line * 10.0 <= smallest).then_some(line * 10.0)).last();
    successors(first, |&line| (line <= largest).then_some(line * 10.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{
        Outcome,
        made_up::{outcome, peer, results},
    };

    /// One round of each peer: CPU and memory.
    fn grown(title: &str, values: &[(&str, f64, f64)]) -> Outcome {
        let cpu: Vec<_> = values.iter().map(|&(name, cpu, _)| (name, cpu)).collect();
        let mut outcome = outcome(title, Metric::CpuPerDelivery, &cpu);
        for ((_, rounds), (_, _, memory)) in outcome.measured.iter_mut().zip(values) {
            rounds[0].push((Metric::BytesPerConnection, *memory));
        }
        outcome
    }

    fn svg(results: &Results) -> String {
        Growth::of(results).unwrap().svg().unwrap()
    }

    /// Of a peer, in both panels.
    fn dots(name: &str, svg: &str) -> usize {
        let RGBColor(red, green, blue) = colour(peer(name));
        let fill = format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"");
        svg.lines()
            .filter(|line| line.starts_with("<circle") && line.contains(&fill))
            .count()
    }

    #[test]
    fn there_is_a_dot_for_each_cell_and_none_for_an_empty_one() {
        let few = grown(
            "growth to 100",
            &[("floor", 4.0, 70.0), ("robyn_ws", 4.5, 2_800.0), ("axum", 5.0, 0.0)],
        );
        let many = grown("growth to 20,000", &[("floor", 8.0, 71.0), ("robyn_ws", 9.25, 2_700.0)]);
        let results = results(&["floor", "robyn_ws", "axum", "actix_ws"], vec![few, many]);
        let svg = svg(&results);
        assert_eq!(
            ["floor", "robyn_ws", "axum"].map(|name| dots(name, &svg)),
            [4, 4, 1],
            "{svg}"
        );
        for shown in ["100", "20,000", "9.2", "2,700", "10,000", "connections", "axum"] {
            assert!(svg.lines().any(|line| line == shown), "{shown} is not in {svg}");
        }
        assert!(!svg.contains("actix"), "{svg}");
    }

    #[test]
    fn one_size_alone_is_drawn_and_none_is_not() {
        let one = grown("growth to 100", &[("floor", 0.1, 0.5)]);
        assert_eq!(dots("floor", &svg(&results(&["floor"], vec![one]))), 2);
        let echo = outcome("echo 64 B, 1 in flight", Metric::CpuPerMessage, &[("floor", 4.0)]);
        assert!(Growth::of(&results(&["floor"], vec![echo])).is_none());
    }

    #[test]
    fn numbers_are_shown_with_what_says_something() {
        let shown = [0.5, 4.0, 9.25, 137.4, 19_800.0, 1_000_000.0].map(shown);
        assert_eq!(shown, ["0.5", "4", "9.2", "137", "19,800", "1,000,000"]);
    }
}
