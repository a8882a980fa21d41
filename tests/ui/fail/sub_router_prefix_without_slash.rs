//! A prefix that does not begin with `/`: the error is at the static, at compile time.

use robyn_ws::prelude::*;

static LEAGUE: SubRouter = SubRouter::new("league");

fn main() {}
