//! What all charts have in common: the ground, text, and who has which colour.

use std::fmt;

use anyhow::{Result, anyhow};
use plotters::{
    coord::{Shift, ranged1d::Ranged},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::peer::{PEERS, Peer};

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// In pixels.
pub(super) const WIDTH: i32 = 960;
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const FAINT: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
const LEGEND_COLUMNS: i32 = 4;
const LEGEND_COLUMN: i32 = 235;
const LEGEND_LINE: i32 = 20;

/// One for each of the peers, in their order: told apart also by who sees fewer colours.
const COLOURS: [RGBColor; PEERS.len()] = [
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0xd5, 0x3e, 0x00),
    RGBColor(0x8c, 0x28, 0x00),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x99, 0x99, 0x99),
    RGBColor(0x44, 0x2f, 0x8c),
    RGBColor(0x8a, 0x7a, 0x2f),
];

pub(super) fn colour(peer: &Peer) -> RGBColor {
    let index = PEERS.iter().position(|own| own.name == peer.name);
    index.map_or(INK, |index| COLOURS[index])
}

/// Lets `draw` draw on a white ground, and gives the picture as SVG.
pub(super) fn svg(height: i32, draw: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    let mut picture = String::new();
    {
        let area =
            SVGBackend::with_string(&mut picture, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
        area.fill(&WHITE).map_err(drawing)?;
        draw(&area)?;
        area.present().map_err(drawing)?;
    }
    Ok(picture)
}

/// The crate's errors cannot leave the drawing.
pub(super) fn drawing(error: impl fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}

pub(super) fn text(size: i32, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    ("sans-serif", size)
        .into_font()
        .color(&INK)
        .pos(Pos::new(horizontal, vertical))
}

/// A text some pixels beside a point of a chart.
pub(super) fn label<X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>,
    at: (f64, f64),
    beside: (i32, i32),
    text: String,
    style: &TextStyle<'_>,
) -> Result<()>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let label = EmptyElement::at(at) + Text::new(text, beside, style.clone());
    chart.draw_series([label]).map_err(drawing)?;
    Ok(())
}

/// A title, and a line below that says how to read it.
pub(super) fn head(area: &Area<'_>, title: &str, below: &str) -> Result<()> {
    area.draw_text(title, &text(20, HPos::Left, VPos::Top), (12, 10))
        .map_err(drawing)?;
    area.draw_text(below, &text(14, HPos::Left, VPos::Top), (12, 36))
        .map_err(drawing)
}

/// How high the legend of so many peers is.
pub(super) fn legend_height(peers: usize) -> Result<i32> {
    let last = i32::try_from(peers)? - 1;
    Ok((last / LEGEND_COLUMNS + 1) * LEGEND_LINE)
}

/// Whose colours are whose, from `top` on.
pub(super) fn legend(area: &Area<'_>, top: i32, peers: &[&Peer]) -> Result<()> {
    for (index, peer) in (0..).zip(peers) {
        let left = 12 + index % LEGEND_COLUMNS * LEGEND_COLUMN;
        let top = top + index / LEGEND_COLUMNS * LEGEND_LINE;
        let swatch = Rectangle::new([(left, top), (left + 12, top + 12)], colour(peer).filled());
        area.draw(&swatch).map_err(drawing)?;
        let style = text(14, HPos::Left, VPos::Top);
        area.draw_text(peer.title, &style, (left + 18, top)).map_err(drawing)?;
    }
    Ok(())
}
