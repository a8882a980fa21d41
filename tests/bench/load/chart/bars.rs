//! What a message costs each peer, as a multiple of what it costs the floor: a bar for each peer in each scenario.

use std::iter::successors;

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::canvas::{self, Area, FAINT, INK, colour, drawing, label, text};
use crate::{
    peer::Peer,
    results::{Outcome, Results},
    samples::Metric,
    scenario::Kind,
};

const FLOOR: &str = "floor";
/// Where the scale begins at the latest: the bars of who is below the floor go to the left.
const LOWEST: f64 = 0.5;

/// Heights and widths, in pixels.
const HEAD: i32 = 64;
const BAR: i32 = 12;
const GAP: i32 = 14;
const FOOT: i32 = 34;
const TITLES: i32 = 225;
/// For the number behind the longest bar.
const RIGHT: i32 = 45;

pub(crate) struct Bars {
    peers: Vec<&'static Peer>,
    /// The scenarios from top to bottom, each with the bars that it has.
    groups: Vec<(String, Vec<Bar>)>,
}

#[derive(Clone, Copy)]
struct Bar {
    peer: &'static Peer,
    times_the_floor: f64,
}

impl Bars {
    /// Takes what is CPU for a message or a delivery. Without the floor there is nothing to draw.
    pub(crate) fn of(results: &Results) -> Option<Self> {
        let peers: Vec<&Peer> = results.peers().filter(|peer| peer.name != FLOOR).collect();
        // Growth has a chart of its own, and open loops are about latency.
        let outcomes = results.outcomes.iter();
        let outcomes = outcomes.filter(|outcome| !matches!(outcome.scenario.kind, Kind::Growth | Kind::OpenLoop));
        let groups = outcomes.filter_map(|outcome| {
            let bars = bars(&peers, outcome)?;
            Some((outcome.scenario.title.clone(), bars))
        });
        let groups: Vec<_> = groups.collect();
        (!groups.is_empty()).then_some(Self { peers, groups })
    }

    pub(crate) fn svg(&self) -> Result<String> {
        let top = HEAD + canvas::legend_height(self.peers.len())? + GAP;
        let height = self.height()?;
        canvas::svg(top + height + FOOT, |area| {
            canvas::head(
                area,
                "CPU per message or delivery, as a multiple of the floor's",
                "Shorter is better; each line is twice the one before. The floor is epoll without a library: the \
                 kernel's price.",
            )?;
            canvas::legend(area, HEAD, &self.peers)?;
            self.draw(&area.margin(top, FOOT, TITLES, RIGHT), f64::from(height))
        })
    }

    /// Of all groups, with the gap behind each.
    fn height(&self) -> Result<i32> {
        let heights = self
            .groups
            .iter()
            .map(|(_, bars)| Ok(i32::try_from(bars.len())? * BAR + GAP));
        heights.sum()
    }

    /// The vertical coordinates are pixels.
    fn draw(&self, area: &Area<'_>, bottom: f64) -> Result<()> {
        let lines = self.lines();
        let (lowest, highest) = (lines[0], lines[lines.len() - 1]);
        let scale = (lowest..highest).log_scale().base(2.0);
        let mut chart = ChartBuilder::on(area)
            .build_cartesian_2d(scale, bottom..0.0)
            .map_err(drawing)?;

        let line = |x: f64, ink: RGBColor| PathElement::new([(x, 0.0), (x, bottom)], ink);
        let faint = lines.iter().map(|&x| line(x, FAINT));
        chart.draw_series(faint.chain([line(1.0, INK)])).map_err(drawing)?;
        let style = text(13, HPos::Center, VPos::Top);
        for &x in &lines {
            label(&mut chart, (x, bottom), (0, 8), format!("{x} ×"), &style)?;
        }

        let (titles, values) = (text(14, HPos::Right, VPos::Center), text(12, HPos::Left, VPos::Center));
        let bar_height = f64::from(BAR);
        let mut top = 0.0;
        for (title, bars) in &self.groups {
            let begin = top;
            for bar in bars {
                let (end, fill) = (bar.times_the_floor, colour(bar.peer).filled());
                let corners = [(1.0, top + 1.0), (end, top + bar_height - 1.0)];
                chart.draw_series([Rectangle::new(corners, fill)]).map_err(drawing)?;
                let behind = (end.max(1.0), top + bar_height / 2.0);
                label(&mut chart, behind, (5, 0), shown(end), &values)?;
                top += bar_height;
            }
            let middle = f64::midpoint(begin, top);
            label(&mut chart, (lowest, middle), (-10, 0), title.clone(), &titles)?;
            top += f64::from(GAP);
        }
        Ok(())
    }

    /// Powers of two, from below the shortest bar to behind the longest.
    fn lines(&self) -> Vec<f64> {
        let ends = self.groups.iter().flat_map(|(_, bars)| bars);
        let (shortest, longest) = ends.fold((LOWEST, 1.0), |(shortest, longest): (f64, f64), bar| {
            (shortest.min(bar.times_the_floor), longest.max(bar.times_the_floor))
        });
        let first = successors(Some(LOWEST), |x| Some(x / 2.0)).find(|&x| x <= shortest);
        successors(first, |&x| (x < longest).then_some(x * 2.0)).collect()
    }
}

fn bars(peers: &[&'static Peer], outcome: &Outcome) -> Option<Vec<Bar>> {
    let rows = outcome.scenario.work.rows();
    let of_cpu = |metric: &Metric| matches!(metric, Metric::CpuPerMessage | Metric::CpuPerDelivery);
    let metric = rows.into_iter().find(of_cpu)?;
    let floor = outcome.median(FLOOR, metric).filter(|&floor| floor > 0.0)?;
    let bars = peers.iter().filter_map(|peer| {
        let own = outcome.median(peer.name, metric).filter(|&own| own > 0.0)?;
        Some(Bar {
            peer,
            times_the_floor: own / floor,
        })
    });
    let bars: Vec<Bar> = bars.collect();
    (!bars.is_empty()).then_some(bars)
}

fn shown(times: f64) -> String {
    if times < 10.0 {
        format!("{times:.1}")
    } else {
        format!("{times:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up::{outcome, peer, results};

    const ECHO: &str = "echo 64 B, 1 in flight";
    const ROOMS: &str = "fan-out in 1,000 rooms of 10";

    fn svg(results: &Results) -> String {
        Bars::of(results).unwrap().svg().unwrap()
    }

    /// What is filled with a peer's colour: first its place in the legend, then its bars.
    fn shapes<'a>(name: &str, svg: &'a str) -> Vec<&'a str> {
        let RGBColor(red, green, blue) = colour(peer(name));
        let fill = format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"");
        let shapes = svg
            .lines()
            .filter(|line| line.starts_with("<rect") && line.contains(&fill));
        shapes.collect()
    }

    #[test]
    fn there_is_a_bar_for_each_cell_and_none_for_an_empty_one() {
        let echo = [("floor", 4.0), ("robyn_ws", 5.0), ("axum", 6.0), ("robyn", 400.0)];
        let rooms = [("floor", 8.0), ("robyn_ws", 6.0), ("axum", 0.0)];
        let results = results(
            &["floor", "robyn_ws", "axum", "actix_ws", "robyn"],
            vec![
                outcome(ECHO, Metric::CpuPerMessage, &echo),
                outcome(ROOMS, Metric::CpuPerDelivery, &rooms),
            ],
        );
        let svg = svg(&results);
        let bars = ["robyn_ws", "axum", "actix_ws", "robyn"].map(|name| shapes(name, &svg).len() - 1);
        assert_eq!(bars, [2, 1, 0, 1], "{svg}");
        for shown in [ECHO, ROOMS, "actix-ws", "1.2", "0.8", "100", "0.5 ×", "128 ×"] {
            assert!(svg.lines().any(|line| line == shown), "{shown} is not in {svg}");
        }
    }

    #[test]
    fn bars_begin_at_the_floor_and_go_to_their_multiple_of_it() {
        let ends = |times: f64| {
            let cells = [("floor", 2.0), ("robyn_ws", 2.0 * times), ("robyn", 128.0)];
            let results = results(
                &["floor", "robyn_ws", "robyn"],
                vec![outcome(ECHO, Metric::CpuPerMessage, &cells)],
            );
            let svg = svg(&results);
            let bar = shapes("robyn_ws", &svg)[1];
            let number = |name| {
                let (_, behind) = bar.split_once(&format!(" {name}=\"")).unwrap();
                behind.split('"').next().unwrap().parse::<u32>().unwrap()
            };
            (number("x"), number("x") + number("width"))
        };
        let [half, twice, four_times] = [0.5, 2.0, 4.0].map(ends);
        assert!(
            half.1.abs_diff(twice.0) <= 1 && twice.0 == four_times.0,
            "all touch the floor's line"
        );
        let doubling = twice.1 - twice.0;
        assert!(doubling > 50);
        assert!((half.1 - half.0).abs_diff(doubling) <= 1 && (four_times.1 - four_times.0).abs_diff(2 * doubling) <= 1);
    }

    #[test]
    fn growth_and_open_loops_have_no_bars() {
        let cells = [("floor", 5.0), ("robyn_ws", 6.0)];
        let grown = outcome("growth to 100", Metric::CpuPerDelivery, &cells);
        let open = outcome("echo 64 B, 1,000 per second", Metric::CpuPerMessage, &cells);
        assert!(Bars::of(&results(&["floor", "robyn_ws"], vec![grown, open])).is_none());
    }

    #[test]
    fn without_the_floor_there_is_no_chart() {
        let cells = [("robyn_ws", 5.0), ("axum", 6.0)];
        let alone = outcome(ECHO, Metric::CpuPerMessage, &cells);
        assert!(Bars::of(&results(&["robyn_ws", "axum"], vec![alone])).is_none());
        let nobody_else = outcome(ECHO, Metric::CpuPerMessage, &[("floor", 4.0)]);
        assert!(Bars::of(&results(&["floor"], vec![nobody_else])).is_none());
    }
}
